"""Compiled making of hashes from peaks. Arrays and numbers in; nothing is checked here."""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint32]

SHORTEST, LONGEST = 2, 63  # frames from a peak to its partner
WIDEST = 63  # bins
PAIR_BITS = 22
MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio: neighbours land far from each other


@nb.njit(cache=True, nogil=True)
def pairs(frames: Ints, bins: Ints, fan: int) -> tuple[Words, Ints]:
    """Each peak with its next ``fan`` partners: 9 bits of its bin, 7 of the partner's from it, 6 of the frames between.

    frames, bins : (n,), sorted by frame, then by bin; bins below 512. Returns hashes and the peak each starts from,
    both ``(m,)``, in the order of the peaks.
    """
    n = frames.size
    hashes, anchors = np.empty(n * fan, np.uint32), np.empty(n * fan, np.int32)
    m = 0
    for i in range(n):
        found = 0
        for j in range(i + 1, n):
            apart = frames[j] - frames[i]
            if apart > LONGEST or found == fan:
                break
            higher = bins[j] - bins[i]
            if apart < SHORTEST or abs(higher) > WIDEST:
                continue
            hashes[m] = (bins[i] << 13) | ((higher + 64) << 6) | apart
            anchors[m] = i
            m += 1
            found += 1
    return hashes[:m], anchors[:m]


@nb.njit(cache=True, nogil=True)
def triples(frames: Ints, bins: Ints, fan: int, bits: int) -> tuple[Words, Ints]:
    """Each peak with two partners of its next ``fan``, in order: 35 bits mixed down to ``bits`` (at most 32).

    The pair of the first two, and from it to the third 7 bits of bins and 6 of frames.
    """
    n = frames.size
    most = n * (fan * (fan - 1) // 2)
    hashes, anchors = np.empty(most, np.uint32), np.empty(most, np.int32)
    partners = np.empty(fan, np.int32)
    m = 0
    for i in range(n):
        found = 0
        for j in range(i + 1, n):
            apart = frames[j] - frames[i]
            if apart > LONGEST or found == fan:
                break
            if apart >= SHORTEST and abs(bins[j] - bins[i]) <= WIDEST:
                partners[found] = j
                found += 1
        for a in range(found):
            for b in range(a + 1, found):
                j, k = partners[a], partners[b]
                key = np.uint64((bins[i] << 13) | ((bins[j] - bins[i] + 64) << 6) | (frames[j] - frames[i]))
                key = (key << np.uint64(13)) | np.uint64(((bins[k] - bins[i] + 64) << 6) | (frames[k] - frames[i]))
                hashes[m] = (key * MIX) >> np.uint64(64 - bits)
                anchors[m] = i
                m += 1
    return hashes[:m], anchors[:m]


@nb.njit(cache=True, nogil=True)
def count(hashes: Words, counts: npt.NDArray[np.int64]) -> None:
    """Add to ``counts[h + 1]`` how often each hash occurs."""
    for h in hashes:
        counts[h + 1] += 1


@nb.njit(cache=True, nogil=True)
def place(hashes: Words, places: Words, following: npt.NDArray[np.int64], out: Words) -> None:
    """Write each place into its hash's bucket; ``following`` is where the bucket's next entry goes, and moves on."""
    for i in range(hashes.size):
        h = hashes[i]
        out[following[h]] = places[i]
        following[h] += 1
