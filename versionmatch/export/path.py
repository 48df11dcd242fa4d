"""One road through both recordings, made of a comparison's passages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import DoubleArray, Passage

OVERLAP_S = 1.0  # what neighbouring passages of one chain may overlap; the later one then begins later


def forward_chain(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """The passages that run forward in both recordings and together hold the most alike seconds.

    A comparison may jump: a verse of the query may answer two of the reference. Formats with one
    monotone alignment can hold only a chain of passages that follow each other on both sides; of all
    chains this is the one whose duration in the query times similarity is greatest. Ties: the earlier.
    """
    ordered = sorted(passages, key=lambda p: (p.span.query_start_s, p.span.reference_start_s, p.span.query_end_s))
    weight = [p.span.query_duration_s * p.similarity for p in ordered]
    best, before = list(weight), [-1] * len(ordered)
    for i, later in enumerate(ordered):
        for j in range(i):
            if _follows(ordered[j], later) and best[j] + weight[i] > best[i]:
                best[i], before[i] = best[j] + weight[i], j
    at = int(np.argmax(best)) if best else -1
    chain: list[Passage] = []
    while at >= 0:
        chain.append(ordered[at])
        at = before[at]
    return tuple(reversed(chain))


def _follows(earlier: Passage, later: Passage) -> bool:
    a, b = earlier.span, later.span
    return (
        b.query_start_s >= a.query_end_s - OVERLAP_S
        and b.reference_start_s >= a.reference_end_s - OVERLAP_S
        and b.query_start_s > a.query_start_s
        and b.reference_start_s > a.reference_start_s
        and b.query_end_s > a.query_end_s
        and b.reference_end_s > a.reference_end_s
    )


def joint_path(passages: Sequence[Passage]) -> DoubleArray:
    """``(n, 2)`` seconds (query, reference), strictly rising in both: the paths of the forward chain, joined.

    Between passages nothing is claimed; whoever interpolates over a gap does so on their own account.
    No passages: shape ``(0, 2)``.

    >>> from versionmatch.types import Passage, Span
    >>> verse = Passage(Span(0, 2, 5, 9), [[0, 5], [1, 7], [1, 7.5], [2, 9]], ("melody",), 0.9, 0, 2.0)
    >>> joint_path([verse]).tolist()
    [[0.0, 5.0], [1.0, 7.0], [2.0, 9.0]]
    """
    points: list[tuple[float, float]] = []
    for passage in forward_chain(passages):
        for query_s, reference_s in passage.path_s.tolist():
            if not points or (query_s > points[-1][0] and reference_s > points[-1][1]):
                points.append((query_s, reference_s))
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def simplified(path_s: DoubleArray, tolerance_s: float = 0.02) -> DoubleArray:
    """The fewest corner points found from which no point of the path is farther than ``tolerance_s``.

    Douglas and Peucker, 1973: split at the farthest point until all are near enough. First and last stay.

    >>> simplified(np.array([[0, 0], [1, 1], [2, 2], [3, 5.0]])).tolist()
    [[0.0, 0.0], [2.0, 2.0], [3.0, 5.0]]
    """
    points = np.asarray(path_s, dtype=np.float64)
    keep = np.zeros(len(points), dtype=bool)
    keep[[0, -1]] = True
    open_ranges = [(0, len(points) - 1)]
    while open_ranges:
        first, last = open_ranges.pop()
        if last - first < 2:
            continue
        distance = _distances(points[first + 1 : last], points[first], points[last])
        farthest = int(distance.argmax())
        if distance[farthest] > tolerance_s:
            middle = first + 1 + farthest
            keep[middle] = True
            open_ranges += [(first, middle), (middle, last)]
    corners: DoubleArray = points[keep]
    return corners


def _distances(points: DoubleArray, start: DoubleArray, end: DoubleArray) -> DoubleArray:
    """Distance of each point from the straight line between start and end, seconds."""
    along = end - start
    length = float(np.hypot(*along))
    offset = points - start
    if length == 0.0:
        return np.hypot(offset[:, 0], offset[:, 1])
    across: DoubleArray = np.abs(offset[:, 0] * along[1] - offset[:, 1] * along[0]) / length
    return across
