"""Loops behind straight passages: the best straight line through a map of likeness."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@nb.njit(cache=True, nogil=True)
def best_line(score: Array, slopes: Array) -> tuple[float, int, int, int, int]:
    """The stretch of a straight line with the highest total, along any of some slopes.

    score : (n, m) float32, below 0 on the whole. slopes : (k,) float64 above 0, columns for each row.
    A line meets in row i the column ``offset + ⌊slope · i + 1/2⌋``, for whole offsets; along each, Kadane's maximal
    sum. Returns the total, the slope's index, the offset, first and last row; index -1 where no cell is positive.
    Memory: 8 bytes for each offset. Ties: the smaller index, then row, then offset.
    """
    n, m = score.shape
    best, which, at, first, last = np.float32(0.0), -1, 0, 0, 0
    for k in range(slopes.size):
        reach = int(slopes[k] * (n - 1) + 0.5)
        total = np.zeros(reach + m, np.float32)
        start = np.zeros(reach + m, np.int32)
        for i in range(n):
            shift = reach - int(slopes[k] * i + 0.5)  # total[j + shift] is the line that meets column j
            top = np.float32(0.0)
            for j in range(m):
                before = total[j + shift]
                if before <= 0.0:
                    before = np.float32(0.0)
                    start[j + shift] = i
                value = before + score[i, j]
                total[j + shift] = value
                top = max(top, value)
            if top > best:
                for j in range(m):
                    if total[j + shift] > best:
                        best, which, at, first, last = total[j + shift], k, j + shift - reach, start[j + shift], i
    return float(best), which, at, first, last
