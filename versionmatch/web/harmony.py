"""Chroma and chords of both recordings, along A's time and in a common key."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from ..types import Annotation, DoubleArray, Features, FloatArray, Match
from ..units import PITCH_CLASSES, clock
from .markup import Markup, details, element, join, table
from .plot import MISSING, Range, axis_lane, badge, breadth, feature, gap_marks, gaps, lane, picture, place, strip
from .png import data_uri, ramp
from .timemap import TimeMap

COLUMNS = 1200
RAMPS = {
    "a": ramp((23, 88, 150, 0), (23, 88, 150, 255), gamma=1.25),
    "b": ramp((186, 84, 10, 0), (186, 84, 10, 255), gamma=1.25),
}
LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SUFFIXES = {"maj": "", "min": "m", "7": "7", "maj7": "maj7", "min7": "m7", "dim": "°", "aug": "+"}
MOST_ROWS = 400


def chroma_lanes(match: Match, to_b: TimeMap) -> Markup:
    """Chroma of A; of B where it answers A; of B whole, in its own time."""
    query, reference = (feature(t, "chroma") for t in (match.query_track, match.reference_track))
    if query is None or reference is None:
        return element("p", f"Chroma: {MISSING}", class_="none")
    span = (0.0, match.query.duration_s)
    whole = (0.0, match.reference.duration_s)
    times = _columns(span, query)
    answer = to_b.reference_times(times)
    lanes = [
        _chroma_lane(join(badge("a"), _pitch_names()), [(_sampled(query, times), "")], "a", "a", span, ()),
        _chroma_lane(
            join(badge("b"), _pitch_names()),
            [(_sampled(f, answer), name) for f, name in _keys(reference, match.transposition)],
            "b",
            "a",
            span,
            gaps(answer, times),
        ),
    ]
    own = _chroma_lane(
        join(badge("b"), element("span", "in B's time", class_="quiet")),
        [(_sampled(f, _columns(whole, reference)), name) for f, name in _keys(reference, match.transposition)],
        "b",
        "b",
        whole,
        (),
    )
    return join(lanes, axis_lane(span, side="a"), own, axis_lane(whole, side="b"))


def _keys(reference: Features, transposition: int) -> list[tuple[Features, str]]:
    if transposition % 12 == 0:
        return [(reference, "")]
    return [(reference.transposed(transposition), "in-common"), (reference, "in-original")]


def _columns(span: Range, chroma: Features) -> DoubleArray:
    n = max(1, min(COLUMNS, chroma.n_frames))
    return (np.arange(n) + 0.5) * (span[1] - span[0]) / n


def _sampled(chroma: Features, times: DoubleArray) -> FloatArray:
    """Chroma at the given times, the highest pitch class on top; zero where a time is nan."""
    scale = max(float(np.percentile(chroma.values, 98.5)), 1e-9)
    known = ~np.isnan(times)
    at = np.clip(np.floor(times[known] * chroma.frame_rate + 0.5).astype(int), 0, chroma.n_frames - 1)
    values = np.zeros((12, times.size), np.float32)
    values[:, known] = chroma.values[:, at] / scale
    return values[::-1]


def _chroma_lane(
    name: Markup,
    images: list[tuple[FloatArray, str]],
    side: str,
    axis: str,
    span: Range,
    empty: list[Range] | tuple[()],
) -> Markup:
    pictures = [picture(data_uri(values, RAMPS[side]), class_=class_ or "always") for values, class_ in images]
    where = "" if side == axis else ", along A's time"
    label = f"Chroma of {side.upper()}{where}: twelve pitch classes from C at the bottom to B at the top"
    return lane(
        name,
        strip(pictures, gap_marks(empty, span), height=108, label=label, side=side, axis=axis, span=span),
        class_="chroma",
    )


def _pitch_names() -> Markup:
    names = [
        element("text", PITCH_CLASSES[row], x="100%", y=f"{108 - 9 * row - 1.5:g}", text_anchor="end", class_="pitch")
        for row in (0, 3, 6, 9)
    ]
    return element("svg", names, width=24, height=108, class_="pitches", aria_hidden="true")


def chroma_table(match: Match) -> Markup | None:
    """How much of each recording's harmony lies on each pitch class, in the common key."""
    query, reference = (feature(t, "chroma") for t in (match.query_track, match.reference_track))
    if query is None or reference is None:
        return None
    shares = []
    for chroma in (query, reference.transposed(match.transposition)):
        total = np.maximum(chroma.values, 0).sum(axis=1)
        shares.append(100 * total / max(float(total.sum()), 1e-9))
    rows = [(PITCH_CLASSES[i], f"{shares[0][i]:.1f} %", f"{shares[1][i]:.1f} %") for i in range(12)]
    return details(
        "Chroma as a table",
        table(
            ("pitch class", "A", "B, in A's key"), rows, caption="Share of each pitch class over the whole recording"
        ),
    )


