"""What a recording is recognised by: the places in time and frequency where its sound stands out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import FeatureMismatch, InputError
from .value import DoubleArray, FloatArray, IntArray, Value, frozen

BIN_STEPS = 16
"""Bins are kept in sixteenths, so that what is stored is what was measured."""


@dataclass(frozen=True, eq=False, slots=True)
class Peaks(Value):
    """Spectral peaks of one recording, ``(n,)`` each, sorted by frame and then by bin; frame 0 is centred at 0 s.

    Parameters
    ----------
    frames : (n,) int32
        Frame of each peak, 0 to ``n_frames - 1``.
    bins : (n,) float32
        Frequency in bins of ``bin_hz``, refined between bins, in sixteenths of a bin; 0 to below 4096.
    levels : (n,) float32
        How far each peak stands above its surroundings, whole dB, 0 to 255.
    n_frames : int
        Length of the recording in frames.
    frame_rate, bin_hz : float
        Frames per second, and Hz per bin.
    algorithm : str
        Name and version of what found them; only peaks of one algorithm can be compared.

    Raises
    ------
    InputError
        A shape, an order or a number is not as above.
    """

    frames: IntArray
    bins: FloatArray
    levels: FloatArray
    n_frames: int
    frame_rate: float
    bin_hz: float
    algorithm: str
    settings: str = ""
    kind: str = "peaks"

    def __post_init__(self) -> None:
        frames = frozen(self.frames, np.int32)
        bins, levels = frozen(self.bins, np.float32), frozen(self.levels, np.float32)
        if not frames.shape == bins.shape == levels.shape or frames.ndim != 1:
            raise InputError(
                f"peaks need three columns of one length; got {frames.shape}, {bins.shape} and {levels.shape}"
            )
        if not (self.frame_rate > 0 and self.bin_hz > 0 and self.n_frames >= 0):
            raise InputError(
                f"peaks need rates above 0 and a length from 0 on; got {self.frame_rate} frames a second, "
                f"{self.bin_hz} Hz a bin, {self.n_frames} frames"
            )
        _check_columns(frames, bins, levels, self.n_frames)
        for name, column in (("frames", frames), ("bins", bins), ("levels", levels)):
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return int(self.frames.size)

    @property
    def duration_s(self) -> float:
        """Length of the recording, seconds, to a frame."""
        return self.n_frames / self.frame_rate

    @property
    def times_s(self) -> DoubleArray:
        """Time of each peak, seconds."""
        return self.frames / self.frame_rate

    def between(self, start_s: float, end_s: float) -> Peaks:
        """The peaks from ``start_s`` (included) to ``end_s`` (excluded); frame 0 is then at ``start_s``."""
        low, high = (min(max(0, round(t * self.frame_rate)), self.n_frames) for t in (start_s, end_s))
        first, last = np.searchsorted(self.frames, (low, max(low, high)))
        part = slice(int(first), int(last))
        return replace(
            self,
            frames=self.frames[part] - np.int32(low),
            bins=self.bins[part],
            levels=self.levels[part],
            n_frames=max(low, high) - low,
        )

    def check_comparable(self, other: Peaks) -> None:
        """Raise FeatureMismatch unless both were found by the same algorithm at the same rates."""
        for what in ("algorithm", "frame_rate", "bin_hz"):
            mine, theirs = getattr(self, what), getattr(other, what)
            if mine != theirs:
                raise FeatureMismatch(
                    f"{what} of the peaks differs: {mine!r} against {theirs!r}; extract both by one algorithm"
                )


def _check_columns(frames: IntArray, bins: FloatArray, levels: FloatArray, n_frames: int) -> None:
    if frames.size == 0:
        return
    if not (np.isfinite(bins).all() and np.isfinite(levels).all()):
        raise InputError("the bins and levels of peaks must be finite numbers")
    if frames[0] < 0 or frames[-1] >= n_frames or (np.diff(frames) < 0).any():
        raise InputError(f"peaks must be sorted by frame, from 0 to {n_frames - 1}; got {frames[0]} to {frames[-1]}")
    if ((np.diff(frames) == 0) & (np.diff(bins) < 0)).any():
        raise InputError("peaks of one frame must be sorted by bin")
    if bins.min() < 0 or bins.max() >= 4096 or (bins * BIN_STEPS != np.round(bins * BIN_STEPS)).any():
        raise InputError(f"bins are sixteenths from 0 to below 4096; got {bins.min()} to {bins.max()}")
    if levels.min() < 0 or levels.max() > 255 or (levels != np.round(levels)).any():
        raise InputError(f"levels are whole dB from 0 to 255; got {levels.min()} to {levels.max()}")
