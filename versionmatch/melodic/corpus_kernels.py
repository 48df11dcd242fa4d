"""One short passage against every line of a corpus, in all keys at once. Nothing is checked here."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.int8]
Floats = npt.NDArray[np.float32]
Longs = npt.NDArray[np.int64]

LANES = 16
"""Twelve keys and four that never score, so that a row fills whole registers."""


@nb.njit(cache=True, nogil=True)
def profile_of(passage: Bytes, alike: Floats) -> Floats:
    """Likeness of each note of the passage to each pitch class, raised by 0 to 11: ``(12, n, LANES)``."""
    made = np.full((12, passage.size, LANES), np.float32(-1e6))
    for c in range(12):
        for i in range(passage.size):
            for k in range(12):
                made[c, i, k] = alike[(passage[i] - c) % 12 - k + 12]
    return made


@nb.njit(cache=True, nogil=True)
def scores_of_lines(profile: Floats, gap: float, pool: Bytes, starts: Longs, lines: Longs) -> Any:
    """The best local alignment of a passage within each of ``lines``: its score, and how far the line is raised.

    ``pool`` has the pitch classes of all lines, line l from ``starts[l]`` to ``starts[l + 1]``. The recurrence
    is that of ``local_scores``. Memory: one column of ``(n + 1) · LANES``. Ties: the lowest key.
    """
    n = profile.shape[1]
    score, key = np.zeros(lines.size, np.float32), np.zeros(lines.size, np.int8)
    column, cost, nought = np.zeros((n + 1) * LANES, np.float32), np.float32(gap), np.float32(0)
    top, diagonal = np.zeros(LANES, np.float32), np.zeros(LANES, np.float32)
    flat = profile.reshape(12, n * LANES)
    for at in range(lines.size):
        column[:] = nought
        top[:] = nought
        for j in range(starts[lines[at]], starts[lines[at] + 1]):
            met = flat[pool[j]]
            diagonal[:] = nought
            for i in range(n):
                o = i * LANES
                for k in range(LANES):
                    beside = column[o + LANES + k]
                    x = max(diagonal[k] + met[o + k], max(beside, column[o + k]) - cost)
                    x = max(x, nought)
                    diagonal[k] = beside
                    column[o + LANES + k] = x
                    top[k] = max(x, top[k])
        best = 0
        for k in range(1, 12):
            if top[k] > top[best]:
                best = k
        score[at], key[at] = top[best], best
    return score, key


@nb.njit(cache=True, nogil=True)
def placed(passage: Bytes, line: Bytes, alike: Floats, gap: float) -> Any:
    """The best local alignment in one key: ``(score, a0, a1, b0, b1, identical)``, with how many notes are the same.

    Ties: the earliest end in the line, then in the passage; a pair of notes before one left out.
    """
    n = passage.size
    best = np.zeros(n + 1)
    state = np.zeros((n + 1, 3), np.int64)  # where it began in the passage and in the line; notes that are the same
    top, where = 0.0, (0, 0, 0, 0, 0)
    before = np.zeros(3, np.int64)
    for j in range(line.size):
        diagonal = 0.0
        before[0], before[1], before[2] = 0, j, 0
        for i in range(n):
            gain = alike[passage[i] - line[j] + 12]
            score, a, b = diagonal + gain, before[0], before[1]
            same = before[2] + (1 if passage[i] == line[j] else 0)
            if best[i + 1] - gap > score:
                score, a, b, same = best[i + 1] - gap, state[i + 1, 0], state[i + 1, 1], state[i + 1, 2]
            if best[i] - gap > score:
                score, a, b, same = best[i] - gap, state[i, 0], state[i, 1], state[i, 2]
            if best[i + 1] > 0.0:
                diagonal = best[i + 1]
                before[0], before[1], before[2] = state[i + 1, 0], state[i + 1, 1], state[i + 1, 2]
            else:
                diagonal = 0.0
                before[0], before[1], before[2] = i + 1, j, 0
            best[i + 1] = score if score > 0.0 else 0.0
            state[i + 1, 0], state[i + 1, 1], state[i + 1, 2] = a, b, same
            if score > top + 1e-9:
                top, where = score, (a, i + 1, b, j + 1, same)
    return top, where[0], where[1], where[2], where[3], where[4]
