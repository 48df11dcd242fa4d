"""Which cells of the table an alignment may visit: Sakoe-Chiba bands and windows of the caller's own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import IntArray


def band_window(n_query: int, n_reference: int, band: float) -> IntArray:
    """A Sakoe-Chiba band as column limits, ``(n_query, 2) int32``: frame ``i`` may meet ``lo <= j < hi``.

    The band follows the straight line from the first pair of frames to the last; ``band`` is its half width
    as a share of the longer recording, 0 to 1. A band narrower than one step of that line is widened to it,
    so that there is always a path.

    >>> band_window(4, 4, 0.25).tolist()
    [[0, 2], [0, 3], [1, 4], [2, 4]]
    """
    if not 0 <= band <= 1:
        raise InputError(f"a band is a share of the length between 0 and 1; got {band}")
    slope = (n_reference - 1) / max(n_query - 1, 1)
    centre = np.arange(n_query) * slope
    half = max(band * max(n_query, n_reference) * min(1.0, n_reference / n_query), slope / 2 + 0.5)
    low = np.ceil(centre - half).clip(0, n_reference - 1)
    high = np.floor(centre + half).clip(0, n_reference - 1) + 1
    window = np.stack([low, high], axis=1).astype(np.int32)
    if n_query == 1:
        window[:] = 0, n_reference
    return window


def checked_window(
    window: npt.ArrayLike, n_query: int, n_reference: int, *, open_begin: bool = False, open_end: bool = False
) -> IntArray:
    """The window as ``(n_query, 2) int32``, within the reference; InputError if no path fits through it."""
    limits = np.asarray(window)
    if limits.shape != (n_query, 2) or not np.issubdtype(limits.dtype, np.integer):
        raise InputError(
            f"a window needs whole column limits [lo, hi) per query frame, shape ({n_query}, 2); "
            f"got {limits.dtype} {limits.shape}"
        )
    low, high = limits[:, 0].clip(0, n_reference), limits[:, 1].clip(0, n_reference)
    first = np.maximum.accumulate(low)  # no path can be left of this
    closed = first >= high
    closed[1:] |= first[1:] > high[:-1]
    if closed.any():
        frame = int(closed.argmax())
        raise InputError(f"the window has no way through at query frame {frame}; widen it there")
    if not open_begin and low[0] > 0:
        raise InputError(f"the window begins at reference frame {low[0]}; include frame 0 or pass open_begin=True")
    if not open_end and high[-1] < n_reference:
        raise InputError(f"the window ends before reference frame {n_reference - 1}; include it or pass open_end=True")
    return np.ascontiguousarray(np.stack([low, high], axis=1), dtype=np.int32)
