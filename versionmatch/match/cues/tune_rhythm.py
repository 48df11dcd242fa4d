"""Do the two melodies have the same rhythm, whatever their notes and tempo?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...plugins import Track
from ...rhythmic.metre import metre_difference, places, syncopation
from ...rhythmic.shared import LEFT_OUT, RARITY, UNLIKE, SharedRhythm, figure_likeness, rarest, shared_rhythm
from ...rhythmic.tune import MelodyRhythm
from ...types import DoubleArray, Evidence, Notes, Span

UNIT = "notes, rare rhythms weighing more"
MIN_NOTES = 6


class TuneRhythmCue:
    """How long a rhythm the two melodies share, in notes: those of rare rhythms weigh more, rows of even notes less.

    A local alignment of the ratios from note to note (``versionmatch.rhythmic.shared``), read on the beats where there
    are any, so that rubato matters little; pitches are not looked at. ``raw`` is 0 or more, the weight of the stretch.
    It needs notes: of recordings they are as good as the transcription.
    """

    name = "tune-rhythm"
    element = "rhythm"
    needs = ("notes", "beats")
    settings: ClassVar = {
        "version": 1,
        "rarity": RARITY,
        "unlike": UNLIKE,
        "left_out": LEFT_OUT,
        "min_notes": MIN_NOTES,
    }

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How much the shared rhythm says, where, and how common its rarest bar is."""
        a, b = (self.sketch(side) for side in (query, reference))
        size = float(min(len(a), len(b)))
        if size < MIN_NOTES:
            told = ("too few notes to speak of a melody's rhythm in one of the two",)
            return Evidence(self.name, 0.0, UNIT, notes=told, element=self.element)
        found = shared_rhythm(a, b)
        details = {
            "figures": figure_likeness(a, b),
            "metre_difference": metre_difference(places(a), places(b)),
            "syncopation_query": syncopation(a),
            "syncopation_reference": syncopation(b),
        }
        if found.weight <= 0:
            told = ("the melodies share no stretch of rhythm that says anything",)
            return Evidence(self.name, 0.0, UNIT, notes=told, details=details, element=self.element, size=size)
        notes, bar = told_of(a, b, found, details)
        spans = (_span(query["notes"], a, reference["notes"], b, found),)
        return Evidence(
            self.name, found.weight, UNIT, spans, notes=notes, details=details | bar, element=self.element, size=size
        )

    def sketch(self, track: Track) -> MelodyRhythm:
        """What is kept of a recording to compare it with many."""
        return MelodyRhythm.of_notes(track["notes"], track["beats"])

    def by_key(self, query: MelodyRhythm, reference: MelodyRhythm) -> DoubleArray | None:
        """From two sketches, ``(13,)``: the raw value for each key, the same for all, then 0; None without notes."""
        if min(len(query), len(reference)) < MIN_NOTES:
            return None
        return np.append(np.full(12, shared_rhythm(query, reference).weight), 0.0)


def told_of(
    a: MelodyRhythm, b: MelodyRhythm, found: SharedRhythm, details: dict[str, float]
) -> tuple[tuple[str, ...], dict[str, float]]:
    """Plain sentences, and how common the rarest shared bar is."""
    n, m = found.a_end - found.a_start, found.b_end - found.b_start
    notes = [
        f"{n} notes of A have the rhythm of {m} of B, whatever their pitches and tempo (weight {found.weight:.0f})"
    ]
    bar: dict[str, float] = {}
    rare = rarest(a, b, found)
    if rare is not None:
        onsets, with_it, works = rare
        beats = ", ".join(f"{1 + x:.4g}" for x in onsets)
        notes.append(f"the rarest four beats among them, notes on {beats}, are in {with_it} of {works} tunes")
        bar = {"bar_with": float(with_it), "bar_works": float(works)}
    if a.on_beats and b.on_beats:
        shares = details["syncopation_query"], details["syncopation_reference"]
        notes.append(f"syncopated are {shares[0]:.0%} of A's notes and {shares[1]:.0%} of B's")
    else:
        notes.append("the notes of one of the two do not lie on its beats; ratios are read in seconds")
    return tuple(notes), bar


def _span(query: Notes, a: MelodyRhythm, reference: Notes, b: MelodyRhythm, found: SharedRhythm) -> Span:
    sides = ((query, a, found.a_start, found.a_end), (reference, b, found.b_start, found.b_end))
    (q0, q1), (r0, r1) = ((float(s.onset_s[i]), _end(notes, float(s.onset_s[j - 1]))) for notes, s, i, j in sides)
    return Span(q0, q1, r0, r1)


def _end(notes: Notes, onset_s: float) -> float:
    """When the notes that begin there end."""
    there = notes.onset_s == onset_s
    return float((notes.onset_s + notes.duration_s)[there].max())
