"""Beats and tempo from the onset strength alone."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..plugins import Track
from ..types import Annotation, DoubleArray, Features
from .beats_kernels import track_beats
from .hmm_kernels import viterbi

FrameArray: TypeAlias = npt.NDArray[np.int64]


AT_ONCE = 512  # windows whose autocorrelation is computed at once


class BeatTracker:
    """Times of the beats as an Annotation of instants; ``facts`` hold ``tempo_bpm`` and ``tempo_confidence`` (0…1).

    The tempo is followed through windows of 8 s: the autocorrelation of the onset strength, with a
    log-Gaussian preference for tempi around 120 bpm [1]_ and for the faster of two equally good levels,
    smoothed by Viterbi; then beats are the chain of onsets that keeps that tempo best, by dynamic
    programming [1]_. A beat's ``confidence`` is the onset strength beside it. Where there is no pulse
    (silence, less than two beats) there are no beats and both facts are 0.

    Frames of 20 ms place beats well; those of 0.1 s still give the tempo, with beats within a frame.

    References
    ----------
    .. [1] Ellis, "Beat tracking by dynamic programming", 2007.
    """

    name, kind, needs = "beats", "beats", ("onsets",)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that shapes the result."""
        return {
            "version": 1,
            "tempi_bpm": [40.0, 240.0],
            "prior_bpm": 120.0,
            "prior_octaves": 0.9,
            "half_lag": 0.3,
            "window_s": 8.0,
            "hop_s": 1.0,
            "change": 40.0,
            "tightness": 100.0,
        }

    def extract(self, track: Track) -> Annotation:
        onsets: Features = track["onsets"]
        if onsets.values.shape[0] != 1 or onsets.n_frames == 0:
            raise InputError(
                f"onset strength has shape (1, n ≥ 1); got {onsets.values.shape}; use the 'onsets' extractor"
            )
        strength = _evened(onsets.values[0].astype(np.float64), onsets.frame_rate)
        if not strength.any():
            return _no_beats()
        period, confidence = self._period(strength, onsets.frame_rate)
        frames = track_beats(strength, period, self.settings["tightness"] * 0.02 * onsets.frame_rate)
        frames = _trimmed(frames, strength)
        if frames.size < 2:
            return _no_beats()
        times = _between_frames(frames, strength) / onsets.frame_rate
        gaps = np.diff(times)
        regular = gaps[np.abs(gaps / np.median(gaps) - 1) < 0.2]
        near = np.array([strength[max(0, f - 1) : f + 2].max() for f in frames])
        return Annotation(
            "beats",
            times,
            np.zeros(times.size),
            ("",) * times.size,
            np.clip(near / np.quantile(strength, 0.995), 0, 1),
            facts={"tempo_bpm": float(60.0 / regular.mean()), "tempo_confidence": confidence},
        )

    def _period(self, strength: DoubleArray, frame_rate: float) -> tuple[DoubleArray, float]:
        """The beat's length in frames at each frame, and how well the pulse repeats itself (0…1)."""
        settings = self.settings
        slowest, fastest = (60.0 * frame_rate / bpm for bpm in settings["tempi_bpm"])
        grid = np.geomspace(fastest, slowest, 100)
        window = max(8, round(settings["window_s"] * frame_rate))
        hop = max(1, round(settings["hop_s"] * frame_rate))
        likeness = _autocorrelations(strength, window, hop, int(np.ceil(2 * slowest)) + 2)
        value = _at_lags(likeness, grid)
        prior = np.exp(
            -0.5 * (np.log2(60.0 * frame_rate / grid / settings["prior_bpm"]) / settings["prior_octaves"]) ** 2
        )
        half = _at_lags(likeness, grid / 2) * (grid[:, None] / 2 >= fastest)
        score = np.maximum(value + 0.5 * _at_lags(likeness, 2 * grid) - settings["half_lag"] * half, 0) * prior[:, None]
        score = score + 2.0 * score.mean(axis=1, keepdims=True)
        moves = -settings["change"] * np.abs(np.log2(grid[:, None] / grid[None]))
        path = viterbi(10.0 * score / score.max() if score.max() > 0 else score, moves)
        centres = np.arange(path.size) * hop
        period = np.interp(np.arange(strength.size), centres, grid[path])
        confidence = float(np.clip(value[path, np.arange(path.size)].mean(), 0, 1))
        return period, confidence


def _no_beats() -> Annotation:
    nothing = np.zeros(0)
    return Annotation("beats", nothing, nothing, (), nothing, facts={"tempo_bpm": 0.0, "tempo_confidence": 0.0})


def _evened(strength: DoubleArray, frame_rate: float) -> DoubleArray:
    """Onset strength smoothed by 30 ms and divided by its standard deviation; zeros where nothing happens."""
    spread = strength.std()
    if spread <= 0:
        return np.zeros_like(strength)
    width = 0.03 * frame_rate
    reach = int(np.ceil(3 * width))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    smooth: DoubleArray = np.convolve(strength / spread, kernel / kernel.sum(), mode="full")[
        reach : reach + strength.size
    ]
    return smooth


def _autocorrelations(strength: DoubleArray, window: int, hop: int, n_lags: int) -> DoubleArray:
    """Normalised autocorrelation ``(n_lags, n_windows)`` in windows centred every ``hop`` frames; lag 0 is 1."""
    centred = strength - strength.mean()
    size = window + n_lags
    padded = np.pad(centred, (window // 2, window + n_lags))
    starts = np.arange(0, strength.size, hop)
    n_fft = 1 << (2 * size - 1).bit_length()
    likeness = np.empty((starts.size, n_lags))
    for first in range(0, starts.size, AT_ONCE):
        frames = np.stack([padded[s : s + window] for s in starts[first : first + AT_ONCE]])
        power = np.abs(np.fft.rfft(frames, n_fft, axis=1)) ** 2
        likeness[first : first + AT_ONCE] = np.fft.irfft(power, n_fft, axis=1)[:, :n_lags]
    lags = np.arange(n_lags)
    overlap = np.maximum(1 - lags / window, 0.25)  # without it, long lags would look unlike themselves
    out: DoubleArray = (likeness / np.maximum(likeness[:, :1], 1e-9) / overlap).T
    return out


def _at_lags(likeness: DoubleArray, lags: DoubleArray) -> DoubleArray:
    """Rows between the whole lags, by straight lines; 0 beyond the last."""
    low = np.minimum(lags.astype(int), likeness.shape[0] - 2)
    part = np.minimum(lags - low, 1.0)[:, None]
    between = (1 - part) * likeness[low] + part * likeness[low + 1]
    out: DoubleArray = np.where(lags[:, None] <= likeness.shape[0] - 1, between, 0.0)
    return out


def _trimmed(frames: FrameArray, strength: DoubleArray) -> FrameArray:
    """Without the beats before the first and after the last that stand on an onset."""
    near = np.array([strength[max(0, f - 1) : f + 2].max() for f in frames])
    firm = np.flatnonzero(near > 0.25 * np.median(near))
    return frames[firm[0] : firm[-1] + 1]


def _between_frames(frames: FrameArray, strength: DoubleArray) -> DoubleArray:
    """Beats moved to the top of the parabola through the onset's three highest frames, by half a frame at most."""
    padded = np.pad(strength, 1)
    left, top, right = padded[frames], padded[frames + 1], padded[frames + 2]
    bend = left - 2 * top + right
    shift = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1.0), 0.0)
    moved: DoubleArray = np.maximum(frames + np.clip(shift, -0.5, 0.5), 0.0)
    return moved
