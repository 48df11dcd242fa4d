"""Sound, and who it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from .value import FloatArray, let_go

FLAGS = (
    "low_information",
    "silence",
    "tone",
    "too_short",
    "dc_only",
    "clipped",
    "non_finite",
    "truncated",
    "dc_offset",
    "single_line",
)
"""What may be remarkable about a recording's sound, or about the score it is made of; see ``Recording.flags``."""


@dataclass(frozen=True, eq=False, slots=True)
class Audio:
    """Mono sound: ``samples (n,) float32``, finite, not empty. Transient, never stored.

    Long recordings are backed by a temporary file instead of memory: read them in ``blocks``.
    """

    samples: FloatArray
    sr: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise InputError(
                f"samples must be mono float32 of shape (n,); got {self.samples.dtype} {self.samples.shape}"
            )
        if self.samples.size == 0:
            raise InputError("the recording holds no samples at all")
        if self.sr <= 0:
            raise InputError(f"the sample rate must be above 0; got {self.sr}")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.samples.size / self.sr)

    def blocks(self, length: int, *, halo: int = 0) -> Iterator[tuple[int, FloatArray]]:
        """``(start, samples)`` of consecutive blocks, each widened by ``halo`` samples either side where there are any.

        ``start`` is the index of the block's first own sample, without the halo. The arrays are
        copies in memory, so that a file-backed recording is never loaded whole.
        """
        for start in range(0, self.samples.size, length):
            low, high = max(0, start - halo), min(self.samples.size, start + length + halo)
            yield start, self.piece(low, high)

    def piece(self, low: int, high: int) -> FloatArray:
        """A copy of ``samples[low:high]``; of a file-backed recording, nothing else stays in memory."""
        copy = np.array(self.samples[low:high], dtype=np.float32)
        let_go(self.samples)
        return copy


@dataclass(frozen=True, slots=True)
class Recording:
    """One fixed sound: who it is, not what it sounds like.

    ``id`` is the sha256 of the decoded PCM, so it depends neither on path nor on tags;
    ``flags`` are words of ``FLAGS`` that qualify what can be said of it.
    """

    id: str
    source: str
    duration_s: float
    title: str | None = None
    artist: str | None = None
    isrc: str | None = None
    work_id: str | None = None
    sr: int = 0
    channels: int = 0
    codec: str = ""
    flags: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What to call it in a sentence: its title, else its file name."""
        return self.title or Path(self.source).name or self.id[:12]

    @property
    def is_score(self) -> bool:
        """A score, of whose notes its sound is made; then ``source`` names no file of sound."""
        return self.codec.startswith("score: ")

    @property
    def low_information(self) -> bool:
        """Silence, tones and too-short sound allow no confident statement."""
        return "low_information" in self.flags
