"""Two recordings held against each other: is one the other's sound, as it is, at another speed, or in part?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ..types import Peaks
from .score import ACCEPTED, Sighting
from .score_kernels import on_time
from .search import SURE, Stretch, sightings, stages_of, stretches
from .table import Table, table_of
from .warp import SAME, Warp, warps_named

MOST = 6  # candidates of a window
ENOUGH = 0.5  # of the query found as it is: no other speed is looked for
STEP_S = 10.0
CERTAIN, DENSE = 40.0, 5.0  # nats of a stretch, and per second of it: another performance of the same tune has fewer
SURE_BY_ITSELF = 9.0
"""Nats a second from which on nothing else is asked; players who repeat themselves to a fiftieth of a second have 7."""
ON_TIME = 0.68
"""Else, of the peaks that have one of the other near, so many must lie at the same moment, to ¾ of a frame.

One sound has 70 % or more, also in much noise or through a telephone; such players have 40 to 66 %.
"""
LEADS = 6  # windows in which other speeds are looked for: those with the most peaks


def same_sound(query: Peaks, reference: Peaks, warps: str = "single") -> tuple[Stretch, ...]:
    """The stretches of the query that are the reference's sound, best first; empty where there are none.

    As it is first; where that is little, in each of ``warps`` until one window is sure, then everywhere as that window
    says.

    Raises FeatureMismatch where the peaks are of two algorithms, InputError on unknown warps.

    Examples
    --------
    >>> from versionmatch.audio import synth
    >>> from versionmatch.fingerprint.landmarks import landmarks
    >>> peaks = landmarks(synth.song(verses=1).audio)
    >>> [round(s.warp.tempo, 3) for s in same_sound(peaks.between(2, 14), peaks)]
    [1.0]
    """
    query.check_comparable(reference)
    named = warps_named(warps)
    if len(query) == 0 or len(reference) == 0:
        return ()
    table = table_of([reference])
    tried = float(table.n_frames) * len(named)
    found = _seen(table, query, (SAME,), tried)
    covered = sum(s.covered for s in stretches(found, query.frame_rate))
    if covered < ENOUGH * query.n_frames:
        for warp in _leads(table, query, named, tried):
            warped = _seen(table, query, (warp,), tried)
            if sum(s.score for s in warped) > sum(s.score for s in found):
                found = warped
    sure = tuple(s for s in stretches(found, query.frame_rate) if _certain(s, query.frame_rate))
    return sure if _one_sound(query, reference, sure) else ()


def _one_sound(query: Peaks, reference: Peaks, found: Sequence[Stretch]) -> bool:
    """Whether all stretches together are one sound and not only the same notes, played again."""
    seconds = sum(s.query[1] - s.query[0] for s in found) / query.frame_rate
    if sum(s.score for s in found) >= SURE_BY_ITSELF * seconds:
        return True
    counts = [_on_time(query, reference, s) for s in found]
    return sum(close for _, close in counts) >= ON_TIME * sum(near for near, _ in counts)


def _on_time(query: Peaks, reference: Peaks, stretch: Stretch) -> tuple[int, int]:
    """Of a stretch's peaks how many have one of the reference near, and how many at the same moment."""
    first, last = np.searchsorted(query.frames, (stretch.query[0], stretch.query[1] + 1))
    own = slice(int(first), int(last))
    times = stretch.reference[0] + stretch.warp.tempo * (query.frames[own] - stretch.query[0])
    bins = query.bins[own] / np.float32(stretch.warp.pitch)
    near, close = on_time(times.astype(np.float64), bins, reference.frames, reference.bins, 3, 0.75, 0.75)
    return near, close


def _certain(stretch: Stretch, frame_rate: float) -> bool:
    seconds = (stretch.query[1] - stretch.query[0]) / frame_rate
    return stretch.score >= max(CERTAIN, DENSE * seconds)


def _seen(table: Table, query: Peaks, warps: tuple[Warp, ...], tried: float) -> list[Sighting]:
    return sightings(table, query, (warps,), most=MOST, n_tried=tried)[0]


def _leads(table: Table, query: Peaks, warps: tuple[Warp, ...], tried: float) -> Iterator[Warp]:
    """Warps in which a window was seen, as tried and as refined: a sure one at once, else the best of all."""
    for stage in stages_of(tuple(w for w in warps if w != SAME)):
        best: Sighting | None = None
        for window in _fullest(query):
            seen = sightings(table, window, (stage,), most=MOST, n_tried=tried, least=ACCEPTED)[0]
            best = max([*seen, *([best] if best else [])], key=lambda s: s.score, default=None)
            if best is not None and best.score >= SURE:
                break
        if best is not None:
            yield best.tried
            yield best.warp


def _fullest(query: Peaks) -> list[Peaks]:
    """Windows of the query, those with the most peaks first."""
    n = max(1, round(query.duration_s / STEP_S))
    windows = [query.between(k * STEP_S, (k + 1) * STEP_S) for k in range(n)]
    return sorted(windows, key=lambda w: -len(w))[:LEADS]
