"""A melody written down: its notes on sixteenths and triplets of the beats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ..types import DoubleArray, IntArray, Notes
from ..types.value import Value, frozen
from .beat_grid import BeatGrid

UNITS = 24  # of a quarter: sixteenths, thirty-seconds and their triplets are whole numbers of it
GRIDS = ((4, 0.0), (3, 0.03), (8, 0.05), (6, 0.06))
"""Parts of a beat, and how much worse than its notes' mean distance from it each must be to be passed over."""

FINEST = 12
EARLY = 0.125  # a note that begins so little (in quarters) before a beat is one of that beat
LEGATO = 0.25  # a shorter silence between two notes is not written


@dataclass(frozen=True, eq=False, slots=True)
class Written(Value):
    """Notes in 24ths of a quarter: ``onset``, ``duration``, ``pitch`` (whole MIDI), ``index`` of each among the notes.

    ``grids``: into how many parts each beat with notes was divided (4 where none is named). ``left_out`` notes found
    no place of their own, as twelve to a beat are the most.
    """

    onset: IntArray
    duration: IntArray
    pitch: IntArray
    index: IntArray
    grids: Mapping[int, int]
    left_out: int = 0

    def __post_init__(self) -> None:
        for name in ("onset", "duration", "pitch", "index"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int32))
        object.__setattr__(self, "grids", MappingProxyType(dict(self.grids)))

    def __len__(self) -> int:
        return int(self.onset.size)

    @property
    def end(self) -> int:
        """Where the last note ends."""
        return int((self.onset + self.duration).max()) if len(self) else 0


def quantised(notes: Notes, grid: BeatGrid) -> Written:
    """The notes of a melody (one at a time) on the grid of its beats.

    Each beat is divided into four, three, eight, six or at last twelve parts: into the first of those that its notes
    fit best, finer ones counting for less. Silences below a sixteenth are not written.

    >>> three = Notes([0.0, 0.34, 0.66, 1.0], [0.3, 0.3, 0.3, 1.0], [60, 62, 64, 65], np.ones(4))
    >>> written = quantised(three, BeatGrid(np.array([0.0, 1.0, 2.0])))
    >>> written.onset.tolist(), written.duration.tolist(), dict(written.grids)
    ([0, 8, 16, 24], [8, 8, 8, 24], {0: 3, 1: 4})
    """
    on, off = grid.quarters(notes.onset_s), grid.quarters(notes.onset_s + notes.duration_s)
    beat = np.maximum(np.floor(on + EARLY).astype(int), 0)
    onset = np.full(len(notes), -1, np.int32)
    grids: dict[int, int] = {}
    for b in np.unique(beat).tolist():
        mine = np.flatnonzero(beat == b)
        grids[b], places = _division(on[mine] - b)
        onset[mine] = np.where(places < 0, -1, UNITS * b + places * (UNITS // grids[b]))
    kept = np.flatnonzero(onset >= 0).astype(np.int32)
    duration = _durations(onset[kept], on[kept], off[kept], grids)
    pitch = np.floor(notes.pitch[kept] + 0.5).astype(np.int32)
    return Written(onset[kept], duration, pitch, kept, grids, int((onset < 0).sum()))


def _division(share: DoubleArray) -> tuple[int, IntArray]:
    """How a beat is divided, and the part in which each of its notes begins; -1 where there is no room."""
    best: tuple[float, int, IntArray] | None = None
    for parts, more in GRIDS:
        place = np.clip(np.floor(share * parts + 0.5), 0, parts - 1).astype(np.int32)
        cost = float(np.abs(share - place / parts).mean()) + more
        if np.unique(place).size == place.size and (best is None or cost < best[0]):
            best = cost, parts, place
    if best is not None:
        return best[1], best[2]
    places, last = np.full(share.size, -1, np.int32), -1
    for i, value in enumerate(share.tolist()):
        place_of = max(last + 1, round(value * FINEST))
        if place_of < FINEST:
            places[i] = last = place_of
    return FINEST, places


def _durations(onset: IntArray, on: DoubleArray, off: DoubleArray, grids: Mapping[int, int]) -> IntArray:
    out = np.empty(onset.size, np.int32)
    for i, start in enumerate(onset.tolist()):
        least = UNITS // grids[start // UNITS]
        if i + 1 < onset.size and off[i] > on[i + 1] - LEGATO:
            out[i] = onset[i + 1] - start
            continue
        b = max(0, int(np.floor(off[i] + 1e-9)))
        parts = grids.get(b, 4)
        end = UNITS * b + int(np.floor((off[i] - b) * parts + 0.5)) * (UNITS // parts)
        most = int(onset[i + 1]) if i + 1 < onset.size else max(end, start + least)
        out[i] = min(max(end, start + least), most) - start
    return out
