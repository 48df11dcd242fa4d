"""Vectors found again by likeness: on disk, verified before use, the same answer whatever the number of threads.

``vectors`` is the embedded index, on FAISS; ``sharded`` searches many of them through any executor; ``lance`` puts a
LanceDB table behind the same seam, ``plugins.VectorIndex``. FAISS is imported here only, when first needed.
"""
