"""Compiled search for spectral peaks. Arrays and numbers in; nothing is checked here."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

LOWEST = np.float32(-1e9)


@nb.njit(cache=True, nogil=True)
def highest_along_rows(levels: Floats, reach: int, out: Floats) -> None:
    """Maximum of each cell and the ``reach`` cells either side in its row, by van Herk's method: 3 looks a cell."""
    n_rows, n = levels.shape
    width = 2 * reach + 1
    size = n + 2 * reach
    padded = np.full(size, LOWEST, np.float32)
    before, after = np.empty(size, np.float32), np.empty(size, np.float32)
    for t in range(n_rows):
        padded[reach : reach + n] = levels[t]
        for i in range(size):
            before[i] = padded[i] if i % width == 0 else max(before[i - 1], padded[i])
        for k in range(size):
            i = size - 1 - k
            after[i] = padded[i] if i % width == width - 1 or i == size - 1 else max(after[i + 1], padded[i])
        for i in range(n):
            out[t, i] = max(after[i], before[i + width - 1])


@nb.njit(cache=True, nogil=True)
def highest_along_columns(levels: Floats, reach: int, out: Floats) -> None:
    """Maximum of each cell and the ``reach`` cells either side in its column, a doubling of spans at a time."""
    n_rows, n = levels.shape
    for t in range(n_rows):
        low, high = max(0, t - reach), min(n_rows, t + reach + 1)
        row = out[t]
        row[:] = levels[low]
        for k in range(low + 1, high):
            other = levels[k]
            for i in range(n):
                row[i] = max(row[i], other[i])


@nb.njit(cache=True, nogil=True)
def pick(
    levels: Floats, tops: Floats, first: int, last: int, lowest_bin: int, floor: float, surround: Ints
) -> tuple[Ints, Floats, Floats]:
    """Cells of rows ``first`` to ``last`` (excluded) that are the top of their surroundings.

    levels : (n_rows, n_bins) log power; tops : the same after both maximum filters. A peak is above ``floor``. Returns
    row, refined bin, and height, sorted by row, then by bin. A peak's height is the mean of how far it is above the
    floor and above the mean of the ``surround`` = (rows, bins) either side: loud ones that stand alone come first. Sums
    run in a fixed order: no block changes a bit.
    """
    n_rows, n = levels.shape
    most = 0
    for t in range(first, last):
        for f in range(lowest_bin, n - 1):
            if levels[t, f] >= tops[t, f] and levels[t, f] > floor:
                most += 1
    rows, bins, heights = np.empty(most, np.int32), np.empty(most, np.float32), np.empty(most, np.float32)
    n_found = 0
    for t in range(first, last):
        for f in range(lowest_bin, n - 1):
            value = levels[t, f]
            if not (value >= tops[t, f] and value > floor):
                continue
            total, count = 0.0, 0
            for k in range(max(0, t - surround[0]), min(n_rows, t + surround[0] + 1)):
                for j in range(max(lowest_bin, f - surround[1]), min(n, f + surround[1] + 1)):
                    total += levels[k, j]
                    count += 1
            height = value - 0.5 * (total / count + floor)
            left, right = levels[t, f - 1], levels[t, f + 1]
            bend = left - 2.0 * value + right
            shift = 0.5 * (left - right) / bend if bend < -1e-6 else 0.0
            rows[n_found], bins[n_found], heights[n_found] = t, f + min(max(shift, -0.5), 0.5), height
            n_found += 1
    return rows[:n_found], bins[:n_found], heights[:n_found]


@nb.njit(cache=True, nogil=True)
def outrank(frames: Ints, heights: Floats, reach: int, most: int) -> Flags:
    """Which peaks have fewer than ``most`` higher ones within ``reach`` frames either side; ties: the earlier first."""
    n = frames.size
    kept = np.zeros(n, np.bool_)
    low = 0
    for i in range(n):
        while frames[low] < frames[i] - reach:
            low += 1
        higher, j = 0, low
        while j < n and frames[j] <= frames[i] + reach and higher < most:
            if heights[j] > heights[i] or (heights[j] == heights[i] and j < i):
                higher += 1
            j += 1
        kept[i] = higher < most
    return kept


@nb.njit(cache=True, nogil=True)
def prominent(frames: Ints, bins: Floats, heights: Floats, reach: int, wide: float) -> Flags:
    """Which peaks have no higher one within ``reach`` frames and ``wide`` bins either side."""
    n = frames.size
    kept = np.ones(n, np.bool_)
    low = 0
    for i in range(n):
        while frames[low] < frames[i] - reach:
            low += 1
        j = low
        while j < n and frames[j] <= frames[i] + reach:
            if heights[j] > heights[i] and abs(bins[j] - bins[i]) <= wide:
                kept[i] = False
                break
            j += 1
    return kept
