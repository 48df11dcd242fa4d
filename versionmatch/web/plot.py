"""The grammar of the report's drawings: strips that stretch with the page while their texts do not.

Horizontal places are per cent of a strip, so that a drawing fits any width and any paper without a script.
Curves sit in a nested drawing that is stretched; ``vector-effect`` keeps their lines thin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import VersionMatchError
from ..types import DoubleArray
from ..units import clock
from .markup import Child, Markup, element, number

Range = tuple[float, float]

STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200)
MISSING = "Not available for this recording."


def feature(track: Mapping[str, Any], kind: str) -> Any | None:
    """A feature of a track, or None where it cannot be had."""
    try:
        return track[kind]
    except (KeyError, VersionMatchError):
        return None


def place(value: float, span: Range) -> str:
    """Where a value lies in a range, in per cent.

    >>> place(15.0, (10.0, 20.0))
    '50%'
    """
    width = span[1] - span[0]
    return number(100.0 * (value - span[0]) / width if width > 0 else 0.0) + "%"


def breadth(start: float, end: float, span: Range) -> str:
    """How much of a range lies between two values, in per cent."""
    return place(span[0] + end - start, span)


def strip(
    *children: Child, height: int, label: str, side: str | None = None, axis: str = "a", span: Range = (0.0, 1.0)
) -> Markup:
    """One drawing as wide as its place; a click plays the recording ``side``, and ``axis`` tells whose time it has."""
    seekable = side is not None
    return element(
        "svg",
        *children,
        element("line", class_="head", x1="0", x2="0", y1="0", y2="100%") if seekable else None,
        class_="strip seekable" if seekable else "strip",
        width="100%",
        height=height,
        role="img",
        aria_label=label,
        data_side=side,
        data_axis=axis if seekable else None,
        data_from=span[0] if seekable else None,
        data_to=span[1] if seekable else None,
    )


def stretched(*children: Child, width: float, height: float, **attributes: str) -> Markup:
    """A drawing in its own units, stretched over the whole strip."""
    return element(
        "svg",
        *children,
        width="100%",
        height="100%",
        viewBox=f"0 0 {number(width)} {number(height)}",
        preserveAspectRatio="none",
        **attributes,
    )


def picture(uri: str, **attributes: str) -> Markup:
    """An image stretched over the strip, its pixels kept sharp."""
    return element(
        "image", href=uri, x="0", y="0", width="100%", height="100%", preserveAspectRatio="none", **attributes
    )


def definitions() -> Markup:
    """The hatching that marks what has no counterpart; once a page."""
    line = element("path", d="M-2 2L2 -2M0 8L8 0M6 10L10 6", class_="hatching")
    pattern = element("pattern", line, id="hatch", width="8", height="8", patternUnits="userSpaceOnUse")
    return element("svg", element("defs", pattern), class_="defs", aria_hidden="true")


def lane(label: Child, plot: Markup, *, class_: str = "") -> Markup:
    """A strip with its name beside it."""
    return element("div", element("div", label, class_="lane-name"), plot, class_=f"lane {class_}".strip())


def badge(side: str) -> Markup:
    """The sign of a recording: A in a disc, B in a square."""
    return element("span", side.upper(), class_=f"badge {side}")


def time_axis(span: Range, *, side: str) -> Markup:
    """A ruler of minutes and seconds."""
    major = step_s(span[1] - span[0])
    marks: list[Markup] = []
    for i, t in enumerate(np.arange(0.0, span[1] + 1e-9, major)):
        if t < span[0]:
            continue
        x = place(float(t), span)
        last = t > span[0] + 0.96 * (span[1] - span[0])
        anchor = "end" if last else "start" if t == span[0] else "middle"
        name = "tick" if i % 2 == 0 else "tick odd"
        marks.append(element("line", x1=x, x2=x, y1="0", y2="5", class_=name))
        marks.append(element("text", clock(float(t)), x=x, y="17", text_anchor=anchor, class_=name))
    label = f"Time in {side.upper()}, minutes and seconds"
    return element("svg", marks, class_="axis", width="100%", height=20, role="img", aria_label=label)


def axis_lane(span: Range, *, side: str) -> Markup:
    """The ruler under a lane."""
    return lane("", time_axis(span, side=side), class_="ruler")


def step_s(duration_s: float, *, n: int = 12) -> int:
    """The distance of a ruler's marks, so that there are at most ``n``.

    >>> step_s(240.0)
    30
    """
    return next((step for step in STEPS_S if duration_s / step <= n), STEPS_S[-1])


def gaps(answer: DoubleArray, times: DoubleArray) -> list[Range]:
    """Stretches of ``times`` (evenly spaced) whose answer is nan."""
    if times.size < 2:
        return []
    half = float(times[1] - times[0]) / 2
    edges = np.flatnonzero(np.diff(np.concatenate([[False], np.isnan(answer), [False]]).astype(np.int8)))
    return [(float(times[a]) - half, float(times[b - 1]) + half) for a, b in edges.reshape(-1, 2)]


def gap_marks(empty: Sequence[Range], span: Range, *, y: str = "50%") -> list[Markup]:
    """Hatched where a recording has no counterpart; the words stand at the height ``y``."""
    marks: list[Markup] = []
    for start, end in ((max(low, span[0]), min(high, span[1])) for low, high in empty):
        x, width = place(start, span), breadth(start, end, span)
        marks.append(element("rect", x=x, y="0", width=width, height="100%", class_="gap"))
        if end - start > 0.12 * (span[1] - span[0]):
            middle = place((start + end) / 2, span)
            marks.append(
                element("text", "no counterpart", x=middle, y=y, class_="gap-name", dy="0.35em", text_anchor="middle")
            )
    return marks


def polyline(xs: DoubleArray, ys: DoubleArray, breaks: DoubleArray) -> str:
    """Path data through points, a new stroke wherever ``breaks`` is true.

    >>> polyline(np.array([0.0, 1.0, 2.0]), np.array([5.0, 5.0, 9.0]), np.array([True, False, True]))
    'M0 5L1 5M2 9h0.8'
    """
    parts: list[str] = []
    ends = np.append(breaks[1:], True)
    for x, y, new, last in zip(xs, ys, breaks, ends, strict=True):
        parts.append(f"{'M' if new else 'L'}{number(float(x))} {number(float(y))}")
        if new and last:
            parts.append("h0.8")
    return "".join(parts)
