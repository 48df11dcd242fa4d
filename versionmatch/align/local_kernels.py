"""Compiled local-alignment recurrences (Qmax, Dmax, Smith-Waterman). Arrays and numbers in; nothing is checked here.

A cell of Qmax or Dmax depends on earlier rows only, so whole rows are computed at once, on vectors. Blocks of
rows carry their last ``HISTORY`` rows on to the next.
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]

U = np.uintp
HISTORY = 3  # rows that a cell looks back, and columns
# Steps back to a predecessor, (query, reference), in the order in which ties are decided.
STEPS = ((1, 1), (2, 1), (1, 2), (3, 1), (1, 3))
ONE, ZERO = np.float32(1), np.float32(0)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def qmax_reach(one: Floats, two: Floats, out: Floats) -> None:
    """Best predecessor of each cell from column 2 on; ``one`` and ``two``: the rows one and two above."""
    for j in range(U(out.size - 2)):
        out[j + U(2)] = max(one[j + U(1)], two[j + U(1)], one[j])


@nb.njit(cache=True, nogil=True, error_model="numpy")
def dmax_reach(one: Floats, two: Floats, three: Floats, own: Bytes, up: Bytes, upper: Bytes, out: Floats) -> None:
    """Best predecessor of each cell from column 3 on, with the points of the cells that a long step passes.

    ``own``, ``up`` and ``upper``: recurrence of the cells' own row and of those one and two above.
    """
    for j in range(U(out.size - 3)):
        c = j + U(3)
        passed_one, along_one = np.float32(up[c]), np.float32(own[j + U(2)])
        passed_two, along_two = passed_one + np.float32(upper[c]), along_one + np.float32(own[j + U(1)])
        near = max(one[j + U(2)], two[j + U(2)] + passed_one, one[j + U(1)] + along_one)
        out[c] = max(near, three[j + U(2)] + passed_two, one[j] + along_two)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def settle(own: Bytes, gain: Floats, loss: Floats, penalty: np.float32, out: Floats) -> None:
    """Scores of a row: one more than the predecessor where there is recurrence, else what is left, at least 0."""
    for j in range(U(out.size)):
        out[j] = gain[j] + ONE if own[j] else max(ZERO, loss[j] - penalty)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def discount(own: Bytes, scores: Floats, onset: np.float32, extension: np.float32, out: Floats) -> None:
    """What the cells of a row are worth to a gap that leaves from them."""
    for j in range(U(out.size)):
        out[j] = scores[j] - (onset if own[j] else extension)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def highest(bits: Ints) -> np.int32:
    """Maximum of a row of scores, given as their bits: those of floats from 0 on have the floats' order."""
    top = np.int32(0)
    for j in range(U(bits.size)):
        top = max(top, bits[j])
    return top


@nb.njit(cache=True, nogil=True)
def reach(dmax: bool, binary: Bytes, rows: Floats, i: int, out: Floats) -> None:
    """Best predecessors of row ``i``; ``rows``: what their cells are worth."""
    if dmax:
        dmax_reach(rows[i - 1], rows[i - 2], rows[i - 3], binary[i], binary[i - 1], binary[i - 2], out)
    else:
        qmax_reach(rows[i - 1], rows[i - 2], out)


