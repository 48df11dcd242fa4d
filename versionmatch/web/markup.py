"""HTML and SVG that cannot be broken by what is put into it: every text is escaped unless it is markup already.

>>> element("p", "B & <A>", class_="note", data_side="a")
'<p class="note" data-side="a">B &amp; &lt;A&gt;</p>'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TypeAlias


class Markup(str):
    """Text that is markup: never escaped again."""

    __slots__ = ()


Attribute: TypeAlias = "str | float | bool | None"
Child: TypeAlias = "str | Iterable[Child] | None"

VOID = frozenset({"meta", "input", "br", "hr", "img", "link"})


def number(value: float) -> str:
    """A number as short as three decimals allow.

    >>> number(2.0), number(0.12345), number(-0.0)
    ('2', '0.123', '0')
    """
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def element(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """One element; ``class_`` and ``for_`` stand for the reserved words, ``_`` for ``-``, and None leaves one out."""
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        label = key.removesuffix("_").replace("_", "-")
        if value is True:
            parts.append(f" {label}")
        else:
            text = value if isinstance(value, str) else number(value)
            parts.append(f' {label}="{escape(text, quote=True)}"')
    parts.append(">")
    if name in VOID:
        return Markup("".join(parts))
    parts.append(join(*children))
    parts.append(f"</{name}>")
    return Markup("".join(parts))


def join(*children: Child) -> Markup:
    """Children one after another, texts escaped, None left out."""
    out: list[str] = []
    for child in children:
        if child is None:
            continue
        if isinstance(child, Markup):
            out.append(child)
        elif isinstance(child, str):
            out.append(escape(child, quote=False))
        else:
            out.append(join(*child))
    return Markup("".join(out))


def table(
    head: Sequence[Child],
    rows: Iterable[Sequence[Child]],
    *,
    caption: str,
    class_: str = "data",
    row_headers: bool = True,
) -> Markup:
    """A table with a caption and column headers; the first cell of a row heads it."""
    body = []
    for row in rows:
        cells = [
            element("th", cell, scope="row") if i == 0 and row_headers else element("td", cell)
            for i, cell in enumerate(row)
        ]
        body.append(element("tr", cells))
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", [element("th", cell, scope="col") for cell in head])),
        element("tbody", body),
        class_=class_,
    )


def details(summary: str, *children: Child, open_: bool = False) -> Markup:
    """A part that opens on demand."""
    return element(
        "details",
        element("summary", summary),
        element("div", *children, class_="inside", tabindex="0", role="group", aria_label=summary),
        open=open_,
    )
