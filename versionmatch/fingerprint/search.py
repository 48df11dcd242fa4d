"""A query of any length against a table: window by window, and windows that continue each other joined."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import Peaks
from .landmarks import LOOKED_UP, chosen, strong
from .score import ACCEPTED, Picture, Sighting
from .table import Table
from .vote import BUDGET, candidates
from .warp import SAME, Warp

WINDOW_S, HOP_S = 10.0, 5.0
LONGEST_S = 15.0  # a query up to this long is one window; in no warp is it longer than the gap between recordings
SURE, FILLED = 40.0, 0.8  # nats in that part of a window: it is not looked up in further warps
SAME_LINE = 4.0  # frames, and of what lies between two windows
DRIFT = 0.02
FURTHEST_SLOPE = 0.05
"""What lies in one place of the query has no slope of its own; a line that is bent further is no line of one sound."""
REACH_S = 30.0  # windows further apart are not joined


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a query that was found in a recording of a table; frames, counted from either's start.

    ``score`` in nats above what chance gives the whole search, ``covered`` the frames of the query in which it was
    sighted (less than its length where it is broken), ``n_hits`` of ``n_peaks``.
    """

    recording: int
    query: tuple[float, float]
    reference: tuple[float, float]
    warp: Warp
    score: float
    n_hits: int
    n_peaks: int
    covered: float


def window_starts(peaks: Peaks, hop_s: float = HOP_S) -> tuple[tuple[float, float], ...]:
    """Start and end, seconds, of the windows in which a query is looked up; the last ends at its end."""
    if peaks.duration_s <= LONGEST_S:
        return ((0.0, peaks.duration_s),)
    n = math.ceil((peaks.duration_s - WINDOW_S) / hop_s)
    starts = [k * hop_s for k in range(n)] + [peaks.duration_s - WINDOW_S]
    return tuple((start, start + WINDOW_S) for start in starts)


def sightings(
    table: Table,
    peaks: Peaks,
    stages: Sequence[tuple[Warp, ...]],
    *,
    most: int,
    hop_s: float = HOP_S,
    n_tried: float | None = None,
    least: float = ACCEPTED,
    budget: int = BUDGET,
    gone: frozenset[int] = frozenset(),
    among_many: bool = False,
) -> tuple[list[Sighting], bool]:
    """What is seen of each window at ``least`` nats or more, and whether no budget was passed.

    ``stages`` are warps that are tried one after another until one is ``SURE`` nearly throughout. ``n_tried`` is the
    number of places at which chance could have come up with it: by default all frames of the table in all warps.
    Recordings that are ``gone`` are not seen. ``among_many``: see ``Picture.sightings``.
    """
    n_warps = sum(len(stage) for stage in stages)
    tried = n_tried if n_tried is not None else float(table.n_frames) * n_warps
    found: list[Sighting] = []
    complete = True
    for start_s, end_s in window_starts(peaks, hop_s):
        window = peaks.between(start_s, end_s)
        flags = strong(window, LOOKED_UP)
        picture, sparse = Picture(window, flags), chosen(window, flags)
        seen: list[Sighting] = []
        for stage in stages:
            near, all_read = candidates(table, sparse, stage, most=most, budget=budget, gone=gone)
            complete &= all_read
            seen += picture.sightings(table, near, n_tried=tried, least=least, among_many=among_many)
            if any(s.score >= SURE and s.query[1] - s.query[0] >= FILLED * window.n_frames for s in seen):
                break
        found += [s.moved(round(start_s * peaks.frame_rate)) for s in _distinct(seen)]
    return found, complete


def _distinct(seen: list[Sighting]) -> list[Sighting]:
    """One of those that say the same place, the best; best first."""
    kept: list[Sighting] = []
    for one in sorted(seen, key=lambda s: (-s.score, s.recording, s.reference, s.query)):
        if not any(one.recording == k.recording and abs(_line(one, k)) <= 2 * SAME_LINE for k in kept):
            kept.append(one)
    return kept


