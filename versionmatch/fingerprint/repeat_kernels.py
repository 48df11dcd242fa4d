"""Loops over peaks: which are met in another recording, and which came before, together with their neighbours."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SLACK_FRAMES, SLACK_BINS = 2, 1.0
BESIDE = 30  # frames either side of a peak in which its neighbours lie
FEWEST, AGAIN = 2, 0.6  # neighbours, and the part of them that came before with it


@nb.njit(cache=True, nogil=True)
def is_near(frames: Doubles, bins: Doubles, frame: float, bin_: float) -> bool:
    """Whether a peak lies within the slack of a place; frames ascending."""
    j = np.searchsorted(frames, frame - SLACK_FRAMES)
    while j < frames.size and frames[j] <= frame + SLACK_FRAMES:
        if abs(bins[j] - bin_) <= SLACK_BINS:
            return True
        j += 1
    return False


@nb.njit(cache=True, nogil=True)
def met_at(times: Doubles, bins: Doubles, frames: Doubles, its_bins: Doubles) -> Flags:
    """Which places have a peak of the other recording near, whose ``frames`` ascend."""
    found = np.zeros(times.size, np.bool_)
    for i in range(times.size):
        found[i] = is_near(frames, its_bins, times[i], bins[i])
    return found


@nb.njit(cache=True, nogil=True)
def came_before(frames: Doubles, bins: Doubles, least: float, most: float) -> Flags:
    """Which peaks came ``least`` to ``most`` frames earlier too, and most of their neighbours with them.

    frames : (n,), ascending; bins : (n,). A peak with fewer than ``FEWEST`` neighbours is taken for new.
    """
    before = np.zeros(frames.size, np.bool_)
    for i in range(frames.size):
        low = np.searchsorted(frames, frames[i] - BESIDE)
        high = np.searchsorted(frames, frames[i] + BESIDE + 1)
        if high - low - 1 < FEWEST:
            continue
        for j in range(np.searchsorted(frames, frames[i] - most), i):
            shift = frames[i] - frames[j]
            if shift < least or abs(bins[j] - bins[i]) > SLACK_BINS:
                continue
            n_with = 0
            for k in range(low, high):
                if k != i and is_near(frames, bins, frames[k] - shift, bins[k]):
                    n_with += 1
            if n_with >= AGAIN * (high - low - 1):
                before[i] = True
                break
    return before
