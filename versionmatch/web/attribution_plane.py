"""Influence against likeness, every scored item a point: what matters without resembling, and the other way round."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .markup import Markup, element, number

WIDTH, HEIGHT = 640, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 18, 34, 54
LABELLED_TOP, LABELLED_ALIKE = 3, 3
T_QUANTILES = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11,
               2.10, 2.09, 2.09, 2.08, 2.07, 2.07, 2.06, 2.06, 2.06, 2.05, 2.05, 2.05, 2.04)  # fmt: skip
"""Of Student's t at 97.5 %, for 1 to 30 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Plane:
    """The ranges of likeness (across) and influence (up), and where values lie in the drawing."""

    x: tuple[float, float]
    y: tuple[float, float]

    @classmethod
    def of(cls, points: Sequence[tuple[float, float]], tips: Sequence[float]) -> Plane:
        """Ranges that hold all points and the tips of the intervals, and 0."""
        xs, ys = [0.0, *(p[0] for p in points)], [0.0, *(p[1] for p in points), *tips]
        width, height = max(xs) - min(xs) or 1.0, max(ys) - min(ys) or 1.0
        return cls((min(xs) - 0.03 * width, max(xs) + 0.06 * width), (min(ys) - 0.05 * height, max(ys) + 0.1 * height))

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Where a value lies, in the drawing's units."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)


def half_interval(item: Mapping[str, Any], row: Mapping[str, Any]) -> float | None:
    """Half of the 95 % interval of an item's score, by Student's t: over draws of noise, else over models.

    None where there are neither two draws nor two models.

    >>> half_interval({"standard_error": None, "spread": 2.0}, {"models": 4, "settings": {}})
    3.18
    >>> half_interval({"standard_error": None, "spread": None}, {"models": 1, "settings": {}}) is None
    True
    """
    if item.get("standard_error") is not None:
        return float(item["standard_error"]) * quantile(int(row["settings"].get("draws", 0)) - 1)
    spread, models = item.get("spread"), int(row["models"])
    return None if spread is None or models < 2 else round(float(spread) / math.sqrt(models) * quantile(models - 1), 12)


def quantile(freedom: int) -> float:
    """Of Student's t at 97.5 %, to two decimals; the normal distribution's where freedom is large or not known.

    >>> quantile(3), quantile(7), quantile(0)
    (3.18, 2.36, 1.96)
    """
    return T_QUANTILES[freedom - 1] if 1 <= freedom <= len(T_QUANTILES) else 1.96


def plane(row: Mapping[str, Any], titles: Mapping[str, str]) -> Markup | None:
    """The drawing of one output; None where likeness was not asked for."""
    points = [(float(x), float(y)) for y, x in row["points"]]
    if not points:
        return None
    likeness = row["likeness"]
    top = [item for item in row["items"] if item["item"] in likeness]
    tips = [item["score"] + sign * (half_interval(item, row) or 0.0) for item in top for sign in (1, -1)]
    field = Plane.of(points, tips)
    alike = [each for each in row["most_alike"] if each["score"] is not None]
    marks = [*_frame(field, row), *_dots(field, points)]
    marks += [mark for item in top for mark in _top(field, item, likeness[item["item"]], half_interval(item, row))]
    marks += [_alike(field, each) for each in alike[:LABELLED_ALIKE]]
    marks += _labels(field, top, alike, likeness, titles)
    shown = f"influence of {len(points)} items, upwards, against their likeness to it, to the right"
    name = f"{row['query']}: {shown}; the tables say the same of the first"
    return element(
        "svg", marks, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=name,
        class_="scatter" if row["verdict"] == "ranked" else "scatter doubtful",
    )  # fmt: skip


