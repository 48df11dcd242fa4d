"""Peaks in few bytes: differences of frames, bins in two planes, levels; compressed.

Format 1, a raw LZMA2 stream of n bytes each: differences of frames up to 254 (255: the next of the long ones), bins in
sixteenths divided by 32, their remainder, levels in dB; then the long differences as little-endian uint32.
"""

from __future__ import annotations

import lzma
from typing import Any

import numpy as np
import numpy.typing as npt

from ..types import FloatArray, IntArray
from ..types.peaks import BIN_STEPS

Bytes = npt.NDArray[np.uint8]
LOW = 32  # 4096 bins of 16 steps by 32 would be 2048: planes hold bins below 512
LONG = 255
MOST = 2**28
FILTERS: list[dict[str, Any]] = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 2**20, "lc": 0, "lp": 0, "pb": 0}]


def packed(frames: IntArray, bins: FloatArray, levels: FloatArray) -> Bytes:
    """The columns of ``Peaks`` as bytes ``(k,)``; ``unpacked`` gives back the same. Bins must be below 512."""
    steps = np.round(bins * BIN_STEPS).astype(np.int64)
    if steps.size and steps.max() >= 256 * LOW:
        raise ValueError(f"bins below 512 can be packed; got {bins.max()}")
    apart = np.diff(frames, prepend=np.int32(0)).astype(np.int64)
    planes = [np.minimum(apart, LONG), steps // LOW, steps % LOW, levels.astype(np.int64)]
    content = b"".join(plane.astype(np.uint8).tobytes() for plane in planes)
    content += apart[apart >= LONG].astype("<u4").tobytes()
    return np.frombuffer(lzma.compress(content, lzma.FORMAT_RAW, filters=FILTERS), np.uint8)


def unpacked(content: Bytes, n: int) -> tuple[IntArray, FloatArray, FloatArray]:
    """Frames, bins and levels of ``n`` peaks; ValueError where the bytes are not those of so many."""
    if not 0 <= n <= MOST:
        raise ValueError(f"{n} peaks are more than {MOST}")
    reader = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=FILTERS)
    try:
        raw = reader.decompress(content.tobytes(), 8 * n + 1)
    except lzma.LZMAError as error:
        raise ValueError(f"it cannot be decompressed: {error}") from error
    planes = np.frombuffer(raw[: 4 * n], np.uint8).astype(np.int64)
    if planes.size != 4 * n or not reader.eof or reader.unused_data:
        raise ValueError(f"it does not hold {n} peaks")
    apart, high, low, levels = planes.reshape(4, n)
    far = np.frombuffer(raw[4 * n :], "<u4") if (len(raw) - 4 * n) % 4 == 0 else np.zeros(0, np.uint32)
    if far.size != int((apart == LONG).sum()):
        raise ValueError("its long differences are not as many as they should be")
    apart = apart.copy()
    apart[apart == LONG] = far
    frames = np.cumsum(apart)
    if frames.size and frames[-1] >= 2**31:
        raise ValueError("its frames go beyond what a recording has")
    return frames.astype(np.int32), ((high * LOW + low) / BIN_STEPS).astype(np.float32), levels.astype(np.float32)
