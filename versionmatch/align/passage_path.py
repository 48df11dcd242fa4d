"""The exact course of a passage: from a coarse path to a smooth time map with trimmed ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.linalg import solveh_banded
from scipy.ndimage import uniform_filter1d

from ..types import DoubleArray, Features, FloatArray
from .passage_kernels import best_offsets, corridor, good_stretches
from .passage_maps import unit_rows

REACH_S = 4.0  # how far beyond a coarse path's ends its passage may go on
WIDTH_S = 2.5  # how far the exact path may lie from the coarse one
CHANGE = 0.3  # what it costs to change the offset by one step
LEAN = 5e-4  # what each step off the middle costs, so that what is equally good stays where it is
HEARD_WIDTH_S = 1.0  # the same where a model has heard both
SMOOTH_S = 3.0  # wobbles shorter than this are smoothed away
STANDS_OUT = (0.36, 1.0)  # least mean likeness on the way from chance (0) to identity (1): 0.36 + 1.0 / seconds
HEARD_FULL = 6.0  # deviations above the usual that count as identity, where a model has heard both
HEARD_STANDS_OUT = (0.37, 1.33)  # the same of these
SLOPES = (0.45, 2.2)  # local tempo relations outside of these are no counterpart: one side waits for the other
ONSETS = 0.5  # weight of onset strength beside chroma
STRAIGHT_ONSETS = 1.0  # the same along a straight line
STRAIGHT = (  # slopes, relative to the one before, and offsets (seconds) at which straight lines are heard
    (np.linspace(-0.08, 0.08, 33), np.linspace(-0.6, 0.6, 25)),
    (np.linspace(-0.004, 0.004, 9), np.linspace(-0.06, 0.06, 13)),
)
EDGE_S = 1.5  # that much of either end of a stretch is first taken to be straight
CLOSER = 0.02  # a likeness higher by this makes another answer the closer one
BESIDE = 0.6  # of the best stretch's, that every other's likeness must reach
IDENTICAL = (
    0.75  # of the way from chance to identity, in chroma: then that tells where a stretch ends, not what is heard
)
COPY = 0.6  # of the way from chance to identity, in chroma, that edits of one recording reach
OF_EITHER = 0.5  # of either recording, that must be found to be such
MORE = 0.05  # by which share chroma must hold more of them than what is heard, to be preferred
LEVEL = 0.5  # where between chance and the passage's own likeness a moment stops belonging to it
PAUSE_S = 3.0  # a clear disagreement of that length ends a passage


@dataclass(frozen=True, eq=False, slots=True)
class Fine:
    """Frames to refine on: ``rows (n, 12)`` of length one (or zero) and their rate; the same of onsets, if any."""

    rows: FloatArray
    rate: float
    onsets: FloatArray | None = None
    onset_rate: float = 0.0

    def at(self, times_s: DoubleArray) -> FloatArray:
        """The rows nearest to some times."""
        return self.rows[np.minimum((times_s * self.rate + 0.5).astype(np.int64), len(self.rows) - 1)]

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
    core_s: DoubleArray  # (2, 2): first and last point of the coarse path it was refined from
    transposition: int
    excess: (
        float  # mean likeness on the way from chance (0) to identity (1), or deviations where a model has heard both
    )

    tempo_ratio: float = 1.0  # reference seconds to a query second
    in_chroma: float = 0.0  # median likeness of chroma on the way from chance to identity, whatever a model heard

    def between(self, axis: int, start_s: float, end_s: float) -> Stretch | None:
        """The part from ``start_s`` to ``end_s`` of the query (axis 0) or reference (1); None where that is empty."""
        held = (self.path_s[:, axis] >= start_s) & (self.path_s[:, axis] <= end_s)
        return replace(self, path_s=self.path_s[held], likeness=self.likeness[held]) if held.sum() > 1 else None

    @property
    def length_s(self) -> float:
        """Length on the query's side."""
        return float(self.path_s[-1, 0] - self.path_s[0, 0])

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


def onset_rows(onsets: Features) -> FloatArray:
    """Onset strength above its surroundings, five frames together, ``(n, 5)`` rows of length one."""
    loud = np.log1p(np.maximum(onsets.values[0].astype(np.float64), 0.0))
    peaks = np.maximum(loud - uniform_filter1d(loud, max(1, int(onsets.frame_rate)), mode="nearest"), 0.0)
    padded = np.pad(peaks, 2)
    return unit_rows(np.stack([padded[i : i + peaks.size] for i in range(5)], axis=1))


