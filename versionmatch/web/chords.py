"""Chords of both recordings, along A's time and in a common key."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from ..match.agreement import chord_agreement, triad
from ..types import Annotation, Match
from ..units import PITCH_CLASSES, clock
from .markup import Markup, details, element, join, table
from .numerals import Numeral, numeral_at, numerals
from .plot import MISSING, Range, axis_lane, badge, breadth, feature, gap_marks, gaps, lane, place, strip
from .timemap import TimeMap

SUFFIXES = {"maj": "", "min": "m", "7": "7", "maj7": "maj7", "min7": "m7", "dim": "°", "aug": "+"}
MOST_ROWS = 400
DEGREES = "Below each chord stands its degree in the key of its own recording, one key for the whole of it."
STEP_S = 0.1


@dataclass(frozen=True, slots=True)
class Chord:
    """One chord in A's time; ``raised`` semitones bring it to A's key."""

    start_s: float
    end_s: float
    label: str
    raised: int = 0
    numeral: str = ""

    @property
    def triad(self) -> tuple[int, bool] | None:
        """Pitch class of the root in A's key, and whether the third is minor."""
        found = triad(self.label)
        return None if found is None else ((found[0] + self.raised) % 12, found[1])


def chord_name(label: str, *, transposition: int = 0) -> str:
    """A chord of Harte's notation as musicians write it, raised by semitones.

    >>> chord_name("G:min", transposition=3), chord_name("C#:7"), chord_name("N")
    ('B♭m', 'C♯7', '–')
    """
    found = triad(label)
    if found is None:
        return "–" if label in {"N", "X", ""} else label
    quality = label.partition(":")[2] or "maj"
    return PITCH_CLASSES[(found[0] + transposition) % 12] + SUFFIXES.get(quality, f":{quality}")


def chord_lanes(match: Match, to_b: TimeMap) -> Markup:
    """Chords of A, where they agree, and chords of B at the places that answer A."""
    query, reference = (feature(t, "chords") for t in (match.query_track, match.reference_track))
    if query is None or reference is None:
        return element("p", f"Chords: {MISSING}", class_="none")
    span = (0.0, match.query.duration_s)
    times = np.arange(span[0], span[1], STEP_S)
    empty = gaps(to_b.reference_times(times), times)
    degrees = numerals(match.query_track), numerals(match.reference_track)
    mine, theirs = _own(query, degrees[0]), _answering(reference, degrees[1], to_b, span, match.transposition)
    bars = [
        element("rect", x=place(s, span), y="0", width=breadth(s, e, span), height="100%", class_="agree")
        for s, e in _alike(mine, theirs)
    ]
    agreement = chord_agreement(query, reference, match.passages)
    spoken = (
        f"In the common key both have the same triad in {agreement.share:.0%} of the time in which passages join them."
        if agreement.seconds > 0
        else "There are no chords to set beside each other."
    )
    return join(
        lane(badge("a"), _chord_strip(mine, "a", span, []), class_="chords"),
        lane(element("span", "alike", class_="quiet"), strip(bars, height=8, label=spoken), class_="agreement"),
        lane(badge("b"), _chord_strip(theirs, "b", span, empty), class_="chords"),
        axis_lane(span, side="a"),
        element("p", f"{spoken} {DEGREES if any(degrees) else ''}".strip(), class_="reading"),
    )


def _own(chords: Annotation, degrees: list[Numeral]) -> list[Chord]:
    return [
        Chord(float(t), float(t + d), label, numeral=numeral_at(degrees, float(t + d / 2)))
        for t, d, label in zip(chords.onset_s, chords.duration_s, chords.labels, strict=True)
    ]


