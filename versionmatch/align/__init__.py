"""Alignment of two frame sequences: ``oti`` (transposition), ``cost`` (of a pair), ``dtw`` (warping), ``path``."""