def _settled(
    query: Fine, reference: Fine, times: DoubleArray, course: DoubleArray, width_s: float, step_s: float
) -> tuple[DoubleArray, DoubleArray]:
    """The course moved to where the likeness is best, and the likeness there."""
    k = round(width_s / step_s)
    offsets: DoubleArray = np.arange(-k, k + 1, dtype=np.float64) * step_s
    grid = corridor(query.at(times), reference.rows, course * reference.rate, offsets * reference.rate)
    heard = grid
    if query.onsets is not None and reference.onsets is not None and step_s < 0.1:
        heard = grid + np.float32(ONSETS) * _onset_grid(query, reference, times, course, offsets)
    heard = heard - np.float32(LEAN) * np.abs(np.arange(-k, k + 1, dtype=np.float32))
    blurred = uniform_filter1d(heard, max(1, int(0.3 * query.rate)), axis=0, mode="nearest")
    column = best_offsets(blurred, CHANGE)
    found = grid[np.arange(len(times)), column].astype(np.float64)
    return course + (column - k) * step_s, found


def _onset_grid(
    query: Fine, reference: Fine, times: DoubleArray, course: DoubleArray, offsets: DoubleArray
) -> FloatArray:
    """Likeness of the onsets around each time, ``(n, k)``: read at the onsets' rate, averaged per coarser frame."""
    if query.onsets is None or reference.onsets is None:
        return np.zeros((times.size, offsets.size), dtype=np.float32)
    n = max(1, round(query.onset_rate / query.rate))
    inner = (np.arange(n) - (n - 1) / 2) / query.onset_rate
    fine = np.maximum((times[:, None] + inner).ravel(), 0.0)
    places = np.interp(fine, times, course) * reference.onset_rate
    rows = query.onsets[np.minimum((fine * query.onset_rate + 0.5).astype(np.int64), len(query.onsets) - 1)]
    grid = corridor(rows, reference.onsets, places, offsets * reference.onset_rate)
    means: FloatArray = grid.reshape(times.size, n, offsets.size).mean(axis=1)
    return means


def _smooth(times: DoubleArray, course: DoubleArray, likeness: DoubleArray, rate: float) -> DoubleArray:
    weights = np.clip(likeness, 0.05, 1.0) ** 2
    smooth = times + whittaker(course - times, weights, SMOOTH_S * rate)
    forward: DoubleArray = np.maximum.accumulate(smooth)
    return forward


def _steadied(times: DoubleArray, course: DoubleArray, rate: float) -> DoubleArray:
    """The course with its first and last ``EDGE_S`` made to go on straight from the 4 s beside them.

    A coarse path knows least at its ends; what the sound there says is heard after this.
    """
    edge, beside = round(EDGE_S * rate), round(4 * rate)
    if times.size < 2 * edge + beside:
        return course
    straight = course.copy()
    for side, near in (
        (slice(0, edge), slice(edge, edge + beside)),
        (slice(-edge, None), slice(-edge - beside, -edge)),
    ):
        slope, start = np.polyfit(times[near] - times[near][0], course[near], 1)
        straight[side] = start + slope * (times[side] - times[near][0])
    return straight


def refined(
    path_s: DoubleArray,
    query: Fine,
    reference: Fine,
    *,
    transposition: int,
    min_length_s: float,
    heard: Callable[[DoubleArray], DoubleArray] | None = None,
) -> tuple[Stretch, ...]:
    """The stretches of a coarse path in which the two sides really agree, each with its smooth time map.

    path_s : (n, 2) seconds (query, reference), the coarse path. The exact path is looked for within
    ``WIDTH_S`` of it and up to ``REACH_S`` beyond its ends. ``heard`` says how far moments at times ``(n, 2)`` stand
    out where a model has heard them, in deviations; where a stretch ends, it then tells instead of chroma.
    """
    times, course = _extended(path_s, (len(query.rows) - 1) / query.rate, query.rate)
    course, likeness = _settled(query, reference, times, course, WIDTH_S if heard is None else HEARD_WIDTH_S, 0.1)
    inside = (times >= path_s[0, 0]) & (times <= path_s[-1, 0])
    end_s = (len(reference.rows) - 1) / reference.rate
    score, beyond, least, in_chroma = _belonging(times, course, likeness, inside, query, reference, heard)
    stretches = []
    for low, high in good_stretches(score, PAUSE_S * query.rate):
        part = slice(low, high)
        length_s = (high - low) / query.rate
        excess = float(beyond[part].mean())
        if length_s < min_length_s or excess < least[0] + least[1] / length_s:
            continue
        smooth = _steadied(times[part], _smooth(times[part], course[part], likeness[part], query.rate), query.rate)
        closer, _ = _settled(query, reference, times[part], smooth, 0.4, 0.025)
        smooth = _smooth(times[part], closer, likeness[part], query.rate)
        path = np.column_stack([times[part], np.clip(smooth, 0.0, end_s)])
        along = corridor(query.at(path[:, 0]), reference.rows, path[:, 1] * reference.rate, np.zeros(1))[:, 0]
        tempo = tempo_ratio(path, query, reference)
        ends = path_s[[0, -1]]
        stretches.append(Stretch(path, along.astype(np.float64), ends, transposition, excess, tempo, in_chroma))
    return tuple(stretches)


