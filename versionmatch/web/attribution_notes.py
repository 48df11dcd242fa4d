"""The notes of an output over those of an item, with what answers each other, so that the eye can judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .markup import Markup, element, number

WIDTH, HEIGHT, GAP = 640.0, 96.0, 18.0


def notes(row: Mapping[str, Any], titles: Mapping[str, str]) -> Markup | None:
    """The output beside the most influential and the most alike item, as far as their notes are known."""
    pairs = {pair["item"]: pair for pair in row["pairs"] if pair.get("notes")}
    wanted = [(item["item"], "the most influential") for item in row["items"][:1]]
    wanted += [(each["item"], "the most alike") for each in row["most_alike"][:1]]
    drawn: dict[str, list[str]] = {}
    for item, what in wanted:
        if item in pairs:
            drawn.setdefault(item, []).append(what)
    if not drawn:
        return None
    figures = [_figure(row["query"], pairs[i], titles.get(i, i), " and ".join(words)) for i, words in drawn.items()]
    return element("div", figures, class_="two-tables rolls")


def _figure(output: str, pair: Mapping[str, Any], title: str, what: str) -> Markup:
    found = pair["notes"]
    shared = [{a for a, _ in found["shared"]}, {b for _, b in found["shared"]}]
    told = f"{len(shared[0])} of its {len(found['output'])} notes answer {len(shared[1])} of {len(found['item'])}"
    if not shared[0]:
        told = "no passage in common was found"
    name = f"Notes of {output}, above, and of {title}, below; {told}"
    drawing = element(
        "svg",
        _voice(found["output"], shared[0], 0.0),
        _voice(found["item"], shared[1], HEIGHT + GAP),
        element("line", x1=0, x2=WIDTH, y1=HEIGHT + GAP / 2, y2=HEIGHT + GAP / 2, class_="half"),
        viewBox=f"0 0 {number(WIDTH)} {number(2 * HEIGHT + GAP)}",
        role="img",
        aria_label=name,
        class_="scatter",
    )
    caption = element("figcaption", f"{output} above, {title} below, {what}: {told}; time to the right.")
    return element("figure", drawing, caption)


def _voice(rows: Sequence[Sequence[float]], shared: set[int], top: float) -> list[Markup]:
    low, high = min(r[2] for r in rows) - 1, max(r[2] for r in rows) + 2
    length = max(r[0] + r[1] for r in rows)
    step = (HEIGHT - 12) / (high - low)
    marks = []
    for i, (onset, duration, pitch) in enumerate(rows):
        marks.append(
            element(
                "rect",
                x=number(6 + (WIDTH - 12) * onset / length),
                y=number(top + 6 + (high - pitch - 1) * step),
                width=number(max(1.5, (WIDTH - 12) * duration / length - 1)),
                height=number(max(2.0, step)),
                class_="score-note shared" if i in shared else "score-note",
            )
        )
    return marks
