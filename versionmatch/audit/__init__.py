"""Logs that a stranger can check: canonical JSON, a hash chain, a Merkle tree, signed checkpoints, a lone verifier."""
