"""Both waveforms one above the other, and ribbons that join what answers what."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..types import Match, Passage
from ..units import clock
from .markup import Markup, details, element, number, table
from .plot import MISSING, Range, badge, breadth, feature, lane, place, stretched, strip, time_axis

COLUMNS = 1200
MOST_UNLIKE = 3.0
"""Where one recording is longer than the other by more than this factor, each has a time scale of its own."""


def correspondence(match: Match) -> Markup:
    """The figure: structure, waveform and ruler of A; ribbons; waveform, ruler and structure of B; a table."""
    a_s, b_s = match.query.duration_s, match.reference.duration_s
    shared = max(a_s, b_s) / min(a_s, b_s) <= MOST_UNLIKE
    a_span = (0.0, max(a_s, b_s) if shared else a_s)
    b_span = (0.0, max(a_s, b_s) if shared else b_s)
    rows = [
        _sections(match.query_track, "a", a_span),
        lane(badge("a"), _waveform(match, "a", a_span), class_="wave"),
        lane("", time_axis(a_span, side="a")),
        lane("", _ribbons(match, a_span, b_span), class_="ribbons"),
        lane(badge("b"), _waveform(match, "b", b_span), class_="wave"),
        lane("", time_axis(b_span, side="b")),
        _sections(match.reference_track, "b", b_span),
    ]
    scale = (
        "Both are drawn to one time scale." if shared else "Each has a time scale of its own, as one is much longer."
    )
    caption = element(
        "figcaption",
        f"A above, B below; each ribbon joins a shared passage. Crossing ribbons mean another order, hatched stretches "
        f"have no counterpart. {scale}",
        element("span", " Click to listen from there.", class_="scripted"),
    )
    return element("figure", caption, element("div", rows, class_="lanes"), _table(match), id="fig-correspondence")


def uncovered(match: Match, side: str) -> list[Range]:
    """The stretches of a recording that no passage covers, at least half a second long."""
    whole = match.query if side == "a" else match.reference
    free: list[Range] = []
    at = 0.0
    for start, end in sorted(_extent(p, side) for p in match.passages):
        if start - at >= 0.5:
            free.append((at, start))
        at = max(at, end)
    if whole.duration_s - at >= 0.5:
        free.append((at, whole.duration_s))
    return free


def _extent(passage: Passage, side: str) -> Range:
    s = passage.span
    return (s.query_start_s, s.query_end_s) if side == "a" else (s.reference_start_s, s.reference_end_s)


def _waveform(match: Match, side: str, span: Range) -> Markup:
    recording, track = (match.query, match.query_track) if side == "a" else (match.reference, match.reference_track)
    wave = feature(track, "waveform")
    marks = [
        element("rect", x=place(s, span), y="0", width=breadth(s, e, span), height="100%", class_="gap")
        for s, e in uncovered(match, side)
    ]
    for i, passage in enumerate(match.passages):
        start, end = _extent(passage, side)
        marks.append(
            element(
                "rect",
                x=place(start, span),
                y=str(0 if side == "b" else 88),
                width=breadth(start, end, span),
                height="8",
                class_=f"shared {side}",
                data_passage=str(i),
            )
        )
    body = (
        stretched(_envelope(wave, side), width=1000, height=200)
        if wave is not None
        else element("text", f"Waveform: {MISSING.lower()}", x="50%", y="50%", text_anchor="middle", class_="none")
    )
    clip = element("svg", body, width=place(recording.duration_s, span), height="100%")
    n = len(match.passages)
    label = f"Waveform of {side.upper()}, {clock(recording.duration_s)} long, with {n} shared passages marked"
    silence = element(
        "rect",
        x=place(recording.duration_s, span),
        y="0",
        width=breadth(recording.duration_s, span[1], span),
        height="100%",
        class_="beyond",
    )
    return strip(marks, clip, silence, height=96, label=label, side=side, axis=side, span=span)


def _envelope(wave: Any, side: str) -> Markup:
    """The waveform's outline in a drawing of 1000 by 200, its loudest sample at full height."""
    low, high = wave.values
    n = min(COLUMNS, low.size)
    edges = np.linspace(0, low.size, n + 1).astype(int)
    peak = max(float(np.abs(wave.values).max()), 1e-9)
    lows = np.minimum.reduceat(low, edges[:-1]) / peak
    highs = np.maximum.reduceat(high, edges[:-1]) / peak
    xs = (np.arange(n) + 0.5) * 1000 / n
    top = [f"{number(x)} {number(100 - 92 * y)}" for x, y in zip(xs, np.maximum(highs, 0.008), strict=True)]
    bottom = [f"{number(x)} {number(100 - 92 * y)}" for x, y in zip(xs, np.minimum(lows, -0.008), strict=True)]
    return element("path", d="M" + "L".join(top + bottom[::-1]) + "Z", class_=f"wave-{side}")


