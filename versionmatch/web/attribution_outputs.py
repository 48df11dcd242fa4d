"""One output of an attribution: its verdict, the plane, the ranking with intervals, and what is most alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from .attribution_notes import notes
from .attribution_plane import half_interval, plane
from .attribution_words import RELATIONS, SIGNS, p_words
from .markup import Child, Markup, details, element, join

SHOWN = 10
"""Rows of a ranking that stand open; the others are in results.json and in the table."""
Row = Mapping[str, Any]


def verdict(word: str) -> Markup:
    """A verdict with its sign."""
    return element("span", element("span", SIGNS[word], aria_hidden="true"), word, class_=f"verdict {word}")


def output(row: Row, number: int, facts: Row, titles: Mapping[str, str], holders: Mapping[str, str]) -> Markup:
    """The section of an output."""
    reasons = "; ".join(row["reasons"])
    told = f"{reasons[:1].upper()}{reasons[1:]} ({p_words(row['p_value'], row['panel_size'])})."
    drawing = plane(row, titles)
    body: list[Child] = [
        element("p", told, class_="said"),
        element("p", f"Coverage: {row['coverage']}.", class_="quiet"),
        _figure(row, drawing),
    ]
    ranking = join(_ranking(row, titles), _alike(row, titles, holders), notes(row, titles), _holders(row, holders))
    if row["verdict"] == "ranked":
        body.append(ranking)
    else:
        body.append(details(f"The numbers of {row['query']} all the same: no item is named by them", ranking))
    return element(
        "article",
        element("h3", element("span", row["query"]), verdict(row["verdict"]), id=f"output-{number}"),
        body,
        class_="output",
        aria_labelledby=f"output-{number}",
    )


def _figure(row: Row, drawing: Markup | None) -> Markup:
    if drawing is None:
        return element("p", "Likeness was not asked for, so there is no drawing of it beside influence.", class_="none")
    doubt = None
    if row["verdict"] != "ranked":
        doubt = element("p", "The ranking cannot be relied upon, so that the items are drawn hollow.", class_="quiet")
    return element(
        "figure",
        drawing,
        element(
            "figcaption",
            element(
                "p",
                "A dot is an item of the corpus: the higher, the more influence; the further right, the more alike.",
            ),
            element("ul", _keys(row), class_="keys-of"),
            doubt,
        ),
        class_="plane",
    )


def _keys(row: Row) -> list[Markup]:
    def key(mark: str, words: str, **more: float) -> Markup:
        sign = element(
            "svg",
            element("circle", cx=10, cy=10, class_=mark, **more),
            viewBox="0 0 20 20",
            class_="scatter-key scatter",
        )
        return element("li", sign, words)

    return [
        key(
            "top", f"the {len(row['items'])} with the highest influence, with their intervals where there are any", r=5
        ),
        key("alike", "the three most alike", r=7),
        key("dot", "the others", r=5),
    ]


def _number(value: float | None, digits: int = 3) -> str:
    if value is None:
        return "–"
    text = f"{value:.{digits}g}"
    return text.replace("-", "−")


def _interval(item: Row, row: Row) -> str:
    half = half_interval(item, row)
    return "" if half is None else f" ± {_number(half, 2)}"


def _name(item: str, titles: Mapping[str, str], holder: str) -> Markup:
    title = titles.get(item, item)
    beside = f"{item} · {holder}" if title != item else holder
    return join(title, element("span", beside, class_="quiet whose"))


def _cell(label: str, *children: Child, n: bool = False) -> Markup:
    return element("td", *children, data_label=label, class_="n" if n else None)


def _ranking(row: Row, titles: Mapping[str, str]) -> Markup:
    items = row["items"][:SHOWN]
    pairs = {pair["item"]: pair for pair in row["pairs"]}
    places = {each["item"]: i for i, each in enumerate(row["most_alike"], 1)}
    scale = max((abs(i["score"]) + (half_interval(i, row) or 0.0) for i in items), default=0.0)
    rows = []
    for rank, item in enumerate(items, 1):
        likeness = row["likeness"].get(item["item"])
        place = places.get(item["item"])
        beside = "–" if likeness is None else f"{likeness:.2f}" + (f" (no. {place})" if place else "")
        rows.append(
            element(
                "tr",
                element("td", str(rank), class_="n", data_label="rank"),
                element("th", _name(item["item"], titles, item["holder"]), scope="row"),
                _cell("influence", _bar(item["score"], half_interval(item, row), scale)),
                _cell(row["unit"], _number(item["score"]) + _interval(item, row), n=True),
                _cell("z beside the panel", _number(item["z"], 2), n=True),
                _cell("likeness", beside, n=True),
                _cell("the music", _music(pairs.get(item["item"]))),
            )
        )
    heads = ("", "item, and who holds the rights", "influence", f"{row['unit']}, ± interval", "z beside the panel",
             "likeness", "the music itself")  # fmt: skip
    return _table(f"The {len(items)} most influential items for {row['query']}", heads, rows)


def _alike(row: Row, titles: Mapping[str, str], holders: Mapping[str, str]) -> Markup | None:
    few = row["most_alike"][:5]
    if not few:
        return None
    pairs = {pair["item"]: pair for pair in row["pairs"]}
    ranks = {item["item"]: i for i, item in enumerate(row["items"], 1)}
    rows = []
    for each in few:
        rank = ranks.get(each["item"])
        placed = f"no. {rank}" if rank else f"not among the first {len(ranks)}"
        rows.append(
            element(
                "tr",
                element("th", _name(each["item"], titles, holders.get(each["item"], "")), scope="row"),
                _cell("likeness", f"{each['likeness']:.2f}", n=True),
                _cell("influence", f"{_number(each['score'])}, {placed}"),
                _cell("the music", _music(pairs.get(each["item"]))),
            )
        )
    heads = ("item, and who holds the rights", "likeness", "influence", "the music itself")
    return _table(f"The {len(few)} items most alike to {row['query']}, whatever their influence", heads, rows)


def _table(caption: str, heads: Sequence[str], rows: Sequence[Markup]) -> Markup:
    top = element("thead", element("tr", [element("th", head, scope="col") for head in heads]))
    table = element("table", element("caption", caption), top, element("tbody", rows), class_="influence")
    return wide(caption, table)


def wide(label: str, content: Markup) -> Markup:
    """A table that may be wider than the page."""
    return element("div", content, class_="wide", tabindex="0", role="region", aria_label=label)


def _bar(score: float, half: float | None, scale: float) -> Markup:
    """The score as a bar from 0, to the right where positive, with its interval."""
    middle = 30.0
    unit = (100.0 - middle) / scale if scale > 0 else 0.0
    x = middle + unit * score
    low, high = sorted((middle, x))
    whisker = None
    if half:
        ends = [max(0.0, min(100.0, x + sign * unit * half)) for sign in (-1, 1)]
        whisker = element("line", x1=f"{ends[0]:.1f}%", x2=f"{ends[1]:.1f}%", y1="50%", y2="50%", class_="whisker")
    return element(
        "svg",
        element("rect", x=f"{max(0.0, low):.1f}%", width=f"{high - max(0.0, low):.1f}%", y="15%", height="70%",
                class_="against" if score < 0 else None),
        element("line", x1=f"{middle}%", x2=f"{middle}%", y1="0", y2="100%", class_="zero"),
        whisker,
        class_="bar",
        aria_hidden="true",
    )  # fmt: skip


def _music(pair: Row | None) -> Markup:
    """What the comparison of the pair as music says."""
    if pair is None:
        return element("span", "not compared", class_="quiet")
    if "error" in pair:
        return element("span", f"not compared: {pair['error']}", class_="quiet")
    relation = RELATIONS.get(pair["relation"], pair["relation"])
    odds = "" if pair["probability"] is None else f" (probability of versions {pair['probability']:.2f})"
    parts: list[Child] = [relation, odds]
    if pair["melodic_identity_percent"] is not None:
        parts.append(f", {pair['melodic_identity_percent']:.0f} % identical notes")
    if pair["notes_in_common"]:
        parts.append(f", {pair['notes_in_common']} in one passage")
    if pair.get("page"):
        parts += [" ", element("a", "evidence", href=pair["page"], aria_label=f"evidence for {pair['item']}")]
    return element("span", parts)


def _holders(row: Row, holders: Mapping[str, str]) -> Markup | None:
    """How often each holder is among the first items, beside how often chance would have it."""
    top = Counter(item["holder"] for item in row["items"])
    if len(top) < 2 or not holders:
        return None
    everyone, count = Counter(holders.values()), len(row["items"])
    rows = []
    for holder, n in top.most_common(8):
        share = everyone[holder] / len(holders)
        rows.append(
            element(
                "tr",
                element("th", holder, scope="row"),
                _cell("of the first", str(n), n=True),
                _cell("by chance", f"{share * count:.1f}", n=True),
                _cell("of the corpus", f"{share:.0%}", n=True),
            )
        )
    heads = ("holder", f"of the first {count}", "by chance", "of the corpus")
    found = _table(
        f"Who holds the rights in the {count} most influential items: a count, no share of anything", heads, rows
    )
    return element("div", found, class_="holders")