@dataclass(frozen=True, slots=True)
class Chord:
    """One chord in A's time; ``source_s`` is when it begins in its own recording."""

    start_s: float
    end_s: float
    label: str
    source_s: float


def chord_name(label: str, *, transposition: int = 0) -> str:
    """A chord of Harte's notation as musicians write it, raised by semitones.

    >>> chord_name("G:min", transposition=3), chord_name("C#:7"), chord_name("N")
    ('B♭m', 'C♯7', '–')
    """
    root, _, quality = label.partition(":")
    if root[:1] not in LETTERS or root[1:].strip("#b♯♭"):
        return "–" if label in {"N", "X", ""} else label
    sharps = sum(root.count(sign) for sign in "#♯") - sum(root[1:].count(sign) for sign in "b♭")
    pitch_class = (LETTERS[root[0]] + sharps + transposition) % 12
    quality = quality or "maj"
    return PITCH_CLASSES[pitch_class] + SUFFIXES.get(quality, f":{quality}")


def chord_lanes(match: Match, to_b: TimeMap) -> Markup:
    """Chords of A, where they agree, and chords of B at the places that answer A."""
    query, reference = (feature(t, "chords") for t in (match.query_track, match.reference_track))
    if query is None or reference is None:
        return element("p", f"Chords: {MISSING}", class_="none")
    span = (0.0, match.query.duration_s)
    mine, theirs = _own(query), _answering(reference, to_b, span)
    times, answer, alike = _agreement(mine, theirs, match.transposition, span)
    share = float(alike.sum() / max(1, (~np.isnan(answer)).sum()))
    agreed = gaps(np.where(alike, np.nan, 1.0), times)
    bars = [
        element("rect", x=place(s, span), y="0", width=breadth(s, e, span), height="100%", class_="agree")
        for s, e in agreed
    ]
    spoken = (
        f"Chords agree in {share:.0%} of the stretches that answer each other"
        if theirs
        else "No chords to set beside each other"
    )
    return join(
        lane(badge("a"), _chord_strip(mine, (0,), "a", span, ()), class_="chords"),
        lane(element("span", "alike", class_="quiet"), strip(bars, height=8, label=spoken), class_="agreement"),
        lane(
            badge("b"),
            _chord_strip(theirs, (match.transposition, 0), "b", span, gaps(to_b.reference_times(times), times)),
            class_="chords",
        ),
        axis_lane(span, side="a"),
        element("p", f"{spoken}, in the common key.", class_="reading"),
    )


def _own(chords: Annotation) -> list[Chord]:
    return [
        Chord(float(t), float(t + d), label, float(t))
        for t, d, label in zip(chords.onset_s, chords.duration_s, chords.labels, strict=True)
    ]


