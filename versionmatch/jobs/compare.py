"""Compare two recordings: what they share, where, in which element, and how unusual that is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..audio.decode import Limits
from ..features.view import FeatureCache, Track
from ..match import explain
from ..match.melodic_passages import melodic_passages
from ..params import CompareParams
from ..scores.sounding import WRITTEN
from ..types import Alignment, Evidence, Manifest, Match, Passage, Span
from ..units import signed_semitones
from .corrections import corrected, digest_of, named, sentences
from .findings import Cohort, findings
from .opening import Source, excerpt, open_track

Progress = Callable[[str], None]

MEASURED = ("cqt", "onsets", "chroma", "melody", "notes", "beats", "key", "chords", "sections", "waveform")
"""What is made of each recording, in this order, and can be drawn."""

MELODIC_P = 0.01
"""Melodic passages that unrelated works share more often than that are not told."""

OF_SOUND = ("waveform", "peaks")
"""What can be made only where the sound itself is at hand."""


def compare(
    query: Source,
    reference: Source,
    params: CompareParams | None = None,
    *,
    cache: FeatureCache | None = None,
    progress: Progress | None = None,
    cohort: Cohort | None = None,
    **settings: Any,
) -> Match:
    """What two recordings have in common, with the evidence for it.

    Parameters
    ----------
    query, reference : path, bytes, open file, ``(samples, sr)`` or Track
        The two recordings or scores; any format that ``versionmatch.load`` reads.
    params : CompareParams, optional
        The settings; or give them as keywords: ``compare(a, b, query_range=(41, 49))``.
    cache : FeatureCache, optional
        Where features outlive the call, such as ``versionmatch.store.artefacts.ArtefactStore``.
    progress : callable, optional
        Called with a short sentence before each step.
    cohort : Cohort, optional
        Recordings that have nothing to do with the two, such as ``Catalogue.cohort(100)``: p-values then say how
        unusual the likeness is for *these two*, each of which is set beside all of the cohort.

    Returns
    -------
    Match
        Relation, probability, evidence by element, shared passages, differences. ``.explain()`` says it
        in words, ``.to_html()`` shows it, ``.to_dict()`` is the JSON document.

    Raises
    ------
    AudioDecodeError, LimitError
        A recording cannot be read, or is larger than a limit.
    ParamsError
        A setting is unknown or out of range.

    Examples
    --------
    >>> from versionmatch.audio import synth
    >>> steps = [0, 4, 7, 5, 4, 2, 0, 7, 9, 7, 5, 4, 2, 4, 0, 0] * 4
    >>> tune = [(60 + step, 0.5 * i, 0.5) for i, step in enumerate(steps)]
    >>> song = synth.melody(tune)
    >>> higher = synth.melody([(pitch + 3, onset, length) for pitch, onset, length in tune])
    >>> match = compare((higher.samples, higher.sr), (song.samples, song.sr))
    >>> match.transposition
    3
    """
    params = params or CompareParams.of(settings)
    tell = progress or (lambda _: None)
    limits = Limits(max_duration_s=params.max_duration_s)
    with ThreadPoolExecutor(2) as pool:
        opened = [
            pool.submit(_measured, source, params, cache, limits, tell, side)
            for source, side in ((query, "A"), (reference, "B"))
        ]
        whole_query, whole_reference = (future.result() for future in opened)
    query_part = _part(whole_query, params.query_range)
    reference_part = _part(whole_reference, params.reference_range)
    offsets = _start(params.query_range), _start(params.reference_range)
    tunes = _melodies(whole_query, whole_reference, params)
    melodies = tuple(_shift_passage(p, -offsets[0], -offsets[1]) for p in tunes)
    found = findings(query_part, reference_part, params, tell, melodies=melodies, cohort=cohort)
    evidence, passages = found.evidence, found.passages
    shifted = tuple(_shift_passage(p, *offsets) for p in passages)
    told = tuple(replace(p, sentence=explain.describe_passage(p, whole_query, whole_reference)) for p in shifted)
    both = (*passages, *melodies)
    return Match(
        query=whole_query.recording,
        reference=whole_reference.recording,
        relation=found.relation,
        probability=found.probability,
        evidence=tuple(_shift_evidence(e, *offsets) for e in evidence),
        transposition=_transposition(evidence, passages or melodies),
        tempo_ratio=_tempo_ratio(passages or melodies),
        passages=(*told, *tunes),
        coverage_query=explain.coverage(both, query_part.recording.duration_s, "query"),
        coverage_reference=explain.coverage(both, reference_part.recording.duration_s, "reference"),
        differences=explain.differences(query_part, reference_part, passages or melodies, evidence, offsets_s=offsets),
        notes=(*_notes(whole_query, whole_reference, params), *found.notes),
        manifest=_manifest(whole_query, whole_reference, query_part, params, cohort),
        query_track=whole_query,
        reference_track=whole_reference,
        elements=found.elements,
        controls=found.controls,
    )


def _melodies(query: Track, reference: Track, params: CompareParams) -> tuple[Passage, ...]:
    """The shared melodic passages, where any measure of notes is asked; silence and tones have none."""
    if "tune" not in params.cues or query.recording.low_information or reference.recording.low_information:
        return ()
    return melodic_passages(
        query,
        reference,
        max_p=MELODIC_P,
        max_n=params.max_passages,
        query_range=params.query_range,
        reference_range=params.reference_range,
    )


def _measured(
    source: Source, params: CompareParams, cache: FeatureCache | None, limits: Limits, tell: Progress, side: str
) -> Track:
    tell(f"{side}: reading the sound")
    part = params.query_melody_part if side == "A" else params.reference_melody_part
    track = open_track(source, extractors=params.extractors, cache=cache, limits=limits, melody_part=part)
    track = corrected(track, params.corrections_a if side == "A" else params.corrections_b)
    for kind in (*MEASURED, *(("peaks",) if "recording" in params.cues else ())):
        if kind in OF_SOUND and "audio" not in track and not track.kept(kind):
            continue
        tell(f"{side}: {kind}")
        _ = track[kind]
    if (
        not track.recording.is_score and Path(track.recording.source).is_file()
    ):  # it can be read again; other sound is kept for the report
        track.release("audio")
    return track


def _part(track: Track, span: tuple[float, float] | None) -> Track:
    return track if span is None else excerpt(track, *span)


def _start(span: tuple[float, float] | None) -> float:
    return span[0] if span else 0.0


def _transposition(evidence: tuple[Evidence, ...], passages: tuple[Passage, ...]) -> int:
    """That of the longest shared passages together; without any, the first cue's."""
    seconds: dict[int, float] = {}
    for p in passages:
        seconds[p.transposition % 12] = seconds.get(p.transposition % 12, 0.0) + p.span.query_duration_s
    if seconds:
        return signed_semitones(max(seconds, key=lambda t: (seconds[t], -t)))
    return signed_semitones(evidence[0].transposition)


