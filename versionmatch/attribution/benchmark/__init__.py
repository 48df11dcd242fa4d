"""The benchmark of attribution: retraining is the truth, shipped or made again."""
