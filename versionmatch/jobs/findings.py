"""All that is found between two opened tracks: evidence with its nulls, passages, controls, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..features.view import Track
from ..harmonic.progression import has_harmony
from ..match import calibrate, fuse, nulls
from ..match.agreement import melody_agreement
from ..match.cohort import beside, cohort_nulls
from ..match.controls import controls
from ..match.cues.passages import PassagesCue, passage_evidence, passages_between
from ..match.elements import element_scores
from ..match.same import relation_of
from ..match.withheld import withheld
from ..params import CompareParams
from ..plugins import find
from ..types import Control, ElementScore, Evidence, Features, Passage, Segments

MELODY_S, MELODY_SHARE = 4.0, 0.6
"""A passage is one of melody too if both have one for that long and it has the same pitch classes for that share."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What ``Match`` says of two tracks, times as in the tracks."""

    evidence: tuple[Evidence, ...]
    passages: tuple[Passage, ...]
    elements: tuple[ElementScore, ...]
    controls: tuple[Control, ...]
    relation: str
    probability: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cohort:
    """Recordings that have nothing to do with the two, beside which the two are set; ``name`` says of what."""

    name: str
    tracks: tuple[Track, ...]


def findings(
    query: Track,
    reference: Track,
    params: CompareParams,
    tell: Callable[[str], None],
    *,
    melodies: Sequence[Passage] = (),
    cohort: Cohort | None = None,
) -> Findings:
    """Everything that is found; the same two tracks and settings give the same.

    ``melodies`` are the shared melodic passages, found beforehand, in the times of the two tracks.
    """
    tell("comparing")
    kind = nulls.kind_of(query.recording, reference.recording)
    cues = _cues(query, reference, params)
    evidence = tuple(_asked(cue, query, reference, kind) for cue in cues)
    if cohort is not None:
        evidence = _beside(cues, evidence, query, reference, cohort, tell)
    made: tuple[Control, ...] = ()
    if params.controls:
        tell("controls")
        made = controls(cues, evidence, query, reference, nulls.load(), kind)
    refused = withheld(made)
    passages = _passages(query, reference, params, evidence)
    evidence = _with_passages(evidence, passages, query, reference)
    believed = tuple(e for e in evidence if e.cue not in refused)
    elements = element_scores(believed, nulls.load(), kind)
    shared = (*passages, *melodies)
    relation, probability = _judged(query, reference, believed, shared, elements)
    notes: tuple[str, ...] = ()
    if refused and relation not in CLAIMS:
        everything = element_scores(evidence, nulls.load(), kind)
        if _judged(query, reference, evidence, shared, everything)[0] in CLAIMS:
            relation, probability = "undecided", None
            notes = tuple(f"Refused: {cue}: {reason}" for cue, reason in refused.items())
    return Findings(evidence, passages, elements, made, relation, probability, notes)


def _beside(
    cues: list[Any],
    evidence: tuple[Evidence, ...],
    query: Track,
    reference: Track,
    cohort: Cohort,
    tell: Callable[[str], None],
) -> tuple[Evidence, ...]:
    """The evidence beside a cohort that holds neither of the two."""
    own = {query.recording.id, reference.recording.id}
    strangers = [t for t in cohort.tracks if t.recording.id not in own]
    tell(f"beside {len(strangers)} recordings of {cohort.name}")
    asked = [cue for cue in cues if cue.name != "recording"]
    made = cohort_nulls(asked, query, reference, strangers, corpus=cohort.name)
    return tuple(beside(e, made) for e in evidence)


def _judged(
    query: Track,
    reference: Track,
    evidence: tuple[Evidence, ...],
    passages: tuple[Passage, ...],
    elements: tuple[ElementScore, ...],
) -> tuple[str, float | None]:
    return fuse.judge(query.recording, reference.recording, evidence, passages, elements=elements)


CLAIMS = ("version", "related passage")
"""What a failed control can refute: the sound itself needs no likeness, and no relation claims none."""


def _cues(query: Track, reference: Track, params: CompareParams) -> list[Any]:
    """The cues that are asked: that of the recording only where both sounds are at hand, no embedding of a line."""
    sound = "peaks" in query and "peaks" in reference
    bare = _bare(query, reference)
    names = [n for n in params.cues if not (n == "recording" and not sound) and not (n == "embedding" and bare)]
    return [find("cues", name)() for name in names]


def _asked(cue: Any, query: Track, reference: Track, kind: str) -> Evidence:
    """What a cue found, with its null; a model that the calibration was not fitted to has none."""
    calibration = calibrate.load()
    evidence: Evidence = cue.compare(query, reference)
    if cue.name in calibrate.MODELLED and not _fitted(calibration, cue.name, query["segments"]):
        return evidence
    return nulls.load().apply(calibration.apply(evidence), kind)


def _bare(query: Track, reference: Track) -> bool:
    """Whether one of the two is a single line: its chroma is its melody once more, and no network has learnt such."""
    return not (has_harmony(query) and has_harmony(reference))


def _fitted(calibration: calibrate.Calibration, cue: str, segments: Segments) -> bool:
    return calibration.holds_for(cue, segments.model_id, segments.model_digest)


def _passages(
    query: Track, reference: Track, params: CompareParams, evidence: tuple[Evidence, ...]
) -> tuple[Passage, ...]:
    if query.recording.low_information or reference.recording.low_information or _bare(query, reference):
        return ()
    found = passages_between(
        query,
        reference,
        same_sound=_same_sound(query, reference, evidence),
        transposition=params.transposition,
        min_length_s=params.min_passage_s,
        max_n=params.max_passages,
    )
    return tuple(_with_melody(p, query["melody"], reference["melody"]) for p in found)


def _same_sound(query: Track, reference: Track, evidence: tuple[Evidence, ...]) -> bool:
    """Whether the sound itself says that the two are one recording, altered or not; of scores it says nothing."""
    if query.recording.is_score or reference.recording.is_score:
        return False
    told = relation_of(evidence)
    return told is not None and told[0] in ("same recording", "altered recording")


def _with_passages(
    evidence: tuple[Evidence, ...], passages: tuple[Passage, ...], query: Track, reference: Track
) -> tuple[Evidence, ...]:
    """The evidence, and how much is shared beside it; silence and tones share nothing that could be weighed."""
    sides = query.recording, reference.recording
    if any(side.low_information for side in sides) or any(e.cue == PassagesCue.name for e in evidence):
        return evidence
    if _bare(query, reference):
        return evidence
    shared = passage_evidence(passages, *(side.duration_s for side in sides))
    return (*evidence, calibrate.load().apply(shared))


def _with_melody(passage: Passage, query: Features, reference: Features) -> Passage:
    """The passage, with the melody named among its elements where the two melodies agree along it."""
    found = melody_agreement(query, reference, [passage])
    agrees = found.seconds >= MELODY_S and found.share >= MELODY_SHARE
    return replace(passage, elements=(*passage.elements, "melody")) if agrees else passage
