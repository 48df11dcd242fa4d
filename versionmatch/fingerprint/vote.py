"""Voting: at which offsets of which recordings do many hashes of a query agree?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..types import FloatArray, IntArray, Peaks
from .hashes import Words
from .table import Longs, Table
from .vote_kernels import Keys, crowded, elect, gather
from .warp import Warp

WIDTH = 2  # frames: one either side
LEAST = 2  # votes
PER_RECORDING = 3
MANY = 8  # offsets elected for each candidate that is wanted
SORTED = 16384  # votes; more only where these do not settle who is elected
SHORT_S, DENSER, SLACK = 7.5, 2, 1
"""A shorter query has few hashes: each peak is joined with twice as many others, a frame more or less between them."""
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
    pairs = table.hashing.tier == "pairs"
    short = pairs and peaks.duration_s < SHORT_S
    hashing = replace(table.hashing, asked=DENSER * table.hashing.asked) if short else table.hashing
    found: list[Candidate] = []
    complete = True
    for warp in warps:
        frames, bins, which = warp(peaks)
        hashes, anchors = hashing.of(frames, bins, asked=True)
        levels = peaks.levels[which][anchors]
        votes, all_read = _votes(table, hashes, frames[anchors], levels, budget, SLACK if short else 0)
        complete &= all_read
        found += _elected(table, votes, warp, most, gone)
    found.sort(key=lambda c: -c.votes)
    return found[:most], complete


def _votes(
    table: Table, hashes: Words, times: IntArray, levels: FloatArray, budget: int, slack: int
) -> tuple[Keys, bool]:
    """All votes, or where that takes more than ``budget`` places those of the hashes of the highest peaks."""
    votes, n_used = gather(table.buckets, table.places, hashes, times, table.n_frames, budget, slack)
    if n_used == hashes.size:
        return votes, True
    first = np.argsort(-levels, kind="stable")
    return gather(table.buckets, table.places, hashes[first], times[first], table.n_frames, budget, slack)[0], False


def _elected(table: Table, votes: Keys, warp: Warp, most: int, gone: frozenset[int]) -> list[Candidate]:
    """The heaviest places. Only the heaviest neighbourhoods are sorted where that is enough to tell."""
    found: list[Candidate] = []
    for n_sorted in (SORTED, votes.size):
        some, bound = crowded(votes, n_sorted)
        some.sort()
        offsets, weights = elect(some, WIDTH, LEAST)
        whole = weights >= bound
        found = _heaviest(table, offsets[whole], weights[whole], warp, most, gone)
        if bound == 0 or len(found) == most:
            break
    return found


def _heaviest(
    table: Table, offsets: Longs, weights: Longs, warp: Warp, most: int, gone: frozenset[int]
) -> list[Candidate]:
    """The heaviest offsets, a few of each recording."""
    rows = np.arange(offsets.size)
    many = most * MANY
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
