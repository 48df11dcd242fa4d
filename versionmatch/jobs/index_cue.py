"""Cue sheets: the tracks of one long file, such as a record's side or a mix, each an input of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import InputError
from .index_inputs import Named

LINE = re.compile(r'\s*(?:REM\s+)?(\w+)\s+(?:"([^"]*)"|(\S+))(?:\s+(\S+))?')
TO_THE_END = 1e9


def cue_tracks(path: Path) -> Iterator[Named]:
    """A part of a file for each track of a sheet, from its INDEX 01 to that of the next.

    Raises InputError where the sheet cannot be read or has no tracks.
    """
    tracks = list(_tracks(path))
    if not tracks:
        raise InputError(f"{path} names no tracks; a cue sheet has lines FILE, TRACK and INDEX 01")
    for track, after in zip(tracks, [*tracks[1:], None], strict=True):
        file, start_s = str(track["file"]), float(track["start_s"])
        end_s = float(after["start_s"]) if after is not None and after["file"] == file else TO_THE_END
        facts = {name: str(track[name]) for name in ("title", "artist", "isrc", "release") if track.get(name)}
        full = os.path.abspath(path.parent / file)
        key = f"{full}#track={track['number']}"
        if end_s <= start_s:
            yield Named(key, full, verdict=("quarantined", "too_short", f"{path.name} gives the track no length"))
        else:
            yield Named(key, full, (start_s, end_s), facts=facts)


def _tracks(path: Path) -> Iterator[dict[str, str | float]]:
    common: dict[str, str | float] = {}
    track: dict[str, str | float] | None = None
    file = ""
    for line in _text(path).splitlines():
        found = LINE.match(line)
        if found is None:
            continue
        word, value, more = found[1].upper(), found[2] or found[3] or "", found[4] or ""
        if word == "FILE":
            file, track = value, None
        elif word == "TRACK":
            track = {**common, "number": value, "file": file}
        elif word == "INDEX" and value.lstrip("0") == "1" and track is not None and file:
            yield {**track, "start_s": _seconds(path, more)}
            track = None
        elif word in {"TITLE", "PERFORMER", "ISRC"}:
            name = {"TITLE": "title" if track is not None else "release", "PERFORMER": "artist", "ISRC": "isrc"}[word]
            (common if track is None else track)[name] = value


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()[: 1 << 20]
    except OSError as error:
        raise InputError(f"the cue sheet {path} cannot be read: {error.strerror}; check its path") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _seconds(path: Path, text: str) -> float:
    """Minutes, seconds and frames of 1/75 s."""
    found = re.fullmatch(r"(\d+):(\d\d):(\d\d)", text)
    if found is None:
        raise InputError(f"{path}: {text!r} is no time; a cue sheet writes minutes:seconds:frames, such as 03:45:20")
    minutes, seconds, frames = map(int, found.groups())
    return 60 * minutes + seconds + frames / 75
