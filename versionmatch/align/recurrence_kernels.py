"""Compiled cross recurrence: rows of embedded similarity in exact integers, and their k-th largest values.

A frame product is summed in float32 in one fixed order without fused multiply-add, then cut to fixed point; sums
over the embedding are integer sums. So equal frames give equal numbers wherever they stand, swapping the two
sides changes nothing, and the running sums along the diagonals collect no error.

Loops that must run on vectors touch few arrays, index them unsigned, and read the reference from tiles whose
planes lie a constant distance apart: otherwise the compiler gives up on proving that nothing overlaps.
"""

from __future__ import annotations

import numba as nb
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

U = np.uintp
PLANES = 12  # rows of a tile: those of chroma
TILE = 512  # frames of a tile
STRIDE = TILE + 16  # a power of two would make the planes share cache sets
WIDEST = np.int32(2**31 - 1)


@nb.njit(cache=True, nogil=True)
def tiles_of(unit: Floats) -> Floats:
    """Frames ``(n_features, n)`` as tiles ``(n_tiles, n_groups, PLANES * STRIDE)``, padded with zeros."""
    n_features, n = unit.shape
    n_tiles, n_groups = (n + TILE - 1) // TILE, (n_features + PLANES - 1) // PLANES
    tiles = np.zeros((n_tiles, n_groups, PLANES * STRIDE), np.float32)
    for f in range(n_features):
        group, base = f // PLANES, (f % PLANES) * STRIDE
        for t in range(n_tiles):
            width = min(TILE, n - t * TILE)
            tiles[t, group, base : base + width] = unit[f, t * TILE : t * TILE + width]
    return tiles


@nb.njit(cache=True, nogil=True, error_model="numpy")
def tile_products(frame: Floats, tile: Floats, out: Ints, scale: np.float32, first: bool) -> None:
    """Fixed-point products of one frame with each of a tile; later groups of features are added."""
    if first:
        for j in range(U(out.size)):
            total = np.float32(0)
            for p in range(PLANES):
                total += frame[p] * tile[U(p * STRIDE) + j]
            out[j] = np.int32(total * scale)
    else:
        for j in range(U(out.size)):
            total = np.float32(0)
            for p in range(PLANES):
                total += frame[p] * tile[U(p * STRIDE) + j]
            out[j] += np.int32(total * scale)


@nb.njit(cache=True, nogil=True)
def product_row(frame: Floats, tiles: Floats, out: Ints, scale: np.float32) -> None:
    """Fixed-point products of one frame, ``(n_groups * PLANES,)``, with all frames of the other side."""
    for t in range(tiles.shape[0]):
        part = out[t * TILE : (t + 1) * TILE]
        for group in range(tiles.shape[1]):
            tile_products(frame[group * PLANES : (group + 1) * PLANES], tiles[t, group], part, scale, group == 0)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def slide(before: Ints, new: Ints, old: Ints, out: Ints) -> None:
    """One step along all diagonals: add the frame that enters, subtract the one that leaves."""
    for j in range(U(out.size)):
        out[j] = before[j] + new[j] - old[j]


@nb.njit(cache=True, nogil=True)
def embedded_row(
    i: int, frames: Floats, tiles: Floats, embedding: int, scale: np.float32, ring: Ints, before: Ints, out: Ints
) -> None:
    """Embedded similarity of moment ``i`` with all moments of the other side; call for i = 0, 1, 2, ... in order.

    frames : (n, n_groups * PLANES). ring : (embedding + 1, n_other), product rows kept between calls.
    before : the row of ``i - 1``.
    """
    slots = embedding + 1
    if i == 0:
        out[:] = 0
        for k in range(embedding):
            product_row(frames[k], tiles, ring[k], scale)
            out += ring[k][k : k + out.size]
        return
    new, old = ring[(i + embedding - 1) % slots], ring[(i - 1) % slots]
    product_row(frames[i + embedding - 1], tiles, new, scale)
    out[0] = 0
    for k in range(embedding):
        out[0] += ring[(i + k) % slots][k]
    slide(before[:-1], new[embedding:], old[: out.size - 1], out[1:])


