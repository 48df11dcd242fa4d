"""How much each element says: the −ln p of its measures added up, and shares that sum to the whole exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..types import ELEMENTS, ElementScore, Evidence, Null
from .nulls import NullTable

OVERALL = "overall"


def element_scores(evidence: Sequence[Evidence], table: NullTable, kind: str) -> tuple[ElementScore, ...]:
    """Melody, harmony and rhythm, each the sum of −ln p of those of its cues that have a null, then ``overall``.

    ``parts`` are the summands by cue, of ``overall`` those by element; an element's ``share`` is its part of the whole.
    Elements without any such cue are left out. ``p_value`` and ``null`` are those of the sum beside the sums of
    unrelated pairs, measures of one element being far from independent (``NullTable.together``).
    """
    by_element = {element: _known(evidence, element) for element in ELEMENTS}
    parts = {
        element: {e.cue: -math.log(e.p_value) for e in found if e.p_value is not None}
        for element, found in by_element.items()
        if found
    }
    nats = {element: math.fsum(cues.values()) for element, cues in parts.items()}
    total = math.fsum(nats.values())
    scores = []
    for element, cues in parts.items():
        share = nats[element] / total if total else 0.0
        scores.append(ElementScore(element, nats[element], cues, share, *_beside(by_element[element], table, kind)))
    if not scores:
        return ()
    everything = [e for found in by_element.values() for e in found]
    whole = ElementScore(OVERALL, total, nats, 1.0 if total else 0.0, *_beside(everything, table, kind))
    return (*scores, whole)


OTHERS = ("embedding",)
"""Cues of no element that are weighed beside them. Passages have no null among scores: unrelated ones share none."""


def strengths(evidence: Sequence[Evidence], scores: Sequence[ElementScore]) -> dict[str, float]:
    """What log-odds of elements are made of: of each element the mean −ln p of its measures, and that of ``OTHERS``."""
    found = {s.element: s.nats / len(s.parts) for s in scores if s.element != OVERALL}
    others = {e.cue: -math.log(e.p_value) for e in evidence if e.cue in OTHERS and e.p_value is not None}
    return found | others


def log_odds(
    evidence: Sequence[Evidence], scores: Sequence[ElementScore], table: NullTable, kind: str
) -> dict[str, float] | None:
    """Log-odds of being versions by part: ``prior``, elements and ``OTHERS``; None where the kind has none fitted.

    A part is measured against what chance gives on average, a −ln p of 1, so that a part above 0 speaks for versions.
    """
    known = strengths(evidence, scores)
    logistic = table.odds.get(kind, {}).get("+".join(sorted(known)))
    if logistic is None:
        return None
    parts = {name: logistic.weights[name] * (value - 1.0) for name, value in sorted(known.items())}
    return {"prior": logistic.intercept + math.fsum(logistic.weights.values()), **parts}


def _known(evidence: Sequence[Evidence], element: str) -> list[Evidence]:
    return [e for e in evidence if e.element == element and e.p_value is not None]


def _beside(found: Sequence[Evidence], table: NullTable, kind: str) -> tuple[float, Null] | tuple[None, None]:
    return table.together(kind, {e.cue: e.p_value for e in found if e.p_value is not None}) or (None, None)