def _answering(
    chords: Annotation, degrees: list[Numeral], to_b: TimeMap, span: Range, transposition: int
) -> list[Chord]:
    """The reference's chords on the query's time, cut where the correspondence is."""
    times = np.arange(span[0], span[1], STEP_S)
    answer, raised = to_b.reference_times(times), to_b.transpositions(times, transposition)
    which = np.searchsorted(chords.onset_s, answer, side="right") - 1
    which = np.where(np.isnan(answer) | (which < 0), -1, which)
    changes = (np.diff(which) != 0) | (np.diff(raised) != 0)
    names = [chord.numeral for chord in _own(chords, degrees)]
    edges = np.concatenate([[0], np.flatnonzero(changes) + 1, [times.size]])
    return [
        Chord(
            float(times[low]),
            min(span[1], float(times[high - 1]) + STEP_S),
            chords.labels[which[low]],
            int(raised[low]),
            names[which[low]],
        )
        for low, high in itertools.pairwise(edges)
        if which[low] >= 0
    ]


def _alike(mine: list[Chord], theirs: list[Chord]) -> list[Range]:
    """Stretches in which both have one triad."""
    stretches: list[Range] = []
    for a in mine:
        for b in theirs:
            start, end = max(a.start_s, b.start_s), min(a.end_s, b.end_s)
            if end > start and a.triad is not None and a.triad == b.triad:
                stretches.append((start, end))
    return stretches


def _chord_strip(chords: list[Chord], side: str, span: Range, empty: list[Range]) -> Markup:
    marks = []
    for chord in chords:
        found = chord.triad
        kind = "silent" if found is None else "minor" if found[1] else "major"
        x, width = place(chord.start_s, span), breadth(chord.start_s, chord.end_s, span)
        marks.append(element("rect", x=x, y="0", width=width, height="100%", class_=f"chord {kind} {side}"))
        middle = place((chord.start_s + chord.end_s) / 2, span)
        names = [
            (chord_name(chord.label, transposition=chord.raised), "in-common"),
            (chord_name(chord.label), "in-original"),
        ]
        for name, which in names if chord.raised % 12 else [(names[1][0], "")]:
            marks.append(
                element(
                    "text",
                    name,
                    x=middle,
                    y="34%",
                    dy="0.35em",
                    text_anchor="middle",
                    class_=f"chord-name fit {which}".rstrip(),
                )
            )
        if chord.numeral:
            marks.append(
                element(
                    "text", chord.numeral, x=middle, y="74%", dy="0.35em", text_anchor="middle", class_="numeral fit"
                )
            )
    label = f"{len(chords)} chords of {side.upper()} along A's time; the table below names them"
    return strip(marks, gap_marks(empty, span), height=44, label=label, side=side, axis="a", span=span)


def chord_table(match: Match, to_b: TimeMap) -> Markup | None:
    """Each chord of A with B's at the corresponding place."""
    query, reference = (feature(t, "chords") for t in (match.query_track, match.reference_track))
    if query is None or reference is None:
        return None
    rows = []
    degrees = numerals(match.query_track), numerals(match.reference_track)
    for chord in _own(query, degrees[0])[:MOST_ROWS]:
        middle = np.array([(chord.start_s + chord.end_s) / 2])
        answer = to_b.reference_times(middle)[0]
        if np.isnan(answer):
            rows.append((clock(chord.start_s), chord_name(chord.label), chord.numeral, "no counterpart", "", "", ""))
            continue
        i = max(0, int(np.searchsorted(reference.onset_s, answer, side="right")) - 1)
        label = reference.labels[i] if len(reference) else "N"
        raised = int(to_b.transpositions(middle, match.transposition)[0])
        common = chord_name(label, transposition=raised)
        mine = clock(chord.start_s), chord_name(chord.label), chord.numeral
        theirs = clock(float(answer)), common, chord_name(label), numeral_at(degrees[1], float(answer))
        rows.append((*mine, *theirs))
    caption = "Chords of A and the chord of B at the middle of each"
    if len(query) > MOST_ROWS:
        caption += f" (the first {MOST_ROWS} of {len(query)})"
    return details(
        "Chords as a table",
        table(
            ("A at", "A", "degree", "B at", "B, in A's key", "B, as it sounds", "degree in B"), rows, caption=caption
        ),
    )
