"""Slow twins of the search for passages."""

from __future__ import annotations

from collections.abc import Sequence

from versionmatch.melodic.passage import ALIKE, LEFT_OUT


def best_local(passage: Sequence[int], line: Sequence[int]) -> float:
    """The best local alignment over twelve keys, cell by cell."""
    best = 0.0
    for key in range(12):
        table = [[0.0] * (len(line) + 1) for _ in range(len(passage) + 1)]
        for i, a in enumerate(passage, 1):
            for j, b in enumerate(line, 1):
                gain = ALIKE[a % 12 - (b + key) % 12 + 12]
                beside = max(table[i - 1][j], table[i][j - 1]) - LEFT_OUT
                table[i][j] = max(0.0, table[i - 1][j - 1] + gain, beside)
                best = max(best, table[i][j])
    return best


def discovery_rates(p: Sequence[float]) -> list[float]:
    """For each p the least over all thresholds that admit it of (tests times threshold) over finds."""
    return [min(min(1.0, len(p) * t / sum(x <= t for x in p)) for t in p if t >= mine) for mine in p]
