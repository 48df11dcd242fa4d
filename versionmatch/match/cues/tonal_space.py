"""Do the two move through tonal space in the same way?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...harmonic.progression import Progression, of_track
from ...harmonic.tonal_space import RATIOS, STEPS, StepDistance, step_distance
from ...plugins import Track
from ...types import DoubleArray, Evidence
from .chord_sides import ELEMENT, NEEDS, nothing, raised, sides

UNIT = "likeness"


class TonalSpaceCue:
    """How alike the two are in the distance of their chords from the tonic, beat by beat.

    ``raw`` is 1 / (1 + d), above 0 and at most 1, where d is the tonal pitch step distance: the mean difference of
    Lerdahl's distances from the tonic at the best shift, key and metrical level (``harmonic.tonal_space``). It compares
    the whole of the shorter with a stretch of the longer: a version in another form has less. ``details``:
    ``distance``, ``shift`` in steps of a beat (of half a second without beats), ``ratio`` of the metrical levels.
    """

    name = "tonal-space"
    element = ELEMENT
    needs = NEEDS
    settings: ClassVar = {"version": 1, "steps": STEPS, "ratios": list(RATIOS)}

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How near the two stay, at the best shift and in the best key."""
        a, b, told = sides(query, reference)
        if told:
            return nothing(self.name, UNIT, told)
        found = _distance(a, b)
        sentence = (
            f"laid over each other as well as can be ({raised(found.transposition)}), their chords differ by "
            f"{found.distance:.1f} on average in their distance from the tonic (the dominant lies at 5)"
        )
        return Evidence(
            self.name,
            1.0 / (1.0 + found.distance),
            UNIT,
            transposition=found.transposition,
            notes=(sentence,),
            details={"distance": found.distance, "shift": found.shift, "ratio": found.ratio},
            element=self.element,
            size=min(float(p.lengths.sum() * STEPS[p.unit]) for p in (a, b)),
        )

    def sketch(self, track: Track) -> Progression:
        """What is kept of a recording to compare it with many."""
        return of_track(track)

    def by_key(self, query: Progression, reference: Progression) -> DoubleArray | None:
        """From two sketches, ``(13,)``: the raw value for each key, the same for all, then 0; None without chords."""
        if not (query.comparable and reference.comparable):
            return None
        return np.append(np.full(12, 1.0 / (1.0 + _distance(query, reference).distance)), 0.0)


def _distance(a: Progression, b: Progression) -> StepDistance:
    """At the metrical level that suits best: beats that a machine found may be twice or half those of the other."""
    return step_distance(a, b, ratios=RATIOS)
