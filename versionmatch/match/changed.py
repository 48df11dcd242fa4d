"""Which element sets two versions apart: melody, harmony or rhythm, by what is kept along what they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..harmonic.progression import has_harmony
from ..plugins import find, names
from ..types import ELEMENTS, Evidence, Match
from . import changed_model
from .along import NEEDED, kept_along

KEPT = 0.6
"""By the cues alone, an element is said to be changed only if less than that share of the likest one's is kept."""


def changed_element(match: Match) -> str:
    """The element that sets two versions apart, or ``"none"`` where none stands out.

    The likeliest by ``changed_probabilities``. Where there are none, between two scores above all, the element of which
    the least is kept by the cues (``kept_elements``), if that is clearly less than of the likest element; then
    ``"none"`` also where fewer than two elements could be measured. It says nothing of use about unrelated pairs.
    """
    told = changed_probabilities(match)
    if told:
        return max(told, key=lambda name: told[name])
    kept = kept_elements(match)
    if len(kept) < 2:
        return "none"
    least = min(kept, key=lambda element: kept[element])
    return least if kept[least] < KEPT * max(kept.values()) else "none"


def changed_probabilities(match: Match) -> dict[str, float]:
    """How likely melody, harmony or rhythm sets two versions apart, or ``none``: name → probability; they sum to 1.

    By what is kept along the shared passages of the bass, the chords, the melody's line, all that moves and the onsets
    (``along.kept_along``), weighed as ``changed-v1`` has learned from made pairs in which one element or none was
    changed: of pairs in which more was, it is no frequency.

    Empty where that says nothing: between two scores (whose notes say it better), beside a bare line, which has no
    harmony, and where less than ten seconds are shared or the features are not at hand.
    """
    if match.query.is_score and match.reference.is_score:
        return {}
    sides = (match.query_track, match.reference_track)
    if not all(has_harmony(side) and all(kind in side for kind in NEEDED) for side in sides):
        return {}
    passages = [p for p in match.passages if "harmony" in p.elements]
    return changed_model.load().probabilities(kept_along(*sides, passages))


def kept_elements(match: Match) -> dict[str, float]:
    """How much of each element two share, from 0 (what unrelated pairs have) to 1 (what the same would give).

    For each cue of an element, where its raw value lies between the median unrelated pair's and its own value for
    either recording compared with itself (their geometric mean); of several cues of an element the mean. The value for
    itself is that of a control where the match holds it, else it is measured. Where the features are not at hand, the
    p-value stands in: its logarithm over the least that the null can give. Elements that no cue measured are left out.
    Measures of notes are asked between scores alone: those that a machine hears depend on the instruments.
    """
    written = match.query.is_score and match.reference.is_score
    parts: dict[str, list[float]] = {}
    named = {e.element: e.parts for e in match.elements}
    for evidence in match.evidence:
        element = evidence.element
        if element not in ELEMENTS or (named.get(element) and evidence.cue not in named[element]):
            continue
        if not written and _of_notes(evidence.cue):
            continue
        share = _kept(evidence, match)
        if share is not None:
            parts.setdefault(element, []).append(share)
    return {element: float(np.mean(shares)) for element, shares in parts.items()}


def _of_notes(cue: str) -> bool:
    """Whether a cue reads notes; a machine hears other notes when other instruments play the same."""
    return cue in names("cues") and "notes" in find("cues", cue).needs


def _kept(evidence: Evidence, match: Match) -> float | None:
    """A cue's place between chance and identity; None where it measured nothing."""
    if evidence.null is None:
        return None
    own = _with_itself(evidence.cue, match)
    chance = float(np.median(evidence.null.quantiles))
    if own is not None and own > chance:
        return float(np.clip((evidence.raw - chance) / (own - chance), 0.0, 1.0))
    if evidence.p_value is None:
        return None
    return float(-np.log(evidence.p_value) / np.log(evidence.null.n_pairs + 1))


def _with_itself(cue: str, match: Match) -> float | None:
    """The cue's value where a recording is compared with itself: geometric mean of both; None where it is not known."""
    values = [c.raw for c in match.controls if c.name == "self" and c.cue == cue]
    if not values:
        found = (_measured(cue, track) for track in (match.query_track, match.reference_track))
        values = [value for value in found if value is not None]
    if not values or min(values) <= 0:
        return None
    return float(np.exp(np.mean(np.log(values))))


def _measured(cue: str, track: Mapping[str, Any]) -> float | None:
    """What the cue gives for a recording and itself; None where its plugin or the features are not at hand."""
    if cue not in names("cues"):
        return None
    plugin = find("cues", cue)()
    if any(kind not in track for kind in plugin.needs):
        return None
    return float(plugin.compare(track, track).raw)
