"""Do the two have the same bars of rhythm in the same order, at any tempo: of all that sounds, of what is struck?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...plugins import Track
from ...rhythmic.bars import BAR, Bars, SharedBars, bars_of, every_reading, shared_bars
from ...rhythmic.grid import AS_TRACKED, READINGS, fold
from ...rhythmic.metre import accents, metre_difference
from ...types import DoubleArray, Evidence, Features, Span

UNIT = "beats alike"
LEAST_STROKE = 0.35
"""The level that one frame in a hundred must reach in the low or the high register to speak of percussion."""


class PatternsCue:
    """How many beats of rhythm the two have alike in a row, whatever the tempo: onsets of all that sounds.

    Onsets are folded on the beats into bars of four beats with twelve places each, what all music has in common is
    taken out, and the two rows of bars are aligned locally (``versionmatch.rhythmic.bars``). Half, double and
    two-thirds tempo and the off-beat are tried; the best of these ten readings counts, for unrelated pairs as well.
    ``raw`` is 0 or more: 16 says as much as sixteen beats of exactly the same patterns. Where beats are tracked
    wrongly, the stretch that is found is shorter.
    """

    name = "patterns"
    element = "rhythm"
    needs: tuple[str, ...] = ("onsets", "beats")
    kind = "whole"
    feature = "onsets"
    what = "onsets"
    settings: ClassVar[dict[str, float]] = {"version": 1, "readings": len(READINGS), "beats_in_a_bar": BAR}

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How much of the rhythm is alike, where, and at which ratio of tempi."""
        for side in (query, reference):
            reason = self._nothing(side)
            if reason:
                return Evidence(self.name, 0.0, UNIT, notes=(reason,), element=self.element)
        q = bars_of(fold(query[self.feature], query["beats"]), kind=self.kind)
        r = self.sketch(reference)
        found = shared_bars(q, r)
        size = float(min(len(q), len(r[AS_TRACKED])))
        if size == 0:
            told = ("too few beats to speak of a rhythm in one of the two",)
            return Evidence(self.name, 0.0, UNIT, notes=told, element=self.element)
        profiles = [accents(side[self.feature], side["beats"]) for side in (query, reference)]
        details = {"stock": found.stock, "metre_difference": metre_difference(*profiles)}
        if found.beats <= 0:
            told = (f"no stretch of the {self.what} runs alike",)
            return Evidence(self.name, 0.0, UNIT, notes=told, details=details, element=self.element, size=size)
        span, ratio = place_of(found, q, r[found.reading])
        notes, details = self._told(found, ratio), details | {"tempo_ratio": ratio}
        return Evidence(
            self.name, found.beats, UNIT, (span,), notes=notes, details=details, element=self.element, size=size
        )

    def _told(self, found: SharedBars, ratio: float) -> tuple[str, ...]:
        length = found.a_end - found.a_start + BAR - 1
        read = "" if found.reading == AS_TRACKED else f"; for this the beats of B are read {found.reading!r}"
        return (
            f"the {self.what} agree as much as {found.beats:.0f} beats of one pattern would, within {length} beats",
            f"there A has {ratio:.2f} times the tempo of B{read}",
            f"a bar is like the one most like it of the other by {found.stock:.2f} (1: the same, 0: as usual)",
        )

    def _nothing(self, side: Track) -> str:
        return "" if len(side["beats"]) > BAR else "too few beats to speak of a rhythm in one of the two"

    def sketch(self, track: Track) -> dict[str, Bars]:
        """What is kept of a recording to compare it with many."""
        if self._nothing(track):
            return dict.fromkeys(READINGS, Bars(np.zeros((0, 0), np.float32), np.zeros(0)))
        return every_reading(track[self.feature], track["beats"], kind=self.kind)

    def by_key(self, query: dict[str, Bars], reference: dict[str, Bars]) -> DoubleArray | None:
        """From two sketches, ``(13,)``: the raw value for each key, the same for all, then 0; None without bars."""
        if min(len(query[AS_TRACKED]), len(reference[AS_TRACKED])) == 0:
            return None
        return np.append(np.full(12, shared_bars(query[AS_TRACKED], reference).beats), 0.0)


class DrumsCue(PatternsCue):
    """How many beats of what is struck the two have alike in a row: the same of ``onset-bands``, three registers.

    The registers are told apart, so that bass drum and cymbals changed for each other are not alike. ``raw`` is 0 with
    a note where there is nothing struck in one of the two; a score has no percussion here (its percussion is not
    read). Sound alone cannot always tell a drum from any other hard attack: a plucked string counts, too.
    """

    name = "drums"
    needs = ("onset-bands", "beats")
    kind = "drums"
    feature = "onset-bands"
    what = "strokes"
    settings: ClassVar[dict[str, float]] = {**PatternsCue.settings, "least_stroke": LEAST_STROKE}

    def _nothing(self, side: Track) -> str:
        recording = getattr(side, "recording", None)
        if recording is not None and recording.codec.startswith("score"):
            return "one of the two is a score, of which no percussion is read"
        if not struck(side["onset-bands"]):
            return "no percussion to speak of in one of the two"
        return super()._nothing(side)


def struck(bands: Features) -> bool:
    """Whether there are strokes to speak of in the low or in the high register."""
    if bands.n_frames == 0:
        return False
    return bool(np.quantile(bands.values[[0, 2]], 0.99, axis=1).max() >= LEAST_STROKE)


def place_of(found: SharedBars, query: Bars, reference: Bars) -> tuple[Span, float]:
    """Where the bars lie, and the query's tempo over the reference's there."""
    sides = ((query, found.a_start, found.a_end), (reference, found.b_start, found.b_end))
    times = [side.times_s[start : end + BAR] for side, start, end in sides]
    (q0, q1), (r0, r1) = ((float(t[0]), float(t[-1])) for t in times)
    beat_s = [float(np.median(np.diff(t))) for t in times]
    return Span(q0, q1, r0, r1), beat_s[1] / beat_s[0]
