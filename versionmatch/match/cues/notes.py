"""The melodic measures as cues: how alike two tunes are as notes, in any key."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ...melodic.figures import N, cosine, pair_of_figures, tversky
from ...melodic.identity import identity_and_key
from ...melodic.melodic_kernels import local_steps
from ...melodic.passage import Passage, shared_passage, steps_of
from ...melodic.rhythm import ornamented_passage
from ...melodic.score import melody_score
from ...melodic.stock import stocks
from ...plugins import Track
from ...types import DoubleArray, Evidence, Span
from ...units import signed_semitones
from ..melodic_words import counted, raised_words
from ..phrases import clock_range, percent
from ..tunes import CONFIDENT, GAP_S, SHORTEST_S, Heard, comparable, heard, span_of

FEWEST = 5
"""With fewer notes on one side there is nothing to compare."""
NEVER = 1e9


@dataclass(frozen=True, slots=True)
class Measured:
    """What a measure says of two tunes: its value, where (notes a0, a1, b0, b1; ends excluded), and a sentence."""

    raw: float
    sentence: str
    transposition: int = 0
    place: tuple[int, int, int, int] | None = None
    details: Mapping[str, float] = field(default_factory=dict)


class NoteCue:
    """What the cues of notes have in common; ``raw`` is 0 where a side has fewer than ``FEWEST`` notes.

    Between scores, notes are taken as written. Where a side is a machine's, repeats and octaves count on neither.
    ``size`` is the number of notes of the shorter side, ``chance`` that of the longer and their ``melodic.stock``;
    ``transposition`` raises the reference, -5 to 6.
    """

    name: ClassVar[str] = ""
    unit: ClassVar[str] = ""
    element = "melody"
    needs = ("notes", "beats")
    timed: ClassVar[bool] = False
    settings: ClassVar = {"version": 1, "confident": CONFIDENT, "gap_s": GAP_S, "shortest_s": SHORTEST_S}

    def compare(self, query: Track, reference: Track) -> Evidence:
        """The measure, where it was found, and a sentence."""
        return self.evidence(heard(query), heard(reference))

    def sketch(self, track: Track) -> Heard:
        """What is kept of a recording to compare it with many."""
        return heard(track)

    def by_key(self, query: Heard, reference: Heard) -> DoubleArray:
        """From two sketches, ``(13,)``: the raw value for each key, the same for all, then 0."""
        return np.append(np.full(12, self.evidence(query, reference).raw), 0.0)

    def evidence(self, query: Heard, reference: Heard) -> Evidence:
        """From two sketches, the evidence."""
        a, b = comparable(query, reference)
        size = float(min(len(a), len(b)))
        missing = "too few notes to compare in one of the two" if size < FEWEST else ""
        if not missing and self.timed and not (a.tune.timed and b.tune.timed):
            missing = "the rhythm of one of the two is not known"
        if missing:
            return Evidence(self.name, 0.0, self.unit, notes=(missing,), element=self.element)
        found = self.measured(a, b)
        spans: tuple[Span, ...] = () if found.place is None else (span_of(a, b, found.place),)
        return Evidence(
            self.name,
            found.raw,
            self.unit,
            spans=spans,
            transposition=signed_semitones(found.transposition),
            notes=(found.sentence,),
            details=found.details,
            element=self.element,
            size=size,
            chance={"longer": float(max(len(a), len(b))), **stocks(a.tune, b.tune)},
        )

    def measured(self, a: Heard, b: Heard) -> Measured:
        """The measure of two tunes that can be compared."""
        raise NotImplementedError


class IdentityCue(NoteCue):
    """Per cent of identical notes (PMI), aligned from end to end in the best key; 0 to 100."""

    name, unit = "pmi", "per cent of identical notes"

    def measured(self, a: Heard, b: Heard) -> Measured:
        raw, key = identity_and_key(a.tune, b.tune)
        told = f"aligned from end to end, {percent(raw / 100)} of the notes are the same, {raised_words(key)}"
        return Measured(raw, told, key, (0, len(a), 0, len(b)) if raw > 0 else None)


class FiguresCue(NoteCue):
    """TF-IDF cosine of the figures of five notes, 0 to 1: the same figures as often, rare ones weighing more."""

    name, unit = "figures", "cosine"

    def measured(self, a: Heard, b: Heard) -> Measured:
        raw = cosine(*pair_of_figures(a.tune, b.tune))
        told, key, place = longest_run(a, b)
        return Measured(raw, f"figures of five notes have a cosine of {raw:.2f}{told}", key, place)


class TverskyCue(NoteCue):
    """The share of one tune's figures that the other has, by rarity, of the side of which it is more; 0 to 1.

    ``details`` hold both: ``share_of_query``, ``share_of_reference``. A borrowed phrase in a long tune leaves its mark
    on one of them only.
    """

    name, unit = "tversky", "share of one tune's figures"

    def measured(self, a: Heard, b: Heard) -> Measured:
        x, y = pair_of_figures(a.tune, b.tune)
        of_query, of_reference = tversky(x, y, only_x=1, only_y=0), tversky(x, y, only_x=0, only_y=1)
        told, key, place = longest_run(a, b)
        sentence = f"B has {percent(of_query)} of A's figures by rarity, and A {percent(of_reference)} of B's{told}"
        details = {"share_of_query": of_query, "share_of_reference": of_reference}
        return Measured(max(of_query, of_reference), sentence, key, place, details)


class IntervalsCue(NoteCue):
    """The best local alignment of intervals (Smith-Waterman): equal intervals less what differs or is left out."""

    name, unit = "intervals", "intervals in agreement"

    def measured(self, a: Heard, b: Heard) -> Measured:
        return located_in("intervals", shared_passage(a.tune, b.tune), None, a, b)


class OrnamentedCue(NoteCue):
    """The best local alignment that forgives ornament (Mongeau-Sankoff): one note may stand for up to four."""

    name, unit = "ornamented", "mean notes in agreement"
    timed = True

    def measured(self, a: Heard, b: Heard) -> Measured:
        return located_in("notes, ornaments forgiven,", *ornamented_passage(a.tune, b.tune), a, b)


class TuneCue(NoteCue):
    """All measures of melody in one: log(1 + odds) of being related, by ``melodic.melody_score``; 0 or more.

    ``details``: ``log_odds``; where both sides are scores or corrected, ``p_value``: the share of unrelated tunes as
    short that have as much.
    """

    name, unit = "tune", "nats above none"

    def measured(self, a: Heard, b: Heard) -> Measured:
        found = melody_score(a.tune, b.tune)
        where = found.passage
        key = int(a.tune.pitches[where.a_start] - b.tune.pitches[where.b_start]) % 12 if where.score > 0 else 0
        details = {"log_odds": found.log_odds}
        told = f"all measures of the tune together give log-odds of {found.log_odds:.1f}"
        if a.sure and b.sure:
            details["p_value"] = found.p_value
            told += f"; {100 * found.p_value:.2g} % of unrelated tunes as short have as much"
        return Measured(float(np.logaddexp(0.0, found.log_odds)), told, key, _place(where), details)


def located_in(what: str, found: Passage, key: int | None, a: Heard, b: Heard) -> Measured:
    """A passage and where it lies; the key is that of its first note unless told."""
    place = _place(found)
    if place is None:
        return Measured(0.0, f"no {what.rstrip(',')} in a row agree")
    raised = int(a.tune.pitches[found.a_start] - b.tune.pitches[found.b_start]) if key is None else key
    span = span_of(a, b, place)
    told = (
        f"{what} agree best in A {clock_range(span.query_start_s, span.query_end_s)} and B "
        f"{clock_range(span.reference_start_s, span.reference_end_s)} ({found.a_end - found.a_start} and "
        f"{found.b_end - found.b_start} notes), {raised_words(raised)}"
    )
    return Measured(found.score, told, raised % 12, place)


def longest_run(a: Heard, b: Heard) -> tuple[str, int, tuple[int, int, int, int] | None]:
    """The longest run of equal intervals that holds a figure: in words, in which key, and where."""
    score, a0, a1, b0, b1 = local_steps(*steps_of(a.tune, b.tune), 1.0, -NEVER, NEVER, NEVER)
    if score < N:
        return "; no figure is shared", 0, None
    key = int(a.tune.pitches[a0] - b.tune.pitches[b0]) % 12
    return f"; the longest shared run has {counted(math.floor(score) + 1)} notes", key, (a0, a1 + 1, b0, b1 + 1)


def _place(found: Passage) -> tuple[int, int, int, int] | None:
    return (found.a_start, found.a_end, found.b_start, found.b_end) if found.score > 0 else None
