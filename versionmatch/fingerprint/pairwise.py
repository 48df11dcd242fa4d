"""Two recordings held against each other: is one the other's sound, as it is, at another speed, or in part?"""

from __future__ import annotations

from collections.abc import Iterator

from ..types import Peaks
from .score import ACCEPTED, Sighting
from .search import SURE, Stretch, sightings, stages_of, stretches
from .table import Table, table_of
from .warp import SAME, Warp, warps_named

MOST = 6  # candidates of a window
ENOUGH = 0.1  # of the query found as it is: no other speed is looked for
STEP_S = 10.0


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
                break
    return stretches(found, query.frame_rate)


def _seen(table: Table, query: Peaks, warps: tuple[Warp, ...], tried: float) -> list[Sighting]:
    return sightings(table, query, (warps,), most=MOST, n_tried=tried)[0]


def _leads(table: Table, query: Peaks, warps: tuple[Warp, ...], tried: float) -> Iterator[Warp]:
    """Warps in which a window was seen, refined: a sure one at once, else the best of all."""
    for stage in stages_of(tuple(w for w in warps if w != SAME)):
        best: Sighting | None = None
        for start_s in _steps(query):
            window = query.between(start_s, start_s + STEP_S)
            seen = sightings(table, window, (stage,), most=MOST, n_tried=tried, least=ACCEPTED)[0]
            best = max([*seen, *([best] if best else [])], key=lambda s: s.score, default=None)
            if best is not None and best.score >= SURE:
                break
        if best is not None:
            yield best.warp


def _steps(query: Peaks) -> list[float]:
    n = max(1, round(query.duration_s / STEP_S))
    return [k * STEP_S for k in range(n)]
