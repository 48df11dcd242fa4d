"""A comparison as JAMS, the JSON Annotated Music Specification (Humphrey et al., ISMIR 2014)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..types import Annotation, Match, Passage, Recording
from .document import text_of
from .facts import annotation, key, melody_notes, side_path, tempo_bpm

JAMS_VERSION = "0.3.4"
_SPELLING = str.maketrans({"♯": "#", "♭": "b", " ": ":"})


class JamsExporter:
    """Two JAMS files, since each describes one recording: the query at the path, the reference at ``….reference.jams``.

    Annotations: shared passages (``segment_open``; the sandbox of the annotation says where each is in the other
    recording), chords, key, beats, tempo and melody notes, as far as they are known.
    """

    name, suffix = "jams", ".jams"

    def export(self, match: Match, path: Path) -> None:
        """Write both files."""
        for side in ("query", "reference"):
            target = Path(side_path(str(path), side))
            target.write_text(text_of(self.document(match, side=side)), encoding="utf-8")

    def document(self, match: Match, *, side: str = "query") -> dict[str, Any]:
        """The JAMS document of the query, or of the ``reference``."""
        own = match.query if side == "query" else match.reference
        other = match.reference if side == "query" else match.query
        track = match.query_track if side == "query" else match.reference_track
        annotations = [_passages(match.passages, side, own), *_annotations(track, own.duration_s)]
        return {
            "file_metadata": _metadata(own),
            "annotations": annotations,
            "sandbox": {
                "versionmatch": {
                    "side": side,
                    "other": {"label": other.label, "id": other.id, "duration_s": other.duration_s},
                    "relation": match.relation,
                    "probability": match.probability,
                    "transposition": match.transposition,
                    "tempo_ratio": match.tempo_ratio,
                    "params_digest": match.manifest.params_digest,
                }
            },
        }


def _metadata(recording: Recording) -> dict[str, Any]:
    return {
        "title": recording.title or recording.label,
        "artist": recording.artist or "",
        "release": "",
        "duration": recording.duration_s,
        "jams_version": JAMS_VERSION,
        "identifiers": {"sha256_pcm": recording.id, **({"isrc": recording.isrc} if recording.isrc else {})},
    }


def _annotation(
    namespace: str, data: list[dict[str, Any]], duration_s: float, sandbox: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "annotation_metadata": {
            "annotation_tools": "versionmatch",
            "annotation_rules": "",
            "corpus": "",
            "data_source": "program",
            "validation": "",
            "version": "",
            "curator": {"name": "", "email": ""},
            "annotator": {},
        },
        "data": data,
        "sandbox": dict(sandbox),
        "time": 0,
        "duration": duration_s,
    }


def _observation(time: float, duration: float, value: Any, confidence: float | None) -> dict[str, Any]:
    return {"time": time, "duration": duration, "value": value, "confidence": confidence}


def _passages(passages: Sequence[Passage], side: str, own: Recording) -> dict[str, Any]:
    other = "reference" if side == "query" else "query"
    data, there = [], {}
    for number, passage in enumerate(passages, start=1):
        start, end = _times(passage, side)
        data.append(_observation(start, end - start, f"P{number}", passage.similarity))
        start, end = _times(passage, other)
        there[f"P{number}"] = {"start_s": start, "end_s": end, "sentence": passage.sentence}
    return _annotation("segment_open", data, own.duration_s, {f"in_{other}": there})


def _times(passage: Passage, side: str) -> tuple[float, float]:
    return getattr(passage.span, f"{side}_start_s"), getattr(passage.span, f"{side}_end_s")


def _annotations(track: Mapping[str, Any], duration_s: float) -> list[dict[str, Any]]:
    """Chords, key, beats, tempo and notes: those that are known."""
    made = []
    chords, beats, notes, home, tempo = (
        annotation(track, "chords"),
        annotation(track, "beats"),
        melody_notes(track),
        key(track),
        tempo_bpm(track),
    )
    if chords is not None:
        made.append(_annotation("chord", _labelled(chords), duration_s, {}))
    if home is not None:
        value = home[0].translate(_SPELLING)
        made.append(_annotation("key_mode", [_observation(0.0, duration_s, value, home[1])], duration_s, {}))
    if beats is not None:
        columns = zip(beats.onset_s.tolist(), beats.confidence.tolist(), strict=True)
        made.append(_annotation("beat", [_observation(t, 0.0, None, c) for t, c in columns], duration_s, {}))
    if tempo is not None:
        made.append(
            _annotation("tempo", [_observation(0.0, duration_s, tempo, _tempo_confidence(beats))], duration_s, {})
        )
    if notes is not None:
        rows = zip(*(c.tolist() for c in (notes.onset_s, notes.duration_s, notes.pitch, notes.confidence)), strict=True)
        made.append(_annotation("note_midi", [_observation(*row) for row in rows], duration_s, {}))
    return made


def _labelled(chords: Annotation) -> list[dict[str, Any]]:
    columns = zip(
        chords.onset_s.tolist(), chords.duration_s.tolist(), chords.labels, chords.confidence.tolist(), strict=True
    )
    return [_observation(time, length, _chord(label), confidence) for time, length, label, confidence in columns]


def _chord(label: str) -> str:
    """The label as JAMS spells it; anything else than a chord is X."""
    plain = label.translate(_SPELLING)
    return plain if re.match(r"([A-G][#b]*(:|/|$))|[NX]$", plain) else "X"


def _tempo_confidence(beats: Annotation | None) -> float:
    value = None if beats is None else beats.facts.get("tempo_confidence")
    return min(1.0, max(0.0, float(value))) if isinstance(value, int | float) else 0.0
