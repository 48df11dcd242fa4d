"""How fast A goes through the music compared with B, along A's time."""

from __future__ import annotations

import numpy as np

from ..types import Match
from ..units import clock
from .markup import Markup, details, element, join, number, table
from .plot import Range, axis_lane, gap_marks, gaps, lane, stretched, strip
from .timemap import TimeMap, local_tempo_ratio


def tempo_lane(match: Match, to_b: TimeMap) -> Markup:
    """The ratio of the two speeds within the shared passages; a line at 1 (equally fast)."""
    curves = [local_tempo_ratio(p.path_s) for p in match.passages]
    curves = [c for c in curves if len(c) > 1]
    if not curves:
        return element("p", "Tempo: without shared passages there is nothing to compare.", class_="none")
    span = (0.0, match.query.duration_s)
    ratios = np.concatenate([c[:, 2] for c in curves])
    low, high = _range(ratios, match.tempo_ratio)
    paths = []
    for i, curve in enumerate(curves):
        xs = 1000 * curve[:, 0] / span[1]
        ys = 100 * (1 - (np.log2(np.clip(curve[:, 2], low, high)) - np.log2(low)) / (np.log2(high) - np.log2(low)))
        d = "M" + "L".join(f"{number(float(x))} {number(float(y))}" for x, y in zip(xs, ys, strict=True))
        paths.append(element("path", d=d, class_="tempo", data_passage=str(i)))
    times = np.arange(0.0, span[1], 0.25)
    plot = strip(
        _grid(low, high),
        gap_marks(gaps(to_b.reference_times(times), times), span),
        stretched(paths, width=1000, height=100),
        height=92,
        label=f"Speed of A over B along A's time, on the whole {match.tempo_ratio:.3f}; the table below gives numbers",
        side="a",
        axis="a",
        span=span,
    )
    return join(
        lane(_names(low, high), plot, class_="tempo-lane"),
        axis_lane(span, side="a"),
        element("p", _reading(match.tempo_ratio), class_="reading"),
    )


def _range(ratios: np.ndarray[tuple[int], np.dtype[np.float64]], whole: float) -> Range:
    low, high = np.percentile(ratios, (2, 98))
    low, high = min(low, 1.0, whole), max(high, 1.0, whole)
    return max(float(low) / 1.06, 0.2), min(float(high) * 1.06, 5.0)


def _marks(low: float, high: float) -> list[float]:
    step = next((s for s in (0.05, 0.1, 0.2, 0.5, 1.0) if (high - low) / s <= 5), 2.0)
    marks = [float(v) for v in np.arange(np.ceil(low / step) * step, high, step)]
    return [v for v in marks if 0.06 < np.log(v / low) / np.log(high / low) < 0.94]


def _y(ratio: float, low: float, high: float) -> str:
    return f"{100 * (1 - np.log2(ratio / low) / np.log2(high / low)):.2f}%"


def _grid(low: float, high: float) -> list[Markup]:
    return [
        element(
            "line",
            x1="0",
            x2="100%",
            y1=_y(v, low, high),
            y2=_y(v, low, high),
            class_="grid one" if abs(v - 1) < 1e-9 else "grid",
        )
        for v in _marks(low, high)
    ]


def _names(low: float, high: float) -> Markup:
    marks = [
        element("text", f"{v:.2f}", x="100%", y=_y(v, low, high), dy="0.35em", text_anchor="end", class_="pitch")
        for v in _marks(low, high)
    ]
    return element("svg", marks, width=30, height=92, class_="pitches", aria_hidden="true")


def _reading(ratio: float) -> str:
    if abs(ratio - 1) < 0.005:
        return "On the whole both go equally fast."
    faster, by = ("A", ratio) if ratio > 1 else ("B", 1 / ratio)
    return f"On the whole {faster} goes {100 * (by - 1):.1f} % faster (ratio {ratio:.3f}). Above 1, A is the faster."


def tempo_table(match: Match) -> Markup | None:
    """The ratio every five seconds of each passage."""
    rows = []
    for i, passage in enumerate(match.passages):
        for a, b, ratio in local_tempo_ratio(passage.path_s, step_s=5.0):
            rows.append((f"P{i + 1}", clock(float(a)), clock(float(b)), f"{ratio:.3f}"))
    if not rows:
        return None
    return details(
        "Tempo ratio as a table",
        table(("passage", "A", "B", "A ÷ B"), rows, caption="Speed of A over speed of B every five seconds of A"),
    )
