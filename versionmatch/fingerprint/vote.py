"""Voting: at which offsets of which recordings do many hashes of a query agree?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Peaks
from .table import Longs, Table
from .vote_kernels import crowded, elect, gather
from .warp import Warp

WIDTH = 2  # frames: one either side
LEAST = 2  # votes
PER_RECORDING = 3
BUDGET = 4_000_000
"""Places that are read for one warp of one window of a query before it is answered with what was found so far."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that deserves a closer look: the window would begin at ``offset`` of the table's axis, warped so."""

    recording: int
    offset: int
    votes: int  # what they weigh together
    warp: Warp


def candidates(
    table: Table,
    peaks: Peaks,
    warps: tuple[Warp, ...],
    *,
    most: int,
    budget: int = BUDGET,
    gone: frozenset[int] = frozenset(),
) -> tuple[list[Candidate], bool]:
    """The ``most`` places with the heaviest votes over all warps, and whether every hash was looked up.

    No bucket is left out however full it is: frequent hashes weigh little. Where ``budget`` places are not enough, the
    hashes of the highest peaks have been looked up first.
    """
    found: list[Candidate] = []
    complete = True
    for warp in warps:
        frames, bins, which = warp(peaks)
        hashes, anchors = table.hashing.of(frames, bins, asked=True)
        times = frames[anchors]
        votes, n_used = gather(table.buckets, table.places, hashes, times, table.n_frames, budget)
        if n_used < hashes.size:
            complete = False
            first = np.argsort(-peaks.levels[which][anchors], kind="stable")
            votes, _ = gather(table.buckets, table.places, hashes[first], times[first], table.n_frames, budget)
        votes = crowded(votes)
        votes.sort()
        offsets, weights = elect(votes, WIDTH, LEAST)
        found += _heaviest(table, offsets, weights, warp, most, gone)
    found.sort(key=lambda c: -c.votes)
    return found[:most], complete


def _heaviest(
    table: Table, offsets: Longs, weights: Longs, warp: Warp, most: int, gone: frozenset[int]
) -> list[Candidate]:
    """The heaviest offsets, a few of each recording."""
    rows = np.arange(offsets.size)
    many = most * 8
    if rows.size > many:
        least = np.partition(weights, rows.size - many)[rows.size - many]
        rows = np.flatnonzero(weights >= least)
    rows = rows[np.argsort(-weights[rows], kind="stable")][:many]
    places = np.searchsorted(table.starts, offsets[rows] + _REACH, side="right") - 1
    counts: dict[int, int] = {}
    found = []
    for row, place in zip(rows.tolist(), places.tolist(), strict=True):
        recording = min(max(place, 0), table.n_recordings - 1)
        counts[recording] = counts.get(recording, 0) + 1
        if counts[recording] <= PER_RECORDING and recording not in gone:
            found.append(Candidate(recording, int(offsets[row]), int(weights[row]), warp))
            if len(found) == most:
                break
    return found


_REACH = 700  # a window that begins before its recording does still belongs to it: the gap holds nothing
