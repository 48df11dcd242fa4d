"""Compiled recurrences of the rhythmic measures. Arrays and numbers in; nothing is checked here."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Doubles = npt.NDArray[np.float64]


@nb.njit(cache=True, nogil=True)
def local_path(gain: npt.NDArray[np.float32], gap: float) -> Any:
    """Best local alignment (Smith-Waterman, linear gaps) over a table of gains, above 0 where two elements are alike.

    Returns ``(score, a0, a1, b0, b1)``: rows ``a0`` to ``a1 - 1`` answer columns ``b0`` to ``b1 - 1``. An element left
    out costs ``gap``. Each state carries where it began, so that memory is a few rows. Ties: the earliest end.
    """
    n, m = gain.shape
    best = np.zeros(m + 1)
    start = np.zeros((m + 1, 2), np.int32)
    top, where = 0.0, (0, 0, 0, 0)
    for i in range(1, n + 1):
        diagonal, d0, d1 = 0.0, i - 1, 0
        best[0] = 0.0
        for j in range(1, m + 1):
            if diagonal <= 0.0:
                d0, d1 = i - 1, j - 1
            score, s0, s1 = diagonal + gain[i - 1, j - 1], d0, d1
            if best[j] - gap > score:
                score, s0, s1 = best[j] - gap, start[j, 0], start[j, 1]
            if best[j - 1] - gap > score:
                score, s0, s1 = best[j - 1] - gap, start[j - 1, 0], start[j - 1, 1]
            diagonal, d0, d1 = best[j], start[j, 0], start[j, 1]
            if score > 0.0:
                best[j], start[j, 0], start[j, 1] = score, s0, s1
                if score > top:
                    top, where = score, (s0, i, s1, j)
            else:
                best[j] = 0.0
    return top, where[0], where[1], where[2], where[3]
