"""The notes of both sides of a melodic passage in one piano roll, along A's time."""

from __future__ import annotations

import numpy as np

from ..units import clock, note_name
from .markup import Markup, details, element, join, number, table
from .plot import Range, axis_lane, badge, breadth, lane, place, strip
from .tune_pair import TunePair

MOST_ROWS = 200
A_HIGH, B_HIGH = 1.0, 0.5  # heights of the bars in semitones


def roll(pair: TunePair, *, height: int = 200) -> Markup:
    """A's notes as broad bars, B's as narrow ones over them; joined where they answer each other, hollow where not."""
    a_on = pair.notes_a.onset_s[pair.a]
    a_off = a_on + pair.notes_a.duration_s[pair.a]
    b_times = pair.notes_b.onset_s[pair.b], (pair.notes_b.onset_s + pair.notes_b.duration_s)[pair.b]
    b_on, b_off = (pair.in_a(times) for times in b_times)
    span = float(min(a_on.min(), b_on.min())), float(max(a_off.max(), b_off.max()))
    span = max(0.0, span[0]), span[1]
    low, high = _range(pair)
    marks = _lines(low, high)
    kinds = [("in-common", pair.raised), ("in-original", 0)] if pair.raised else [("", 0)]
    for i, on, off in zip(pair.a.tolist(), a_on.tolist(), a_off.tolist(), strict=True):
        marks.append(_note(pair, "a", i, (on, off), span, (low, high), ""))
    for kind, raised in kinds:
        marks += _joins(pair, span, (low, high), raised, kind)
        for i, on, off in zip(pair.b.tolist(), b_on.tolist(), b_off.tolist(), strict=True):
            marks.append(_note(pair, "b", i, (max(span[0], on), off), span, (low, high), kind, raised))
    label = (
        f"Notes of passage P{pair.number}: {len(pair.a)} of A, {len(pair.b)} of B, {len(pair.pairs)} pairs answer each "
        "other; the table below names them"
    )
    drawing = strip(marks, height=height, label=label, side="a", axis="a", span=span)
    return join(
        lane(join(badge("a"), badge("b"), _names(low, high, height)), drawing, class_="roll"), axis_lane(span, side="a")
    )


def _range(pair: TunePair) -> Range:
    mine, theirs = pair.notes_a.pitch[pair.a], pair.notes_b.pitch[pair.b]
    whole = np.concatenate([mine, theirs, theirs + pair.raised])
    return float(np.floor(whole.min())) - 1.5, float(np.ceil(whole.max())) + 1.5


def _y(pitch: float, extent: Range) -> float:
    return 100 * (1 - (pitch - extent[0]) / (extent[1] - extent[0]))


def _note(
    pair: TunePair, side: str, i: int, times: Range, span: Range, extent: Range, kind: str, raised: int = 0
) -> Markup:
    notes, matched = (pair.notes_a, pair.matched_a) if side == "a" else (pair.notes_b, pair.matched_b)
    pitch, at = float(notes.pitch[i]), float(notes.onset_s[i])
    tall = A_HIGH if side == "a" else B_HIGH
    free = "" if i in matched else " free"
    free += " figure" if side == "a" and i in pair.figure else ""
    said = f"{side.upper()} {clock(at)}: {note_name(pitch)}" + ("" if i in matched else ", unmatched")
    return element(
        "rect",
        element("title", said),
        x=place(times[0], span),
        y=number(_y(pitch + raised + tall / 2, extent)) + "%",
        width=breadth(times[0], max(times), span),
        height=number(100 * tall / (extent[1] - extent[0])) + "%",
        class_=f"rn {side}{free} {kind}".rstrip(),
        data_side=side,
        data_at=number(at),
    )


def _joins(pair: TunePair, span: Range, extent: Range, raised: int, kind: str) -> list[Markup]:
    """A line from the beginning of each matched note of A to that of its answer."""
    b_at = pair.in_a(pair.notes_b.onset_s[pair.pairs[:, 1]])
    rows = zip(pair.pairs.tolist(), b_at.tolist(), strict=True)
    return [
        element(
            "line",
            x1=place(float(pair.notes_a.onset_s[i]), span),
            y1=number(_y(float(pair.notes_a.pitch[i]), extent)) + "%",
            x2=place(max(span[0], at), span),
            y2=number(_y(float(pair.notes_b.pitch[j]) + raised, extent)) + "%",
            class_=f"join {kind}".rstrip(),
        )
        for (i, j), at in rows
    ]


def _pitches(low: float, high: float) -> list[int]:
    classes = (0,) if high - low > 30 else (0, 7) if high - low > 14 else (0, 4, 7, 9)
    return [p for p in range(int(np.ceil(low)), int(high) + 1) if p % 12 in classes]


def _lines(low: float, high: float) -> list[Markup]:
    marks = []
    for pitch in _pitches(low, high):
        y = number(_y(pitch, (low, high))) + "%"
        marks.append(element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid"))
    return marks


def _names(low: float, high: float, height: int) -> Markup:
    marks = [
        element(
            "text",
            note_name(pitch),
            x="100%",
            y=number(_y(pitch, (low, high))) + "%",
            dy="0.35em",
            text_anchor="end",
            class_="pitch",
        )
        for pitch in _pitches(low, high)
    ]
    return element("svg", marks, width=28, height=height, class_="pitches", aria_hidden="true")


def roll_table(pair: TunePair) -> Markup:
    """The same notes in a table: pairs first by their time in A, then what has no answer."""
    answer = dict(pair.pairs.tolist())
    rows: list[tuple[str, str, str, str, str]] = []
    for i in pair.a.tolist():
        at, name = clock(float(pair.notes_a.onset_s[i])), note_name(float(pair.notes_a.pitch[i]))
        rows.append((at, name, *(_b(pair, answer[i]) if i in answer else ("no counterpart", "", ""))))
    rows += [("no counterpart", "", *_b(pair, j)) for j in pair.b.tolist() if j not in pair.matched_b]
    caption = f"Notes of A and B in P{pair.number}"
    if len(rows) > MOST_ROWS:
        caption += f" (the first {MOST_ROWS} of {len(rows)})"
    head = ("A at", "A", "B at", "B, in A's key", "B, as it sounds")
    return details(f"Notes of P{pair.number} as a table", table(head, rows[:MOST_ROWS], caption=caption))


def _b(pair: TunePair, j: int) -> tuple[str, str, str]:
    pitch = float(pair.notes_b.pitch[j])
    return clock(float(pair.notes_b.onset_s[j])), note_name(pitch + pair.raised), note_name(pitch)
