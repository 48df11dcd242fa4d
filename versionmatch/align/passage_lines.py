"""Straight stretches of a path: what both play at one relation of tempi, which a bent path needs help to go beyond.

A path that may bend finds something anywhere, and goes on behind a passage as long as bending helps. A straight line
through the map of likeness is one of few: only what such lines hold is kept of either end [1]_.

References
----------
.. [1] Foote, "Visualizing music and audio using self-similarity", 1999 (diagonals of likeness).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..types import FloatArray
from .line_kernels import best_line
from .passage_maps import SLOPES, BoolArray, Map
from .passage_search import CoarsePath, IntArray

AROUND = 4  # frames to either side of a path in which lines along it are looked for
HOLDS = 10.0  # of the total of a line along a path
HOLDS_SHARE = 0.35  # of the best of them
MOST_HELD = 12  # lines along one path


@dataclass(frozen=True, slots=True)
class Line:
    """A stretch of a straight line: query frames ``first`` to ``last``, reference ``offset + ⌊slope · query⌉``."""

    total: float
    slope: float
    offset: int
    first: int
    last: int
    transposition: int

    @property
    def steps(self) -> IntArray:
        """As a path, ``(n, 2)`` frames (query, reference)."""
        rows = np.arange(self.first, self.last + 1)
        columns = self.offset + np.floor(self.slope * rows + 0.5)
        path: IntArray = np.column_stack([rows, columns]).astype(np.int32)
        return path


def trimmed(path: CoarsePath, pair: Map) -> CoarsePath:
    """The path without what no straight line along it holds, at either end.

    A path that may bend goes on beyond a passage wherever bending helps. Lines are looked for within ``AROUND`` frames
    of it, the best first, until none reaches ``HOLDS``; what lies before the first of them and behind the last is left
    out. Where there is no such line the path stays as it is.
    """
    whole = pair.straight(path.transposition)
    outside = float(whole.min())
    score = np.full(whole.shape, outside, np.float32)
    for row, column in path.steps:
        near = slice(max(0, column - AROUND), column + AROUND + 1)
        score[row, near] = whole[row, near]
    first, last, least = len(whole), -1, HOLDS
    for _ in range(MOST_HELD):
        line = _line(score, path.transposition)
        least = max(least, HOLDS_SHARE * line.total)
        if line.total < least:
            break
        first, last = min(first, line.first), max(last, line.last)
        score[line.first : line.last + 1] = outside
    kept = (path.steps[:, 0] >= first) & (path.steps[:, 0] <= last)
    if kept.sum() < 2:
        return path
    sounding = pair.query.active, pair.reference.active
    steps = _extended(path.steps[kept], _line(whole, path.transposition).steps, sounding)
    return replace(path, steps=steps, score=path.score * float(kept.mean()))


def _extended(steps: IntArray, line: IntArray, sounding: tuple[BoolArray, BoolArray]) -> IntArray:
    """The path gone on with along the line, at either end, where the two meet; not beyond silence."""
    columns = np.interp(line[:, 0], steps[:, 0], steps[:, 1], left=np.nan, right=np.nan)
    apart = np.abs(columns - line[:, 1])
    if not (apart <= AROUND).any():
        return steps
    before = line[(line[:, 0] < steps[0, 0]) & (line[:, 1] <= steps[0, 1])]
    behind = line[(line[:, 0] > steps[-1, 0]) & (line[:, 1] >= steps[-1, 1])]
    silent = [~(sounding[0][part[:, 0]] & sounding[1][part[:, 1]]) for part in (before, behind)]
    first = int(np.flatnonzero(silent[0])[-1]) + 1 if silent[0].any() else 0
    last = int(np.flatnonzero(silent[1])[0]) if silent[1].any() else len(behind)
    return np.concatenate([before[first:], steps, behind[:last]])


def _line(score: FloatArray, transposition: int) -> Line:
    total, which, offset, first, last = best_line(score, SLOPES)
    return Line(total, float(SLOPES[max(which, 0)]), offset, first, last, transposition)
