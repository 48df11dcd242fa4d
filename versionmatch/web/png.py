"""Small paletted PNG images of matrices, as data URIs; deterministic, with nothing but zlib."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..errors import InputError

RGBA = tuple[int, int, int, int]


def ramp(low: RGBA, high: RGBA, *, gamma: float = 1.0) -> tuple[RGBA, ...]:
    """Sixteen colours from ``low`` to ``high``; ``gamma`` above 1 keeps small values near ``low``.

    >>> ramp((255, 255, 255, 255), (0, 0, 0, 255))[-1]
    (0, 0, 0, 255)
    """
    steps = (np.arange(16) / 15.0) ** gamma
    colours = np.array(low) + steps[:, None] * (np.array(high) - np.array(low))
    return tuple((int(r), int(g), int(b), int(a)) for r, g, b, a in np.floor(colours + 0.5))


def encode(levels: npt.NDArray[np.uint8], palette: Sequence[RGBA]) -> bytes:
    """A PNG of four bits a pixel; row 0 on top.

    Parameters
    ----------
    levels : (height, width) uint8
        Places in the palette, 0 to 15.
    palette : up to 16 colours
        Red, green, blue, opacity; 0 to 255 each.

    Raises
    ------
    InputError
        Where a level has no colour, or the image has no pixel.

    Examples
    --------
    >>> image = encode(np.zeros((2, 3), np.uint8), [(0, 0, 0, 255)])
    >>> image[1:4], len(image) < 100
    (b'PNG', True)
    """
    if levels.ndim != 2 or levels.size == 0 or not 1 <= len(palette) <= 16:
        raise InputError(
            f"an image needs (height, width) levels and 1 to 16 colours; got {levels.shape}, {len(palette)}"
        )
    if int(levels.max()) >= len(palette):
        raise InputError(f"level {int(levels.max())} has no colour in a palette of {len(palette)}")
    height, width = levels.shape
    padded = np.zeros((height, width + width % 2), np.uint8)
    padded[:, :width] = levels
    rows = np.zeros((height, 1 + padded.shape[1] // 2), np.uint8)  # each row begins with its filter type, 0
    rows[:, 1:] = padded[:, 0::2] << 4 | padded[:, 1::2]
    colours = b"".join(bytes(c[:3]) for c in palette)
    opacity = bytes(c[3] for c in palette)
    header = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"PLTE", colours), (b"tRNS", opacity)]
    chunks += [(b"IDAT", zlib.compress(rows.tobytes(), 7)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def data_uri(values: npt.NDArray[np.floating], palette: Sequence[RGBA]) -> str:
    """The image of values in [0, 1] (clipped) as a ``data:`` address."""
    levels = np.floor(np.clip(values, 0.0, 1.0) * (len(palette) - 1) + 0.5).astype(np.uint8)
    return "data:image/png;base64," + base64.b64encode(encode(levels, palette)).decode("ascii")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