def tempo_ratio(path_s: DoubleArray, query: Fine, reference: Fine) -> float:
    """The slope of the straight line along which the two sides agree best, near that of the path.

    Begun with the median slope between points half the path apart, which wrong ends do not bend (after Theil, 1950);
    lines around it, each at its best offset, are then heard in chroma and onsets together, ever more finely.
    """
    half = len(path_s) // 2
    between = path_s[half:] - path_s[: len(path_s) - half]
    best = float(np.median(between[:, 1] / between[:, 0]))
    times, middle = path_s[:, 0], float(path_s[:, 0].mean())
    at = float(np.median(path_s[:, 1] - best * (times - middle)))
    for steps, offsets_s in STRAIGHT:
        heard = [
            _along(times, at + best * (1 + step) * (times - middle), query, reference, offsets_s) for step in steps
        ]
        which, where = np.unravel_index(int(np.argmax(heard)), (len(steps), len(offsets_s)))
        best, at = best * (1 + float(steps[which])), at + float(offsets_s[where])
    return best


def _along(times: DoubleArray, course: DoubleArray, query: Fine, reference: Fine, offsets_s: DoubleArray) -> FloatArray:
    """Mean likeness along a course at some offsets, of chroma and, where there are any, of onsets."""
    found: FloatArray = corridor(query.at(times), reference.rows, course * reference.rate, offsets_s * reference.rate)
    if query.onsets is not None and reference.onsets is not None:
        found = found + np.float32(STRAIGHT_ONSETS) * _onset_grid(query, reference, times, course, offsets_s)
    mean: FloatArray = found.mean(axis=0)
    return mean


def _chance(times: DoubleArray, course: DoubleArray, query: Fine, reference: Fine) -> DoubleArray:
    """Mean likeness of each pair's two moments to the whole other recording, averaged over a second."""
    places = np.clip((course * reference.rate + 0.5).astype(np.int64), 0, len(reference.rows) - 1)
    mean = (query.at(times) @ reference.chance + reference.rows[places] @ query.chance) / 2
    return _second(mean.astype(np.float64), query.rate)


def _second(values: DoubleArray, rate: float) -> DoubleArray:
    """Means over a second."""
    means: DoubleArray = uniform_filter1d(values, max(1, int(rate)), mode="nearest")
    return means


def _belonging(
    times: DoubleArray,
    course: DoubleArray,
    likeness: DoubleArray,
    inside: npt.NDArray[np.bool_],
    query: Fine,
    reference: Fine,
    heard: Callable[[DoubleArray], DoubleArray] | None,
) -> tuple[DoubleArray, DoubleArray, tuple[float, float], float]:
    """Per frame in [-1, 1], above 0 where the likeness is nearer to the passage's own than to chance; the likeness on
    the way from chance (0) to identity (1); how much of that must be there; and the median of that way in chroma.

    Of two that are nearly the same in chroma, that tells; else what is heard, where a model has heard both.
    """
    chance = _chance(times, course, query, reference)
    beyond, least = (likeness - chance) / (1.0 - np.minimum(chance, 0.95)), STANDS_OUT
    above = likeness - chance
    apart = _second(likeness, query.rate) - chance
    silent = np.zeros(times.size, dtype=np.bool_)
    in_chroma = float(np.median(beyond[inside]))
    if heard is not None and in_chroma < IDENTICAL:
        end_s = (len(reference.rows) - 1) / reference.rate
        above = heard(np.column_stack([times, np.clip(course, 0.0, end_s)])) / HEARD_FULL
        beyond, least, apart = above, HEARD_STANDS_OUT, _second(above, query.rate)
        silent = (above <= 0.0) | (likeness <= 0.0)  # noise or silence on one side, whatever is heard beside it
    own = max(float(np.median(above[inside])), 0.05)
    score: DoubleArray = np.clip(apart / own - LEVEL, -LEVEL, LEVEL) / LEVEL
    slope = np.gradient(_second(course, query.rate)) * query.rate
    score[(slope < SLOPES[0]) | (slope > SLOPES[1]) | silent] = -1.0
    return score, beyond, least, in_chroma


