"""Do the two share a progression of harmonies, in any key and at almost any tempo?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...plugins import Track
from ...types import Evidence
from ...units import signed_semitones
from . import search

if TYPE_CHECKING:
    from ...types import Features

UNIT = "Qmax over √chance"


class HarmonyCue:
    """The longest progression two recordings share, against what chance gives in the other keys.

    Chroma at two moments a second; Qmax [1]_ in all twelve keys and at three tempi. ``raw`` is the best Qmax
    over the root of the median of the twelve: unrelated recordings share some harmony in *every* key, versions
    in one. Symmetric, and independent of both lengths to first order.

    References
    ----------
    .. [1] Serrà, Serra, Andrzejak, "Cross recurrence quantification for cover song identification", 2009.
    """

    name = "harmony"
    needs = ("chroma",)

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How long the shared progression is, where, and in which key."""
        q, r = (search.moments(side["chroma"]) for side in (query, reference))
        found = search.search(q, r) if _varied(q) and _varied(r) else None
        if found is None or found.longest <= 0:
            return Evidence(self.name, 0.0, UNIT, notes=("too little harmony to compare in one of the two",))
        spans, alignment = search.path(q, r, found)
        return Evidence(
            self.name,
            found.score,
            UNIT,
            spans=spans,
            alignment=alignment,
            transposition=found.transposition,
            notes=_words(found),
            details={"qmax": found.longest, "chance": found.chance, "stretch": found.stretch},
        )


def _varied(moments: Features) -> bool:
    """Whether there is enough sound, and any change in it, to speak of a progression."""
    return search.sounding_s(moments) >= search.MIN_SOUNDING_S and search.change(moments) >= search.MIN_CHANGE


def _words(found: search.Found) -> tuple[str, ...]:
    shift = signed_semitones(found.transposition)
    where = "in the same key" if shift == 0 else f"{abs(shift)} semitones {'lower' if shift > 0 else 'higher'} in B"
    return (
        f"the longest shared progression holds about {found.longest / search.FRAME_RATE:.0f} s of matching harmony "
        f"({where}); other keys give about {found.chance / search.FRAME_RATE:.0f} s by chance",
    )
