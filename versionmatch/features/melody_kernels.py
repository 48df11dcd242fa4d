"""Compiled tracking of the melody's pitch."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt


@nb.njit(cache=True, nogil=True)
def track_pitch(scores: npt.NDArray[np.float64], penalty: float, reach: int) -> npt.NDArray[np.int64]:
    """Rows of the path with the largest total, where each semitone moved costs ``penalty``.

    scores : (n_pitches, n_frames). A move of more than ``reach`` rows costs as one of ``reach`` rows,
    so that a leap is paid for once. Memory: two bytes a pitch and frame. Ties prefer the nearest
    lower row, the leap last.
    """
    n, frames = scores.shape
    came_from = np.zeros((frames, n), np.int16)
    total = scores[:, 0].copy()
    fresh = np.empty(n)
    for t in range(1, frames):
        top = int(np.argmax(total))
        for i in range(n):
            best, arg = total[i], i
            for d in range(1, reach):
                if i - d >= 0 and total[i - d] - penalty * d > best:
                    best, arg = total[i - d] - penalty * d, i - d
                if i + d < n and total[i + d] - penalty * d > best:
                    best, arg = total[i + d] - penalty * d, i + d
            if total[top] - penalty * reach > best:
                best, arg = total[top] - penalty * reach, top
            fresh[i] = best + scores[i, t]
            came_from[t, i] = arg
        total[:] = fresh
    path = np.empty(frames, np.int64)
    path[frames - 1] = np.argmax(total)
    for t in range(frames - 1, 0, -1):
        path[t - 1] = came_from[t, path[t]]
    return path
