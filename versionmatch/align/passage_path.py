"""The exact course of a passage: from a coarse path to a smooth time map with trimmed ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solveh_banded
from scipy.ndimage import uniform_filter1d

from ..types import DoubleArray, FloatArray
from .passage_kernels import best_offsets, corridor, good_stretches

REACH_S = 4.0  # how far beyond a coarse path's ends its passage may go on
WIDTH_S = 2.5  # how far the exact path may lie from the coarse one
CHANGE = 0.3  # what it costs to change the offset by one step
SMOOTH_S = 3.0  # wobbles shorter than this are smoothed away
LEVEL = 0.5  # where between chance and the passage's own likeness a moment stops belonging to it
PAUSE_S = 3.0  # a clear disagreement of that length ends a passage


@dataclass(frozen=True, eq=False, slots=True)
class Fine:
    """Frames to refine on: ``rows (n, d)`` of length one (or zero), and their rate."""

    rows: FloatArray
    rate: float

    @property
    def chance(self) -> FloatArray:
        """Mean of all frames: a frame's product with it is its mean likeness to this recording."""
        mean: FloatArray = self.rows.mean(axis=0)
        return mean


@dataclass(frozen=True, eq=False, slots=True)
class Stretch:
    """A trimmed part of a refined path: ``path_s (n, 2)`` and the likeness at each point."""

    path_s: DoubleArray
    likeness: DoubleArray

    @property
    def similarity(self) -> float:
        """Mean likeness, 0 to 1."""
        return float(np.clip(self.likeness.mean(), 0.0, 1.0))


def whittaker(values: DoubleArray, weights: DoubleArray, period: float) -> DoubleArray:
    """Values without wobbles shorter than ``period`` items, straight lines kept; weights ``(n,)`` above 0.

    Penalised least squares on second differences (Whittaker, "On a new method of graduation", 1923).

    >>> whittaker(np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4), 10.0).round(6)
    array([1., 2., 3., 4.])
    """
    n = values.size
    if n < 3:
        return values.copy()
    stiffness = (2 * np.sin(np.pi / max(period, 2.0))) ** -4
    bands = np.zeros((3, n))
    bands[2] = weights
    bands[2, :-2] += stiffness
    bands[2, 1:-1] += 4 * stiffness
    bands[2, 2:] += stiffness
    bands[1, 1:-1] -= 2 * stiffness
    bands[1, 2:] -= 2 * stiffness
    bands[0, 2:] += stiffness
    smooth: DoubleArray = solveh_banded(bands, weights * values)
    return smooth


def _extended(path_s: DoubleArray, duration_s: float, rate: float) -> tuple[DoubleArray, DoubleArray]:
    """Query times on the fine grid and the coarse path's reference times there, with straight ends added."""
    q, r = path_s[:, 0], path_s[:, 1]
    near = [
        slice(0, max(2, np.searchsorted(q, q[0] + 8.0))),
        slice(min(len(q) - 2, np.searchsorted(q, q[-1] - 8.0)), None),
    ]
    low_slope, high_slope = (
        float(np.clip(np.polyfit(q[part], r[part], 1)[0], 0.5, 2.0)) if len(q[part]) > 3 else 1.0 for part in near
    )
    first = max(0, int(np.ceil((q[0] - REACH_S) * rate)))
    last = min(int(duration_s * rate), int(np.floor((q[-1] + REACH_S) * rate)))
    times = np.arange(first, last + 1) / rate
    course = np.interp(times, q, r)
    course += np.minimum(times - q[0], 0.0) * low_slope + np.maximum(times - q[-1], 0.0) * high_slope
    return times, uniform_filter1d(course - times, int(3 * rate), mode="nearest") + times


def _settled(
    query: Fine, reference: Fine, times: DoubleArray, course: DoubleArray, width_s: float, step_s: float
) -> tuple[DoubleArray, DoubleArray]:
    """The course moved to where the likeness is best, and the likeness there."""
    k = round(width_s / step_s)
    offsets = np.arange(-k, k + 1) * step_s * reference.rate
    rows = query.rows[np.minimum((times * query.rate + 0.5).astype(np.int64), len(query.rows) - 1)]
    grid = corridor(rows, reference.rows, course * reference.rate, offsets)
    blurred = uniform_filter1d(grid, max(1, int(0.3 * query.rate)), axis=0, mode="nearest")
    column = best_offsets(blurred, CHANGE, 0.0)
    found = grid[np.arange(len(times)), column].astype(np.float64)
    return course + (column - k) * step_s, found


def _smooth(times: DoubleArray, course: DoubleArray, likeness: DoubleArray, rate: float) -> DoubleArray:
    weights = np.clip(likeness, 0.05, 1.0) ** 2
    smooth = times + whittaker(course - times, weights, SMOOTH_S * rate)
    forward: DoubleArray = np.maximum.accumulate(smooth)
    return forward


def refined(path_s: DoubleArray, query: Fine, reference: Fine, *, min_length_s: float) -> tuple[Stretch, ...]:
    """The stretches of a coarse path in which the two sides really agree, each with its smooth time map.

    path_s : (n, 2) seconds (query, reference), the coarse path. The exact path is looked for within
    ``WIDTH_S`` of it and up to ``REACH_S`` beyond its ends.
    """
    times, course = _extended(path_s, (len(query.rows) - 1) / query.rate, query.rate)
    course, likeness = _settled(query, reference, times, course, WIDTH_S, 0.1)
    inside = (times >= path_s[0, 0]) & (times <= path_s[-1, 0])
    score = _belonging(times, course, likeness, inside, query, reference)
    stretches = []
    for low, high in good_stretches(score, PAUSE_S * query.rate):
        if high - low < min_length_s * query.rate:
            continue
        part = slice(low, high)
        smooth = _smooth(times[part], course[part], likeness[part], query.rate)
        closer, _ = _settled(query, reference, times[part], smooth, 0.4, 0.025)
        smooth = _smooth(times[part], closer, likeness[part], query.rate)
        end = (len(reference.rows) - 1) / reference.rate
        path = np.column_stack([times[part], np.clip(smooth, 0.0, end)])
        stretches.append(Stretch(path, _along(path, query, reference)))
    return tuple(stretches)


def _along(path_s: DoubleArray, query: Fine, reference: Fine) -> DoubleArray:
    rows = query.rows[np.minimum((path_s[:, 0] * query.rate + 0.5).astype(np.int64), len(query.rows) - 1)]
    found: DoubleArray = corridor(rows, reference.rows, path_s[:, 1] * reference.rate, np.zeros(1))[:, 0].astype(
        np.float64
    )
    return found


def _belonging(
    times: DoubleArray,
    course: DoubleArray,
    likeness: DoubleArray,
    inside: npt.NDArray[np.bool_],
    query: Fine,
    reference: Fine,
) -> DoubleArray:
    """Per frame in [-1, 1]: above 0 where the likeness is nearer to the passage's own than to chance."""
    rows = query.rows[np.minimum((times * query.rate + 0.5).astype(np.int64), len(query.rows) - 1)]
    places = np.clip((course * reference.rate + 0.5).astype(np.int64), 0, len(reference.rows) - 1)
    chance = (rows @ reference.chance + reference.rows[places] @ query.chance) / 2
    blurred = uniform_filter1d(likeness, max(1, int(query.rate)), mode="nearest")
    chance = uniform_filter1d(chance.astype(np.float64), max(1, int(query.rate)), mode="nearest")
    own = max(float(np.median((likeness - chance)[inside])), 0.05)
    score: DoubleArray = np.clip((blurred - chance) / own - LEVEL, -LEVEL, LEVEL) / LEVEL
    return score