def _line(one: Sighting, other: Sighting) -> float:
    """How many frames of the recording lie between ``one`` and where ``other`` would be in the middle of ``one``."""
    q, r = one.middle
    return r - other.at(q)


def stretches(found: Sequence[Sighting], frame_rate: float) -> tuple[Stretch, ...]:
    """Sightings that continue each other, joined; best first. What loops say of the same query again is left out."""
    left = sorted(found, key=lambda s: (-s.score, s.recording, s.reference, s.query))
    made: list[Stretch] = []
    while left:
        chain = [left.pop(0)]
        for one in sorted(left, key=lambda s: abs(s.query[0] - chain[0].query[0])):
            if one.recording == chain[0].recording and _continues(one, chain, REACH_S * frame_rate):
                chain.append(one)
        joined = _joined(chain)
        made.append(joined)
        left = [one for one in left if one not in chain and not _shadowed(one, joined)]
    return tuple(sorted(made, key=lambda s: (-s.score, s.recording, s.query)))


def _continues(one: Sighting, chain: list[Sighting], reach: float) -> bool:
    """Whether it lies on the line of the nearest of the chain, at the tempo in which both were looked for."""
    near = min(chain, key=lambda s: abs(s.query[0] - one.query[0]))
    tempo = (one.tried.tempo + near.tried.tempo) / 2
    if abs(one.query[0] - near.query[0]) > reach or abs(one.tried.tempo / near.tried.tempo - 1) > 0.05:
        return False
    (q, r), (near_q, near_r) = one.middle, near.middle
    return abs(r - near_r - tempo * (q - near_q)) <= SAME_LINE + DRIFT * abs(q - near_q)


def _shadowed(one: Sighting, by: Stretch) -> bool:
    """Whether most of it lies where the same recording was found already."""
    shared = min(one.query[1], by.query[1]) - max(one.query[0], by.query[0])
    return one.recording == by.recording and shared > 0.5 * (one.query[1] - one.query[0])


def _joined(chain: list[Sighting]) -> Stretch:
    chain = sorted(chain, key=lambda s: s.query)
    query = chain[0].query[0], max(s.query[1] for s in chain)
    reference = min(s.reference[0] for s in chain), max(s.reference[1] for s in chain)
    tempo, weights = chain[0].warp.tempo, np.array([float(s.n_hits) for s in chain])
    if len(chain) > 2:
        at = np.array([s.middle for s in chain])
        slope = float(np.polyfit(at[:, 0], at[:, 1], 1)[0]) if np.ptp(at[:, 0]) > 0 else tempo
        tempo = slope if abs(slope / tempo - 1) <= FURTHEST_SLOPE else tempo
    pitch = float(np.exp(np.average(np.log([s.warp.pitch for s in chain]), weights=weights)))
    covered, end, score = 0.0, -np.inf, 0.0
    for s in chain:
        fresh = max(0.0, s.query[1] - max(s.query[0], end))
        score += s.score * min(1.0, fresh / max(s.query[1] - s.query[0], 1.0))
        covered, end = covered + fresh, max(end, s.query[1])
    n_hits, n_peaks = sum(s.n_hits for s in chain), sum(s.n_peaks for s in chain)
    best = max(s.score for s in chain)
    return Stretch(chain[0].recording, query, reference, Warp(tempo, pitch), max(best, score), n_hits, n_peaks, covered)


def stages_of(warps: tuple[Warp, ...]) -> tuple[tuple[Warp, ...], ...]:
    """No warp first, then those of speed, then the others: what is most often enough is tried first."""
    rest = [w for w in warps if w != SAME]
    of_speed = tuple(w for w in rest if w.tempo == w.pitch)
    others = tuple(w for w in rest if w.tempo != w.pitch)
    return tuple(stage for stage in ((SAME,) if SAME in warps else (), of_speed, others) if stage)