@nb.njit(cache=True, nogil=True, error_model="numpy")
def count_from(values: Ints, threshold: np.int32) -> int:
    """How many values are at least the threshold."""
    count = np.int32(0)
    for j in range(U(values.size)):
        count += np.int32(values[j] >= threshold)
    return int(count)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def smallest_from(values: Ints, threshold: np.int32) -> np.int32:
    """The smallest value that is at least the threshold."""
    least = WIDEST
    for j in range(U(values.size)):
        v = values[j]
        least = min(least, v if v >= threshold else WIDEST)
    return least


@nb.njit(cache=True, nogil=True)
def kth_largest(values: Ints, k: int, guess: int, step: float) -> tuple[int, float]:
    """The k-th largest value (ties counted), and how far apart the values near it lie.

    Counts above a moving threshold: a guess, then secants, then halving. Exact; a good guess and
    spacing (those of a similar row) save passes.
    """
    low, high = -(1 << 31), (1 << 31) - 1  # at least k values from low on; fewer than k from high on
    t, before, count_before = guess, 0, -1
    for attempt in range(80):
        count = count_from(values, np.int32(t))
        if count == k:
            return int(smallest_from(values, np.int32(t))), step
        if count > k:
            low = t
        else:
            high = t
        if high - low == 1:
            return low, step
        if count_before >= 0 and count != count_before:
            step = abs(t - before) / abs(count - count_before)
        before, count_before = t, count
        move = int((count - k) * step)
        t += move if move != 0 else (1 if count > k else -1)
        if attempt > 8 or not low < t < high:
            t = (low + high) // 2
    return low, step


@nb.njit(cache=True, nogil=True)
def row_thresholds(frames: Floats, tiles: Floats, n_other: int, embedding: int, scale: np.float32, k: int) -> Ints:
    """The k-th largest embedded similarity of each moment, at least 1: what is not alike at all is never near."""
    n = frames.shape[0] - embedding + 1
    ring = np.empty((embedding + 1, n_other), np.int32)
    rows = np.empty((2, n_other - embedding + 1), np.int32)
    thresholds = np.empty(n, np.int32)
    guess, step = 0, 0.0
    for i in range(n):
        row = rows[i % 2]
        embedded_row(i, frames, tiles, embedding, scale, ring, rows[1 - i % 2], row)
        if i == 0:
            guess = (int(row.max()) + int(row.min())) // 2
            step = max(1.0, (row.max() - row.min()) / row.size)
        guess, step = kth_largest(row, k, guess, step)
        thresholds[i] = max(1, guess)
    return thresholds


@nb.njit(cache=True, nogil=True, error_model="numpy")
def mutual(row: Ints, threshold: np.int32, columns: Ints, out: Bytes) -> None:
    """1 where a similarity reaches both its row's and its column's threshold."""
    for j in range(U(out.size)):
        out[j] = row[j] >= max(threshold, columns[j])


@nb.njit(cache=True, nogil=True)
def recurrence_rows(
    start: int,
    frames: Floats,
    tiles: Floats,
    embedding: int,
    scale: np.float32,
    by_row: Ints,
    by_column: Ints,
    ring: Ints,
    rows: Ints,
    out: Bytes,
) -> None:
    """Cross recurrence of moments ``start, start + 1, ...`` into the rows of ``out``; call in order from 0.

    ring : (embedding + 1, n_other), rows : (2, n_moments_other), both kept between calls.
    """
    for offset in range(out.shape[0]):
        i = start + offset
        row = rows[i % 2]
        embedded_row(i, frames, tiles, embedding, scale, ring, rows[1 - i % 2], row)
        mutual(row, by_row[i], by_column, out[offset])
