"""A part of a longer sound, such as one track of a record's side."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import InputError
from ..types import FloatArray
from .reader import Reader


class SpanReader:
    """The blocks of another reader between two times; decoding ends where the part does."""

    def __init__(self, whole: Reader, start_s: float, end_s: float) -> None:
        if not 0 <= start_s < end_s:
            raise InputError(f"a part lasts from one time to a later one; got {start_s} s to {end_s} s")
        self._whole, self.sr, self.channels, self.codec = whole, whole.sr, whole.channels, whole.codec
        self._first = round(start_s * self.sr)
        self._end = round(min(end_s, 1e9) * self.sr)
        self._read = 0

    def blocks(self) -> Iterator[FloatArray]:
        """The part's blocks."""
        for block in self._whole.blocks():
            low, high = self._first - self._read, self._end - self._read
            self._read += block.shape[0]
            if low < block.shape[0] and high > 0:
                yield block[max(0, low) : high]
            if self._read >= self._end:
                return

    def truncated(self, n_frames: int) -> bool:
        """Whether the whole breaks off before the part ends; ``n_frames`` of the part were read."""
        return self._read < self._end and (not n_frames or self._whole.truncated(self._read))
