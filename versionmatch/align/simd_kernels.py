"""The inner loop of dynamic time warping in explicit vectors: 32 query frames at a time, skewed along the reference.

A *strip* is 32 consecutive rows (query frames) of the table of totals. At step ``d`` its row ``r`` stands at
column ``d - r``, so that the 32 cells of one anti-diagonal depend only on the two before and are computed at once,
as two vectors of 16 lanes: rows 0-15 and rows 16-31. The vectors are written in LLVM's own words, because no
compiler finds this shape by itself; a machine with narrower vectors gets the same code cut into pieces.

Lanes run backwards (row 15 in lane 0): the frames that an anti-diagonal needs are then neighbours in memory in
their natural order, and a whole vector can be stored for the sake of its last row, since what else it writes is
overwritten by the steps that follow. The second vector would need the frames that the first had 16 steps ago; its
costs are computed beside the first's, from the same loads, and wait 16 steps in a ring.

Everything here takes addresses and checks nothing; ``dtw_kernels`` is the only caller.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from ..types import FloatArray

LANES = 16
ROWS = 2 * LANES
PAD = 32
"""Spare columns that every array needs on either side."""
FAR = np.float32(1e30)
"""Stands for infinity: sums of it stay finite, and differences do not become nan."""

# a strip's working memory, in 4-byte slots: totals of the two vectors, the same one step back and one row up,
# costs in waiting, costs to begin with; then what only careful steps read: border and column to keep, limits of each
# row; then the rows' frames, plane by plane. Whatever belongs to rows is in lane order, row r at r ^ 15
TOTALS, DIAGONALS, RING, START, LEFT, RIGHT, LOW, HIGH, FRAMES = 0, 32, 64, 320, 352, 384, 416, 448, 480

_F32, _I32, _I64 = ir.FloatType(), ir.IntType(32), ir.IntType(64)
_VECTOR, _INTS = ir.VectorType(_F32, LANES), ir.VectorType(_I32, LANES)


class _Emitter:
    """Shorthand for the few vector instructions of the kernel."""

    def __init__(self, builder: Any) -> None:
        self.b = builder

    def splat(self, scalar: Any, vector: Any = _VECTOR) -> Any:
        one = self.b.insert_element(ir.Constant(vector, ir.Undefined), scalar, ir.Constant(_I32, 0))
        return self.shuffle(one, one, [0] * LANES)

    def shuffle(self, low: Any, high: Any, lanes: list[int]) -> Any:
        return self.b.shuffle_vector(low, high, ir.Constant(_INTS, lanes))

    def address(self, base: Any, slots: Any) -> Any:
        if isinstance(slots, int):
            slots = ir.Constant(_I64, slots)
        return self.b.add(base, self.b.shl(slots, ir.Constant(_I64, 2)))

    def load(self, address: Any, kind: Any = _VECTOR, align: int = 4) -> Any:
        value = self.b.load(self.b.inttoptr(address, kind.as_pointer()))
        value.align = align
        return value

    def store(self, value: Any, address: Any, align: int = 4) -> None:
        done = self.b.store(value, self.b.inttoptr(address, value.type.as_pointer()))
        done.align = align

    def minimum(self, one: Any, other: Any) -> Any:
        return self.b.select(self.b.fcmp_ordered("<", one, other), one, other)

    def less_product(self, total: Any, one: Any, other: Any) -> Any:
        product = self.b.fmul(one, other, flags=("contract",))
        return self.b.fsub(total, product, flags=("contract",))


def _costs(e: _Emitter, planes: int | None, state: Any, n_planes: Any) -> Callable[..., Any]:
    """What computes the costs of both vectors at one step: unrolled for a known number of planes, else in a loop."""

    def rows(plane: Any, half: int) -> Any:
        first = e.b.add(e.b.mul(plane, ir.Constant(_I64, ROWS)), ir.Constant(_I64, FRAMES + half * LANES))
        return e.load(e.address(state, first), align=64)

    if planes is not None:
        kept = [(rows(ir.Constant(_I64, k), 0), rows(ir.Constant(_I64, k), 1)) for k in range(planes)]

        def unrolled(frames: Any, stride: Any, upper: Any, lower: Any) -> Any:
            for k in range(planes):
                y = e.load(e.address(frames, e.b.mul(stride, ir.Constant(_I64, k))))
                upper, lower = e.less_product(upper, kept[k][0], y), e.less_product(lower, kept[k][1], y)
            return upper, lower

        return unrolled

    sums = cgutils.alloca_once(e.b, _VECTOR), cgutils.alloca_once(e.b, _VECTOR)

    def looped(frames: Any, stride: Any, upper: Any, lower: Any) -> Any:
        e.b.store(upper, sums[0])
        e.b.store(lower, sums[1])
        with cgutils.for_range(e.b, n_planes) as loop:
            y = e.load(e.address(frames, e.b.mul(stride, loop.index)))
            for half, total in enumerate(sums):
                e.b.store(e.less_product(e.b.load(total), rows(loop.index, half), y), total)
        return e.b.load(sums[0]), e.b.load(sums[1])

    return looped


def _careful(e: _Emitter, state: Any, step: Any, at: tuple[Any, Any], new: list[Any]) -> list[Any]:
    """Cells outside their row's limits become FAR; the left border comes in and a column is kept as it passes."""
    b = e.b
    begin, capture = (e.splat(b.trunc(value, _I32), _INTS) for value in at)
    now = e.splat(b.trunc(step, _I32), _INTS)
    far = ir.Constant(_VECTOR, [float(FAR)] * LANES)
    for half in range(2):
        row = ir.Constant(_INTS, [half * LANES + LANES - 1 - lane for lane in range(LANES)])
        column = b.sub(now, row)
        low, high = (e.load(e.address(state, slot + half * LANES), _INTS) for slot in (LOW, HIGH))
        inside = b.and_(b.icmp_signed(">=", column, low), b.icmp_signed("<", column, high))
        value = b.select(inside, new[half], far)
        border = b.icmp_signed("==", column, b.sub(begin, ir.Constant(_INTS, [1] * LANES)))
        value = b.select(border, e.load(e.address(state, LEFT + half * LANES)), value)
        kept = e.address(state, RIGHT + half * LANES)
        e.store(b.select(b.icmp_signed("==", column, capture), value, e.load(kept)), kept)
        new[half] = value
    return new


