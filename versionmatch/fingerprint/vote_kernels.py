"""Compiled voting for offsets. Arrays and numbers in; nothing is checked here."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

Longs = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint32]
Keys = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]

WEIGHT_BITS = np.uint64(10)
WEIGHT_MASK = np.uint64(1023)
STEPS = 32.0  # a weight is kept in parts of a nat
HEAVIEST = 1023
NEAR_BITS, TABLE = np.uint64(2), 2**20
FULL = 65535  # a cell of the table holds no more
COARSE, RANGE = 32, 256
LAST = np.int64(63)


@nb.njit(cache=True, nogil=True)
def gather(
    buckets: Longs, places: Words, hashes: Words, times: Ints, n_frames: int, budget: int, slack: int
) -> tuple[Keys, int]:
    """A vote for each place where a hash of the query occurs: where the query would begin, and what that weighs.

    Hashes are looked up in the order given until ``budget`` places were read, each with those whose last 6 bits, the
    frames between two peaks, differ by up to ``slack``: they lie side by side. A vote weighs the logarithm of how rare
    what was looked up is. Returns ``(m,)`` votes, offset and weight in one number, and how many hashes were looked up.
    """
    total, n_used = 0, 0
    spans = np.empty((hashes.size, 2), np.int64)
    for i in range(hashes.size):
        h = np.int64(hashes[i])
        spans[i, 0] = buckets[max(h - slack, h & ~LAST)]
        spans[i, 1] = buckets[min(h + slack, h | LAST) + 1]
        size = spans[i, 1] - spans[i, 0]
        if total + size > budget:
            break
        total += size
        n_used += 1
    votes = np.empty(total, np.uint64)
    m = 0
    for i in range(n_used):
        low, high = spans[i]
        if high == low:
            continue
        rare = np.log(n_frames / (high - low + 1.0)) * STEPS
        weight = np.uint64(min(max(rare, 1.0), HEAVIEST))
        back = np.int64(times[i])
        for k in range(low, high):
            votes[m] = (np.uint64(np.int64(places[k]) - back) << WEIGHT_BITS) | weight
            m += 1
    return votes[:m], n_used


@nb.njit(cache=True, nogil=True)
def crowded(votes: Keys, most: int) -> tuple[Keys, int]:
    """Those votes that may have another within ``2 ** NEAR_BITS`` frames, ``(k,)``, in order: few are left to sort.

    Where these are more than about ``most``, those in the heaviest neighbourhoods only, and from which weight on no
    election can have lost a vote; else that is 0. Offsets are counted in a small table, where unlike ones may fall
    together; a neighbourhood is never taken for lighter than it is.
    """
    weights = np.zeros(TABLE + 2, np.uint16)
    shift, mask = WEIGHT_BITS + NEAR_BITS, np.uint64(TABLE - 1)
    for i in range(votes.size):
        cell = np.int64((votes[i] >> shift) & mask) + 1
        weights[cell] = min(weights[cell] + np.int64(votes[i] & WEIGHT_MASK), FULL)
    weights[0], weights[TABLE + 1] = weights[TABLE], weights[1]
    around = np.empty(votes.size, np.int32)
    counts = np.zeros(RANGE, np.int64)
    for i in range(votes.size):
        cell = np.int64((votes[i] >> shift) & mask) + 1
        near = int(weights[cell - 1]) + int(weights[cell]) + int(weights[cell + 1])
        around[i] = 0
        if near > int(votes[i] & WEIGHT_MASK):
            around[i] = near
            counts[min(near // COARSE, RANGE - 1)] += 1
    level, n = RANGE - 1, counts[RANGE - 1]
    while level > 0 and n + counts[level - 1] <= most:
        level -= 1
        n += counts[level]
    kept = np.empty(n, np.uint64)
    n = 0
    for i in range(votes.size):
        if around[i] >= max(level * COARSE, 1):
            kept[n] = votes[i]
            n += 1
    return kept[:n], level * COARSE


@nb.njit(cache=True, nogil=True)
def elect(votes: Keys, width: int, least: int) -> tuple[Longs, Longs]:
    """Offsets that have the most votes near them: ``(k,)`` offsets and what their votes weigh together.

    votes : sorted. Votes within ``width`` frames count together; of windows that overlap, the heaviest is kept, ties:
    the first. At least ``least`` votes.
    """
    offsets, weights = np.empty(votes.size, np.int64), np.empty(votes.size, np.int64)
    n_found, low, total = 0, 0, np.int64(0)
    for j in range(votes.size):
        at = np.int64(votes[j] >> WEIGHT_BITS)
        total += np.int64(votes[j] & WEIGHT_MASK)
        while at - np.int64(votes[low] >> WEIGHT_BITS) > width:
            total -= np.int64(votes[low] & WEIGHT_MASK)
            low += 1
        if j - low + 1 < least:
            continue
        middle = (at + np.int64(votes[low] >> WEIGHT_BITS)) // 2
        if n_found > 0 and middle - offsets[n_found - 1] <= width:
            if total > weights[n_found - 1]:
                offsets[n_found - 1], weights[n_found - 1] = middle, total
            continue
        offsets[n_found], weights[n_found] = middle, total
        n_found += 1
    return offsets[:n_found], weights[:n_found]
