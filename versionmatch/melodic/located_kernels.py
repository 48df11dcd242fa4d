"""Compiled recurrences of the passages that two tunes share. Arrays and numbers in; nothing is checked here."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@nb.njit(cache=True, nogil=True)
def in_time(ra: int, rb: int, rhythm: float) -> float:
    """What the rhythm of two notes that meet adds: ``rhythm`` where alike, half of it less for each half step."""
    apart = abs(ra - rb)
    return rhythm * (1.0 - 0.5 * (apart if apart < 4 else 4))


@nb.njit(cache=True, nogil=True)
def telling_scores(
    a: Ints, wa: Doubles, ra: Ints, b: Ints, wb: Doubles, rb: Ints, alike: Doubles, rhythm: float, gap: float
) -> Doubles:
    """Best local alignment of pitch classes with ``b`` raised by 0 to 11, rare notes weighing more: ``(12,)``.

    Two notes of one pitch class give the lesser of their weights and what their rhythm adds; others ``alike`` by the
    difference, -12 to 12; each note left out costs ``gap``. Memory: two rows of twelve keys.
    """
    m = b.size
    met = np.empty((12, 12))
    for d in range(12):
        for k in range(12):
            met[d, k] = alike[d - k + 12]
    above, row, top = np.zeros((m + 1, 12)), np.zeros((m + 1, 12)), np.zeros(12)
    for i in range(a.size):
        for j in range(1, m + 1):
            d = (a[i] - b[j - 1]) % 12
            weight = wa[i] if wa[i] < wb[j - 1] else wb[j - 1]
            met[d, d] = weight + in_time(ra[i], rb[j - 1], rhythm)
            for k in range(12):
                score = above[j - 1, k] + met[d, k]
                x, y = above[j, k] - gap, row[j - 1, k] - gap
                x = x if x > y else y
                score = score if score > x else x
                score = score if score > 0.0 else 0.0
                row[j, k] = score
                top[k] = score if score > top[k] else top[k]
        above, row = row, above
    return top


@nb.njit(cache=True, nogil=True)
def telling_path(
    a: Ints, wa: Doubles, ra: Ints, b: Ints, wb: Doubles, rb: Ints,
    alike: Doubles, rhythm: float, gap: float, used_a: Flags, used_b: Flags,
) -> Any:  # fmt: skip
    """The best local alignment in one key, where no two notes meet that are both used: its score, and what meets.

    Score and ``(n, 2)`` pairs of notes that meet with one pitch class, forward. Ties: a pair first, then a note of
    ``a`` left out; the earliest end. Memory: a byte for each pair of notes.
    """
    n, m = a.size, b.size
    trail = np.zeros((n + 1, m + 1), np.uint8)
    above = np.zeros(m + 1)
    top, at_i, at_j = 0.0, 0, 0
    for i in range(1, n + 1):
        diagonal, left = 0.0, 0.0
        for j in range(1, m + 1):
            score, how = 0.0, 0
            if not (used_a[i - 1] and used_b[j - 1]):
                d = a[i - 1] - b[j - 1]
                met = alike[d + 12]
                if d == 0:
                    met = min(wa[i - 1], wb[j - 1]) + in_time(ra[i - 1], rb[j - 1], rhythm)
                if diagonal + met > score:
                    score, how = diagonal + met, 1
            if above[j] - gap > score:
                score, how = above[j] - gap, 2
            if left - gap > score:
                score, how = left - gap, 3
            diagonal = above[j]
            above[j], left = score, score
            trail[i, j] = how
            if score > top:
                top, at_i, at_j = score, i, j
    pairs = np.empty((min(at_i, at_j), 2), np.int32)
    place, i, j = pairs.shape[0], at_i, at_j
    while trail[i, j] > 0:
        how = trail[i, j]
        if how == 1 and a[i - 1] == b[j - 1]:
            place -= 1
            pairs[place, 0], pairs[place, 1] = i - 1, j - 1
        i -= 1 if how != 3 else 0
        j -= 1 if how != 2 else 0
    return top, pairs[place:]
