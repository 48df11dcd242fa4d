"""Landmarks: the spectral peaks of a recording, found block by block.

Sound at 11,025 Hz, spectra of 1024 samples every 256, peaks of the logarithmic power over ±12 bins and ±6 frames [1]_.
Of these, those that stand furthest above their surroundings are kept, so many in any second: which ones depends on
nothing further away than a second, so that an excerpt keeps the peaks of the whole.

References
----------
.. [1] Wang, "An industrial-strength audio search algorithm", 2003.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
import scipy.fft

from ..audio.resample import Resampler
from ..errors import InputError
from ..plugins import Track
from ..types import Audio, FloatArray, IntArray, Peaks
from ..types.peaks import BIN_STEPS
from .landmark_kernels import Flags, highest_along_columns, highest_along_rows, outrank, pick, prominent

ALGORITHM = "landmark-v1"
SR, WINDOW, HOP = 11025, 1024, 256
FRAME_RATE, BIN_HZ = SR / HOP, SR / WINDOW
N_BINS = WINDOW // 2
BATCH = 64  # spectra made at once: always as many, so that no block changes a bit
PAGE = 16 * BATCH  # frames that are looked through at once: 24 s
DECIBELS = 10.0 / np.log(10.0)  # of a natural logarithm of power
FADE = np.hanning(WINDOW + 1)[:WINDOW].astype(np.float32)


@dataclass(frozen=True, slots=True)
class Density:
    """How many peaks are kept.

    Parameters
    ----------
    per_second : int
        At most so many within half a second either side of any of them.
    bins, frames : int
        A peak is the highest of so many bins and frames either side.
    floor_db : float
        Power below which nothing is a peak; 0 dB is a full-scale tone. 16-bit quantisation noise lies at -124 dB.
    """

    per_second: int = 20
    bins: int = 12
    frames: int = 6
    floor_db: float = -110.0

    def __post_init__(self) -> None:
        if min(self.per_second, self.bins, self.frames) < 1 or self.per_second > 1000:
            raise InputError(f"a density needs 1 to 1000 peaks a second, and reaches from 1 on; got {self}")


KEPT = Density()
"""What is stored of a recording, and indexed."""
LOOKED_UP = Density(per_second=30)
"""Those of a query's that are looked up."""
ASKED = Density(per_second=100, bins=6, frames=1)
"""What a query is looked up with: all that may be a peak of the recording once noise has moved the peaks about."""


def strong(peaks: Peaks, density: Density = KEPT) -> Flags:
    """Which of the peaks ``density`` would keep, ``(n,)``, by their levels: of a query, those worth looking up."""
    top = prominent(peaks.frames, peaks.bins, peaks.levels, density.frames, float(density.bins))
    rows = np.flatnonzero(top)
    kept = outrank(peaks.frames[rows], peaks.levels[rows], round(peaks.frame_rate / 2), density.per_second)
    flags: Flags = np.zeros(len(peaks), np.bool_)
    flags[rows[kept]] = True
    return flags


def chosen(peaks: Peaks, flags: Flags) -> Peaks:
    """Those peaks only."""
    return replace(peaks, frames=peaks.frames[flags], bins=peaks.bins[flags], levels=peaks.levels[flags])


def landmarks(audio: Audio, density: Density = KEPT) -> Peaks:
    """The peaks of a recording, at any sample rate; hours of sound take the memory of half a minute.

    Examples
    --------
    >>> from versionmatch.audio import synth
    >>> peaks = landmarks(synth.melody([(69, 0.0, 1.0), (81, 1.0, 1.0)], timbre="sine"))
    >>> round(float(np.median(peaks.bins[peaks.times_s < 0.9]) * peaks.bin_hz) / 440, 1)
    1.0
    """
    return landmarks_of(audio.sr, (block for _, block in audio.blocks(30 * audio.sr)), density)


def landmarks_of(sr: int, blocks: Iterable[FloatArray], density: Density = KEPT) -> Peaks:
    """The peaks of sound that comes in consecutive mono blocks ``(n,) float32`` at ``sr`` Hz; any cut gives the same.

    Raises InputError on a sample rate that is not above 0.
    """
    if sr <= 0:
        raise InputError(f"the sample rate must be above 0; got {sr}")
    search = _Search(density)
    resampler = Resampler(sr, SR)
    for block in blocks:
        search.push(resampler.push(block))
    search.push(resampler.push(np.empty(0, dtype=np.float32), last=True))
    return search.finish()