@nb.njit(cache=True, nogil=True)
def score_rows(
    dmax: bool, binary: Bytes, onset: np.float32, extension: np.float32, first: int, scores: Floats
) -> tuple[float, int, int]:
    """Fill ``scores`` from row HISTORY on; give the best score and its cell, the first in reading order.

    binary, scores : (HISTORY + n, m); the first HISTORY rows are those of the block before, or zero.
    first : index of the block's first row in the whole matrix. Rows and columns 0 and 1 of the whole (Dmax:
    0 to 2) score nothing; a window that begins elsewhere loses as many columns as its path can cross.
    """
    n, m = scores.shape
    border = 3 if dmax else 2
    gain = np.zeros(m, np.float32)
    loss = gain if onset == extension else np.zeros(m, np.float32)
    worth = scores if onset == extension else np.empty((n, m), np.float32)
    bits = scores.view(np.int32)
    best, best_i = np.int32(0), HISTORY
    if onset != extension:
        for i in range(HISTORY):
            discount(binary[i], scores[i], onset, extension, worth[i])
    for i in range(HISTORY, n):
        scores[i, :border] = 0
        if first + i - HISTORY < border or m <= border:
            scores[i] = 0
        else:
            reach(dmax, binary, scores, i, gain)
            if onset != extension:
                reach(dmax, binary, worth, i, loss)
            tail = slice(border, m)
            penalty = extension if onset == extension else ZERO
            settle(binary[i, tail], gain[tail], loss[tail], penalty, scores[i, tail])
        if onset != extension:
            discount(binary[i], scores[i], onset, extension, worth[i])
        top = highest(bits[i])
        if top > best:
            best, best_i = top, i
    if best == 0:
        return 0.0, -1, -1
    best_j = 0
    while bits[best_i, best_j] != best:
        best_j += 1
    return float(scores[best_i, best_j]), first + best_i - HISTORY, best_j


@nb.njit(cache=True, nogil=True)
def step_back(
    dmax: bool, binary: Bytes, scores: Floats, onset: np.float32, extension: np.float32, i: int, j: int
) -> tuple[int, int]:
    """The predecessor through which cell ``(i, j)`` won its score."""
    best, best_a, best_b = np.float32(-np.inf), 0, 0
    for s in range(5 if dmax else 3):
        a, b = STEPS[s]
        value = scores[i - a, j - b]
        if dmax:
            for x in range(1, a):
                value += np.float32(binary[i - x, j])
            for y in range(1, b):
                value += np.float32(binary[i, j - y])
        if not binary[i, j]:
            value -= onset if binary[i - a, j - b] else extension
        if value > best:
            best, best_a, best_b = value, a, b
    return i - best_a, j - best_b


@nb.njit(cache=True, nogil=True)
def trace(
    dmax: bool, binary: Bytes, scores: Floats, onset: np.float32, extension: np.float32, i: int, j: int, path: Ints
) -> tuple[int, int, int, int]:
    """Follow the best predecessors from cell ``(i, j)`` back to row HISTORY or to a score of 0.

    path : receives the cells, backwards. Gives the number of cells, of those with recurrence, and the next cell.
    """
    length, matches = 0, 0
    while i >= HISTORY and scores[i, j] > 0:
        path[length, 0], path[length, 1] = i, j
        length += 1
        matches += binary[i, j]
        i, j = step_back(dmax, binary, scores, onset, extension, i, j)
    return length, matches, i, j


@nb.njit(cache=True, nogil=True, error_model="numpy")
def pack_row(own: Bytes, bit: np.uint8, packed: Bytes) -> None:
    """Set one bit of each byte where there is recurrence."""
    for j in range(U(own.size)):
        packed[j] |= np.uint8(own[j] << bit)


@nb.njit(cache=True, nogil=True)
def pack(block: Bytes) -> Bytes:
    """Rows of zeros and ones, eight to a byte: ``(ceil(n / 8), m)``."""
    n, m = block.shape
    packed = np.zeros(((n + 7) // 8, m), np.uint8)
    for i in range(n):
        pack_row(block[i], np.uint8(i % 8), packed[i // 8])
    return packed


@nb.njit(cache=True, nogil=True)
def unpack(packed: Bytes, start: int, stop: int, out: Bytes) -> None:
    """The columns from ``start`` to ``stop`` of packed rows, as zeros and ones."""
    for i in range(out.shape[0]):
        for j in range(start, stop):
            out[i, j - start] = (packed[i // 8, j] >> (i % 8)) & 1


@nb.njit(cache=True, nogil=True)
def erase(binary: Bytes, path: Ints, separation: int) -> None:
    """No recurrence within ``separation`` rows or columns of a path."""
    n, m = binary.shape
    for step in range(path.shape[0]):
        i, j = path[step, 0], path[step, 1]
        binary[i, max(0, j - separation) : min(m, j + separation + 1)] = 0
        binary[max(0, i - separation) : min(n, i + separation + 1), j] = 0


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
