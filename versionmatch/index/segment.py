"""One immutable part of an index of postings: a table and the ids of its recordings, in memory or mapped from files.

::

    <folder>/segment.json    format, algorithm, ids, and the sha256 of every array's file
    <folder>/<array>.npy     the arrays of ``fingerprint.table.Table``
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import IntegrityError
from ..fingerprint.hashes import Hashing
from ..fingerprint.table import GAP, Table, table_of
from ..types import Peaks
from ..types.peaks import BIN_STEPS

FORMAT = "versionmatch.postings/1"
ARRAYS = {
    "buckets": np.int64,
    "places": np.uint32,
    "starts": np.int64,
    "peaks_from": np.int64,
    "frames": np.uint32,
    "bins": np.uint16,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What all peaks of an index have in common."""

    algorithm: str
    frame_rate: float
    bin_hz: float


@dataclass(frozen=True, eq=False, slots=True)
class Segment:
    """Recordings ``ids`` in the order of the table."""

    ids: tuple[str, ...]
    table: Table
    kind: Kind

    def peaks(self, row: int) -> Peaks:
        """The peaks of a recording, without their levels."""
        table, k = self.table, self.kind
        own = slice(*table.peaks_from[row : row + 2])
        start, following = (int(s) for s in table.starts[row : row + 2])
        frames = (table.frames[own].astype(np.int64) - start).astype(np.int32)
        bins = (table.bins[own] / BIN_STEPS).astype(np.float32)
        levels = np.zeros(frames.size, np.float32)
        return Peaks(frames, bins, levels, following - GAP - start, k.frame_rate, k.bin_hz, k.algorithm)


def segment_of(items: Sequence[tuple[str, Peaks]], kind: Kind, hashing: Hashing) -> Segment:
    """The segment of these recordings, ordered by id: the order in which they came makes no difference."""
    ordered = sorted(items, key=lambda item: item[0])
    return Segment(tuple(name for name, _ in ordered), table_of([p for _, p in ordered], hashing), kind)


def save(segment: Segment, folder: Path) -> str:
    """Write a segment into a folder that is made; the sha256 of its ``segment.json``."""
    folder.mkdir(parents=True)
    digests = {}
    for name, array in segment.table.arrays().items():
        path = folder / f"{name}.npy"
        with path.open("wb") as file:
            np.save(file, array, allow_pickle=False)
            file.flush()
            os.fsync(file.fileno())
        digests[name] = _digest(path)
    kind, hashing = segment.kind, segment.table.hashing
    content = {
        "format": FORMAT,
        "kind": [kind.algorithm, kind.frame_rate, kind.bin_hz],
        "hashing": [hashing.tier, hashing.kept, hashing.asked, hashing.bits],
        "ids": list(segment.ids),
        "sha256": digests,
    }
    path = folder / "segment.json"
    with path.open("w", encoding="utf-8") as text:
        json.dump(content, text, sort_keys=True)
        text.flush()
        os.fsync(text.fileno())
    return _digest(path)


def load(folder: Path, digest: str) -> Segment:
    """A segment mapped from its files, each of which is read through once and must have the sha256 it was written with.

    Raises IntegrityError where it has not, naming the file.
    """
    path = folder / "segment.json"
    _check(path, digest)
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if content.get("format") != FORMAT:
        raise IntegrityError(f"{path} has the format {content.get('format')!r}, not {FORMAT!r}; build the index anew")
    arrays: dict[str, Any] = {}
    for name, kind in ARRAYS.items():
        file = folder / f"{name}.npy"
        _check(file, content["sha256"][name])
        array = np.load(file, mmap_mode="r", allow_pickle=False)
        if array.ndim != 1 or array.dtype != kind:
            raise IntegrityError(f"{file} holds {array.dtype} {array.shape}, not {kind.__name__}; build the index anew")
        arrays[name] = np.asarray(array)
    return Segment(tuple(content["ids"]), Table(**arrays, hashing=Hashing(*content["hashing"])), Kind(*content["kind"]))


def _check(path: Path, digest: str) -> None:
    found = _digest(path) if path.is_file() else "no file"
    if found != digest:
        raise IntegrityError(
            f"{path} is not what was written: its sha256 is {found[:12]}, not {digest[:12]}; "
            "build the index anew from the stored peaks"
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
