"""What one process does for a retrieval benchmark: sketches of a recording, and a row of pairs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, VersionMatchError
from ..features.view import Track
from ..files import write_atomically
from ..match.ranking import ROW
from ..plugins import find
from ..store.artefacts import ArtefactStore
from ..types import DoubleArray, Features, Recording
from .opening import open_track
from .retrieval_items import Item

NPZ_FRAME_RATE = 10.0  # of CQT features in a .npz

_shared: list[Any] = [None]


@dataclass(frozen=True, eq=False, slots=True)
class Sketched:
    """What is kept of one recording: a sketch by cue, or why there is none."""

    item: Item
    audio_id: str = ""
    recording_id: str = ""
    sketches: dict[str, Any] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    error: str | None = None


def begin(shared: tuple[Any, ...] | None) -> None:
    """Called once in each process: what all its tasks read."""
    _shared[0] = shared


def sketch(task: tuple[Item, tuple[str, ...], str | None, dict[str, str]]) -> Sketched:
    """The sketches of one item for the named cues; a file that cannot be used gives its error instead."""
    item, cues, cache_dir, extractors = task
    try:
        track = open_item(item, cache_dir, extractors)
        chosen = {cue: find("cues", cue)() for cue in cues}
        sketches = {cue: plugin.sketch(track) for cue, plugin in chosen.items()}
        digests = {cue: ",".join(track.settings(need) for need in plugin.needs) for cue, plugin in chosen.items()}
    except (VersionMatchError, OSError) as error:
        return Sketched(item, error=str(error).replace(item.path, item.label))
    recording = track.recording
    return Sketched(item, recording.id, item.recording_id or recording.id, sketches, digests)


def open_item(item: Item, cache_dir: str | None, extractors: dict[str, str]) -> Track:
    """The item as a Track: from sound or a score, or from CQT features alone."""
    store = ArtefactStore(cache_dir) if cache_dir is not None else None
    if item.key is None:
        return open_track(item.path, extractors=extractors, cache=store)
    cqt = _cqt(item)
    digest = hashlib.sha256(b"versionmatch-cqt-1" + cqt.values.tobytes()).hexdigest()
    recording = Recording(digest, item.label, cqt.n_frames / cqt.frame_rate)
    return Track(recording, {"cqt": cqt}, choice=extractors, cache=store)


def _cqt(item: Item) -> Features:
    with np.load(item.path, allow_pickle=False) as archive:
        if item.key not in archive.files:
            raise InputError(f"{item.label}: there is no such array in the file; it holds {len(archive.files)} others")
        values = archive[item.key]
    if values.ndim != 2 or values.shape[0] != 84:
        raise InputError(f"{item.label} must be a CQT of shape (84, n_frames); got {values.shape}")
    if values.dtype == np.uint8:  # the root of the magnitude, in 255 steps
        values = (values.astype(np.float32) / 255.0) ** 2
    return Features("cqt", values, NPZ_FRAME_RATE)


def row(i: int) -> tuple[int, DoubleArray]:
    """Sketch ``i`` with all later ones, ``(n, 13)``; also written to the rows' folder, where there is one."""
    cue, sketches, folder = _shared[0]
    plugin = _plugin(cue)
    values = np.full((len(sketches) - 1 - i, ROW), np.nan)
    for at, other in enumerate(sketches[i + 1 :]):
        found = plugin.by_key(sketches[i], other)
        if found is not None:
            values[at] = found
    if folder is not None:
        _write_row(folder, i, values)
    return i, values


@cache
def _plugin(cue: str) -> Any:
    return find("cues", cue)()


def cue_settings(cue: str) -> dict[str, Any]:
    """What shapes a cue's raw values, as far as it says so."""
    return dict(getattr(_plugin(cue), "settings", {}))


def read_row(folder: Path | None, i: int, n: int) -> DoubleArray | None:
    """A finished row, or None where it is missing or damaged."""
    path = folder / f"{i:06d}.f64" if folder is not None else None
    if path is None or not path.is_file():
        return None
    values = np.fromfile(path, dtype="<f8")
    return values.reshape(n, ROW) if values.size == n * ROW else None


def _write_row(folder: Path, i: int, values: DoubleArray) -> None:
    with write_atomically(folder / f"{i:06d}.f64") as file:
        file.write(values.astype("<f8").tobytes())
