"""Sound in: decode, mono, resample, and what is remarkable about it."""
