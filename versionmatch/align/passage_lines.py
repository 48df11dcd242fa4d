"""Straight passages: stretches that both play at one relation of tempi, which stand out where a bent path would not.

A path that may bend finds something anywhere, and must reach much before it says anything. A straight line through the
map of likeness is one of few, so that ten seconds can stand out [1]_. It is held against the best lines in the other
keys: unrelated recordings share lines of some strength in every key, a passage lies in one.

References
----------
.. [1] Foote, "Visualizing music and audio using self-similarity", 1999 (diagonals of likeness).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..types import FloatArray
from .line_kernels import best_line
from .passage_search import Coarse, CoarsePath, IntArray

SLOPES = np.geomspace(1 / 1.3, 1.3, 21)  # reference frames to a query frame
DRIFT = 0.7  # standard deviations that a pair of moments must be above the usual likeness to count for a line
CLIP = 2.0  # the most that it counts
STANDS_OUT = 1.9  # times the mean of the best lines in the other keys
LEAST = 6.0  # of any line's total
MOST = 4  # lines that are told
AROUND = 4  # frames to either side of a path in which lines along it are looked for
HOLDS = 10.0  # of the total of a line along a path
HOLDS_SHARE = 0.35  # of the best of them
MOST_HELD = 12  # lines along one path
BAND = 3  # frames on either side of a line that are taken with it


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


def standing_out(query: Coarse, reference: Coarse, transposition: int) -> FloatArray:
    """How many deviations above the usual two moments are alike, less ``DRIFT``, ``(n, m)``.

    The usual and the deviation are the means of those of either moment with the other recording.
    """
    likeness = query.rows @ np.roll(reference.rows, transposition, axis=1).T
    usual = (likeness.mean(axis=1)[:, None] + likeness.mean(axis=0)[None]) / 2
    spread = np.sqrt((likeness.var(axis=1)[:, None] + likeness.var(axis=0)[None]) / 2)
    score: FloatArray = np.clip((likeness - usual) / np.maximum(spread, 0.05), -CLIP, CLIP).astype(np.float32)
    score -= np.float32(DRIFT)
    score[~query.active, :] = -CLIP
    score[:, ~reference.active] = -CLIP
    return score


def line_paths(query: Coarse, reference: Coarse, transposition: int | None) -> tuple[CoarsePath, ...]:
    """The straight passages that stand out, strongest first; none where the best line is what other keys have too.

    Where ``transposition`` is given, only it is asked, and still held against the others.
    """
    maps = [standing_out(query, reference, shift) for shift in range(12)]
    found = [_line(score, shift) for shift, score in enumerate(maps)]
    best = max(found, key=lambda line: (line.total, -line.transposition))
    if transposition is not None:
        best = found[transposition % 12]
    others = float(np.mean([line.total for line in found if line.transposition != best.transposition]))
    wanted = max(LEAST, STANDS_OUT * others)
    lines: list[Line] = []
    score, line = maps[best.transposition], best
    while line.total >= wanted and len(lines) < MOST:
        lines.append(line)
        _taken(score, line)
        line = _line(score, best.transposition)
    return tuple(CoarsePath(line.steps, line.total, line.transposition) for line in lines)


def trimmed(path: CoarsePath, query: Coarse, reference: Coarse) -> CoarsePath:
    """The path without what no straight line along it holds, at either end.

    A path that may bend goes on beyond a passage wherever bending helps. Lines are looked for within ``AROUND`` frames
    of it, the best first, until none reaches ``HOLDS``; what lies before the first of them and behind the last is left
    out. Where there is no such line the path stays as it is.
    """
    score = np.full((len(query.rows), len(reference.rows)), -CLIP, np.float32)
    whole = standing_out(query, reference, path.transposition)
    for row, column in path.steps:
        near = slice(max(0, column - AROUND), column + AROUND + 1)
        score[row, near] = whole[row, near]
    first, last, least = len(query.rows), -1, HOLDS
    for _ in range(MOST_HELD):
        line = _line(score, path.transposition)
        least = max(least, HOLDS_SHARE * line.total)
        if line.total < least:
            break
        first, last = min(first, line.first), max(last, line.last)
        score[line.first : line.last + 1] = -CLIP
    kept = (path.steps[:, 0] >= first) & (path.steps[:, 0] <= last)
    if kept.sum() < 2:
        return path
    steps = _extended(path.steps[kept], _line(whole, path.transposition).steps)
    return replace(path, steps=steps, score=path.score * float(kept.mean()))


def _extended(steps: IntArray, line: IntArray) -> IntArray:
    """The path gone on with along the line, at either end, where the two meet."""
    columns = np.interp(line[:, 0], steps[:, 0], steps[:, 1], left=np.nan, right=np.nan)
    apart = np.abs(columns - line[:, 1])
    if not (apart <= AROUND).any():
        return steps
    before = line[(line[:, 0] < steps[0, 0]) & (line[:, 1] <= steps[0, 1])]
    behind = line[(line[:, 0] > steps[-1, 0]) & (line[:, 1] >= steps[-1, 1])]
    return np.concatenate([before, steps, behind])


def _line(score: FloatArray, transposition: int) -> Line:
    total, which, offset, first, last = best_line(score, SLOPES)
    return Line(total, float(SLOPES[max(which, 0)]), offset, first, last, transposition)


def _taken(score: FloatArray, line: Line) -> None:
    """Leave nothing of the line and its surroundings."""
    for row, column in line.steps:
        score[row, max(0, column - BAND) : column + BAND + 1] = -CLIP
