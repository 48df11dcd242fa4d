"""Do the two share a progression of harmonies, in any key and at almost any tempo?"""

from __future__ import annotations

from typing import ClassVar

from ...plugins import Track
from ...types import Evidence, FloatArray
from ...units import signed_semitones
from . import search

UNIT = "Qmax over √chance"


class HarmonyCue:
    """The longest progression two recordings share, against what chance gives in the other keys.

    Chroma at two moments a second; Qmax [1]_ in all twelve keys and at three tempi. ``raw`` is the best Qmax
    over the root of the median of the twelve: unrelated recordings share some harmony in *every* key, versions
    in one. 0 where one of the two holds too little sound, or one chord throughout.

    References
    ----------
    .. [1] Serrà, Serra, Andrzejak, "Cross recurrence quantification for cover song identification", 2009.
    """

    name = "harmony"
    needs = ("chroma",)
    settings: ClassVar = search.SETTINGS

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How long the shared progression is, where, and in which key."""
        q, r = (search.moments(side["chroma"]) for side in (query, reference))
        found = search.search(q.values, r.values)
        if found.longest <= 0:
            return Evidence(self.name, 0.0, UNIT, notes=("too little harmony to compare in one of the two",))
        spans, alignment = search.path(q, r, found)
        return Evidence(
            self.name,
            found.score,
            UNIT,
            spans=spans,
            alignment=alignment,
            transposition=found.transposition,
            notes=words(found, "harmony"),
            details={"qmax": found.longest, "chance": found.chance, "stretch": found.stretch},
        )

    def sketch(self, track: Track) -> FloatArray:
        """What is kept of a recording to compare it with many."""
        return search.moments(track["chroma"]).values

    def raw(self, query: FloatArray, reference: FloatArray) -> float:
        """The raw value from two sketches, without its place."""
        return search.search(query, reference).score


def words(found: search.Found, what: str) -> tuple[str, ...]:
    """The finding as a sentence."""
    shift = signed_semitones(found.transposition)
    key = "in the same key" if shift == 0 else f"B {abs(shift)} semitones {'higher' if shift < 0 else 'lower'} than A"
    longest, chance = (value / search.FRAME_RATE for value in (found.longest, found.chance))
    return (
        f"the longest shared stretch of {what} holds about {longest:.0f} s in agreement ({key}); "
        f"in other keys chance gives about {chance:.0f} s",
    )
