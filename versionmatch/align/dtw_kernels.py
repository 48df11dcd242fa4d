"""Plain compiled kernels of dynamic time warping."""

from __future__ import annotations

import numba as nb
import numpy as np

from ..types import FloatArray, IntArray


@nb.njit(cache=True, nogil=True)
def full_path(
    x: FloatArray, y: FloatArray, window: IntArray, open_begin: bool, open_end: bool
) -> tuple[IntArray, float]:
    """Path and total cost, by the whole matrix of steps."""
    n, m = x.shape[1], y.shape[1]
    steps = np.zeros((n, m), np.int8)
    above = np.full(m + 1, np.inf)
    row = np.full(m + 1, np.inf)
    for i in range(n):
        row[:] = np.inf
        for j in range(window[i, 0], window[i, 1]):
            dot = 0.0
            for k in range(x.shape[0]):
                dot += np.float64(x[k, i]) * np.float64(y[k, j])
            best, step = np.inf, 0
            if i == 0 and (j == 0 or open_begin):
                best, step = 0.0, 3
            if above[j] < best:
                best, step = above[j], 0
            if above[j + 1] < best:
                best, step = above[j + 1], 1
            if row[j] < best:
                best, step = row[j], 2
            row[j + 1] = best + 1.0 - dot
            steps[i, j] = step
        above, row = row, above
    j = m - 1
    if open_end:
        j = int(np.argmin(above[1:]))
    total = above[j + 1]
    i = n - 1
    path = np.empty((n + m, 2), np.int32)
    length = 0
    while True:
        path[length, 0], path[length, 1] = i, j
        length += 1
        step = steps[i, j]
        if step == 3:
            break
        i -= step != 2
        j -= step != 1
    return path[:length][::-1].copy(), total