def _steps(planes: int | None, careful: bool) -> Any:
    """Intrinsic that runs steps ``first <= d < last`` of one strip.

    Its first arguments are addresses, of ``y`` and ``top`` at column 0, with the stride of ``y``'s planes in floats.
    ``top`` holds the totals of the row above and receives those of the strip's last row; ``add`` is added to what
    is read from it. ``begin`` and ``capture``, of careful steps: the strip's first column and the column to keep.
    """

    @intrinsic
    def steps(
        typing: Any,
        y: Any, y_stride: Any, n_planes: Any, top: Any, state: Any,
        first: Any, last: Any, add: Any, begin: Any, capture: Any,
    ) -> Any:  # fmt: skip
        words = [types.uintp] * 5 + [types.intp, types.intp, types.float32, types.intp, types.intp]
        return types.void(*words), generate

    def generate(context: Any, b: Any, signature: Any, arguments: Any) -> Any:
        y, y_stride, n_planes, top, state, first, last, add, begin, capture = arguments
        e = _Emitter(b)
        costs = _costs(e, planes, state, n_planes)
        slots = TOTALS, TOTALS + LANES, DIAGONALS, DIAGONALS + LANES
        kept = [cgutils.alloca_once(b, _VECTOR) for _ in slots]
        for slot, where in zip(slots, kept, strict=True):
            b.store(e.load(e.address(state, slot), align=64), where)
        rebase = e.splat(add)
        with cgutils.for_range_slice(b, first, last, ir.Constant(_I64, 1), _I64) as (d, _):
            start = [e.load(e.address(state, START + half), align=64) for half in (0, LANES)]
            frames = e.address(y, b.sub(d, ir.Constant(_I64, LANES - 1)))
            upper_cost, waiting = costs(frames, y_stride, *start)
            place = b.and_(d, ir.Constant(_I64, LANES - 1))
            ring = e.address(e.address(state, RING), b.shl(place, ir.Constant(_I64, 4)))
            lower_cost = e.load(ring, align=64)
            e.store(waiting, ring, align=64)
            above = b.fadd(e.splat(e.load(e.address(top, d), _F32)), rebase)
            upper, lower, upper_diagonal, lower_diagonal = (b.load(where) for where in kept)
            shift = list(range(1, LANES + 1))
            over_upper, over_lower = e.shuffle(upper, above, shift), e.shuffle(lower, upper, shift)
            new = [
                b.fadd(e.minimum(over_upper, e.minimum(upper_diagonal, upper)), upper_cost),
                b.fadd(e.minimum(over_lower, e.minimum(lower_diagonal, lower)), lower_cost),
            ]
            if careful:
                new = _careful(e, state, d, (begin, capture), new)
            for value, where in zip((*new, over_upper, over_lower), kept, strict=True):
                b.store(value, where)
            e.store(new[1], e.address(top, b.sub(d, ir.Constant(_I64, ROWS - 1))))
        for slot, where in zip(slots, kept, strict=True):
            e.store(b.load(where), e.address(state, slot), align=64)
        return context.get_dummy_value()

    return steps


