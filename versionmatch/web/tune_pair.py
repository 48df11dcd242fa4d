"""The notes of a melodic passage on both sides, and which of them answer each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import DoubleArray, IntArray, Match, Notes, Passage
from .plot import feature


@dataclass(frozen=True, eq=False, slots=True)
class TunePair:
    """``a`` and ``b`` are indices into the notes of either side; ``pairs (n, 2)`` those that answer each other.

    ``raised`` semitones, octaves included, bring B's notes to A's.
    """

    number: int
    passage: Passage
    notes_a: Notes
    notes_b: Notes
    a: IntArray
    b: IntArray
    pairs: IntArray
    raised: int

    @property
    def matched_a(self) -> frozenset[int]:
        """The notes of A that have an answer."""
        return frozenset(self.pairs[:, 0].tolist())

    @property
    def matched_b(self) -> frozenset[int]:
        """The notes of B that have one."""
        return frozenset(self.pairs[:, 1].tolist())

    @property
    def figure(self) -> range:
        """The notes of A that make the figure whose commonness is told; none where it is not."""
        common = self.passage.common
        start = int(self.pairs[:, 0].min()) + (0 if common is None else common.start)
        return range(start, start + (0 if common is None else common.length))

    def in_a(self, times_s: DoubleArray) -> DoubleArray:
        """B's times on A's clock, along the passage's path; beyond its ends by its tempo."""
        path = self.passage.path_s
        b, first = np.unique(path[:, 1], return_index=True)
        a = path[first, 0]
        placed: DoubleArray = np.interp(times_s, b, a)
        placed = np.where(times_s < b[0], a[0] + (times_s - b[0]) / self.passage.tempo_ratio, placed)
        return np.where(times_s > b[-1], a[-1] + (times_s - b[-1]) / self.passage.tempo_ratio, placed)


def tune_pairs(match: Match) -> list[TunePair]:
    """Each passage that is told by notes, in the passages' order."""
    query, reference = feature(match.query_track, "notes"), feature(match.reference_track, "notes")
    if not isinstance(query, Notes) or not isinstance(reference, Notes):
        return []
    found = (_pair(i, p, query, reference) for i, p in enumerate(match.passages, start=1) if p.notes is not None)
    return [pair for pair in found if pair is not None]


def _pair(number: int, passage: Passage, query: Notes, reference: Notes) -> TunePair | None:
    pairs = passage.notes
    if pairs is None or not len(pairs) or pairs[:, 0].max() >= len(query) or pairs[:, 1].max() >= len(reference):
        return None
    span = passage.span
    a = _within(query, span.query_start_s, span.query_end_s, pairs[:, 0])
    b = _within(reference, span.reference_start_s, span.reference_end_s, pairs[:, 1])
    apart = query.pitch[pairs[:, 0]] - reference.pitch[pairs[:, 1]] - passage.transposition
    octaves = int(np.floor(np.median(apart) / 12 + 0.5))
    return TunePair(number, passage, query, reference, a, b, pairs, passage.transposition + 12 * octaves)


def _within(notes: Notes, start_s: float, end_s: float, matched: IntArray) -> IntArray:
    """The notes that begin in the stretch, and all from the first matched one to the last."""
    index = np.arange(len(notes))
    inside = (notes.onset_s >= start_s) & (notes.onset_s < end_s)
    inside |= (index >= matched.min()) & (index <= matched.max())
    return np.flatnonzero(inside).astype(np.int32)
