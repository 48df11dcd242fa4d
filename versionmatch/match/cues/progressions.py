"""Do the two use the same turns of harmony, rare ones weighing most?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...harmonic.figures import ChordFigures, N, chord_figures, figures
from ...harmonic.progression import of_track
from ...harmonic.statistics import DEFAULT, load
from ...plugins import Track
from ...types import DoubleArray, Evidence
from .chord_sides import ELEMENT, NEEDS, nothing, sides

UNIT = "cosine"


class ProgressionsCue:
    """TF-IDF cosine of the figures of four chords, in no key and wherever they stand; 0…1.

    ``raw`` 0 with a note where there is nothing to compare; a true 0 says that no four chords in a row are shared.
    ``details``: how many different figures are ``shared``, and of the least common of them ``works_with`` of ``works``.
    """

    name = "progressions"
    element = ELEMENT
    needs = NEEDS
    settings: ClassVar = {"version": 1, "n": N, "statistics": DEFAULT}

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How much the two share of what is not common."""
        a, b, told = sides(query, reference)
        if told:
            return nothing(self.name, UNIT, told)
        x, y, known = figures(a), figures(b), load()
        both = np.intersect1d(x.codes, y.codes)
        details, sentence = {"shared": float(both.size)}, "no four chords in a row are shared"
        if both.size:
            rarest = int(known.works_with(N, both).min())
            details |= {"works_with": float(rarest), "works": float(known.n_works)}
            sentence = (
                f"{both.size} of {min(x.codes.size, y.codes.size)} different figures of four chords are shared; "
                f"the least common of them is in {rarest} of {known.n_works:,} works"
            )
        size = float(min(len(a), len(b)))
        told = (sentence,)
        return Evidence(
            self.name, chord_figures(x, y), UNIT, notes=told, details=details, element=self.element, size=size
        )

    def sketch(self, track: Track) -> ChordFigures | None:
        """What is kept of a recording to compare it with many."""
        progression = of_track(track)
        return figures(progression) if progression.comparable else None

    def by_key(self, query: ChordFigures | None, reference: ChordFigures | None) -> DoubleArray | None:
        """From two sketches, ``(13,)``: the raw value for each key, the same for all, then 0; None without chords."""
        if query is None or reference is None:
            return None
        return np.append(np.full(12, chord_figures(query, reference)), 0.0)