def _frame(field: Plane, row: Mapping[str, Any]) -> list[Markup]:
    x0, y0 = field.at(field.x[0], 0.0)
    left, floor = LEFT, HEIGHT - BOTTOM
    marks = [
        element("line", x1=left, x2=WIDTH - RIGHT, y1=floor, y2=floor, class_="axis"),
        element("line", x1=left, x2=left, y1=TOP - 14, y2=floor, class_="axis"),
        element("line", x1=x0, x2=WIDTH - RIGHT, y1=y0, y2=y0, class_="half"),
    ]
    for value in _ticks(field.y):
        _, y = field.at(0.0, value)
        marks.append(
            element("text", _short(value), x=left - 8, y=y, dy="0.35em", text_anchor="end", class_="tick-name")
        )
    for value in _ticks(field.x):
        x, _ = field.at(value, 0.0)
        marks.append(element("text", _short(value), x=x, y=floor + 18, text_anchor="middle", class_="tick-name"))
    across = f"likeness to the output ({row['likeness_method']}) →"
    marks.append(element("text", across, x=WIDTH - RIGHT, y=HEIGHT - 12, text_anchor="end", class_="axis-name"))
    marks.append(element("text", f"↑ influence ({row['unit']})", x=8, y=14, class_="axis-name"))
    marks.append(element("text", "matters, little alike", x=left + 10, y=TOP + 2, class_="corner-name"))
    end, low = WIDTH - RIGHT - 4, floor - 8
    marks.append(element("text", "alike, matters little", x=end, y=low, text_anchor="end", class_="corner-name"))
    marks.append(element("text", "both", x=end, y=TOP + 2, text_anchor="end", class_="corner-name"))
    return marks


def _ticks(span: tuple[float, float]) -> list[float]:
    """Round values, five or so.

    >>> _ticks((-0.1, 1.0))
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    width = span[1] - span[0]
    step = 10.0 ** math.floor(math.log10(width / 4))
    step *= next(m for m in (1, 2, 5, 10) if width / (step * m) <= 6)
    first = math.ceil(span[0] / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(span[1] / step + 1e-9) + 1)]


def _short(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def _dots(field: Plane, points: Sequence[tuple[float, float]]) -> list[Markup]:
    found = []
    for point in points:
        x, y = field.at(*point)
        found.append(element("circle", cx=number(x), cy=number(y), r=3, class_="dot"))
    return found


def _top(field: Plane, item: Mapping[str, Any], likeness: float, half: float | None) -> list[Markup]:
    x, y = field.at(likeness, item["score"])
    marks = []
    if half:
        (_, low), (_, high) = (field.at(likeness, item["score"] + s * half) for s in (-1, 1))
        marks.append(element("line", x1=x, x2=x, y1=low, y2=high, class_="whisker"))
    return [*marks, element("circle", element("title", item["item"]), cx=x, cy=y, r=4.5, class_="top")]


def _alike(field: Plane, each: Mapping[str, Any]) -> Markup:
    x, y = field.at(each["likeness"], each["score"])
    return element("circle", element("title", each["item"]), cx=x, cy=y, r=8, class_="alike")


def _labels(
    field: Plane,
    top: Sequence[Mapping[str, Any]],
    alike: Sequence[Mapping[str, Any]],
    likeness: Mapping[str, float],
    titles: Mapping[str, str],
) -> list[Markup]:
    """Names of the first of either kind, none over another."""
    named = {item["item"]: (likeness[item["item"]], item["score"]) for item in top[:LABELLED_TOP]}
    named |= {each["item"]: (each["likeness"], each["score"]) for each in alike[:LABELLED_ALIKE]}
    taken: list[tuple[float, float]] = []
    marks = []
    for item, (x, y) in sorted(named.items(), key=lambda kv: -kv[1][1]):
        px, py = field.at(x, y)
        while any(abs(py - ty) < 15 and abs(px - tx) < 150 for tx, ty in taken):
            py += 15
        taken.append((px, py))
        right = px > WIDTH - 170
        anchor, shift = ("end", -12) if right else ("start", 12)
        text = titles.get(item, item)
        text = text if len(text) <= 22 else text[:21] + "…"
        marks.append(element("text", text, x=px + shift, y=py, dy="0.35em", text_anchor=anchor, class_="label"))
    return marks
