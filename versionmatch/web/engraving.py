"""MusicXML drawn as notation by Verovio, and rebuilt as SVG of ours: known elements only, no texts, no styles.

Verovio (LGPL) comes with the extra ``notation``; this is the only module that meets it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from ..errors import InputError, MissingExtra
from ..scores.xml_tree import parse
from .markup import Markup, element, join, number

OPTIONS = {
    "adjustPageHeight": True,
    "breaks": "auto",
    "footer": "none",
    "header": "none",
    "mnumInterval": 1000,
    "pageHeight": 60000,
    "pageMarginBottom": 20,
    "pageMarginLeft": 20,
    "pageMarginRight": 20,
    "pageMarginTop": 20,
    "pageWidth": 2400,
    "scale": 40,
    "svgFormatRaw": True,
    "svgRemoveXlink": True,
    "svgViewBox": True,
    "xmlIdSeed": 440,
}
SHAPES = {
    "path": ("d", "stroke-width", "stroke-linecap", "stroke-linejoin", "transform"),
    "polyline": ("points", "stroke-width", "stroke-linecap", "stroke-linejoin"),
    "polygon": ("points", "stroke-width"),
    "rect": ("x", "y", "width", "height"),
    "ellipse": ("cx", "cy", "rx", "ry"),
}
TRANSLATE = re.compile(r"translate\(\s*(-?[\d.]+)[,\s]+(-?[\d.]+)\s*\)")
Notes = Mapping[str, Mapping[str, str]]
"""Id of a note → attributes of its sign."""

HEAD = 117.0  # from a note head's left edge to its middle, in Verovio's units


@dataclass(slots=True)
class Engraver:
    """Draws scores one after another; ``glyphs`` are the signs they use, to be put on the page once."""

    glyphs: dict[str, str] = field(default_factory=dict)
    _toolkit: Any = None

    def __post_init__(self) -> None:
        try:
            import verovio
        except ImportError as error:
            raise MissingExtra("Musical notation on the report", extra="notation") from error
        verovio.enableLog(verovio.LOG_OFF)
        self._toolkit = verovio.toolkit()
        self._toolkit.setOptions(OPTIONS)

    def draw(self, xml: str, notes: Notes, joined: list[tuple[str, str]], label: str) -> Markup:
        """The score as SVG; raises InputError for what is no score.

        ``notes``: id → attributes of that note; ``joined``: ids of notes that a line joins.
        """
        if not self._toolkit.loadData(xml):
            raise InputError(
                f"Verovio {self._toolkit.getVersion()} could not read these {len(xml)} letters of MusicXML"
            )
        root = parse(self._toolkit.renderToSVG(1).encode("utf-8"))
        for glyph in root.iterfind("defs/g"):
            self.glyphs[_code(glyph.get("id", ""))] = next((p.get("d", "") for p in glyph.iter("path")), "")
        inner = next(svg for svg in root.iter("svg") if svg.get("class") == "definition-scale")
        heads: dict[str, tuple[int, float, float]] = {}
        drawn = [_group(child, notes, heads, [0]) for child in inner]
        lines = [_join(heads[a], heads[b]) for a, b in joined if a in heads and b in heads]
        width, height = root.get("viewBox", "0 0 960 200").split()[2:]
        margin = next((g.get("transform", "") for g in inner if g.get("class") == "page-margin"), "")
        return element(
            "svg",
            element("g", lines, transform=margin or None, class_="joins"),
            drawn,
            viewBox=inner.get("viewBox", ""),
            width=width,
            height=height,
            role="img",
            aria_label=label,
            class_="staves",
        )

    def definitions(self) -> Markup:
        """The signs themselves, once a page."""
        signs = [
            element("g", element("path", d=d, transform="scale(1,-1)"), id=f"glyph-{code}")
            for code, d in sorted(self.glyphs.items())
        ]
        return element("svg", element("defs", signs), class_="defs", aria_hidden="true")


def _code(name: str) -> str:
    return re.sub(r"[^0-9A-Za-z]", "", name.lstrip("#").partition("-")[0])


def _group(
    item: Element,
    notes: Notes,
    heads: dict[str, tuple[int, float, float]],
    system: list[int],
    within: str = "",
) -> Markup | None:
    """One element of Verovio's drawing and what is in it; ``heads`` gets the system and place of each note's head."""
    if item.tag == "use":
        return _sign(item, heads, system[0], within)
    if item.tag in SHAPES:
        kept = {name.replace("-", "_"): item.get(name) for name in SHAPES[item.tag] if item.get(name)}
        hollow = "none" if item.get("fill") == "none" else None
        return element(item.tag, **kept, fill=hollow)
    if item.tag != "g" or item.get("class") in {"label", "mNum", "section placeholder systemMilestone"}:
        return None
    if item.get("class") == "system":
        system[0] += 1
    name = item.get("id", "").partition("-")[0] if item.get("class") == "note" else ""
    inside = name or within
    children = [_group(child, notes, heads, system, inside) for child in item]
    if not any(children):
        return None
    if name in notes:
        return element("g", children, **notes[name])
    moved = item.get("transform")
    return element("g", children, transform=moved) if moved else join(children)


def _sign(item: Element, heads: dict[str, tuple[int, float, float]], system: int, within: str) -> Markup:
    moved = item.get("transform", "")
    found = TRANSLATE.search(moved)
    if within and found and within not in heads and _code(item.get("href", "")) in {"E0A2", "E0A3", "E0A4"}:
        heads[within] = system, float(found[1]), float(found[2])
    return element("use", href=f"#glyph-{_code(item.get('href', ''))}", transform=moved or None)


def _join(a: tuple[int, float, float], b: tuple[int, float, float]) -> Markup | None:
    if a[0] != b[0] or b[2] <= a[2]:
        return None
    return element(
        "line",
        x1=number(a[1] + HEAD),
        y1=number(a[2] + 60),
        x2=number(b[1] + HEAD),
        y2=number(b[2] - 60),
        class_="join",
    )
