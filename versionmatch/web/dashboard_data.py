"""A run's tables as script files: compact columns, compressed, in pieces that a page from disk can load on demand.

A page opened from disk may load scripts but fetch nothing. So each file of ``data/`` is one statement that puts a text
into ``window.versionmatchData``: JSON, deflated, in base64.
"""

from __future__ import annotations

import base64
import json
import math
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import InputError
from ..files import write_atomically
from ..tables import CLUSTERS, CONFLICTS, ERRORS, MATCHES, Row, Table

PIECE = 2_000
"""Rows of one file."""
MISSING_LISTED = 2_000
"""Of the conflicts that only say that a number is missing, so many are shown; all of them are in the table."""


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """What the page says of a recording.

    Parameters
    ----------
    title, artist : str, optional
    path : str, optional
        The sound file as seen from the page's folder, with forward slashes; ``sound_path`` makes one.
    duration_s : float, optional
    flags : tuple of str
        What is remarkable about it, such as ``low_information``.
    """

    title: str | None = None
    artist: str | None = None
    path: str | None = None
    duration_s: float | None = None
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.path is not None and (self.path.startswith("/") or not self.path):
            raise InputError(f"{self.path!r} is not a path relative to the page's folder; make one with sound_path")
        if self.duration_s is not None and not 0 <= self.duration_s < math.inf:
            raise InputError(
                f"a duration of {self.duration_s} s cannot be; give seconds, or None where it is not known"
            )

    @property
    def name(self) -> str:
        """By which it is sorted: its title, else its file's name."""
        return self.title or (PurePosixPath(self.path).name if self.path else "")


def sound_path(sound: Path, folder: Path) -> str | None:
    """A sound file as seen from the page's folder; None where no relative path leads there (another drive)."""
    try:
        return Path(os.path.relpath(sound.absolute(), folder.absolute())).as_posix()
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows of a run, checked and in the order in which the page holds them."""

    matches: Sequence[Row]
    clusters: Sequence[Row]
    conflicts: Sequence[Row]
    errors: Sequence[Row]

    @classmethod
    def of(
        cls, matches: Iterable[Row], clusters: Iterable[Row], conflicts: Iterable[Row], errors: Iterable[Row]
    ) -> Tables:
        """The same for any order of the rows."""
        return cls(
            sorted(_checked(MATCHES, matches), key=_surest_first),
            sorted(_checked(CLUSTERS, clusters), key=_original_first),
            sorted(_checked(CONFLICTS, conflicts), key=_by_text),
            sorted(_checked(ERRORS, errors), key=_by_text),
        )

    def named(self) -> set[str]:
        """Ids of all recordings about which the page says more than that a number is missing."""
        pairs = ((row["query_id"], row["ref_id"]) for row in self.matches)
        members = (row["recording_id"] for row in self.clusters)
        told = (row["recording_ids"].split() for row in self.conflicts if row["kind"] != "missing_id")
        return {*chain.from_iterable(pairs), *members, *chain.from_iterable(told)}


def _checked(table: Table, rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [table.checked(row) for row in rows]


def _surest_first(row: Row) -> tuple[float, str, str, float, str]:
    return -row["score"], row["query_id"], row["ref_id"], row["q_start"], str(row)


def _original_first(row: Row) -> tuple[str, bool, str]:
    return row["cluster_id"], row["role"] != "original", row["recording_id"]


def _by_text(row: Row) -> list[str]:
    return [value or "" for value in row.values()]


class Recordings:
    """Recordings by number, in the order of their names."""

    def __init__(self, ids: Iterable[str], known: Mapping[str, RecordingInfo]) -> None:
        nothing = RecordingInfo()
        found = [(known.get(name, nothing), name) for name in ids]
        found.sort(key=lambda pair: (pair[0].name.casefold(), pair[0].name, pair[1]))
        self._found = found
        self.number = {name: i for i, (_, name) in enumerate(found)}

    def columns(self) -> dict[str, Any]:
        """As columns; artists and folders are named once."""
        artists, folders = _Words(), _Words()
        infos = [info for info, _ in self._found]
        parts = [info.path.rpartition("/") if info.path else None for info in infos]
        return {
            "id": [name for _, name in self._found],
            "title": [info.title or "" for info in infos],
            "artist": [artists.number(info.artist or "") for info in infos],
            "folder": [-1 if p is None else folders.number(p[0] + p[1]) for p in parts],
            "file": ["" if p is None else p[2] for p in parts],
            "tenths": [_scaled(info.duration_s, 10) for info in infos],
            "flags": {str(i): list(info.flags) for i, info in enumerate(infos) if info.flags},
            "artists": artists.words,
            "folders": folders.words,
        }


class _Words:
    """Texts that occur often, each by a number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, word: str) -> int:
        return self._numbers.setdefault(word, len(self._numbers))

    @property
    def words(self) -> list[str]:
        return list(self._numbers)


