"""Compare two recordings: what they share, where, in which element, and how unusual that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..align.passage import shared_passages
from ..audio.decode import Limits
from ..features.view import FeatureCache, Track
from ..match import calibrate, explain, fuse
from ..match.agreement import melody_agreement
from ..match.cues.passages import PassagesCue, passage_evidence
from ..params import CompareParams
from ..plugins import find
from ..scores.sounding import WRITTEN
from ..types import Alignment, Evidence, Features, Manifest, Match, Passage, Segments, Span
from ..units import signed_semitones
from .corrections import corrected, digest_of, named, sentences
from .opening import Source, excerpt, open_track

Progress = Callable[[str], None]

MEASURED = ("cqt", "onsets", "chroma", "melody", "notes", "beats", "key", "chords", "sections", "waveform")
"""What is made of each recording, in this order, and can be drawn."""

OF_SOUND = ("waveform", "peaks")
"""What can be made only where the sound itself is at hand."""

MELODY_S, MELODY_SHARE = 4.0, 0.6
"""A passage is one of melody too if both have one for that long and it has the same pitch classes for that share."""


def compare(
    query: Source,
    reference: Source,
    params: CompareParams | None = None,
    *,
    cache: FeatureCache | None = None,
    progress: Progress | None = None,
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
    tell("comparing")
    evidence = _evidence(query_part, reference_part, params)
    passages = _passages(query_part, reference_part, params)
    evidence = _with_passages(evidence, passages, query_part, reference_part)
    relation, probability = fuse.judge(query_part.recording, reference_part.recording, evidence, passages)
    offsets = _start(params.query_range), _start(params.reference_range)
    shifted = tuple(_shift_passage(p, *offsets) for p in passages)
    return Match(
        query=whole_query.recording,
        reference=whole_reference.recording,
        relation=relation,
        probability=probability,
        evidence=tuple(_shift_evidence(e, *offsets) for e in evidence),
        transposition=_transposition(evidence, passages),
        tempo_ratio=_tempo_ratio(passages),
        passages=tuple(replace(p, sentence=explain.describe_passage(p, whole_query, whole_reference)) for p in shifted),
        coverage_query=explain.coverage(passages, query_part.recording.duration_s, "query"),
        coverage_reference=explain.coverage(passages, reference_part.recording.duration_s, "reference"),
        differences=explain.differences(query_part, reference_part, passages, evidence, offsets_s=offsets),
        notes=_notes(whole_query, whole_reference, params),
        manifest=_manifest(whole_query, whole_reference, query_part, params),
        query_track=whole_query,
        reference_track=whole_reference,
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


def _start(span: tuple[float, float] | None) -> float:
    return span[0] if span else 0.0


def _part(track: Track, span: tuple[float, float] | None) -> Track:
    return track if span is None else excerpt(track, *span)


def _evidence(query: Track, reference: Track, params: CompareParams) -> tuple[Evidence, ...]:
    """What each cue found, with its null; a model that the calibration was not fitted to has none."""
    calibration = calibrate.load()
    found = []
    for name in params.cues:
        if name == "recording" and not ("peaks" in query and "peaks" in reference):
            continue  # the sound of one is not at hand, only features made from it
        evidence = find("cues", name)().compare(query, reference)
        known = name not in calibrate.MODELLED or _fitted(calibration, name, query["segments"])
        found.append(calibration.apply(evidence) if known else evidence)
    return tuple(found)


def _fitted(calibration: calibrate.Calibration, cue: str, segments: Segments) -> bool:
    return calibration.holds_for(cue, segments.model_id, segments.model_digest)


def _passages(query: Track, reference: Track, params: CompareParams) -> tuple[Passage, ...]:
    if query.recording.low_information or reference.recording.low_information:
        return ()
    found = shared_passages(
        query["chroma"],
        reference["chroma"],
        transposition=params.transposition,
        min_length_s=params.min_passage_s,
        max_n=params.max_passages,
        onsets=(query["onsets"], reference["onsets"]),
    )
    return tuple(_with_melody(p, query["melody"], reference["melody"]) for p in found)


def _with_passages(
    evidence: tuple[Evidence, ...], passages: tuple[Passage, ...], query: Track, reference: Track
) -> tuple[Evidence, ...]:
    """The evidence, and how much is shared beside it; silence and tones share nothing that could be weighed."""
    sides = query.recording, reference.recording
    if any(side.low_information for side in sides) or any(e.cue == PassagesCue.name for e in evidence):
        return evidence
    shared = passage_evidence(passages, *(side.duration_s for side in sides))
    return (*evidence, calibrate.load().apply(shared))


def _with_melody(passage: Passage, query: Features, reference: Features) -> Passage:
    """The passage, with the melody named among its elements where the two melodies agree along it."""
    found = melody_agreement(query, reference, [passage])
    agrees = found.seconds >= MELODY_S and found.share >= MELODY_SHARE
    return replace(passage, elements=(*passage.elements, "melody")) if agrees else passage


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


def _manifest(query: Track, reference: Track, compared: Track, params: CompareParams) -> Manifest:
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
    told = replace(params, corrections_a=named(params.corrections_a), corrections_b=named(params.corrections_b))
    return Manifest("compare", versions, told.to_dict(), told.digest(), inputs)
