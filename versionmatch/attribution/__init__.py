"""Which items of a disclosed corpus mattered for an output of the model trained on it, and when that cannot be said.

Post-disclosure ranking of known candidates: no detector, no proof, no membership test. See ``docs/attribution.md``.
"""
