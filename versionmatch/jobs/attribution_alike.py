"""Musical likeness beside influence: of all items by a cheap measure, of a few pairs by the whole comparison.

Influence is measured on a model's weights, likeness on the music; neither is made of the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..attribution.context import Context
from ..errors import InputError, VersionMatchError
from ..features.view import Track
from ..plugins import Attributor, find
from ..types import Match
from .compare import compare
from .opening import open_track

BY_CAPABILITY = (("tokens", "ngram"), ("embedding", "embedding"))
"""Which likeness is taken where none is asked for: by what the model offers."""


def likeness_for(context: Context, wanted: str = "") -> str:
    """The name of the method of likeness: the one wanted, else one that the model allows, else ``""``."""
    if wanted == "none":
        return ""
    offered = set(context.model.capabilities) | ({"embedding"} if context.embed is not None else set())
    return wanted or next((method for what, method in BY_CAPABILITY if what in offered), "")


@dataclass(frozen=True, eq=False, slots=True)
class Likeness:
    """Likeness of any piece to all items, by a method that looks at no weights."""

    method: Attributor
    fitted: Any
    context: Context

    @classmethod
    def of(cls, context: Context, name: str) -> Likeness | None:
        """None where there is no such method."""
        if not name:
            return None
        method: Attributor = find("attributors", name)()
        return cls(method, method.fit(context), context)

    def to(self, name: str, source: Any, items: Sequence[str]) -> npt.NDArray[np.float64]:
        """Of a piece to items, ``(n_items,)``."""
        query = self.context.model.read({name: source})
        return self.method.score(self.context, self.fitted, query, items).values


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

    music: Callable[[str, bool], Any]
    pages: Path | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    _tracks: dict[tuple[str, bool], Track] = field(default_factory=dict)

    def pair(self, output: str, item: str) -> dict[str, Any]:
        """What the comparison of a pair says, as JSON-able values; ``error`` where it could not be made."""
        try:
            match = compare(self._track(output, True), self._track(item, False))
        except VersionMatchError as error:
            return {"item": item, "error": str(error)}
        return {"item": item, **facts_of(match), "page": self._page(match, output, item)}

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
