"""Musical likeness beside influence: of all items by a cheap measure, of a few pairs by the whole comparison.

Influence is measured on a model's weights, likeness on the music; neither is made of the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..attribution.attribute import checked
from ..attribution.context import Context
from ..errors import InputError, VersionMatchError
from ..features.view import Track
from ..melodic.identity import percent_identity
from ..melodic.tune import Tune
from ..plugins import Attributor, find
from ..scores.reading import read_score
from ..scores.score import Score
from ..scores.voice import line_of, melody_part
from ..types import Match
from .compare import compare
from .opening import open_track

BY_CAPABILITY = (("embedding", "embedding"), ("tokens", "ngram"))
"""Which likeness is taken where there are no notes: by what the model offers."""
MELODY = "melodic identity"
"""Identical notes, once aligned in the best key, as a share of the mean length: 0 to 1; see ``percent_identity``."""
MOST_NOTES = 400
Music = Callable[[str, bool], Any]


class Likeness(Protocol):
    """How alike an output is to items, by something that looks at no weights."""

    @property
    def name(self) -> str: ...

    def to(self, output: str, items: Sequence[str]) -> npt.NDArray[np.float64]:
        """Of an output to items, ``(n_items,)``."""
        ...


@dataclass(slots=True)
class Melodic:
    """Percent melodic identity over 100, of pieces that are notes."""

    music: Music
    name: str = MELODY
    _tunes: dict[tuple[str, bool], Tune] = field(default_factory=dict)

    def to(self, output: str, items: Sequence[str]) -> npt.NDArray[np.float64]:
        """Of an output to items, ``(n_items,)``."""
        mine = self._tune(output, True)
        return np.array([percent_identity(mine, self._tune(item, False)) / 100.0 for item in items])

    def _tune(self, name: str, is_output: bool) -> Tune:
        key = (name, is_output)
        if key not in self._tunes:
            self._tunes[key] = tune_in(self.music(name, is_output), name)
        return self._tunes[key]


def tune_in(source: Any, name: str) -> Tune:
    """The melody of a score; InputError where it is none."""
    score = read_score(source)
    if not isinstance(score, Score):
        raise InputError(f"{name!r} is no file of notes, of which melodic identity could be told; use another likeness")
    at = line_of(score, melody_part(score))
    return Tune.of_notes(zip(score.onset_q[at], score.duration_q[at], score.pitch[at], strict=True))


@dataclass(frozen=True, eq=False, slots=True)
class ByMethod:
    """Likeness by a method of attribution that looks at no weights: ``ngram``, ``embedding``."""

    name: str
    method: Attributor
    fitted: Any
    context: Context
    outputs: Mapping[str, Any]

    def to(self, output: str, items: Sequence[str]) -> npt.NDArray[np.float64]:
        """Of an output to items, ``(n_items,)``."""
        query = self.context.model.read({output: self.outputs[output]})
        return self.method.score(self.context, self.fitted, query, items).values


def likeness_of(context: Context, music: Music, outputs: Mapping[str, Any], wanted: str = "") -> Likeness | None:
    """The likeness that is wanted; else melodic identity where all are notes, else as the model allows, else None."""
    if wanted == "none":
        return None
    if wanted == "melody" or (not wanted and _are_notes(music, next(iter(outputs)), context.corpus.ids[0])):
        return Melodic(music)
    offered = set(context.model.capabilities) | ({"embedding"} if context.embed is not None else set())
    name = wanted or next((method for what, method in BY_CAPABILITY if what in offered), "")
    if not name:
        return None
    method: Attributor = find("attributors", name)()
    checked(method, context.model)
    return ByMethod(name, method, method.fit(context), context, outputs)


def _are_notes(music: Music, output: str, item: str) -> bool:
    sources = music(output, True), music(item, False)
    return all(source is not None and isinstance(read_score(source), Score) for source in sources)


def most_alike(items: Sequence[str], likeness: npt.NDArray[np.float64], count: int) -> list[str]:
    """The items that are most alike, those above 0."""
    order = np.argsort(-likeness, kind="stable")[:count]
    return [items[i] for i in order.tolist() if likeness[i] > 0]


@dataclass(slots=True)
class Comparer:
    """Compares outputs with items as music: melody, harmony, rhythm, shared passages.

    ``music`` gives an item's or output's source for ``open_track``, or None where there is none. Pages of evidence are
    written into ``pages`` where it is given.
    """

    music: Music
    pages: Path | None = None
    _tracks: dict[tuple[str, bool], Track] = field(default_factory=dict)

    def pair(self, output: str, item: str) -> dict[str, Any]:
        """What the comparison of a pair says, as JSON-able values; ``error`` where it could not be made."""
        try:
            match = compare(self._track(output, True), self._track(item, False))
        except VersionMatchError as error:
            return {"item": item, "error": str(error)}
        return {"item": item, **facts_of(match), "notes": notes_of(match), "page": self._page(match, output, item)}

    def _track(self, name: str, is_output: bool) -> Track:
        key = (name, is_output)
        if key not in self._tracks:
            source = self.music(name, is_output)
            if source is None:
                raise InputError(f"there is no music of {name!r} to compare: name its file in the manifest (path)")
            if len(self._tracks) > 64:
                self._tracks.pop(next(iter(self._tracks)))
            self._tracks[key] = open_track(source)
        return self._tracks[key]

    def _page(self, match: Match, output: str, item: str) -> str:
        if self.pages is None:
            return ""
        name = f"{safe(output)}--{safe(item)}.html"
        self.pages.mkdir(parents=True, exist_ok=True)
        find("exporters", "html")(audio=False, question=f"{output} beside {item}").export(match, self.pages / name)
        return f"{self.pages.name}/{name}"


def safe(text: str) -> str:
    """A text as part of a file's name.

    >>> safe("a/b: c")
    'a-b-c'
    """
    return re.sub(r"[^\w.]+", "-", text).strip("-.")[:80] or "x"


def facts_of(match: Match) -> dict[str, Any]:
    """Relation, elements and passages of a comparison."""
    elements = {e.element: {"p_value": e.p_value, "nats": e.nats} for e in match.elements}
    identity = next((e.raw for e in match.evidence if e.cue == "pmi"), None)
    melodic = [p for p in match.passages if p.notes is not None]
    notes = max((len(p.notes) for p in melodic if p.notes is not None), default=0)
    return {
        "relation": match.relation,
        "probability": match.probability,
        "melodic_identity_percent": identity,
        "notes_in_common": notes,
        "elements": elements,
        "passages": [p.sentence for p in match.passages],
    }


def notes_of(match: Match) -> dict[str, Any] | None:
    """Onset (s), duration (s) and pitch of either side's notes, and which of them answer each other; None if many."""
    sides = [track["notes"] for track in (match.query_track, match.reference_track)]
    if not all(1 <= len(notes) <= MOST_NOTES for notes in sides):
        return None
    rows = [np.stack([n.onset_s, n.duration_s, n.pitch], 1).round(3).tolist() for n in sides]
    pairs = [p.notes for p in match.passages if p.notes is not None]
    shared = sorted({(int(a), int(b)) for found in pairs for a, b in found})
    return {"output": rows[0], "item": rows[1], "shared": [list(pair) for pair in shared]}
