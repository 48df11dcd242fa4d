"""Do the two share a progression of harmonies and its bass, in any key and at almost any tempo?"""

from __future__ import annotations

from typing import ClassVar

from ...features.chroma import bass_chroma
from ...harmonic.progression import has_harmony
from ...plugins import Track
from ...types import Alignment, DoubleArray, Evidence, FloatArray, Span
from ...units import signed_semitones
from . import search

UNIT = "times chance"
BASS_WEIGHT = 0.5  # of the bass line beside the whole harmony


class HarmonyCue:
    """The longest progression two recordings share, against what chance gives in the other keys.

    Chroma and the chroma of the bass at two moments a second; Qmax [1]_ in all twelve keys, of the chroma also at
    three tempi; the two are joined key by key. ``raw`` is how many times the median of the twelve the best key's Qmax
    is: unrelated recordings share some harmony in *every* key, versions in one. 0 where one of the two holds too
    little sound, or one chord throughout.

    References
    ----------
    .. [1] Serrà, Serra, Andrzejak, "Cross recurrence quantification for cover song identification", 2009.
    """

    name = "harmony"
    element = "harmony"
    needs = ("chroma", "cqt")
    settings: ClassVar = {**search.SETTINGS, "bass_weight": BASS_WEIGHT}

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How long the shared progression is, where, and in which key; nothing for a bare line, which has none."""
        bare = [name for name, side in zip("AB", (query, reference), strict=True) if not has_harmony(side)]
        if bare:
            told = (f"{' and '.join(bare)}: a single line over which no chords are written has no harmony to compare",)
            return Evidence(self.name, 0.0, UNIT, notes=told, element=self.name)
        q, r = (search.moments(side["chroma"]) for side in (query, reference))
        found = self._profile(self.sketch(query), self.sketch(reference))
        if found is None:
            return Evidence(
                self.name, 0.0, UNIT, notes=("too little harmony to compare in one of the two",), element=self.name
            )
        place = search.path(q, r, found.key, float(found.stretches[found.key]))
        return evidence_of(self.name, found, *place, size=search.shorter_s(q, r))

    def sketch(self, track: Track) -> tuple[FloatArray, FloatArray]:
        """What is kept of a recording to compare it with many."""
        return search.moments(track["chroma"]).values, search.moments(bass_chroma(track["cqt"])).values

    def by_key(
        self, query: tuple[FloatArray, FloatArray], reference: tuple[FloatArray, FloatArray]
    ) -> DoubleArray | None:
        """From two sketches, ``(13,)``: the strength in each key, then chance; None where nothing can be compared."""
        return search.as_row(self._profile(query, reference))

    @staticmethod
    def _profile(
        query: tuple[FloatArray, FloatArray], reference: tuple[FloatArray, FloatArray]
    ) -> search.KeyProfile | None:
        whole = search.profile(query[0], reference[0])
        return whole and whole.with_part(search.profile(query[1], reference[1], tempi=()), BASS_WEIGHT)


def evidence_of(
    cue: str,
    found: search.KeyProfile,
    spans: tuple[Span, ...],
    alignment: Alignment | None,
    agreeing_s: float,
    *,
    size: float,
) -> Evidence:
    """A key profile and its passage as evidence, with a sentence."""
    shift = signed_semitones(found.key)
    steps = f"{abs(shift)} semitone{'s' if abs(shift) > 1 else ''}"
    key = "in the same key" if shift == 0 else f"B {steps} {'higher' if shift < 0 else 'lower'} than A"
    sentence = f"the longest shared stretch of {cue} holds about {agreeing_s:.0f} s in agreement ({key})"
    details = {"agreeing_s": agreeing_s, **found.details()}
    where = (spans, alignment, found.key)
    return Evidence(cue, found.raw, UNIT, *where, notes=(sentence,), details=details, element=cue, size=size)
