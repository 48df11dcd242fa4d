"""Training of the embedding network: batches, losses, the loop, and what is measured as it goes."""
