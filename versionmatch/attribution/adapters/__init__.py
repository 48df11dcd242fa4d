"""Adapters for the generative models that people use; each imports its library only when a model is opened."""
