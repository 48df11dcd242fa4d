"""One stream of sound at another sample rate, in bounded memory (soxr, HQ)."""

from __future__ import annotations

import numpy as np
import soxr

from ..types import FloatArray


class Resampler:
    """Converts consecutive blocks; what comes out does not depend on how the sound was cut into blocks.

    Blocks are ``(n,)`` or ``(n, channels)`` float32. The results together are as long as
    ``soxr.resample`` of the whole.
    """

    def __init__(self, sr_in: int, sr_out: int, channels: int = 1) -> None:
        self._stream = (
            None if sr_in == sr_out else soxr.ResampleStream(sr_in, sr_out, channels, dtype="float32", quality="HQ")
        )

    def push(self, block: FloatArray, *, last: bool = False) -> FloatArray:
        """What is ready after this block; with ``last``, all that remains."""
        if self._stream is None:
            return block
        resampled: FloatArray = self._stream.resample_chunk(np.ascontiguousarray(block), last=last)
        return resampled


def downmixed(frames: FloatArray) -> FloatArray:
    """The mean of the channels, ``(n,)``."""
    total = frames[:, 0].copy()
    for channel in range(1, frames.shape[1]):
        total += frames[:, channel]
    return total if frames.shape[1] == 1 else total * np.float32(1.0 / frames.shape[1])
