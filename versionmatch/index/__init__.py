"""What is kept of many recordings so that one can be found among them: on disk, verified before use.

``vectors`` is the embedded index of vectors, on FAISS; ``sharded`` searches many of them through any executor;
``lance`` puts a LanceDB table behind the same seam, ``plugins.VectorIndex``; ``postings`` are the hashes of
fingerprints. FAISS is imported here only, when first needed; the number of threads changes no answer.
"""
