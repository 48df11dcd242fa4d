"""What is known of one side of a comparison: key, tempo, tuning, chords, notes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import VersionMatchError
from ..types import Annotation, Features, Notes, Recording


def side_path(path: str, side: str) -> str:
    """Where the file of one side goes: the query's at ``path``, the reference's beside it.

    >>> side_path("out/pair.txt", "query"), side_path("out/pair.txt", "reference")
    ('out/pair.txt', 'out/pair.reference.txt')
    """
    if side == "query":
        return path
    head, dot, suffix = path.rpartition(".")
    return f"{head}.{side}.{suffix}" if dot and "/" not in suffix else f"{path}.{side}"


def feature(track: Mapping[str, Any], kind: str) -> Any:
    """That feature of a compared recording, or None where it cannot be had (its sound is not at hand, for one)."""
    try:
        return track[kind]
    except (KeyError, VersionMatchError):
        return None


def annotation(track: Mapping[str, Any], kind: str) -> Annotation | None:
    """That annotation, or None."""
    found = feature(track, kind)
    return found if isinstance(found, Annotation) else None


def melody_notes(track: Mapping[str, Any]) -> Notes | None:
    """The notes of the melody, or None."""
    found = feature(track, "notes")
    return found if isinstance(found, Notes) else None


def key(track: Mapping[str, Any]) -> tuple[str, float] | None:
    """The key over the whole recording and the confidence in it, such as ``("G major", 0.8)``."""
    found = annotation(track, "key")
    return (found.labels[0], float(found.confidence[0])) if found is not None and len(found) else None


def tempo_bpm(track: Mapping[str, Any]) -> float | None:
    """Beats per minute, where a beat was found."""
    found = annotation(track, "beats")
    value = None if found is None else found.facts.get("tempo_bpm")
    return float(value) if isinstance(value, int | float) and value > 0 else None


def tempo_is_sure(track: Mapping[str, Any]) -> bool:
    """Whether the beat is more likely right than not; half and double tempo are its usual errors."""
    found = annotation(track, "beats")
    value = None if found is None else found.facts.get("tempo_confidence")
    return isinstance(value, int | float) and value >= 0.5


def tuning_cents(track: Mapping[str, Any]) -> float | None:
    """How far the recording's tuning is from A4 = 440 Hz."""
    found = feature(track, "cqt")
    value = found.facts.get("tuning_cents") if isinstance(found, Features) else None
    return float(value) if isinstance(value, int | float) else None


def sides(match: Any) -> tuple[tuple[str, str, Recording, Mapping[str, Any]], ...]:
    """``(letter, side, recording, track)`` of both: A is the query, B the reference."""
    return (
        ("A", "query", match.query, match.query_track),
        ("B", "reference", match.reference, match.reference_track),
    )
