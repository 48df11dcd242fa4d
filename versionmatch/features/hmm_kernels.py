"""Compiled Viterbi decoding."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt


@nb.njit(cache=True, nogil=True)
def viterbi(scores: npt.NDArray[np.float64], moves: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """States of the path with the largest total.

    scores : (n_states, n_frames), log-likelihoods; moves : (n_states, n_states), log-probability of
    going from row to column. Memory: two bytes a state and frame. Ties prefer the lower state.
    """
    n, frames = scores.shape
    came_from = np.zeros((frames, n), np.int16)
    total = scores[:, 0].copy()
    fresh = np.empty(n)
    for t in range(1, frames):
        for j in range(n):
            best, arg = total[0] + moves[0, j], 0
            for i in range(1, n):
                value = total[i] + moves[i, j]
                if value > best:
                    best, arg = value, i
            fresh[j] = best + scores[j, t]
            came_from[t, j] = arg
        total[:] = fresh
    path = np.empty(frames, np.int64)
    path[frames - 1] = np.argmax(total)
    for t in range(frames - 1, 0, -1):
        path[t - 1] = came_from[t, path[t]]
    return path
