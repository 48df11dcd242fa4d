"""Measurements of the package: how fast, how good."""