def _tempo_ratio(passages: tuple[Passage, ...]) -> float:
    """The passages' ratios, weighed by their lengths, geometric mean; 1.0 without any."""
    if not passages:
        return 1.0
    weights = np.array([p.span.query_duration_s for p in passages])
    ratios = np.array([p.tempo_ratio for p in passages])
    return float(np.exp(np.average(np.log(ratios), weights=weights)))


def _shift_span(span: Span, query_s: float, reference_s: float) -> Span:
    return Span(
        span.query_start_s + query_s,
        span.query_end_s + query_s,
        span.reference_start_s + reference_s,
        span.reference_end_s + reference_s,
    )


def _shift_passage(passage: Passage, query_s: float, reference_s: float) -> Passage:
    if query_s == reference_s == 0:
        return passage
    path = passage.path_s + np.array([query_s, reference_s])
    return replace(passage, span=_shift_span(passage.span, query_s, reference_s), path_s=path)


def _shift_evidence(evidence: Evidence, query_s: float, reference_s: float) -> Evidence:
    if query_s == reference_s == 0:
        return evidence
    moved, old = None, evidence.alignment
    if old is not None:
        frames = np.round(np.array([query_s * old.query_rate, reference_s * old.reference_rate])).astype(np.int32)
        moved = Alignment(old.path + frames, old.cost, old.query_rate, old.reference_rate)
    spans = tuple(_shift_span(s, query_s, reference_s) for s in evidence.spans)
    return replace(evidence, spans=spans, alignment=moved)


_SAID = {
    "silence": "is silent throughout",
    "tone": "holds little but steady tones",
    "too_short": "is too short for a statement",
    "dc_only": "holds a constant value and no sound",
    "clipped": "is clipped in places, which adds overtones that were not played",
    "non_finite": "held samples that were no numbers; they were taken as silence",
    "truncated": "ends before its header says it should",
    "dc_offset": "has a constant offset",
    "single_line": "is a single line over which no chords are written: a harmony of its own it has not",
}


def _notes(query: Track, reference: Track, params: CompareParams) -> tuple[str, ...]:
    """What must be known about the two sounds before the rest is read."""
    sides = (("A", query), ("B", reference))
    scores = tuple(_of_score(side, track) for side, track in sides if track.recording.is_score)
    by_hand = *sentences("A", params.corrections_a), *sentences("B", params.corrections_b)
    flags = (
        f"{side} ({track.recording.label}) {_SAID[flag]}."
        for side, track in sides
        for flag in track.recording.flags
        if flag in _SAID
    )
    return *scores, *by_hand, *flags


def _of_score(side: str, track: Track) -> str:
    """What a score was taken for, and what of it is written."""
    recording = track.recording
    written = [kind for kind in ("chords", "beats") if WRITTEN in track[kind].facts]
    told = f"; {' and '.join(written)} are those written" if written else ""
    melody = track["melody"].facts.get("melody", "corrected by hand")
    return (
        f"{side} ({recording.label}) is a score ({recording.codec.removeprefix('score: ')}), sounded in plain tones; "
        f"its melody is {melody}{told}."
    )


def _manifest(
    query: Track, reference: Track, compared: Track, params: CompareParams, cohort: Cohort | None
) -> Manifest:
    """What is needed to do it again; of an embedding, the model and the digest of all that shapes its vectors."""
    parts = ["numpy", "scipy", "numba", "librosa", "soundfile", "soxr"]
    models = {}
    if "segments" in compared:
        parts += ["torch"] if find_spec("torch") is not None else []
        models[f"model {compared['segments'].model_id}"] = compared["segments"].settings
    versions: Mapping[str, str] = {"versionmatch": __version__, **{name: version(name) for name in parts}, **models}
    inputs = {"query": query.recording.id, "reference": reference.recording.id}
    for side, given in (("A", params.corrections_a), ("B", params.corrections_b)):
        inputs |= {f"{kind} of {side}": digest_of(kind, value) for kind, value in given.items()}
    if cohort is not None:
        ids = "\n".join(t.recording.id for t in cohort.tracks)
        inputs["cohort"] = f"{len(cohort.tracks)} recordings, sha256 of ids {hashlib.sha256(ids.encode()).hexdigest()}"
    told = replace(params, corrections_a=named(params.corrections_a), corrections_b=named(params.corrections_b))
    return Manifest("compare", versions, told.to_dict(), told.digest(), inputs)
