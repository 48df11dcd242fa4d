"""Who influences what, over time, as a page that can be printed: a small picture for each party, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .markup import Child, Markup, element, join, number, table
from .rests import resting_on
from .statement import STYLE

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 220, 120, 44, 20, 8
MORE = """
.panels{display:flex;flex-wrap:wrap;gap:.6em}figure{margin:0;width:15em;break-inside:avoid}figcaption{font-size:10pt}
svg{width:100%;height:auto}svg text{font:9px Georgia,serif;fill:#333}.note{font-size:9.5pt;color:#333}
"""


def analytics_html(found: Mapping[str, Any]) -> str:
    """The page; it needs no network and runs no script.

    ``found`` is what ``rights.analytics.analytics`` gives. The foot holds the checkpoint of the newest statement.
    """
    periods = [row["period"] for row in found["periods"]]
    title = f"Who influences what, {periods[0]}" + (f" to {periods[-1]}" if len(periods) > 1 else "")
    body = join(
        element("h1", title),
        _statements(found["periods"]),
        [_right(right, one, periods) for right, one in found["rights"].items()],
        _outputs(found["outputs"]),
        element("footer", element("p", found["limits"]), resting_on(found["periods"][-1]["checkpoint"])),
    )
    head = join(Markup('<meta charset="utf-8">'), element("title", title), Markup(f"<style>{STYLE}{MORE}</style>"))
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _statements(rows: Sequence[Mapping[str, Any]]) -> Markup:
    body = [(r["period"], r["id"], r["model"], f"{r['method']}: {r['way']}", r["self_test"]) for r in rows]
    return table(("period", "statement", "model", "method", "self-test of influence"), body, caption="Statements")


def _right(right: str, one: Mapping[str, Any], periods: Sequence[str]) -> Markup:
    tops = [row["share_millionths"] for rows in one["parties"].values() for row in rows]
    tops += [
        row["interval_millionths"][1] for rows in one["parties"].values() for row in rows if row["interval_millionths"]
    ]
    most = max(tops, default=1) or 1
    what = "recording" if right == "master" else "work"
    largest = [
        (row["party"], row["cluster"], *(_percent(row["millionths"].get(p, 0)) for p in periods))
        for row in one["largest"]
    ]
    return join(
        element("h2", right.capitalize()),
        element("p", "Share of the pool by period, with its 5 to 95 % range over draws where there are any; the dashed "
                "line is what each would get if every one counted alike.", class_="note"),
        element("div", [_panel(p, rows, periods, most) for p, rows in one["parties"].items()], class_="panels"),
        _shares(one["parties"], right),
        table(("party", what, *(f"{p}, %" for p in periods)), largest,
              caption=f"The {len(largest)} largest of {one['of']} lines"),
    )  # fmt: skip


def _panel(party: str, rows: Sequence[Mapping[str, Any]], periods: Sequence[str], most: int) -> Markup:
    """One party's shares over the periods."""

    def at(row: Mapping[str, Any], value: float) -> tuple[float, float]:
        wide = (WIDTH - LEFT - 12) / max(1, len(periods) - 1)
        across = LEFT + (wide * periods.index(row["period"]) if len(periods) > 1 else (WIDTH - LEFT) / 2)
        return across, HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * max(0.0, value) / most

    marks: list[Child] = [
        _line([(LEFT, HEIGHT - BOTTOM), (WIDTH, HEIGHT - BOTTOM)]), _line([(LEFT, TOP), (LEFT, HEIGHT - BOTTOM)]),
        _text(LEFT - 3, TOP + 6, f"{_percent(most)}", "end"), _text(LEFT - 3, HEIGHT - BOTTOM, "0 %", "end"),
        _text(LEFT, HEIGHT - 6, periods[0]),
    ]  # fmt: skip
    if len(periods) > 1:
        marks.append(_text(WIDTH, HEIGHT - 6, periods[-1], "end"))
    even = [at(row, row["pro_rata_millionths"]) for row in rows]
    dashed = even if len(even) > 1 else [(even[0][0] - 12, even[0][1]), (even[0][0] + 12, even[0][1])]
    marks.append(_line(dashed, stroke_dasharray="3 3", stroke="#777"))
    marks.append(_line([at(row, row["share_millionths"]) for row in rows], stroke_width="1.5"))
    for row in rows:
        if row["interval_millionths"]:
            marks.append(_line([at(row, end) for end in row["interval_millionths"]], stroke="#555"))
        x, y = at(row, row["share_millionths"])
        marks.append(element("circle", cx=number(x), cy=number(y), r="2.5", fill="#000"))
    told = "; ".join(f"{row['period']}: {_with_range(row)}" for row in rows)
    picture = element("svg", marks, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=f"{party}: {told}")
    return element("figure", picture, element("figcaption", party))


def _line(points: Sequence[tuple[float, float]], **how: str) -> Markup:
    path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
    return element("polyline", points=path, fill="none", **{"stroke": "#000", **how})


def _text(x: float, y: float, words: str, anchor: str = "start") -> Markup:
    return element("text", words, x=number(x), y=number(y), text_anchor=anchor)


def _shares(parties: Mapping[str, Sequence[Mapping[str, Any]]], right: str) -> Markup:
    words = {None: "not known", True: "yes", False: "no"}
    body = [
        (party, row["period"], _with_range(row), _percent(row["pro_rata_millionths"]), words[row["beyond_the_spread"]])
        for party, rows in parties.items() for row in rows
    ]  # fmt: skip
    heads = ("party", "period", "share", "pro rata", "beyond the spread")
    return table(heads, body, caption=f"{right.capitalize()}: shares, their ranges, and what counting alike would give")


def _outputs(rows: Sequence[Mapping[str, Any]]) -> Markup:
    if not rows:
        why = "No statement here rests on influence that its self-test supports, or its inputs were not given."
        return join(element("h2", "Output by output"), element("p", why))
    body = [
        (row["period"], row["output"], "; ".join(f"{one['party']} {_with_range(one)}" for one in row["parties"]))
        for row in rows
    ]
    return join(
        element("h2", "Output by output"),
        table(("period", "output", "who, of the master right"), body, caption="What each output owes to whom"),
    )


def _with_range(row: Mapping[str, Any]) -> str:
    ends = row["interval_millionths"]
    return _percent(row["share_millionths"]) + (f" ({_percent(ends[0])} to {_percent(ends[1])})" if ends else "")


def _percent(millionths: float) -> str:
    return f"{millionths / 10_000:.2f} %"
