"""Embeddings: networks, model directories, and loaders of checkpoints."""
