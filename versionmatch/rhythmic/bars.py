"""Bars of four beats as vectors in which what is unusual weighs most, and where two rows of them run alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..types import Annotation, DoubleArray, Features, FloatArray
from ..types.value import Value
from .grid import AS_TRACKED, POSITIONS, READINGS, BeatPatterns, fold
from .rhythmic_kernels import local_path
from .statistics import RhythmStatistics, load

BAR = 4
"""Beats in what is called a bar here; one begins on every beat, so that nobody needs to know where bars begin."""
SMOOTH = 1.0  # twelfths of a beat
UNLIKE = 0.3  # likeness of two bars from which on they count as alike
GAP = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class Bars(Value):
    """The bars of one recording: unit vectors ``(n, dim)``, one beginning on each beat, and the beats' times.

    ``times_s (n + 4,)``: bar ``i`` lasts from ``times_s[i]`` to ``times_s[i + 4]``.
    """

    vectors: FloatArray
    times_s: DoubleArray

    def __len__(self) -> int:
        return int(self.vectors.shape[0])


@dataclass(frozen=True, slots=True)
class SharedBars:
    """Bars ``a_start`` to ``a_end`` - 1 answer ``b_start`` to ``b_end`` - 1 of the reference in that ``reading``.

    ``beats``: how much is alike, in beats of the same pattern; 0 where nothing is. ``stock``: mean likeness of each
    bar to the one most like it on the other side, both ways, -1 to 1, in the reading where it is largest.
    """

    beats: float
    a_start: int
    a_end: int
    b_start: int
    b_end: int
    reading: str
    stock: float


NOTHING = SharedBars(0.0, 0, 0, 0, 0, AS_TRACKED, 0.0)


def bars_of(patterns: BeatPatterns, statistics: RhythmStatistics | None = None, *, kind: str = "whole") -> Bars:
    """The bars of a recording as vectors.

    Each bar of ``bands × 48`` onset strengths is smoothed by a twelfth of a beat, its root is taken, and each band is
    brought to length 1, so that neither loudness nor one accent decides. Then the mean bar of other recordings is
    subtracted and the rest divided by how recordings usually differ (whitening, ``RhythmStatistics.usual``): the pulse
    that all music has counts little, what sets a bar apart counts much. ``kind`` is ``"whole"`` or ``"drums"``.
    """
    vectors = flat_bars(patterns)
    times = patterns.times_s if len(vectors) else patterns.times_s[:0]
    mean, turn = (load() if statistics is None else statistics).usual(kind, vectors.shape[1])
    return Bars(_unit((vectors - mean) @ turn).astype(np.float32), times)


def flat_bars(patterns: BeatPatterns) -> DoubleArray:
    """Bars before the usual is taken out, ``(n, bands · 48)``; one less than beats for each beat of a bar but one."""
    n, bands, _ = patterns.values.shape
    count = n - BAR + 1
    if count < 1:
        return np.zeros((0, BAR * bands * POSITIONS))
    rows = patterns.values.transpose(1, 0, 2).reshape(bands, -1)
    smooth = gaussian_filter1d(rows, SMOOTH, axis=1, mode="nearest").reshape(bands, n, POSITIONS).transpose(1, 0, 2)
    bars = np.sqrt(np.maximum(np.stack([smooth[i : i + count] for i in range(BAR)], axis=1), 0.0))
    length = np.sqrt((bars**2).sum(axis=(1, 3), keepdims=True))
    flat: DoubleArray = (bars / np.maximum(length, 1e-3)).reshape(count, -1)
    return flat


def every_reading(onsets: Features, beats: Annotation, *, kind: str = "whole") -> dict[str, Bars]:
    """The bars of a recording in each reading of its beats."""
    return {reading: bars_of(fold(onsets, beats, reading), kind=kind) for reading in READINGS}


def shared_bars(query: Bars, reference: Mapping[str, Bars]) -> SharedBars:
    """Where two recordings have the same bars in the same order, in the best reading of the reference's beats.

    A local alignment (Smith-Waterman) over the cosines of all bars, less ``UNLIKE``; a beat left out costs ``GAP``.
    Half, double and two-thirds tempo and the off-beat are tried on the reference's side only; swapping the sides can
    change the value a little.

    >>> beat = np.zeros((16, 1, 12)); beat[:, 0, [0, 6]] = 1.0; beat[[1, 4, 5, 11], 0, 9] = 1.0
    >>> bars = bars_of(BeatPatterns(beat, np.arange(17.0)))
    >>> found = shared_bars(bars, {"as tracked": bars})
    >>> round(found.beats, 3), (found.a_start, found.a_end), (found.b_start, found.b_end)
    (13.0, (0, 13), (0, 13))
    """
    if len(query) == 0:
        return NOTHING
    best, stock, where = 0.0, -1.0, (AS_TRACKED, 0, 0, 0, 0)
    for reading, bars in reference.items():
        if len(bars) == 0:
            continue
        alike = query.vectors @ bars.vectors.T
        stock = max(stock, 0.5 * float(alike.max(axis=0).mean() + alike.max(axis=1).mean()))
        score, *place = local_path(alike - np.float32(UNLIKE), GAP)
        if score > best:
            best, where = float(score), (reading, *place)
    if best <= 0:
        return NOTHING if stock < 0 else SharedBars(0.0, 0, 0, 0, 0, AS_TRACKED, stock)
    reading, a0, a1, b0, b1 = where
    return SharedBars(best / (1 - UNLIKE), a0, a1, b0, b1, reading, stock)


def _unit(rows: DoubleArray) -> DoubleArray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: DoubleArray = np.where(length > 1e-9, rows / np.maximum(length, 1e-9), 0.0)
    return unit