def _ribbons(match: Match, a_span: Range, b_span: Range) -> Markup:
    shapes, names = [], []
    for i, passage in enumerate(match.passages):
        (a0, a1), (b0, b1) = (_extent(passage, side) for side in ("a", "b"))
        x0, x1 = (1000 * t / a_span[1] for t in (a0, a1))
        y0, y1 = (1000 * t / b_span[1] for t in (b0, b1))
        d = (
            f"M{number(x0)} 0C{number(x0)} 45 {number(y0)} 55 {number(y0)} 100"
            f"L{number(y1)} 100C{number(y1)} 55 {number(x1)} 45 {number(x1)} 0Z"
        )
        title = f"P{i + 1}: A {clock(a0)} to {clock(a1)}, B {clock(b0)} to {clock(b1)}"
        shapes.append(element("path", element("title", title), d=d, class_="ribbon", data_passage=str(i)))
        middle = number((x0 + x1) / 20) + "%"
        names.append(element("text", f"P{i + 1}", x=middle, y="16", text_anchor="middle", class_="ribbon-name"))
    if not shapes:
        names.append(
            element("text", "no shared passage", x="50%", y="50%", text_anchor="middle", dy="0.35em", class_="gap-name")
        )
    gradient = element(
        "linearGradient",
        element("stop", offset="0", class_="stop-a"),
        element("stop", offset="1", class_="stop-b"),
        id="a-to-b",
        x1="0",
        y1="0",
        x2="0",
        y2="1",
    )
    label = f"Ribbons joining the {len(match.passages)} shared passages of A and B; the table of passages says the same"
    return strip(element("defs", gradient), stretched(shapes, width=1000, height=100), names, height=104, label=label)


def _sections(track: Any, side: str, span: Range) -> Markup | None:
    sections = feature(track, "sections")
    if sections is None or len(sections) == 0:
        return None
    marks = []
    for start, length, label in zip(sections.onset_s, sections.duration_s, sections.labels, strict=True):
        x, width = place(float(start), span), breadth(0.0, float(length), (0.0, span[1] - span[0]))
        marks.append(element("rect", x=x, y="1", width=width, height="16", class_="section"))
        middle = place(float(start + length / 2), span)
        marks.append(element("text", label, x=middle, y="13", text_anchor="middle", class_="section-name fit"))
    spoken = ", ".join(
        f"{name} at {clock(float(t))}" for name, t in zip(sections.labels, sections.onset_s, strict=True)
    )
    name = element("span", "parts", class_="quiet", title="Parts with like letters sound alike within this recording")
    return lane(name, strip(marks, height=18, label=f"Parts of {side.upper()}: {spoken}"))


def _table(match: Match) -> Markup:
    rows = [(f"P{i + 1}", _clocks(_extent(p, "a")), _clocks(_extent(p, "b"))) for i, p in enumerate(match.passages)]
    rows += [("only in A", _clocks(free), "no counterpart") for free in uncovered(match, "a")]
    rows += [("only in B", "no counterpart", _clocks(free)) for free in uncovered(match, "b")]
    return details(
        "This figure as a table", table(("stretch", "in A", "in B"), rows, caption="Shared and unshared stretches")
    )


def _clocks(extent: Range) -> str:
    return f"{clock(extent[0])}–{clock(extent[1])}"
