"""Do the two share a passage of chords, in any key?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...harmonic.alignment import PARAMETERS, ChordPassage, passages_in
from ...harmonic.chance import above_chance
from ...harmonic.progression import Progression, of_track
from ...harmonic.statistics import DEFAULT, load
from ...plugins import Track
from ...types import DoubleArray, Evidence
from ...units import clock
from .chord_sides import ELEMENT, NEEDS, nothing, raised, sides

UNIT = "deviations above chance"
PASSAGES, LEAST = 3, 4.0


class ChordsCue:
    """How well the chords of the two align locally in the best of twelve keys, above unrelated pairs of these lengths.

    ``raw``: standard deviations above the mean of unrelated pairs (``harmonic.chance``): 0 is chance, and values below
    it are usual; exactly 0 with a note where there is nothing to compare. ``spans`` are up to three passages in that
    key, the strongest first. ``details``: the alignment's ``score``, of the order of the number of chords that agree;
    ``chords`` that meet in the strongest passage; ``works_with`` and ``works``: in how many works of the corpus the
    least common four chords in a row of that passage are; ``key_0`` to ``key_11`` as ``raw``, with ``b`` raised so far.
    """

    name = "chords"
    element = ELEMENT
    needs = NEEDS
    settings: ClassVar = {"version": 1, **PARAMETERS, "statistics": DEFAULT}

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How much of their chords the two share, where, and in which key."""
        a, b, told = sides(query, reference)
        if told:
            return nothing(self.name, UNIT, told)
        by_key = above_chance(a, b)
        key = int(by_key.argmax())
        found = passages_in(a, b, key, most=PASSAGES, least=LEAST)
        details = {"chance": 0.0, **{f"key_{k}": float(v) for k, v in enumerate(by_key)}}
        notes = ("no passage of four chords is shared",)
        if found:
            more, sentence = _told(a, found)
            details, notes = details | more, (sentence,)
        return Evidence(
            self.name,
            float(by_key[key]),
            UNIT,
            spans=tuple(p.span for p in found if p.span is not None),
            transposition=key,
            notes=notes,
            details=details,
            element=self.element,
            size=float(min(len(a), len(b))),
        )

    def sketch(self, track: Track) -> Progression:
        """What is kept of a recording to compare it with many."""
        return of_track(track)

    def by_key(self, query: Progression, reference: Progression) -> DoubleArray | None:
        """From two sketches, ``(13,)``: the value in each key, then 0; None where nothing can be compared."""
        if not (query.comparable and reference.comparable):
            return None
        return np.append(above_chance(query, reference), 0.0)


def _told(a: Progression, found: tuple[ChordPassage, ...]) -> tuple[dict[str, float], str]:
    """Details of the strongest passage, and a sentence about it."""
    best, known = found[0], load()
    part = Progression(a.chords[best.a_start : best.a_end])
    details = {"score": best.score, "chords": float(len(best)), "passages": float(len(found))}
    where = ""
    if best.span is not None:
        s = best.span
        ends = (s.query_start_s, s.query_end_s, s.reference_start_s, s.reference_end_s)
        where = " (A {}–{}, B {}–{})".format(*(clock(t) for t in ends))
    sentence = f"the strongest shared passage pairs {len(best)} chords{where}, {raised(best.transposition)}"
    rare = known.rarest(part)
    if rare is not None:
        details |= {"works_with": float(rare[0]), "works": float(known.n_works)}
        sentence += f"; its least common four chords in a row are in {rare[0]} of {known.n_works:,} works"
    return details, sentence
