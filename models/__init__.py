"""Data only: each folder holds one model with its provenance."""
