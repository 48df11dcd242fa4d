"""A path said in few points."""

from __future__ import annotations

import numpy as np

from ..types import DoubleArray


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
