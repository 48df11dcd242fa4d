"""A comparison as JSON: everything in it, under a versioned schema, with keys in one order."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..types import (
    Alignment,
    Common,
    Control,
    DoubleArray,
    ElementScore,
    Evidence,
    Manifest,
    Match,
    Null,
    Passage,
    Recording,
    Span,
)
from .facts import key, tempo_bpm, tuning_cents
from .path import simplified

SCHEMA = "versionmatch.match/1"
"""The first number grows when a field changes its meaning or goes away; fields may be added within it."""


class JsonExporter:
    """The whole comparison as one JSON document that ends with a newline."""

    name, suffix = "json", ".json"

    def document(self, match: Match) -> dict[str, Any]:
        """JSON-able data: numbers are finite or null, paths are thinned to 20 ms."""
        return {
            "schema": SCHEMA,
            "relation": match.relation,
            "probability": _number(match.probability),
            "transposition": match.transposition,
            "tempo_ratio": _number(match.tempo_ratio),
            "coverage_query": _number(match.coverage_query),
            "coverage_reference": _number(match.coverage_reference),
            "query": _recording(match.query, match.query_track),
            "reference": _recording(match.reference, match.reference_track),
            "evidence": [_evidence(item) for item in match.evidence],
            "elements": [_element(score) for score in match.elements],
            "controls": [_control(control) for control in match.controls],
            "passages": [_passage(number, p) for number, p in enumerate(match.passages, start=1)],
            "differences": list(match.differences),
            "notes": list(match.notes),
            "manifest": _manifest(match.manifest),
        }

    def export(self, match: Match, path: Path) -> None:
        """Write the document, UTF-8."""
        path.write_text(self.text(match), encoding="utf-8")

    def text(self, match: Match) -> str:
        """The document as JSON text."""
        return text_of(self.document(match))


def text_of(document: Mapping[str, Any]) -> str:
    """The JSON text of a document: two spaces, plain letters of all languages, one newline at the end."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _number(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _recording(recording: Recording, track: Mapping[str, Any]) -> dict[str, Any]:
    found = key(track)
    return {
        "id": recording.id,
        "source": recording.source,
        "label": recording.label,
        "title": recording.title,
        "artist": recording.artist,
        "isrc": recording.isrc,
        "work_id": recording.work_id,
        "duration_s": _number(recording.duration_s),
        "sr": recording.sr,
        "channels": recording.channels,
        "codec": recording.codec,
        "flags": list(recording.flags),
        "key": None if found is None else {"label": found[0], "confidence": _number(found[1])},
        "tempo_bpm": _number(tempo_bpm(track)),
        "tuning_cents": _number(tuning_cents(track)),
    }


def _evidence(item: Evidence) -> dict[str, Any]:
    return {
        "cue": item.cue,
        "element": item.element,
        "raw": _number(item.raw),
        "unit": item.unit,
        "size": _number(item.size),
        "chance": {name: _number(value) for name, value in item.chance.items()},
        "score": _number(item.score),
        "p_value": _number(item.p_value),
        "null": _null(item.null, item.raw),
        "transposition": item.transposition,
        "spans": [_span(span) for span in item.spans],
        "alignment": _alignment(item.alignment),
        "details": {name: _number(value) for name, value in item.details.items()},
        "notes": list(item.notes),
    }


def _element(score: ElementScore) -> dict[str, Any]:
    return {
        "element": score.element,
        "nats": _number(score.nats),
        "share": _number(score.share),
        "parts": {cue: _number(nats) for cue, nats in score.parts.items()},
        "p_value": _number(score.p_value),
        "null": _null(score.null, score.nats),
    }


def _control(control: Control) -> dict[str, Any]:
    return {
        "name": control.name,
        "cue": control.cue,
        "raw": _number(control.raw),
        "p_value": _number(control.p_value),
        "passed": control.passed,
        "sentence": control.sentence,
    }


def _null(null: Null | None, raw: float) -> dict[str, Any] | str:
    if null is None:
        return "none"
    return {
        "corpus": null.corpus,
        "n_pairs": null.n_pairs,
        "percentile": _number(null.percentile(raw)),
        "provenance": null.provenance,
    }


def _span(span: Span) -> dict[str, Any]:
    return {
        "query_start_s": span.query_start_s,
        "query_end_s": span.query_end_s,
        "reference_start_s": span.reference_start_s,
        "reference_end_s": span.reference_end_s,
    }


def _alignment(alignment: Alignment | None) -> dict[str, Any] | None:
    if alignment is None:
        return None
    return {"cost": _number(alignment.cost), "path_s": _path(alignment.times_s)}


def _path(path_s: DoubleArray) -> list[list[float]]:
    return [[round(float(time), 3) for time in point] for point in simplified(path_s)]


def _passage(number: int, passage: Passage) -> dict[str, Any]:
    return {
        "name": f"P{number}",
        **_span(passage.span),
        "elements": list(passage.elements),
        "similarity": _number(passage.similarity),
        "transposition": passage.transposition,
        "tempo_ratio": _number(passage.tempo_ratio),
        "sentence": passage.sentence,
        "notes": None if passage.notes is None else passage.notes.tolist(),
        "times": None if passage.times is None else list(passage.times),
        "bars": [None if bars is None else list(bars) for bars in passage.bars],
        "common": _common(passage.common),
        "p_value": _number(passage.p_value),
        "path_s": _path(passage.path_s),
    }


def _common(common: Common | None) -> dict[str, Any] | None:
    if common is None:
        return None
    return {
        "corpus": common.corpus,
        "figure": common.figure,
        "n_with": common.n_with,
        "n_works": common.n_works,
        "start": common.start,
        "length": common.length,
    }


def _manifest(manifest: Manifest) -> dict[str, Any]:
    return {
        "job": manifest.job,
        "versions": _plain(manifest.versions),
        "params": _plain(manifest.params),
        "params_digest": manifest.params_digest,
        "inputs": _plain(manifest.inputs),
        "seed": manifest.seed,
    }


def _plain(value: Any) -> Any:
    """Mappings and sequences as dicts and lists, NumPy numbers as Python's, whatever JSON does not know as text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return _number(value)
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, Iterable):
        return [_plain(item) for item in value]
    return str(value)
