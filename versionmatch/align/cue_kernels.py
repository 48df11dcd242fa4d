"""Loops behind the cues: Qmax of an embedded similarity, in whole numbers, without a matrix of scores."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@nb.njit(cache=True, nogil=True)
def embed_similarity(similarity: Array, embedding: int) -> Array:
    """Sums of ``embedding`` cells along each diagonal, as int16.

    similarity : (n, m) float32 in [-1, 1], n, m ≥ embedding ≥ 1. The sum's mean over its cells is scaled by
    16384 and each cell rounded first, so that the running sums are exact. Memory: n·m·4 bytes.
    """
    n, m = similarity.shape[0] - embedding + 1, similarity.shape[1] - embedding + 1
    scale = np.float32(16384.0 / embedding)
    cells = np.empty(similarity.shape, np.int16)
    for i in range(similarity.shape[0]):
        exact, rounded = similarity[i], cells[i]
        for j in range(exact.size):
            rounded[j] = np.int16(np.rint(exact[j] * scale))
    out = np.empty((n, m), np.int16)
    for j in range(m):
        total = np.int16(0)
        for k in range(embedding):
            total += cells[k, j + k]
        out[0, j] = total
    for i in range(1, n):
        total = np.int16(0)
        for k in range(embedding):
            total += cells[i + k, k]
        out[i, 0] = total
        before, row, gone, new = out[i - 1], out[i], cells[i - 1], cells[i + embedding - 1]
        for j in range(m - 1):
            row[j + 1] = before[j] + new[j + embedding] - gone[j]
    return out


@nb.njit(cache=True, nogil=True)
def mutual_qmax(values: Array, rows: Array, columns: Array, floor: int) -> float:
    """Best Qmax where a cell counts if it reaches its row's, its column's threshold and ``floor``.

    values : (n, m) int16. Gaps cost a half, both to open and to go on; n, m < 16000. Two rows are kept.
    """
    n, m = values.shape
    score = np.zeros((3, m + 2), np.int16)  # in halves; two columns of margin
    limits = np.empty(m, np.int16)
    for j in range(m):
        limits[j] = max(columns[j], np.int16(floor))
    peaks = np.zeros(m, np.int16)
    for i in range(n):
        row, above, above2 = score[i % 3], score[(i + 2) % 3], score[(i + 1) % 3]
        cells, limit = values[i], rows[i]
        for j in range(m):
            before = max(above[j + 1], above2[j + 1], above[j])
            hit = (cells[j] >= limit) & (cells[j] >= limits[j])
            value = before + (np.int16(2) if hit else np.int16(-1))
            value = max(value, np.int16(0))
            row[j + 2] = value
            peaks[j] = max(peaks[j], value)
    best = 0
    for j in range(m):
        best = max(best, int(peaks[j]))
    return best / 2.0