class _Search:
    """Samples in as they come; spectra, then candidates, page by page; at the end the peaks."""

    def __init__(self, density: Density) -> None:
        self._density = density
        self._halo = max(density.frames, 6)
        self._samples = np.zeros(WINDOW // 2, np.float32)  # frame 0 is centred at the first sample
        self._n_samples = 0
        self._rows = np.empty((0, N_BINS), np.float32)  # log power from frame self._first on
        self._first, self._done = 0, 0
        self._found: list[tuple[IntArray, FloatArray, FloatArray]] = []

    def push(self, samples: FloatArray) -> None:
        self._n_samples += samples.size
        self._samples = np.concatenate([self._samples, samples])
        self._transform(whole=False)
        while self._first + len(self._rows) >= self._done + PAGE + self._halo:
            self._look(self._done + PAGE)

    def finish(self) -> Peaks:
        n_frames = 1 + self._n_samples // HOP if self._n_samples else 0
        self._samples = np.concatenate([self._samples, np.zeros(BATCH * HOP + WINDOW, np.float32)])
        self._transform(whole=True, n_frames=n_frames)
        while self._done < n_frames:
            self._look(min(n_frames, self._done + PAGE))
        frames, bins, heights = (np.concatenate(c) for c in zip(*self._found, strict=True)) if self._found else _NONE
        kept = outrank(frames, heights, round(FRAME_RATE / 2), self._density.per_second)
        return Peaks(frames[kept], bins[kept], heights[kept], n_frames, FRAME_RATE, BIN_HZ, ALGORITHM)

    def _transform(self, *, whole: bool, n_frames: int = 0) -> None:
        """Log power of all batches of frames that are complete; with ``whole``, up to ``n_frames``."""
        made = [self._rows]
        at, have = 0, self._first + len(self._rows)
        needed = (BATCH - 1) * HOP + WINDOW
        while self._samples.size - at >= needed and (not whole or have < n_frames):
            cut = np.lib.stride_tricks.sliding_window_view(self._samples[at : at + needed], WINDOW)[::HOP]
            spectra = scipy.fft.rfft(cut * FADE, axis=1)[:, :N_BINS]
            made.append(np.log(np.maximum(spectra.real**2 + spectra.imag**2, _QUIETEST)))
            at, have = at + BATCH * HOP, have + BATCH
        self._samples = self._samples[at:]
        self._rows = np.concatenate(made) if len(made) > 1 else self._rows
        if whole:
            self._rows = self._rows[: max(0, n_frames - self._first)]

    def _look(self, end: int) -> None:
        """Find the peaks of the frames up to ``end``, and let go of the rows that are no longer needed."""
        low, high = max(self._first, self._done - self._halo), end + self._halo
        rows = np.ascontiguousarray(self._rows[low - self._first : high - self._first])
        density, tops, both = self._density, np.empty_like(rows), np.empty_like(rows)
        highest_along_rows(rows, density.bins, tops)
        highest_along_columns(tops, density.frames, both)
        floor = density.floor_db / DECIBELS + _FULL_SCALE
        surround = np.array([6, 12], dtype=np.int32)
        found, bins, heights = pick(rows, both, self._done - low, end - low, _LOWEST_BIN, floor, surround)
        frames = found + np.int32(low)
        steps = np.round(bins * BIN_STEPS) / np.float32(BIN_STEPS)
        order = np.lexsort((steps, frames))
        decibels = np.clip(np.round(heights * np.float32(DECIBELS)), 0, 255).astype(np.float32)
        self._found.append((frames[order], steps[order].astype(np.float32), decibels[order]))
        self._rows = self._rows[max(0, end - self._halo - self._first) :]
        self._first, self._done = max(self._first, end - self._halo), end


_QUIETEST = np.float32(1e-12)
_FULL_SCALE = float(2 * np.log(float(FADE.sum()) / 2))  # log power of a full-scale tone
_LOWEST_BIN = 8
_NONE = (np.zeros(0, np.int32), np.zeros(0, np.float32), np.zeros(0, np.float32))


class Landmarks:
    """The extractor of the kind ``peaks``: what a recording is recognised by, about 10 kB for 4 minutes."""

    name = "peaks"
    kind = "peaks"
    needs = ("audio",)

    @property
    def settings(self) -> Mapping[str, object]:
        """The algorithm, with its version, and how many peaks are kept."""
        return {"algorithm": ALGORITHM, **asdict(KEPT)}

    def extract(self, track: Track) -> Peaks:
        """The peaks of ``track["audio"]``."""
        return landmarks(track["audio"])
