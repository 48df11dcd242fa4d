"""Compiled local-alignment recurrences (Qmax, Dmax, Smith-Waterman). Arrays and numbers in; nothing is checked here."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

# Steps back to a predecessor, (query, reference), in the order in which ties are decided.
STEPS = np.array([(1, 1), (2, 1), (1, 2), (3, 1), (1, 3)], dtype=np.int32)


@nb.njit(cache=True, nogil=True)
def qmax_matrix(binary: npt.NDArray[np.uint8], onset: np.float32, extension: np.float32) -> npt.NDArray[np.float32]:
    """Qmax scores of all cells; rows and columns 0 and 1 are zero."""
    n, m = binary.shape
    scores = np.zeros((n, m), np.float32)
    for i in range(2, n):
        for j in range(2, m):
            if binary[i, j]:
                scores[i, j] = max(scores[i - 1, j - 1], scores[i - 2, j - 1], scores[i - 1, j - 2]) + np.float32(1)
            else:
                a = scores[i - 1, j - 1] - (onset if binary[i - 1, j - 1] else extension)
                b = scores[i - 2, j - 1] - (onset if binary[i - 2, j - 1] else extension)
                c = scores[i - 1, j - 2] - (onset if binary[i - 1, j - 2] else extension)
                scores[i, j] = max(np.float32(0), a, b, c)
    return scores


@nb.njit(cache=True, nogil=True)
def candidate(
    scores: npt.NDArray[np.float32],
    binary: npt.NDArray[np.uint8],
    i: int,
    j: int,
    step: int,
    steps: npt.NDArray[np.int32],
    dmax: bool,
    onset: np.float32,
    extension: np.float32,
) -> np.float32:
    """Score that reaches cell ``(i, j)`` by one step, before the cell's own point."""
    a, b = steps[step, 0], steps[step, 1]
    value: np.float32 = scores[i - a, j - b]
    if dmax:
        for x in range(1, a):
            value += np.float32(binary[i - x, j])
        for y in range(1, b):
            value += np.float32(binary[i, j - y])
    if not binary[i, j]:
        value -= onset if binary[i - a, j - b] else extension
    return value


@nb.njit(cache=True, nogil=True)
def dmax_matrix(
    binary: npt.NDArray[np.uint8], steps: npt.NDArray[np.int32], onset: np.float32, extension: np.float32
) -> npt.NDArray[np.float32]:
    """Dmax scores of all cells; rows and columns 0 to 2 are zero."""
    n, m = binary.shape
    scores = np.zeros((n, m), np.float32)
    for i in range(3, n):
        for j in range(3, m):
            best = np.float32(-np.inf)
            for step in range(5):
                best = max(best, candidate(scores, binary, i, j, step, steps, True, onset, extension))
            scores[i, j] = best + np.float32(1) if binary[i, j] else max(np.float32(0), best)
    return scores


@nb.njit(cache=True, nogil=True)
def trace(
    scores: npt.NDArray[np.float32],
    binary: npt.NDArray[np.uint8],
    steps: npt.NDArray[np.int32],
    n_steps: int,
    onset: np.float32,
    extension: np.float32,
) -> npt.NDArray[np.int32]:
    """Cells of the best alignment, forward; the first maximum in reading order ends it. Empty where all is zero."""
    n, m = scores.shape
    path = np.empty((n + m, 2), np.int32)
    end = int(np.argmax(scores)) if scores.size else 0
    length = 0
    if scores.size == 0 or scores[end // m, end % m] <= 0:
        return path[:0]
    i, j = end // m, end % m
    while scores[i, j] > 0:
        path[length, 0], path[length, 1] = i, j
        length += 1
        best, chosen = np.float32(-np.inf), 0
        for step in range(n_steps):
            value = candidate(scores, binary, i, j, step, steps, n_steps > 3, onset, extension)
            if value > best:
                best, chosen = value, step
        i, j = i - steps[chosen, 0], j - steps[chosen, 1]
    return path[:length][::-1].copy()


@nb.njit(cache=True, nogil=True)
def align_sequences(pairs: npt.NDArray[np.float64], opening: float, gap: float) -> tuple[float, npt.NDArray[np.int32]]:
    """Smith-Waterman with affine gaps (Gotoh): best score and path, forward; ties prefer pairing, then the query.

    pairs : (n, m) score of pairing each query note with each reference note. A gap of k notes scores
    ``opening + k * gap`` (both zero or negative). One byte per cell.
    """
    n, m = pairs.shape
    trail = np.zeros((n + 1, m + 1), np.uint8)  # bits 0-1: how reached; bit 2/3: query/reference gap was extended
    above, vertical = np.zeros(m + 1), np.full(m + 1, -np.inf)
    best, bi, bj = 0.0, 0, 0
    for i in range(1, n + 1):
        diagonal, left, horizontal = 0.0, 0.0, -np.inf
        for j in range(1, m + 1):
            code = 0
            fresh, longer = above[j] + opening + gap, vertical[j] + gap
            if longer > fresh:
                code |= 4
            vertical[j] = max(fresh, longer)
            fresh, longer = left + opening + gap, horizontal + gap
            if longer > fresh:
                code |= 8
            horizontal = max(fresh, longer)
            value, how = 0.0, 0
            if diagonal + pairs[i - 1, j - 1] > value:
                value, how = diagonal + pairs[i - 1, j - 1], 1
            if vertical[j] > value:
                value, how = vertical[j], 2
            if horizontal > value:
                value, how = horizontal, 3
            diagonal = above[j]
            above[j] = value
            left = value
            trail[i, j] = code | how
            if value > best:
                best, bi, bj = value, i, j
    return best, follow(trail, bi, bj)


@nb.njit(cache=True, nogil=True)
def follow(trail: npt.NDArray[np.uint8], i: int, j: int) -> npt.NDArray[np.int32]:
    """Cells from the trail's start to ``(i, j)``; a gap moves along one side only."""
    path = np.empty((i + j, 2), np.int32)
    length = 0
    while trail[i, j] & 3:
        how = trail[i, j] & 3
        if how == 1:
            path[length, 0], path[length, 1] = i - 1, j - 1
            length += 1
            i, j = i - 1, j - 1
        else:
            more = True
            while more:
                path[length, 0], path[length, 1] = i - 1, j - 1
                length += 1
                more = (trail[i, j] & (4 if how == 2 else 8)) != 0
                if how == 2:
                    i -= 1
                else:
                    j -= 1
    return path[:length][::-1].copy()