def copies(stretches: Sequence[Stretch], durations_s: tuple[float, float]) -> bool:
    """Whether the two are edits of one recording: most of one of them is found, and most of that is ``COPY`` alike."""
    lengths = np.array([s.length_s for s in stretches])
    alike = np.array([s.in_chroma >= COPY for s in stretches])
    if not stretches or lengths[alike].sum() <= 0.5 * lengths.sum():
        return False
    return any(held_s(stretches, axis) >= OF_EITHER * durations_s[axis] for axis in (0, 1))


def fuller(first: list[Stretch], second: list[Stretch]) -> list[Stretch]:
    """Whichever of two answers holds more of both recordings; the first unless the second holds ``MORE`` more."""
    one, other = (sum(held_s(found, axis) for axis in (0, 1)) for found in (first, second))
    return second if other > (1 + MORE) * one else first


def held_s(stretches: Sequence[Stretch], axis: int) -> float:
    """Seconds of the query (axis 0) or reference (1) that lie in any of the stretches."""
    total, reached = 0.0, -np.inf
    for start, end in sorted((float(s.path_s[0, axis]), float(s.path_s[-1, axis])) for s in stretches):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def separated(stretches: list[Stretch], *, min_length_s: float) -> list[Stretch]:
    """The stretches that hold beside the best one, none reaching into another where their coarse paths did not.

    Two neighbours that both hold a moment of one recording are parted where their likeness is best in all.
    """
    best = max((s.excess for s in stretches), default=0.0)
    kept: list[Stretch | None] = [s for s in stretches if s.excess >= BESIDE * best]
    for axis in (0, 1):
        for i in range(len(kept)):
            for k in range(len(kept)):
                first, second = kept[i], kept[k]
                if i != k and first is not None and second is not None and _intrudes(first, second, axis):
                    cut = _parting(first, second, axis)
                    kept[i] = first.between(axis, -np.inf, cut)
                    kept[k] = second.between(axis, cut, np.inf)
    clear = [s for s in kept if s is not None and s.length_s >= min_length_s]
    return [part for s in clear for part in _divided(s, clear, min_length_s)]


def _divided(stretch: Stretch, others: list[Stretch], min_length_s: float) -> list[Stretch]:
    """The stretch cut where another begins or ends that answers the same part of the query more closely."""
    cuts = set()
    for other in others:
        low, high = (f(stretch.path_s[k, 0], other.path_s[k, 0]) for k, f in ((0, max), (-1, min)))
        if other is stretch or high - low < min_length_s:
            continue
        mine, theirs = (s.between(0, low, high) for s in (stretch, other))
        if mine is not None and theirs is not None and theirs.similarity - mine.similarity > CLOSER:
            cuts |= {float(other.path_s[0, 0]), float(other.path_s[-1, 0])}
    parts, rest = [], stretch
    for cut in sorted(cuts):
        before, after = rest.between(0, -np.inf, cut), rest.between(0, cut, np.inf)
        if before is not None and after is not None and min(before.length_s, after.length_s) >= min_length_s:
            parts.append(before)
            rest = after
    return [*parts, rest]


def _intrudes(first: Stretch, second: Stretch, axis: int) -> bool:
    """The first begins and ends earlier, and they overlap although their coarse paths hardly do."""
    a, b = first.path_s[:, axis], second.path_s[:, axis]
    if not (a[0] <= b[0] < a[-1] <= b[-1]):
        return False
    return bool(min(first.core_s[1, axis], a[-1]) - max(second.core_s[0, axis], b[0]) <= 1.0)


def _parting(first: Stretch, second: Stretch, axis: int) -> float:
    a, b = first.path_s[:, axis], second.path_s[:, axis]
    grid = np.arange(b[0], a[-1] + 0.05, 0.05)
    lead = np.interp(grid, a, first.likeness) - np.interp(grid, b, second.likeness)
    return float(grid[np.argmax(np.concatenate([[0.0], np.cumsum(lead)[:-1]]))])