def _answering(chords: Annotation, to_b: TimeMap, span: Range, step_s: float = 0.1) -> list[Chord]:
    """The reference's chords on the query's time, cut where the correspondence is."""
    times = np.arange(span[0], span[1], step_s)
    answer = to_b.reference_times(times)
    which = np.searchsorted(chords.onset_s, answer, side="right") - 1
    which = np.where(np.isnan(answer) | (which < 0), -1, which)
    out: list[Chord] = []
    edges = np.flatnonzero(np.diff(np.concatenate([[-2], which, [-2]])))
    for low, high in itertools.pairwise(edges):
        i = int(which[low])
        if i >= 0:
            out.append(
                Chord(float(times[low]), float(times[high - 1] + step_s), chords.labels[i], float(chords.onset_s[i]))
            )
    return out


def _agreement(
    mine: list[Chord], theirs: list[Chord], transposition: int, span: Range, step_s: float = 0.1
) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    times = np.arange(span[0], span[1], step_s) + step_s / 2
    names: list[list[str]] = []
    for chords, shift in ((mine, 0), (theirs, transposition)):
        column = [""] * times.size
        for chord in chords:
            for k in range(max(0, round(chord.start_s / step_s)), min(times.size, round(chord.end_s / step_s))):
                column[k] = chord_name(chord.label, transposition=shift)
        names.append(column)
    answer = np.array([np.nan if b == "" else 1.0 for b in names[1]])
    alike = np.array([bool(a) and a == b for a, b in zip(*names, strict=True)])
    return times, answer, alike


def _chord_strip(
    chords: list[Chord], shifts: tuple[int, ...], side: str, span: Range, empty: list[Range] | tuple[()]
) -> Markup:
    marks = []
    for chord in chords:
        minor = ":min" in chord.label
        silent = chord.label in {"N", "X"}
        x, width = place(chord.start_s, span), breadth(chord.start_s, chord.end_s, span)
        kind = "silent" if silent else "minor" if minor else "major"
        marks.append(element("rect", x=x, y="0", width=width, height="100%", class_=f"chord {kind} {side}"))
        for i, shift in enumerate(dict.fromkeys(shifts)):
            which = "" if len(set(shifts)) == 1 else (" in-common", " in-original")[i]
            marks.append(
                element(
                    "text",
                    chord_name(chord.label, transposition=shift),
                    x=place((chord.start_s + chord.end_s) / 2, span),
                    y="50%",
                    dy="0.35em",
                    text_anchor="middle",
                    class_=f"chord-name fit{which}",
                    data_room=100 * (chord.end_s - chord.start_s) / (span[1] - span[0]),
                )
            )
    label = f"{len(chords)} chords of {side.upper()} along A's time; the table below names them"
    return strip(marks, gap_marks(empty, span), height=30, label=label, side=side, axis="a", span=span)


def chord_table(match: Match, to_b: TimeMap) -> Markup | None:
    """Each chord of A with B's at the corresponding place."""
    query, reference = (feature(t, "chords") for t in (match.query_track, match.reference_track))
    if query is None or reference is None:
        return None
    rows = []
    for chord in _own(query)[:MOST_ROWS]:
        answer = to_b.reference_times(np.array([(chord.start_s + chord.end_s) / 2]))[0]
        if np.isnan(answer):
            rows.append((clock(chord.start_s), chord_name(chord.label), "no counterpart", "", ""))
            continue
        i = max(0, int(np.searchsorted(reference.onset_s, answer, side="right")) - 1)
        label = reference.labels[i] if len(reference) else "N"
        common = chord_name(label, transposition=match.transposition)
        rows.append((clock(chord.start_s), chord_name(chord.label), clock(float(answer)), common, chord_name(label)))
    caption = "Chords of A and the chord of B at the middle of each"
    if len(query) > MOST_ROWS:
        caption += f" (the first {MOST_ROWS} of {len(query)})"
    return details(
        "Chords as a table", table(("A at", "A", "B at", "B, in A's key", "B, as it sounds"), rows, caption=caption)
    )
