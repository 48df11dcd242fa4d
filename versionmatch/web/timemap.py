"""Which moment of the other recording answers a moment of this one, through the shared passages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import DoubleArray, IntArray, Match, Passage

QUERY, REFERENCE = 0, 1


class TimeMap:
    """Moments of one recording and the moments of the other that answer them.

    Where passages overlap, the more similar one decides, then the longer, then the earlier in the list;
    the page's script decides likewise. Where there is no passage, there is no counterpart: nan.

    >>> from versionmatch.types import Span
    >>> path = np.array([[10.0, 0.0], [20.0, 20.0]])
    >>> passage = Passage(Span(10, 20, 0, 20), path, ("harmony",), 0.9, 0, 2.0)
    >>> TimeMap([passage]).reference_times(np.array([5.0, 15.0]))
    array([nan, 10.])
    """

    def __init__(self, passages: Sequence[Passage]) -> None:
        order = sorted(
            range(len(passages)), key=lambda i: (-passages[i].similarity, -passages[i].span.query_duration_s, i)
        )
        self.order = tuple(order)
        self._paths = [passages[i].path_s for i in order]
        self._transpositions = [passages[i].transposition for i in order]

    @classmethod
    def of(cls, match: Match) -> TimeMap:
        """The map of a comparison."""
        return cls(match.passages)

    def reference_times(self, query_s: DoubleArray) -> DoubleArray:
        """The reference's times that answer the query's; nan where none does."""
        return self._map(query_s, QUERY, REFERENCE)

    def query_times(self, reference_s: DoubleArray) -> DoubleArray:
        """The query's times that answer the reference's; nan where none does."""
        return self._map(reference_s, REFERENCE, QUERY)

    def transpositions(self, query_s: DoubleArray, otherwise: int) -> IntArray:
        """Semitones by which the reference is raised at each of the query's times; ``otherwise`` outside passages."""
        raised = np.full(query_s.shape, otherwise, np.int32)
        for path, semitones in reversed(list(zip(self._paths, self._transpositions, strict=True))):
            raised[(query_s >= path[0, QUERY]) & (query_s <= path[-1, QUERY])] = semitones
        return raised

    def _map(self, times: DoubleArray, here: int, there: int) -> DoubleArray:
        answer = np.full(times.shape, np.nan)
        for path in self._paths:
            known, other = single_valued(path, here, there)
            free = np.isnan(answer) & (times >= known[0]) & (times <= known[-1])
            answer[free] = np.interp(times[free], known, other)
        return answer


def single_valued(path: DoubleArray, here: int, there: int) -> tuple[DoubleArray, DoubleArray]:
    """Strictly ascending times on one side and the mean time of the other that answers each."""
    known, where = np.unique(path[:, here], return_inverse=True)
    total = np.bincount(where, weights=path[:, there])
    return known, total / np.bincount(where)


def thinned(path: DoubleArray, *, tolerance_s: float = 0.02) -> DoubleArray:
    """The fewest of the path's points from which the rest follow to within ``tolerance_s`` (Douglas and Peucker, 1973).

    >>> thinned(np.column_stack([np.arange(50.0), np.arange(50.0)])).shape
    (2, 2)
    """
    keep = np.zeros(len(path), dtype=bool)
    keep[[0, -1]] = True
    stack = [(0, len(path) - 1)]
    while stack:
        low, high = stack.pop()
        if high - low < 2:
            continue
        (q0, r0), (q1, r1) = path[low], path[high]
        inner = path[low + 1 : high]
        if q1 > q0:
            off = np.abs(inner[:, 1] - (r0 + (inner[:, 0] - q0) * (r1 - r0) / (q1 - q0)))
        else:
            off = np.minimum(inner[:, 1] - r0, r1 - inner[:, 1])
        worst = int(off.argmax())
        if off[worst] > tolerance_s:
            middle = low + 1 + worst
            keep[middle] = True
            stack += [(low, middle), (middle, high)]
    return path[keep]


def local_tempo_ratio(path: DoubleArray, *, step_s: float = 0.5, window_s: float = 8.0) -> DoubleArray:
    """The query's speed over the reference's along a passage, ``(n, 3)``: query time, reference time, ratio.

    Each ratio is the slope over ``window_s`` seconds of the query around its time, less near the ends.
    """
    known, other = single_valued(path, QUERY, REFERENCE)
    if known[-1] - known[0] <= 0:
        return np.empty((0, 3))
    times = np.arange(known[0], known[-1], step_s)
    low = np.clip(times - window_s / 2, known[0], max(known[0], known[-1] - window_s))
    high = np.minimum(low + window_s, known[-1])
    slope = (np.interp(high, known, other) - np.interp(low, known, other)) / (high - low)
    return np.column_stack([times, np.interp(times, known, other), slope])