_chroma_steps, _chroma_careful = _steps(12, False), _steps(12, True)
_any_steps, _any_careful = _steps(None, False), _steps(None, True)


@nb.njit(cache=True, nogil=True)
def run_steps(
    y: int, y_stride: int, n_planes: int, top: int, state: int,
    first: int, last: int, add: float, begin: int, capture: int, careful: bool,
) -> None:  # fmt: skip
    """Steps ``first`` to ``last`` of a strip, by the fastest code that is right for them."""
    if n_planes == 12:
        if careful:
            _chroma_careful(y, y_stride, n_planes, top, state, first, last, add, begin, capture)
        else:
            _chroma_steps(y, y_stride, n_planes, top, state, first, last, add, begin, capture)
    elif careful:
        _any_careful(y, y_stride, n_planes, top, state, first, last, add, begin, capture)
    else:
        _any_steps(y, y_stride, n_planes, top, state, first, last, add, begin, capture)


@nb.njit(cache=True, nogil=True)
def run_strip(
    y: int, y_stride: int, n_planes: int, top: int, state: int, state_slots: FloatArray,
    begin: int, end: int, calm_from: int, calm_to: int, add: float, stride: int, columns: FloatArray, row: int,
) -> None:  # fmt: skip
    """One strip over the columns ``begin`` to ``end``; every ``stride`` columns one is kept in ``columns``.

    Column ``c - 1`` goes to ``columns[c // stride - 1, row : row + 32]``, in lane order; ``stride`` 0 keeps none.
    Steps outside ``calm_from <= d < calm_to`` and those that keep a column are careful ones, which cost double.
    """
    d, stop = begin, end + ROWS - 1
    kept = (begin // stride + 1) * stride if stride > 0 else stop + ROWS
    while d < stop:
        capturing = d >= kept - 1 and kept <= end
        until = min(stop, kept + ROWS - 1 if capturing else (kept - 1 if kept <= end else stop))
        if not capturing and d < calm_from:
            until = min(until, calm_from)
        elif not capturing and d < calm_to:
            until = min(until, calm_to)
        careful = capturing or d < calm_from or d >= calm_to
        run_steps(
            y, y_stride, n_planes, top, state, d, until, add, begin, kept - 1 if capturing else -1000000,
            careful,
        )  # fmt: skip
        d = until
        if capturing:
            columns[kept // stride - 1, row : row + ROWS] = state_slots[RIGHT : RIGHT + ROWS]
            kept += stride
