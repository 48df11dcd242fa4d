"""Compiled recurrences of the harmonic measures. Arrays and numbers in; nothing is checked here."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

NEVER = -1e300
BLOCK = 32
STOP, MET, LEFT_A, LEFT_B, VARIED_A, VARIED_B = 0, 1, 2, 3, 4, 5


@nb.njit(cache=True, nogil=True)
def scores_by_key(
    a: Ints, wa: Doubles, b: Ints, wb: Doubles, worth: Doubles, onset: float, extension: float, vary: float
) -> Doubles:
    """Best local alignment of chords with ``b`` raised by 0 to 11: its score in each key, ``(12,)``.

    ``a``, ``b``: ``(n, 2)`` root and quality; ``worth[p, q, d, k]``; ``wa``, ``wb``: the chords' weights. A pair of
    chords gives its worth times the root of the product of weights; left-out chords cost ``onset`` and ``extension``
    times each one's weight; a chord that varies the one it stands beside on the other side costs ``vary`` times
    (1 - worth) times its weight. The keys lie side by side. Memory: three rows of twelve.
    """
    m = b.shape[0]
    above, row, in_a = np.zeros((m + 1, 12)), np.zeros((m + 1, 12)), np.full((m + 1, 12), NEVER)
    in_b, top = np.empty(12), np.zeros(12)
    for i in range(a.shape[0]):
        in_b[:] = NEVER
        for j in range(1, m + 1):
            d = (a[i, 0] - b[j - 1, 0] + 12) % 12
            met = worth[a[i, 1], b[j - 1, 1], d]
            both, one, other = np.sqrt(wa[i] * wb[j - 1]), vary * wa[i], vary * wb[j - 1]
            step_a, step_b = extension * wa[i], extension * wb[j - 1]
            for k in range(12):
                x, y = in_a[j, k], above[j, k] - onset
                down = (x if x > y else y) - step_a
                x, y = in_b[k], row[j - 1, k] - onset
                along = (x if x > y else y) - step_b
                in_a[j, k], in_b[k] = down, along
                score = above[j - 1, k] + both * met[k]
                score = score if score > down else down
                score = score if score > along else along
                x, y = above[j, k] - one * (1.0 - met[k]), row[j - 1, k] - other * (1.0 - met[k])
                x = x if x > y else y
                score = score if score > x else x
                score = score if score > 0.0 else 0.0
                row[j, k] = score
                top[k] = score if score > top[k] else top[k]
        above, row = row, above
    return top


@nb.njit(cache=True, nogil=True)
def located(
    a: Ints,
    wa: Doubles,
    b: Ints,
    wb: Doubles,
    worth: Doubles,
    onset: float,
    extension: float,
    vary: float,
    used: npt.NDArray[np.bool_],
) -> Any:
    """The best local alignment in one key that keeps out of the cells ``used (n, m)``; as ``scores_by_key``.

    ``worth[p, q, d]``. Returns the score and the chords that meet, ``(k, 2)``, in their order. Memory: 20 bytes a
    cell. Ties: the earliest end in ``a``, then in ``b``; pairs before variants before gaps.
    """
    n, m = a.shape[0], b.shape[0]
    best, in_a = np.zeros((n + 1, m + 1)), np.full((n + 1, m + 1), NEVER)
    come, open_a, open_b = (
        np.zeros((n + 1, m + 1), np.int8),
        np.zeros((n + 1, m + 1), np.bool_),
        np.zeros((n + 1, m + 1), np.bool_),
    )
    top, end_i, end_j = 0.0, 0, 0
    for i in range(1, n + 1):
        in_b = NEVER
        for j in range(1, m + 1):
            if used[i - 1, j - 1]:
                in_b = NEVER
                continue
            met = worth[a[i - 1, 1], b[j - 1, 1], (a[i - 1, 0] - b[j - 1, 0] + 12) % 12]
            opened = best[i - 1, j] - onset
            open_a[i, j] = opened >= in_a[i - 1, j]
            in_a[i, j] = max(opened, in_a[i - 1, j]) - extension * wa[i - 1]
            opened = best[i, j - 1] - onset
            open_b[i, j] = opened >= in_b
            in_b = max(opened, in_b) - extension * wb[j - 1]
            score, how = best[i - 1, j - 1] + np.sqrt(wa[i - 1] * wb[j - 1]) * met, MET
            other = best[i - 1, j] - vary * wa[i - 1] * (1.0 - met)
            if other > score:
                score, how = other, VARIED_A
            other = best[i, j - 1] - vary * wb[j - 1] * (1.0 - met)
            if other > score:
                score, how = other, VARIED_B
            if in_a[i, j] > score:
                score, how = in_a[i, j], LEFT_A
            if in_b > score:
                score, how = in_b, LEFT_B
            if score > 0.0:
                best[i, j], come[i, j] = score, how
            if score > top:
                top, end_i, end_j = score, i, j
    return top, _traced(come, open_a, open_b, end_i, end_j)


@nb.njit(cache=True, nogil=True)
def _traced(
    come: npt.NDArray[np.int8], open_a: npt.NDArray[np.bool_], open_b: npt.NDArray[np.bool_], i: int, j: int
) -> Ints:
    """Pairs that meet on the way back from ``(i, j)``, in forward order."""
    pairs = np.empty((min(come.shape[0], come.shape[1]), 2), np.int32)
    count = 0
    while come[i, j] != STOP:
        how = come[i, j]
        if how == MET:
            pairs[count, 0], pairs[count, 1] = i - 1, j - 1
            count += 1
            i, j = i - 1, j - 1
        elif how == VARIED_A:
            i -= 1
        elif how == VARIED_B:
            j -= 1
        elif how == LEFT_A:
            while not open_a[i, j]:
                i -= 1
            i -= 1
        else:
            while not open_b[i, j]:
                j -= 1
            j -= 1
    return pairs[:count][::-1].copy()


@nb.njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def least_areas(f: Floats, g: Floats, bound: float) -> Any:
    """Smallest mean of ``|f - g|`` over all circular shifts of ``g`` against ``f`` and over the pairs of rows.

    ``f (p, n)``, ``g (q, m)``, n ≤ m, one of p and q is 1. Returns the mean, the row of the side that has several, and
    the shift; ``bound`` and -1 where no mean is below ``bound``. A place is given up as soon as its area is too large.
    Ties: the first row, then the smallest shift.
    """
    n, m, rows = f.shape[1], g.shape[1], max(f.shape[0], g.shape[0])
    least, row, shift = np.float32(bound * n), -1, 0
    twice = np.empty(n + m, np.float32)
    for k in range(rows):
        here, there = f[min(k, f.shape[0] - 1)], g[min(k, g.shape[0] - 1)]
        for i in range(n + m):
            twice[i] = there[i % m]
        for s in range(m):
            area, i = np.float32(0.0), 0
            while i < n and area < least:
                end = min(n, i + BLOCK)
                for t in range(i, end):
                    area += abs(here[t] - twice[s + t])
                i = end
            if area < least:
                least, row, shift = area, k, s
    return least / n, row, shift
