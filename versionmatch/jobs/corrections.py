"""What a person corrected of a recording, read from tables and taken in place of the machine's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..features.view import Track
from ..harmonic.key import Key
from ..scores.reading import READERS, as_text, format_of
from ..scores.sv_layer import is_layer, layer_table
from ..scores.symbols import harte
from ..scores.table import rows as table_rows
from ..scores.voice import melody_notes, melody_part, pitch_track
from ..types import Annotation, Feature

MAX_BYTES = 64 << 20


def corrected(track: Track, corrections: Mapping[str, str]) -> Track:
    """The recording with what was corrected in place of its own; itself where nothing was.

    ``corrections``: of ``CompareParams``. Their ``settings`` are ``corrected-`` and a digest of the file or key, and
    a melody brings its notes with it. Raises InputError, which names the file, its line and what is expected.
    """
    given: dict[str, Feature] = {}
    for kind, value in corrections.items():
        digest = digest_of(kind, value)
        made = _key(track, value) if kind == "key" else _read(track, kind, Path(value))
        given |= {name: replace(feature, settings=f"corrected-{digest[:16]}") for name, feature in made.items()}
    return track.corrected(given) if given else track


def digest_of(kind: str, value: str) -> str:
    """sha256 of the file that a correction is in; of a key, of its text."""
    return hashlib.sha256(value.strip().encode() if kind == "key" else _bytes(kind, Path(value))).hexdigest()


def _bytes(kind: str, path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: {path.stat().st_size:,} bytes are too many for a table of {kind}")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: the corrected {kind} cannot be read ({error.strerror}); check the path") from error


def _read(track: Track, kind: str, path: Path) -> dict[str, Feature]:
    data = _bytes(kind, path)
    try:
        if is_layer(data):
            data = layer_table(data).encode("utf-8")
        if kind == "melody":
            return _melody(track, data, path)
        made = _chords(as_text(data)) if kind == "chords" else _beats(as_text(data))
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    _check_times(path, kind, float(made.onset_s[-1]), track)
    return {kind: made}


def _check_times(path: Path, kind: str, last_s: float, track: Track) -> None:
    if last_s > track.recording.duration_s:
        recording = track.recording
        raise InputError(
            f"{path}: the last of its {kind} begins at {last_s:.2f} s, and {recording.label} lasts "
            f"{recording.duration_s:.2f} s; its times must be those of this recording"
        )


def _melody(track: Track, data: bytes, path: Path) -> dict[str, Feature]:
    """The melody of a table of notes, or of a score in the recording's time."""
    score = READERS[format_of(data[: 1 << 16], "" if path.suffix == ".svl" else path.name) or "csv"](data, None)
    notes = melody_notes(score, melody_part(score))
    _check_times(path, "notes", float(notes.onset_s[-1]), track)
    cqt = track["cqt"]
    return {"notes": notes, "melody": pitch_track(notes, cqt.n_frames, cqt.frame_rate)}


def _rows(text: str, wanted: str, needs: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Line number and cells by column; names as exports write them, with or without ``_s``."""
    lines = text.splitlines()
    header = [h.strip().lower().removesuffix("_s") for h in lines[0].split(",")] if lines else []
    names = ["onset" if h in {"start", "time", "time_s"} else "offset" if h == "end" else h for h in header]
    if any(not set(need.split("|")) & set(names) for need in needs):
        found = lines[0][:60] if lines else ""
        raise InputError(f"a table of {wanted} begins with a line that names its columns; got {found!r}")
    rows = []
    for number, row in table_rows(lines):
        if len(row) != len(names):
            raise InputError(f"line {number} has {len(row)} columns, and the header names {len(names)}")
        rows.append((number, dict(zip(names, row, strict=True))))
    if not rows:
        raise InputError(f"it has no {wanted.partition(' ')[0]}; leave the correction out, or fill the table")
    return rows


def _seconds(row: dict[str, str], name: str, line: int) -> float:
    try:
        value = float(row[name])
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1e6:
        raise InputError(f"line {line}: {name} is {row[name][:40]!r}; seconds, 0 or more, are expected there")
    return value


def _chords(text: str) -> Annotation:
    rows = _rows(text, "chords (onset_s, duration_s or offset_s, label)", ("onset", "duration|offset", "label"))
    onset: list[float] = []
    duration: list[float] = []
    labels: list[str] = []
    for line, row in rows:
        start = _seconds(row, "onset", line)
        length = _seconds(row, "duration", line) if "duration" in row else _seconds(row, "offset", line) - start
        symbol = harte(row["label"])
        if symbol is None or length <= 0 or (onset and start < onset[-1]):
            told = f"{row['label'][:20]!r} from {start:g} s for {length:g} s"
            raise InputError(f"line {line}: {told}; chords such as G:min or Gm are expected, in order, above 0 s long")
        onset.append(start)
        duration.append(length)
        labels.append(symbol)
    return Annotation("chords", np.array(onset), np.array(duration), tuple(labels), np.ones(len(labels)))


def _beats(text: str) -> Annotation:
    rows = _rows(text, "beats (onset_s)", ("onset",))
    times = np.array([_seconds(row, "onset", line) for line, row in rows])
    if times.size < 2 or (np.diff(times) <= 0).any():
        raise InputError(f"{times.size} beats were found there; two or more are needed, each later than the one before")
    facts = {"tempo_bpm": float(60.0 / np.median(np.diff(times))), "tempo_confidence": 1.0}
    return Annotation("beats", times, np.zeros(times.size), ("",) * times.size, np.ones(times.size), facts=facts)


def _key(track: Track, text: str) -> dict[str, Feature]:
    label = Key.of(text).label
    return {"key": Annotation("key", np.zeros(1), np.array([track.recording.duration_s]), (label,), np.ones(1))}


def named(corrections: Mapping[str, str]) -> dict[str, str]:
    """The same with the files' names alone, as a manifest tells no paths."""
    return {kind: value if kind == "key" else Path(value).name for kind, value in corrections.items()}


def sentences(side: str, corrections: Mapping[str, str]) -> tuple[str, ...]:
    """What the match says of them, in neutral words: which part, and the file's digest.

    >>> sentences("A", {"key": "G major"})
    ('Key of A: given by hand, G major.',)
    """
    return tuple(
        f"Key of {side}: given by hand, {value.strip()}."
        if kind == "key"
        else f"{kind.capitalize()} of {side}: corrected by hand, file sha256 {digest_of(kind, value)}."
        for kind, value in corrections.items()
    )
