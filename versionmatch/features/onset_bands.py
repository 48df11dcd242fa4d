"""Onsets of percussive registers: where many neighbouring bins gain energy at once."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter1d, median_filter, uniform_filter1d

from ..plugins import Track
from ..types import DoubleArray, Features
from .spectrum import checked_cqt

BANDS = ("low", "middle", "high")
EDGES = (0, 30, 57, 84)
"""Bins of the bands: C1 to F#3 (33 to 180 Hz), to A5 (880 Hz), to B7 (4 kHz)."""
BLOCK = 30_000  # frames


class BandFlux:
    """Onset strength of what is struck rather than sung, in three registers: ``(3, n)``, rows as ``BANDS``.

    The rows are roughly where a bass drum, a snare drum and cymbals lie, as far as 4 kHz tell. The level of each bin
    is replaced by the median of its neighbourhood of ``neighbours`` semitones: a tone, whose energy lies in single
    bins, vanishes, and a stroke, which fills them all, stays (the percussive half of a separation by median
    filtering [1]_). Then, as in ``SpectralFlux``, levels are relative to the loudest within 5 s, compressed, and
    their rise within 40 ms is averaged over the band. Values are rises of the compressed level and are not scaled to
    a largest of 1: of music without percussion they stay near 0.

    Examples
    --------
    >>> level = np.full((84, 200), 0.01); level[:, 60] = 1.0  # a stroke
    >>> level[40, 120:140] = 1.0  # and a tone
    >>> found = BandFlux().extract({"cqt": Features("cqt", level, frame_rate=50.0)}).values
    >>> [np.flatnonzero(row > 0.1).tolist() for row in found]
    [[60], [60], [60]]

    References
    ----------
    .. [1] FitzGerald, "Harmonic/percussive separation using median filtering", 2010.
    """

    name, kind, needs = "onset-bands", "onset-bands", ("cqt",)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that shapes the result."""
        return {
            "version": 1, "edges": list(EDGES), "neighbours": 9, "memory_s": 10.0, "lag_s": 0.04, "gamma": 10.0,
            "floor": 0.01, "trend_s": 1.0,
        }  # fmt: skip

    def extract(self, track: Track) -> Features:
        cqt = checked_cqt(track["cqt"])
        settings, n = self.settings, cqt.n_frames
        memory = 2 * (round(settings["memory_s"] * cqt.frame_rate) // 2) + 1
        lag = max(1, round(settings["lag_s"] * cqt.frame_rate))
        loudest = float(cqt.values.max())
        rise = np.zeros((3, n))
        for start in range(0, n if loudest > 0 else 0, BLOCK):
            first, last = max(0, start - lag - memory // 2), min(n, start + BLOCK + memory // 2)
            part = self._rise(cqt.values[:, first:last].astype(np.float64), loudest, memory, lag)
            rise[:, start : start + BLOCK] = part[:, start - first : min(n, start + BLOCK) - first]
        trend = uniform_filter1d(rise, 2 * (round(settings["trend_s"] * cqt.frame_rate) // 2) + 1, mode="nearest")
        return Features(self.kind, np.maximum(rise - trend, 0.0), cqt.frame_rate)

    def _rise(self, magnitude: DoubleArray, loudest: float, memory: int, lag: int) -> DoubleArray:
        settings = self.settings
        struck = median_filter(magnitude, (settings["neighbours"], 1), mode="nearest")
        ceiling = np.maximum(maximum_filter1d(magnitude, memory, axis=1, mode="nearest"), settings["floor"] * loudest)
        level = np.log1p(settings["gamma"] * struck / ceiling)
        gained = np.zeros_like(level)
        gained[:, lag:] = np.maximum(level[:, lag:] - level[:, :-lag], 0.0)
        edges = pairwise(EDGES)
        return np.stack([gained[low:high].mean(axis=0) for low, high in edges])
