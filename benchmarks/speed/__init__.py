"""Speed, beside peers, on the machine at hand: ``python -m benchmarks.speed.run``."""
