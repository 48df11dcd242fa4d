"""Evidence put together: a score whose parts say why, and what two recordings are to each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ..types import ElementScore, Evidence, Match, Passage, Recording
from . import calibrate, nulls
from .calibrate import Calibration
from .elements import log_odds
from .explain import coverage
from .nulls import kind_of
from .same import relation_of

LIKELY = 0.5
"""From this probability on, two recordings are called related."""

SURE = 0.9
"""From this probability on they are versions although no passage can be shown; a quarter of versions share none."""

SHARED_SHARE = 0.25
"""Versions share at least this part of the shorter recording; below it, only a passage is related."""


@dataclass(frozen=True, slots=True)
class Fused:
    """Log-odds of being versions: ``parts`` (``prior``, then one by cue) sum exactly to ``total``.

    ``transposition`` (0…11, raises the reference) is the key in which the cues agree most together.
    """

    parts: Mapping[str, float]
    total: float
    probability: float
    transposition: int


def fuse(evidence: Sequence[Evidence], calibration: Calibration | None = None) -> Fused | None:
    """What the cues say together, in the key that suits them best; None where none had anything to measure.

    A cue that found nothing to measure (raw value 0) is left out, and the log-odds fitted without it are used.
    A cue's part is measured against the median unrelated pair, so that a part above 0 speaks for versions.

    >>> found = fuse([Evidence("harmony", 4.0, "times chance")])
    >>> sum(found.parts.values()) == found.total and found.probability > 0.5
    True
    """
    calibration = calibration or calibrate.load()
    known = [e for e in evidence if _weighed(e, calibration)]
    logistic = calibration.logistic_for([e.cue for e in known])
    if logistic is None or all(e.raw == 0.0 for e in known):
        return None
    strengths = {e.cue: calibration.strengths(e) for e in known}
    together = sum(calibration.ranking.get(cue, 0.0) * by_key for cue, (by_key, _) in strengths.items())
    key = int(np.argmax(together))
    usual = {cue: logistic.part(cue, *calibration.usual[cue]) for cue in sorted(strengths)}
    parts = {"prior": logistic.intercept + sum(usual.values())}
    for cue, (by_key, chance) in strengths.items():
        parts[cue] = logistic.part(cue, float(by_key[key]), chance) - usual[cue]
    total = sum(parts.values())
    return Fused(MappingProxyType(parts), total, calibrate.probability_of(total), key)


def weighed(match: Match) -> Fused | None:
    """How a comparison's probability is made up; None where it has none."""
    failed = {control.cue for control in match.controls if not control.passed}
    believed = [e for e in match.evidence if e.cue not in failed]
    return _together(believed, match.elements, kind_of(match.query, match.reference), None)


def _together(
    evidence: Sequence[Evidence], elements: Sequence[ElementScore], kind: str, calibration: Calibration | None
) -> Fused | None:
    """By the log-odds of the kind of pair where it has its own, else by those of recordings."""
    parts = log_odds(evidence, elements, nulls.load(), kind)
    if parts is None:
        return fuse(evidence, calibration)
    strongest = max(evidence, key=lambda e: 0.0 if e.p_value is None else -e.p_value, default=None)
    total = sum(parts.values())
    key = strongest.transposition % 12 if strongest is not None else 0
    return Fused(MappingProxyType(parts), total, calibrate.probability_of(total), key)


def _weighed(evidence: Evidence, calibration: Calibration) -> bool:
    """Whether the cue's value means something here; a model's, only if it was given a null of that model."""
    foreign = evidence.cue in calibrate.MODELLED and evidence.null is None
    return evidence.cue in calibration.nulls and calibrate.measured(evidence.cue, evidence.raw) and not foreign


def judge(
    query: Recording,
    reference: Recording,
    evidence: Sequence[Evidence],
    passages: Sequence[Passage],
    calibration: Calibration | None = None,
    *,
    elements: Sequence[ElementScore] = (),
) -> tuple[str, float | None]:
    """What the two are to each other (one of ``types.RELATIONS``), and the probability of being versions.

    Silence, tones and too-short sound are ``undecided``, without a probability. Equal ids are the ``same recording``,
    and what the recording cue found is said before anything is weighed: the same recording, or an altered one; where it
    is little, at least a ``related passage``. Of a score, whose sound is made of its notes, that cue decides nothing.
    From an even chance on, it is a ``version`` if the shared passages fill a quarter of the shorter recording, else a
    ``related passage``; where there is no passage to show, a ``version`` from ``SURE`` on and ``undecided`` below.
    Scores have log-odds of their own, made of ``elements``.
    """
    if query.low_information or reference.low_information:
        return "undecided", None
    if query.id == reference.id:
        return "same recording", 1.0
    heard = None if query.is_score or reference.is_score else relation_of(evidence)
    if heard is not None and heard[0] != "related passage":
        return heard[0], calibrate.probability_of(heard[1])
    fused = _together(evidence, elements, kind_of(query, reference), calibration)
    if fused is None:
        return "undecided" if heard is None else heard[0], None
    if fused.probability < LIKELY:
        return "unrelated" if heard is None else heard[0], fused.probability
    if not passages and heard is None:
        return ("version" if fused.probability >= SURE else "undecided"), fused.probability
    share = max(coverage(passages, query.duration_s, "query"), coverage(passages, reference.duration_s, "reference"))
    return ("version" if share >= SHARED_SHARE else "related passage"), fused.probability
