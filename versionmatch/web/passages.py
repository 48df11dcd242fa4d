"""The table of shared passages, each with buttons to hear it, and the differences beside it."""

from __future__ import annotations

from ..types import Match, Passage
from ..units import clock
from .markup import Markup, element, join
from .plot import badge


def likenesses(match: Match) -> Markup:
    """What is shared and what differs, side by side, in sentences."""
    shared = [
        element("li", element("b", f"P{i + 1} "), p.sentence or _plain(p)) for i, p in enumerate(match.passages)
    ] or [element("li", "No shared passage was found.")]
    apart = [element("li", text) for text in match.differences] or [
        element("li", "No difference was found by the means used here; see what was not analysed.")
    ]
    return element(
        "div",
        element("section", element("h3", "What they share"), element("ul", shared), class_="side shared-side"),
        element("section", element("h3", "How they differ"), element("ul", apart), class_="side apart-side"),
        class_="two",
    )


def passages_table(match: Match, *, audible: bool) -> Markup:
    """One row per passage; sortable and filtered by element where scripts run."""
    if not match.passages:
        return element("p", "No shared passage was found.", class_="none")
    names = ("passage", "A", "B", "length", "element", "likeness", "key", "tempo")
    keys = ("order", "a", "b", "length", "", "likeness", "", "tempo")
    head = [_head(name, key) for name, key in zip(names, keys, strict=True)]
    if audible:
        head.append(element("th", "listen", scope="col", class_="listen"))
    rows = [_row(i, p, audible=audible) for i, p in enumerate(match.passages)]
    table = element(
        "table",
        element("caption", "Shared passages", class_="visually-hidden"),
        element("thead", element("tr", head)),
        element("tbody", rows),
        class_="passages",
        id="passages-table",
    )
    return join(
        _filter(match),
        element("div", table, class_="wide", tabindex="0", role="region", aria_label="Table of shared passages"),
        element(
            "p",
            "Key: by how many semitones B is raised to meet A. Tempo: A's speed over B's. "
            "Likeness: mean over the path, 0 to 1.",
            class_="reading",
        ),
    )


def _head(name: str, key: str) -> Markup:
    if not key:
        return element("th", name, scope="col")
    button = element("button", name, type="button", class_="sort", data_sort=key)
    return element("th", button, scope="col", aria_sort="ascending" if key == "order" else "none")


def _filter(match: Match) -> Markup | None:
    elements = sorted({name for p in match.passages for name in p.elements})
    if len(elements) < 2:
        return None
    options = [element("option", "all elements", value="")] + [element("option", e, value=e) for e in elements]
    label = element("label", "Show ", element("select", options, id="filter"), class_="filter")
    return element("p", label, element("span", id="filter-count", role="status", class_="quiet"), class_="scripted")


def _row(i: int, p: Passage, *, audible: bool) -> Markup:
    s = p.span
    name = f"P{i + 1}"
    cells = [
        _clocks(s.query_start_s, s.query_end_s),
        _clocks(s.reference_start_s, s.reference_end_s),
        f"{s.query_duration_s:.1f} s",
        ", ".join(p.elements),
        f"{p.similarity:.2f}",
        semitones(p.transposition),
        f"{p.tempo_ratio:.3f}",
    ]
    labels = ("A", "B", "length", "element", "likeness", "key", "tempo")
    tds = [element("td", cell, data_label=label) for cell, label in zip(cells, labels, strict=True)]
    if audible:
        tds.append(element("td", _buttons(name, i), class_="listen", data_label="listen"))
    sentence = element("span", p.sentence or _plain(p), class_="sentence")
    return element(
        "tr",
        element("th", element("span", name, class_="passage-name"), sentence, scope="row"),
        tds,
        data_passage=str(i),
        data_order=str(i),
        data_a=s.query_start_s,
        data_b=s.reference_start_s,
        data_length=s.query_duration_s,
        data_likeness=p.similarity,
        data_tempo=p.tempo_ratio,
        data_elements=" ".join(p.elements),
    )


def _buttons(name: str, i: int) -> Markup:
    def button(face: Markup | str, action: str, label: str) -> Markup:
        return element(
            "button",
            face,
            type="button",
            class_=f"do {action}",
            data_do=action,
            data_passage=str(i),
            aria_label=f"{label} {name}",
            title=f"{label} {name}",
        )

    return element(
        "span",
        button(join("▶ ", badge("a")), "a", "Play A's"),
        button(join("▶ ", badge("b")), "b", "Play B's"),
        button(join(badge("a"), "→", badge("b")), "ab", "A→B: play A's, then B's"),
        button("↻", "loop", "Play A's and B's by turns, again and again:"),
        class_="buttons",
    )


def semitones(transposition: int) -> str:
    """A transposition as a signed number.

    >>> semitones(3), semitones(-2), semitones(0), semitones(9)
    ('+3', '−2', '0', '−3')
    """
    signed = (transposition + 5) % 12 - 5
    return f"+{signed}" if signed > 0 else f"−{-signed}" if signed < 0 else "0"


def semitone_words(transposition: int) -> str:
    """A transposition as it is said.

    >>> semitone_words(1), semitone_words(-4)
    ('+1 semitone', '−4 semitones')
    """
    text = semitones(transposition)
    return f"{text} semitone" if text[1:] == "1" else f"{text} semitones"


def _clocks(start: float, end: float) -> str:
    return f"{clock(start)}–{clock(end)}"


def _plain(p: Passage) -> str:
    s = p.span
    a, b = _clocks(s.query_start_s, s.query_end_s), _clocks(s.reference_start_s, s.reference_end_s)
    return f"A from {a} answers B from {b}."
