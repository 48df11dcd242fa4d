"""The compiled loop of the local alignment of two contours. Arrays and numbers in; nothing is checked here."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]


@nb.njit(cache=True, nogil=True)
def contour_passage(a: Bytes, b: Bytes, alike: Doubles, wait: float) -> Any:
    """The best local alignment of two rows of symbols, ``(score, a0, a1, b0, b1)``, ends excluded.

    Two symbols that meet give ``alike[a, b]``; where one side goes on alone it costs ``wait``. Each cell carries
    where its passage began: memory is a few rows. Ties: symbols meet, then ``a`` goes on; the earliest end.
    """
    m = b.size
    best, begin = np.zeros(m + 1), np.zeros((m + 1, 2), np.int32)
    top, where = 0.0, (0, 0, 0, 0)
    for i in range(1, a.size + 1):
        diagonal, d0, d1 = 0.0, 0, 0
        left, l0, l1 = 0.0, 0, 0
        for j in range(1, m + 1):
            if diagonal <= 0.0:
                d0, d1 = i - 1, j - 1
            score, s0, s1 = diagonal + alike[a[i - 1], b[j - 1]], d0, d1
            if best[j] - wait > score:
                score, s0, s1 = best[j] - wait, begin[j, 0], begin[j, 1]
            if left - wait > score:
                score, s0, s1 = left - wait, l0, l1
            score = max(score, 0.0)
            diagonal, d0, d1 = best[j], begin[j, 0], begin[j, 1]
            best[j], begin[j, 0], begin[j, 1] = score, s0, s1
            left, l0, l1 = score, s0, s1
            if score > top:
                top, where = score, (s0, i, s1, j)
    return top, where[0], where[1], where[2], where[3]
