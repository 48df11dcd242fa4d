"""Onset strength: where the spectrum gains energy."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from ..plugins import Track
from ..types import DoubleArray, Features, FloatArray
from .spectrum import checked_cqt

BLOCK = 30_000  # frames


class SpectralFlux:
    """Onset strength in [0, 1], ``(1, n)`` at the CQT's frame rate: the largest onset is 1, silence 0.

    Each bin is divided by its loudest value within ±5 s (adaptive whitening [1]_, so that quiet
    passages and high bins count), compressed, and its rise over the loudest of itself and its two
    neighbours 40 ms before is summed (so that vibrato is no onset [2]_).

    Examples
    --------
    >>> clicks = np.full((84, 100), 0.01)
    >>> clicks[:, [20, 60]] = 1.0
    >>> flux = SpectralFlux().extract({"cqt": Features("cqt", clicks, frame_rate=50.0)})
    >>> np.flatnonzero(flux.values[0] > 0.5)
    array([20, 60])

    References
    ----------
    .. [1] Stowell, Plumbley, "Adaptive whitening for improved real-time audio onset detection", 2007.
    .. [2] Böck, Widmer, "Maximum filter vibrato suppression for onset detection", 2013.
    """

    name, kind, needs = "onsets", "onsets", ("cqt",)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that shapes the result."""
        return {"version": 1, "memory_s": 10.0, "lag_s": 0.04, "gamma": 10.0, "floor": 0.01, "trend_s": 1.0}

    def extract(self, track: Track) -> Features:
        cqt = checked_cqt(track["cqt"])
        rise = self._rise(cqt.values, cqt.frame_rate)
        trend = uniform_filter1d(rise, _odd(self.settings["trend_s"] * cqt.frame_rate), mode="nearest")
        strength = np.maximum(rise - trend, 0.0)
        top = strength.max()
        return Features("onsets", (strength / top if top > 0 else strength)[None], cqt.frame_rate)

    def _rise(self, magnitude: FloatArray, frame_rate: float) -> DoubleArray:
        """The mean rise of all bins, block by block with as much around as a frame depends on."""
        loudest, n = float(magnitude.max()), magnitude.shape[1]
        rise = np.zeros(n)
        memory = _odd(self.settings["memory_s"] * frame_rate)
        lag = max(1, round(self.settings["lag_s"] * frame_rate))
        for start in range(0, n if loudest > 0 else 0, BLOCK):
            first, last = max(0, start - lag - memory // 2), min(n, start + BLOCK + memory // 2)
            part = self._rise_of(magnitude[:, first:last].astype(np.float64), loudest, memory, lag)
            own = slice(start - first, min(n, start + BLOCK) - first)
            rise[start : start + BLOCK] = part[own]
        return rise

    def _rise_of(self, magnitude: DoubleArray, loudest: float, memory: int, lag: int) -> DoubleArray:
        settings = self.settings
        ceiling = maximum_filter1d(magnitude, memory, axis=1, mode="nearest")
        level = np.log1p(settings["gamma"] * magnitude / np.maximum(ceiling, settings["floor"] * loudest))
        before = maximum_filter1d(level, 3, axis=0, mode="nearest")
        rise = np.zeros(magnitude.shape[1])
        rise[lag:] = np.maximum(level[:, lag:] - before[:, :-lag], 0.0).mean(axis=0)
        return rise


def _odd(frames: float) -> int:
    return 2 * (round(frames) // 2) + 1
