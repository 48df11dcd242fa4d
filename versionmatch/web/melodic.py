"""Melodic passages: how many notes answer each other, how common that is, as a piano roll and on staves."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import MissingExtra, VersionMatchError
from ..types import Match
from ..units import clock
from .commonness import meter
from .corrected import mark
from .engraving import Engraver
from .markup import Child, Markup, element, join
from .passages import semitone_words
from .roll import roll, roll_table
from .staves import MOST_NOTES, staves
from .tune_pair import TunePair, tune_pairs
from .words_of_p import p_words, times_words

MOST_STAVES = 8
"""So many passages are written as notation: the strongest, by p, then by matched notes."""


def melodic(match: Match) -> Markup | None:
    """Every passage that is told by notes; None where there is none."""
    pairs = tune_pairs(match)
    if not pairs:
        return None
    engraver, told = _engraver()
    strongest = {pair.number for pair in sorted(pairs, key=_strength)[:MOST_STAVES]}
    parts = [_passage(match, pair, engraver if pair.number in strongest else None) for pair in pairs]
    if engraver is not None and len(pairs) > MOST_STAVES:
        told = f"The {MOST_STAVES} strongest of {len(pairs)} passages are written as notation."
    return join(
        engraver.definitions() if engraver is not None else None,
        element(
            "p",
            "Broad blue bars are A’s notes, narrow orange ones B’s along A’s time; lines join notes that answer "
            "each other, hollow ones have no answer. ",
            element("span", "Click a note to hear it there.", class_="scripted"),
            class_="reading",
        ),
        element("p", told, class_="reading") if told else None,
        _switch(pairs),
        element("p", mark(match, "melody", "beats", "key")) if mark(match, "melody", "beats", "key") else None,
        parts,
    )


def _engraver() -> tuple[Engraver | None, str]:
    try:
        return Engraver(), ""
    except MissingExtra as error:
        return None, f"{error} With it, the passages are also written on staves."


def _strength(pair: TunePair) -> tuple[float, int, int]:
    p = pair.passage.p_value
    return (1.0 if p is None else p, -len(pair.pairs), pair.number)


def _switch(pairs: Sequence[TunePair]) -> Markup | None:
    if not any(pair.raised for pair in pairs):
        return None
    box = element("input", type="checkbox", data_keying=True)
    return element("p", element("label", box, " Show B in its own key and octave"), class_="scripted")


def _passage(match: Match, pair: TunePair, engraver: Engraver | None) -> Markup:
    span = pair.passage.span
    places = (
        f" A {clock(span.query_start_s)}–{clock(span.query_end_s)}, "
        f"B {clock(span.reference_start_s)}–{clock(span.reference_end_s)}"
    )
    return element(
        "figure",
        element("h3", element("span", f"P{pair.number}", class_="passage-name"), places),
        _facts(pair),
        element("div", roll(pair), class_="lanes"),
        _notation(match, pair, engraver) if engraver is not None else None,
        roll_table(pair),
        class_="tune",
    )


def _facts(pair: TunePair) -> Markup:
    p = pair.passage
    facts: list[tuple[str, Child]] = [
        (
            "notes that answer each other",
            f"{len(pair.matched_a)} of {len(pair.a)} of A ({len(pair.matched_a) / len(pair.a):.0%}), "
            f"{len(pair.matched_b)} of {len(pair.b)} of B ({len(pair.matched_b) / len(pair.b):.0%})",
        ),
        ("B is raised by", semitone_words(pair.passage.transposition)),
    ]
    if p.bars != (None, None):
        sides = zip("AB", p.bars, strict=True)
        facts.append(("bars", ", ".join(f"{side} {b[0]}–{b[1]}" for side, b in sides if b is not None)))
    if p.times is not None:
        facts.append(("the tune is there", f"{times_words(p.times[0])} in A, {times_words(p.times[1])} in B"))
    if p.p_value is not None:
        facts.append(("p among unrelated works of these lengths", p_words(p.p_value)))
    if p.common is not None:
        facts.append(("how common its figure is (framed in the roll)", meter(p.common)))
    return element("dl", [element("div", element("dt", n), element("dd", v)) for n, v in facts], class_="facts")


def _notation(match: Match, pair: TunePair, engraver: Engraver) -> Markup:
    written = staves(match, pair)
    notes = {f"a{i}": _attributes(pair, "a", i) for i in pair.a.tolist()}
    notes |= {f"b{i}": _attributes(pair, "b", i) for i in pair.b.tolist()}
    joined = [(f"a{i}", f"b{j}") for i, j in pair.pairs.tolist()]
    label = f"P{pair.number} as notation: A above, B below in A's key; the table of notes says the same"
    try:
        drawing = engraver.draw(written.xml, notes, joined, label)
    except VersionMatchError as error:
        return element("p", f"No notation: {error}", class_="none")
    limits = [
        "Rhythm is rounded to sixteenths and triplets of the beats found; bar lines stand every four of them.",
        "B is written in A’s beats, as its own go otherwise." if written.by_a else "",
        f"Only the first {MOST_NOTES} notes of a side are written." if written.cut else "",
        f"{written.left_out} notes found no place in their beat." if written.left_out else "",
    ]
    return join(
        element(
            "div",
            drawing,
            class_="wide notation",
            tabindex="0",
            role="region",
            aria_label=f"Notation of P{pair.number}",
        ),
        element("p", " ".join(text for text in limits if text), class_="reading"),
    )


def _attributes(pair: TunePair, side: str, i: int) -> dict[str, str]:
    notes, matched = (pair.notes_a, pair.matched_a) if side == "a" else (pair.notes_b, pair.matched_b)
    return {
        "class_": f"sn {side}" if i in matched else "sn free",
        "data_side": side,
        "data_at": f"{float(notes.onset_s[i]):.3f}",
    }
