"""What is remarkable about a recording's sound, from statistics gathered while it streams past."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..types import FLAGS, DoubleArray, FloatArray
from .limits import Limits
from .reader import Reader

TOO_SHORT_S = 3.0
AUDIBLE = 1e-4  # -80 dB of full scale
OFFSET = 0.01  # -40 dB of full scale
FULL_SCALE = 0.999
CLIPPED_SHARE = 1e-3
STEADY = 0.98  # mean cosine between the magnitude spectra of any two windows
HUGE = 1e6  # samples beyond this are no sound but broken numbers
LOW_INFORMATION = ("silence", "tone", "too_short", "dc_only")


class Quality:
    """Streaming statistics of one recording; memory does not grow with its length.

    - ``silence``: around its mean, no sample is above -80 dB of full scale.
    - ``dc_only``: the same, but the mean itself is.
    - ``dc_offset``: there is sound, around a mean of at least 1 % of full scale.
    - ``too_short``: shorter than 3 s, or audible for less than 3 s in all.
    - ``tone``: the spectrum stays the same throughout (mean cosine of any two windows ≥ 0.98).
    - ``clipped``: at least 1 in 1000 samples lies in a run of three or more at full scale.
    - ``non_finite``: samples were NaN, infinite or beyond 10⁶, and were set to 0.
    - ``low_information``: any of silence, dc_only, tone, too_short.
    """

    def __init__(self, sr: int, channels: int) -> None:
        self.n_frames = 0
        self.n_broken = 0  # non-finite samples, all channels counted
        self._sr, self._channels = sr, channels
        self._sum, self._low, self._high = 0.0, np.inf, -np.inf
        self._clipped = 0
        self._audible_windows = 0
        self._window = max(1, round(0.1 * sr))
        self._rest = np.empty(0, dtype=np.float32)
        self._spectra = _Steadiness(sr)

    def cleaned(self, frames: FloatArray) -> FloatArray:
        """The frames with broken samples set to 0, and these counted."""
        peak = max(float(frames.max(initial=0.0)), -float(frames.min(initial=0.0)))
        if peak <= HUGE:  # false for NaN
            return frames
        broken = ~(np.abs(frames) <= HUGE)
        self.n_broken += int(np.count_nonzero(broken))
        return np.where(broken, np.float32(0.0), frames)

    def add(self, frames: FloatArray, mono: FloatArray) -> None:
        """Take in the next ``(n, channels)`` frames, cleaned, and their mean ``(n,)``."""
        self.n_frames += mono.size
        self._sum += float(mono.sum(dtype=np.float64))
        self._low, self._high = min(self._low, float(mono.min())), max(self._high, float(mono.max()))
        self._clipped += _clipped(frames)
        joined = np.concatenate([self._rest, mono])
        n_windows = joined.size // self._window
        windows = joined[: n_windows * self._window].reshape(n_windows, self._window)
        self._audible_windows += int(np.count_nonzero(np.ptp(windows, axis=1) > 2 * AUDIBLE))
        self._rest = joined[n_windows * self._window :]
        self._spectra.add(mono)

    @property
    def broken_share(self) -> float:
        """Share of samples that were no finite numbers."""
        return self.n_broken / max(1, self.n_frames * self._channels)

    def flags(self, *, truncated: bool = False) -> tuple[str, ...]:
        """The words of ``types.FLAGS`` that hold of a sound, in that order."""
        mean = self._sum / max(1, self.n_frames)
        still = self.n_frames == 0 or self._high - self._low <= 2 * AUDIBLE
        audible_s = self._audible_windows * self._window / self._sr
        if self._rest.size and np.ptp(self._rest) > 2 * AUDIBLE:
            audible_s += self._rest.size / self._sr
        holds = {
            "silence": still and abs(mean) <= AUDIBLE,
            "dc_only": still and abs(mean) > AUDIBLE,
            "dc_offset": not still and abs(mean) >= OFFSET,
            "too_short": self.n_frames < TOO_SHORT_S * self._sr or (not still and audible_s < TOO_SHORT_S - 1e-9),
            "tone": not still and self._spectra.likeness >= STEADY,
            "clipped": self._clipped >= CLIPPED_SHARE * self.n_frames * self._channels and self._clipped > 0,
            "non_finite": self.n_broken > 0,
            "truncated": truncated,
        }
        holds["low_information"] = any(holds[name] for name in LOW_INFORMATION)
        return tuple(name for name in FLAGS if holds.get(name))


def clean_blocks(reader: Reader, quality: Quality, label: str, limits: Limits) -> Iterator[FloatArray]:
    """The reader's blocks with broken samples set to 0, as far as the length is allowed."""
    n_frames = 0
    for frames in reader.blocks():
        n_frames += frames.shape[0]
        limits.check_duration(label, n_frames / reader.sr)
        yield quality.cleaned(frames)


class _Steadiness:
    """How alike the magnitude spectra of a recording's windows are, two windows a second."""

    def __init__(self, sr: int) -> None:
        self._size = 1 << max(6, int(np.ceil(np.log2(0.12 * sr))))
        self._step = max(self._size, sr // 2)
        self._shape = np.hanning(self._size + 1)[:-1].astype(np.float32)
        self._total: DoubleArray = np.zeros(self._size // 2 + 1, dtype=np.float64)
        self._count = 0
        self._buffer = np.empty(0, dtype=np.float32)
        self._skip = 0

    def add(self, mono: FloatArray) -> None:
        """Take in the next samples."""
        fresh = mono[self._skip :]
        self._skip = max(0, self._skip - mono.size)
        if not fresh.size:
            return
        buffer = np.concatenate([self._buffer, fresh]) if self._buffer.size else fresh
        start = 0
        while start + self._size <= buffer.size:
            self._take(buffer[start : start + self._size])
            start += self._step
        self._buffer = buffer[start:].copy()
        self._skip += max(0, start - buffer.size)

    def _take(self, window: FloatArray) -> None:
        moving = window - window.mean()
        if np.abs(moving).max() <= AUDIBLE:
            return
        magnitude = np.abs(np.fft.rfft(moving * self._shape))
        self._total += magnitude / np.sqrt(np.sum(magnitude * magnitude, dtype=np.float64))
        self._count += 1

    @property
    def likeness(self) -> float:
        """Mean cosine between two different windows, 0 with fewer than two."""
        n = self._count
        return float((self._total @ self._total - n) / (n * (n - 1))) if n > 1 else 0.0


def _clipped(frames: FloatArray) -> int:
    """Samples in runs of three or more at full scale, all channels."""
    if max(float(frames.max()), -float(frames.min())) < FULL_SCALE:
        return 0
    full = np.abs(frames) >= FULL_SCALE
    runs = np.zeros_like(full)
    middle = full[:-2] & full[1:-1] & full[2:]
    for shift in range(3):
        runs[shift : len(full) - 2 + shift] |= middle
    return int(np.count_nonzero(runs))
