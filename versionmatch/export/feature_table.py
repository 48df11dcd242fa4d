"""Notes, chords, beats and key as the tables that ``compare`` takes back as corrections."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from ..types import Annotation
from .facts import annotation, melody_notes

COLUMNS = {
    "notes": ("onset_s", "duration_s", "pitch", "confidence"),
    "chords": ("onset_s", "duration_s", "label", "confidence"),
    "beats": ("onset_s", "confidence"),
    "key": ("onset_s", "duration_s", "label", "confidence"),
}
"""What stands in each table; columns may be added at the end."""


def table(track: Mapping[str, Any], kind: str) -> str:
    r"""One kind of a recording's features as comma-separated values; only the header where it has none.

    Numbers are written in full, so that they are read back as they were. Times are seconds of the whole recording.

    >>> import numpy as np
    >>> beats = Annotation("beats", [0.5, 1.1], [0, 0], ("", ""), [0.7, 1])
    >>> table({"beats": beats}, "beats")
    'onset_s,confidence\n0.5,0.7\n1.1,1.0\n'
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS[kind])
    rows.writerows(_rows(track, kind))
    return text.getvalue()


def _rows(track: Mapping[str, Any], kind: str) -> Iterable[tuple[object, ...]]:
    if kind == "notes":
        notes = melody_notes(track)
        if notes is None:
            return []
        columns = notes.onset_s, notes.duration_s, notes.pitch, notes.confidence
        return zip(*(column.tolist() for column in columns), strict=True)
    found = annotation(track, kind)
    return [] if found is None else _annotated(found)


def _annotated(found: Annotation) -> Iterable[tuple[object, ...]]:
    onset, confidence = found.onset_s.tolist(), found.confidence.tolist()
    if found.kind == "beats":
        return zip(onset, confidence, strict=True)
    return zip(onset, found.duration_s.tolist(), found.labels, confidence, strict=True)
