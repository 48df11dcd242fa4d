"""Compiled cross recurrence: rows of embedded similarity in exact integers, and their k-th largest values.

A frame product is summed in float32 in one fixed order by fused multiply-adds, then cut to fixed point; sums over
the embedding are integer sums. So equal frames give equal numbers wherever they stand and however wide the
machine's vectors are, swapping the two sides changes nothing, and the running sums along the diagonals collect
no error.

Loops that must run on vectors touch few arrays and index them unsigned: otherwise the compiler gives up on proving
that nothing overlaps. Planes of a tile lie a constant distance apart.
"""

from __future__ import annotations

import math
from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

U = np.uintp
PLANES = 12  # rows of a tile: those of chroma
TILE = 512  # frames of a tile
STRIDE = TILE + 16  # a power of two would make the planes share cache sets
LANES = 16  # floats of a vector; narrower machines take it in pieces
PAD = 64  # cells before a row; and rows are padded to multiples of it, for loops without remainders
WIDEST = np.int32(2**31 - 1)

_F32, _I32, _I64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_FLOATS, _INTS = ir.VectorType(_F32, LANES), ir.VectorType(_I32, LANES)


def tiles_of(unit: Floats) -> Floats:
    """Frames ``(n_features, n)`` as tiles ``(n_tiles, n_groups, PLANES * STRIDE)``, padded with zeros, aligned."""
    n_features, n = unit.shape
    n_tiles, n_groups = -(-n // TILE), -(-n_features // PLANES)
    padded = np.zeros((n_groups * PLANES, n_tiles * TILE), np.float32)
    padded[:n_features, :n] = unit
    shape = (n_tiles, n_groups, PLANES, STRIDE)
    room = np.zeros(math.prod(shape) + LANES, np.float32)
    aligned = -room.ctypes.data // 4 % LANES
    tiles = room[aligned : aligned + math.prod(shape)].reshape(shape)
    tiles[..., :TILE] = padded.reshape(n_groups, PLANES, n_tiles, TILE).transpose(2, 0, 1, 3)
    return tiles.reshape(n_tiles, n_groups, PLANES * STRIDE)


@intrinsic
def products_of_two(context: Any, one: Any, two: Any, tile: Any, out_one: Any, out_two: Any, n: Any, scale: Any) -> Any:
    """Fixed-point products of two frames with ``n`` times LANES frames of a tile, all given by their addresses.

    Written as vectors because the compiler prefers them half as wide.
    """

    def generate(target: Any, b: Any, signature: Any, values: Any) -> Any:
        one, two, tile, out_one, out_two, n, scale = values

        def at(base: Any, slots: int, kind: Any) -> Any:
            return b.inttoptr(b.add(base, ir.Constant(_I64, 4 * slots)), kind.as_pointer())

        def splat(scalar: Any) -> Any:
            first = b.insert_element(ir.Constant(_FLOATS, ir.Undefined), scalar, ir.Constant(_I32, 0))
            return b.shuffle_vector(first, first, ir.Constant(_INTS, [0] * LANES))

        pairs = [[splat(b.load(at(side, p, _F32))) for side in (one, two)] for p in range(PLANES)]
        factor = splat(scale)
        fused = cgutils.get_or_insert_function(b.module, ir.FunctionType(_FLOATS, [_FLOATS] * 3), "llvm.fma.v16f32")
        with cgutils.for_range(b, n) as loop:
            offset = b.mul(loop.index, ir.Constant(_I64, 4 * LANES))
            totals: list[Any] = [None, None]
            for p, sides in enumerate(pairs):
                frames = b.load(at(b.add(tile, offset), p * STRIDE, _FLOATS))
                frames.align = 4
                for side in range(2):
                    total = totals[side]
                    totals[side] = (
                        b.fmul(sides[side], frames) if total is None else b.call(fused, [sides[side], frames, total])
                    )
            for total, out in zip(totals, (out_one, out_two), strict=True):
                done = b.store(b.fptosi(b.fmul(total, factor), _INTS), at(b.add(out, offset), 0, _INTS))
                done.align = 4
        return target.get_dummy_value()

    return types.void(one, two, tile, out_one, out_two, n, scale), generate


@nb.njit(cache=True, nogil=True, error_model="numpy")
def add_products(frame: Floats, tile: Floats, out: Ints, scale: np.float32) -> None:
    """Add the fixed-point products of one frame with those of a tile: for features of more than PLANES rows."""
    for j in range(U(out.size)):
        total = np.float32(0)
        for p in range(PLANES):
            total += frame[p] * tile[U(p * STRIDE) + j]
        out[j] += np.int32(total * scale)


@nb.njit(cache=True, nogil=True)
def product_rows(first: int, frames: Floats, tiles: Floats, ring: Ints, scale: np.float32) -> None:
    """Fixed-point products of frames ``first`` and ``first + 1`` with all of the other side, into their slots."""
    slots, second = ring.shape[0], min(first + 1, frames.shape[0] - 1)
    n_groups = tiles.shape[1]
    frame, row = 4 * frames.shape[1], 4 * ring.shape[1]
    one, two = frames.ctypes.data + frame * first, frames.ctypes.data + frame * second
    out = ring.ctypes.data + 4 * PAD
    out_one, out_two = out + row * (first % slots), out + row * (second % slots)
    for t in range(tiles.shape[0]):
        tile = tiles.ctypes.data + 4 * PLANES * STRIDE * n_groups * t
        shift = 4 * TILE * t
        products_of_two(one, two, tile, out_one + shift, out_two + shift, TILE // LANES, scale)
    for group in range(1, n_groups):
        part = slice(group * PLANES, (group + 1) * PLANES)
        for i in range(first, second + 1):
            for t in range(tiles.shape[0]):
                part_out = ring[i % slots, PAD + t * TILE : PAD + (t + 1) * TILE]
                add_products(frames[i, part], tiles[t, group], part_out, scale)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def slide(before: Ints, new: Ints, old: Ints, out: Ints) -> None:
    """One step along all diagonals: add the frame that enters, subtract the one that leaves."""
    for j in range(U(out.size)):
        out[j] = before[j] + new[j] - old[j]


@nb.njit(cache=True, nogil=True)
def make_ring(tiles: Floats, embedding: int) -> Ints:
    """Room for the product rows that ``embedded_row`` keeps: those of a moment, one that leaves, one ahead."""
    return np.zeros((embedding + 2, PAD + tiles.shape[0] * TILE + embedding + PAD), np.int32)


@nb.njit(cache=True, nogil=True)
def make_rows(n_moments: int) -> Ints:
    """Room for two rows of similarity, each between PAD cells before it and up to PAD behind it."""
    return np.zeros((2, PAD + (n_moments + PAD - 1) // PAD * PAD), np.int32)


@nb.njit(cache=True, nogil=True)
def embedded_row(
    i: int, n_moments: int, frames: Floats, tiles: Floats, scale: np.float32, ring: Ints, rows: Ints
) -> Ints:
    """Embedded similarity of moment ``i`` with all moments of the other side; call for i = 0, 1, 2, ... in order.

    frames : (n, n_groups * PLANES). ring, rows : from ``make_ring`` and ``make_rows``, kept between calls.
    The row is padded with the lowest number.
    """
    slots = ring.shape[0]
    embedding = slots - 2
    last = i + embedding - 1
    for first in range(0 if i == 0 else last, last + 1):
        if first % 2 == 0:  # frames are taken in pairs
            product_rows(first, frames, tiles, ring, scale)
    row = rows[i % 2, PAD:]
    if i > 0:
        before, new, old = rows[1 - i % 2], ring[last % slots], ring[(i - 1) % slots]
        slide(before[PAD - 1 : -1], new[PAD + embedding - 1 :], old[PAD - 1 :], row)
    for j in range(n_moments if i == 0 else 1):
        row[j] = 0
        for k in range(embedding):
            row[j] += ring[(i + k) % slots, PAD + k + j]
    row[n_moments:] = -WIDEST
    return row


@nb.njit(cache=True, nogil=True, error_model="numpy")
def count_from(values: Ints, t: np.int32) -> int:
    """How many values are at least ``t``."""
    count = np.int32(0)
    for j in range(U(values.size)):
        count += np.int32(values[j] >= t)
    return int(count)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def least_from(values: Ints, t: np.int32) -> int:
    """The smallest value that is at least ``t``."""
    least = WIDEST
    for j in range(U(values.size)):
        v = values[j]
        least = min(least, v if v >= t else WIDEST)
    return int(least)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def greatest_below(values: Ints, t: np.int32) -> int:
    """The largest value that is below ``t``."""
    greatest = -WIDEST
    for j in range(U(values.size)):
        v = values[j]
        greatest = max(greatest, v if v < t else -WIDEST)
    return int(greatest)


@nb.njit(cache=True, nogil=True)
def kth_largest(values: Ints, k: int, guess: int, step: float) -> tuple[int, float]:
    """The k-th largest value (ties counted), and how far apart the values near it lie.

    Counts above a moving threshold: a guess, then secants, then halving. Exact; a good guess and
    spacing (those of a similar row) save passes. Values must lie in -2**31 + 1 ... 2**31 - 2.
    """
    low, high = -(1 << 31), (1 << 31) - 1  # at least k values from low on; fewer than k from high on
    t, before, count_before = guess, 0, -1
    for attempt in range(99):
        count = count_from(values, np.int32(t))
        if count == k:
            return least_from(values, np.int32(t)), step
        if count == k - 1:
            return greatest_below(values, np.int32(t)), step
        if count > k:
            low = t
        else:
            high = t
        if high - low <= 1:
            return low, step
        if count_before >= 0 and count != count_before:
            step = abs(t - before) / abs(count - count_before)
        before, count_before = t, count
        t += int((count - k) * step)
        if attempt > 8 or not low < t < high:
            t = (low + high) // 2
    return low, step


@nb.njit(cache=True, nogil=True)
def row_thresholds(frames: Floats, tiles: Floats, n_other: int, embedding: int, scale: np.float32, k: int) -> Ints:
    """The k-th largest embedded similarity of each moment, at least 1: what is not alike at all is never near."""
    n = frames.shape[0] - embedding + 1
    n_moments = n_other - embedding + 1
    ring, rows = make_ring(tiles, embedding), make_rows(n_moments)
    thresholds = np.empty(n, np.int32)
    guess, step = 0, 0.0
    for i in range(n):
        row = embedded_row(i, n_moments, frames, tiles, scale, ring, rows)
        if i == 0:
            low, high = least_from(row, np.int32(1 - WIDEST)), greatest_below(row, WIDEST)
            guess, step = (low + high) // 2, max(1.0, (high - low) / n_moments)
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
    scale: np.float32,
    by_row: Ints,
    by_column: Ints,
    ring: Ints,
    rows: Ints,
    out: Bytes,
) -> None:
    """Cross recurrence of moments ``start, start + 1, ...`` into the rows of ``out``; call in order from 0.

    ring, rows : from ``make_ring`` and ``make_rows``, kept between calls.
    """
    for offset in range(out.shape[0]):
        i = start + offset
        row = embedded_row(i, out.shape[1], frames, tiles, scale, ring, rows)
        mutual(row, by_row[i], by_column, out[offset])
