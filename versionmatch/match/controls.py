"""The measures on material whose answer is known: a side with itself must stand out, one in another order must not.

A likeness that is no less when the order of one side is lost is no likeness of melody, progression or pattern, however
small its p-value: it comes of the stock of notes or chords. Such a claim is withheld, and said to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..features.rearranged import Rearranged, backwards, in_blocks, notes_shuffled
from ..plugins import Cue
from ..types import Control, Evidence, Feature
from .null import p_value
from .nulls import NullTable, compared

UNUSUAL = 0.05
"""From this p-value on a likeness is a claim that controls can refute."""

ORDERS = ("reversed", "blocks shuffled", "notes shuffled")
_WORDS = {
    "reversed": "B from its end to its beginning",
    "blocks shuffled": "B in blocks of two seconds in random order",
    "notes shuffled": "the notes of B in random order",
}
_NOT_OF_ORDER = ("rhythm",)
"""Cues of periodicities, which have no direction: only compared with themselves."""


def controls(
    cues: Sequence[Cue],
    found: Sequence[Evidence],
    query: Mapping[str, Feature],
    reference: Mapping[str, Feature],
    table: NullTable,
    kind: str,
) -> tuple[Control, ...]:
    """All controls of those cues that are of an element and found something to compare.

    ``found`` is the evidence of the pair by the same ``cues``, with p-values. Only those that read notes for
    their pitches are asked about shuffled notes.
    """
    orders = {"reversed": backwards(reference), "blocks shuffled": in_blocks(reference)}
    made: list[Control] = []
    for cue, evidence in zip(cues, found, strict=True):
        if not evidence.element or not compared(evidence):
            continue
        made += [_self(cue, evidence, query, "A", table, kind), _self(cue, evidence, reference, "B", table, kind)]
        if cue.name in _NOT_OF_ORDER:
            continue
        changed: dict[str, Rearranged] = dict(orders)
        if "notes" in cue.needs and evidence.element == "melody":
            changed["notes shuffled"] = notes_shuffled(reference)
        made += [_of_order(name, cue, evidence, query, other, table, kind) for name, other in changed.items()]
    return tuple(made)


def _self(cue: Cue, evidence: Evidence, side: Mapping[str, Any], letter: str, table: NullTable, kind: str) -> Control:
    """A side with itself: as alike as can be, so that it must be unusual beside the null of the pair.

    Not beside that of its own stock: what a side has in common with itself is no chance.
    """
    own = cue.compare(side, side)
    p = (
        _p(own, evidence, table, kind)
        if evidence.null is None or not compared(own)
        else p_value(own.raw, evidence.null)
    )
    passed = own.raw > 0 if p is None else p <= UNUSUAL
    told = "stands out, as it must" if passed else "does not stand out: there is too little in it to tell anything"
    return Control("self", cue.name, own.raw, passed, f"{cue.name}: {letter} with itself {told}.", p)


def _of_order(
    name: str,
    cue: Cue,
    evidence: Evidence,
    query: Mapping[str, Any],
    other: Mapping[str, Any],
    table: NullTable,
    kind: str,
) -> Control:
    """A with B in another order: where the pair is a claim, it must be more alike than that."""
    there = cue.compare(query, other)
    claim = evidence.p_value is not None and evidence.p_value <= UNUSUAL
    passed = not claim or there.raw < evidence.raw
    told = (
        f"A is less alike to {_WORDS[name]} ({there.raw:.3g}) than to B ({evidence.raw:.3g})"
        if there.raw < evidence.raw
        else f"A is no less alike to {_WORDS[name]} ({there.raw:.3g}) than to B ({evidence.raw:.3g})"
    )
    end = "" if passed else ": the likeness does not lie in the order"
    return Control(name, cue.name, there.raw, passed, f"{cue.name}: {told}{end}.", _p(there, evidence, table, kind))


def _p(made: Evidence, evidence: Evidence, table: NullTable, kind: str) -> float | None:
    """The p-value of a control: by the table where it has the cue, else beside the null of the pair."""
    own = table.apply(made, kind).p_value
    return p_value(made.raw, evidence.null) if own is None and evidence.null is not None and compared(made) else own
