"""Places of a table at which a window of a query may be."""

from __future__ import annotations

import numpy as np

from ..types import DoubleArray, FloatArray
from ..types.peaks import BIN_STEPS
from .table import Table
from .vote import Candidate


class Place:
    """The part of a recording that a window of a query may be: its peaks, frames counted from the recording's start."""

    def __init__(self, table: Table, candidate: Candidate, n_frames: int) -> None:
        self.recording, self.warp = candidate.recording, candidate.warp
        begin = int(table.starts[candidate.recording])
        self.start = candidate.offset - begin
        n = int(longest(n_frames, np.float64(candidate.warp.tempo)))
        owned = slice(*table.peaks_from[candidate.recording : candidate.recording + 2])
        low, high = max(0, candidate.offset - 2), candidate.offset + n
        part = slice(*np.searchsorted(table.frames[owned], np.array([low, high], dtype=np.uint32)))
        self.frames = table.frames[owned][part].astype(np.int64) - begin
        self.from_start = self.frames - self.start
        self.bins: FloatArray = table.bins[owned][part].astype(np.float32) / np.float32(BIN_STEPS)


def longest(n_frames: int, tempo: DoubleArray | np.float64) -> DoubleArray:
    """Frames of a recording that a window of a query may take."""
    return np.asarray(np.round(n_frames * tempo * 1.003) + 2)
