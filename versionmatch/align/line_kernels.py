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

    score : (n, m) float32, contiguous, below 0 on the whole. slopes : (k,) float64 above 0, columns for each row.
    A line meets in row i the column ``offset + ⌊slope · i + 1/2⌋``, for whole offsets; along each, Kadane's maximal
    sum. Returns the total, the slope's index, the offset, first and last row; index -1 where no cell is positive.
    Memory: 8 bytes for each offset. Ties: the smaller index, then offset, then row.
    """
    n, m = score.shape
    best, which, at = np.float32(0.0), -1, 0
    for k in range(slopes.size):
        reach = int(slopes[k] * (n - 1) + 0.5)
        total = np.zeros(reach + m, np.float32)
        peak = np.zeros(reach + m, np.float32)
        for i in range(n):
            shift = reach - int(slopes[k] * i + 0.5)  # total[j + shift] is the line that meets column j
            running, highest, row = total[shift : shift + m], peak[shift : shift + m], score[i]
            for j in range(m):
                value = max(running[j], np.float32(0.0)) + row[j]
                running[j] = value
                highest[j] = max(highest[j], value)
        line = int(np.argmax(peak))
        if peak[line] > best:
            best, which, at = peak[line], k, line - reach
    if which < 0:
        return 0.0, -1, 0, 0, 0
    first, last = _stretch(score, slopes[which], at)
    return float(best), which, at, first, last


@nb.njit(cache=True, nogil=True)
def _stretch(score: Array, slope: float, offset: int) -> tuple[int, int]:
    """First and last row of the best stretch of one line."""
    n, m = score.shape
    total, best, start, first, last = np.float32(0.0), np.float32(0.0), 0, 0, 0
    for i in range(n):
        j = offset + int(slope * i + 0.5)
        if j < 0 or j >= m:
            continue
        if total <= 0.0:
            total, start = np.float32(0.0), i
        total += score[i, j]
        if total > best:
            best, first, last = total, start, i
    return first, last