def _scaled(value: float | None, by: int) -> int | None:
    return None if value is None else round(value * by)


def _share(value: float) -> int:
    """In ten thousandths; what is less than certain is not rounded to certainty."""
    return min(round(10_000 * value), 10_000 if value >= 1 else 9_999)


def pieces(tables: Tables, known: Mapping[str, RecordingInfo]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every file's name without suffix, and its columns."""
    recordings = Recordings(sorted(tables.named()), known)
    yield "recordings", recordings.columns()
    yield "index", _index(tables.matches, recordings)
    yield from _cut("matches", tables.matches, _details)
    yield from _cut("clusters", tables.clusters, lambda rows: _members(rows, recordings))
    yield from _cut("conflicts", listed(tables.conflicts), lambda rows: _plain(CONFLICTS, rows))
    yield from _cut("errors", tables.errors, lambda rows: _plain(ERRORS, rows))


def listed(conflicts: Sequence[Row]) -> list[Row]:
    """All but the conflicts of a missing number beyond ``MISSING_LISTED``."""
    missing = [row for row in conflicts if row["kind"] == "missing_id"]
    return [row for row in conflicts if row["kind"] != "missing_id"] + missing[:MISSING_LISTED]


def _cut(
    name: str, rows: Sequence[Row], columns: Callable[[Sequence[Row]], dict[str, Any]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, start in enumerate(range(0, len(rows), PIECE), start=1):
        yield f"{name}-{number:05d}", columns(rows[start : start + PIECE])


def _index(rows: Sequence[Row], recordings: Recordings) -> dict[str, Any]:
    """What matches are filtered and sorted by."""
    tiers = _Words()
    return {
        "tier": [tiers.number(row["tier"]) for row in rows],
        "score": [_share(row["score"]) for row in rows],
        "matched": [_scaled(row["matched_s"], 10) for row in rows],
        "query": [recordings.number[row["query_id"]] for row in rows],
        "reference": [recordings.number[row["ref_id"]] for row in rows],
        "tiers": tiers.words,
    }


def _details(rows: Sequence[Row]) -> dict[str, Any]:
    """What is shown of a match once it is opened; times in hundredths of a second."""
    methods, models = _Words(), _Words()
    out: dict[str, Any] = {
        name: [_scaled(row[name], 100) for row in rows] for name in ("q_start", "q_end", "r_start", "r_end")
    }
    out["p_null"] = [None if row["p_null"] is None else float(f"{row['p_null']:.3g}") for row in rows]
    out["transpose"] = [row["transpose"] for row in rows]
    out["tempo_ratio"] = [_scaled(row["tempo_ratio"], 10_000) for row in rows]
    out["coverage_q"] = [_scaled(row["coverage_q"], 1000) for row in rows]
    out["coverage_r"] = [_scaled(row["coverage_r"], 1000) for row in rows]
    out["rank"] = [row["rank"] for row in rows]
    out["method"] = [methods.number(row["method"]) for row in rows]
    out["model_id"] = [models.number(row["model_id"] or "") for row in rows]
    return {**out, "methods": methods.words, "models": models.words}


def _members(rows: Sequence[Row], recordings: Recordings) -> dict[str, Any]:
    return {
        "cluster": [row["cluster_id"] for row in rows],
        "recording": [recordings.number[row["recording_id"]] for row in rows],
        "role": [row["role"] for row in rows],
        "confidence": [_share(row["confidence"]) for row in rows],
        "reason": [row["reason"] for row in rows],
    }


def _plain(table: Table, rows: Sequence[Row]) -> dict[str, Any]:
    return {name: [row[name] for row in rows] for name in table.names}


def as_script(name: str, columns: Mapping[str, Any]) -> bytes:
    """One statement; there is nothing in it that any text of the columns could change."""
    text = json.dumps(columns, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    packed = base64.b64encode(zlib.compress(text.encode("ascii"), 6)).decode("ascii")
    return f'(window.versionmatchData=window.versionmatchData||{{}})["{name}"]="{packed}";\n'.encode("ascii")


def write_pieces(folder: Path, tables: Tables, known: Mapping[str, RecordingInfo]) -> dict[str, int]:
    """Write all files into a folder and take away those of an earlier, longer page; how many there are of each kind."""
    counts: dict[str, int] = {}
    written = set()
    for name, columns in pieces(tables, known):
        kind = name.partition("-")[0]
        counts[kind] = counts.get(kind, 0) + 1
        written.add(f"{name}.js")
        with write_atomically(folder / f"{name}.js") as file:
            file.write(as_script(name, columns))
    for kind in ("matches", "clusters", "conflicts", "errors"):
        for path in folder.glob(f"{kind}-[0-9][0-9][0-9][0-9][0-9].js"):
            if path.name not in written:
                path.unlink()
    return counts
