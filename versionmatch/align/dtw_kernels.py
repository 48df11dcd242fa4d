"""Compiled kernels of dynamic time warping: the totals strip by strip, and the path by checkpoints.

Rows are query frames, columns reference frames. Frames come as unit columns with ``PAD`` zeros on either side,
``(n_planes, PAD + n + PAD) float32``. A total is the sum of ``1 - x @ y`` over the cells visited; a cell is entered
from the diagonal, from above (the query advances) or from the left (the reference advances).

Totals are float32 relative to a float64 base of their strip, near a total of the row above, so that they
stay small however long the recordings are.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from ..types import DoubleArray, FloatArray, IntArray
from .simd_kernels import DIAGONALS, FAR, FRAMES, HIGH, LEFT, LOW, PAD, RING, ROWS, START, run_strip

DIAGONAL, QUERY_ONLY, REFERENCE_ONLY, BEGIN = 0, 1, 2, 3


@nb.njit(cache=True, nogil=True)
def middle(top: FloatArray, begin: int, end: int, diagonal: int) -> np.float32:
    """A total from where the cheapest path is likely to pass between columns ``begin`` and ``end``.

    That over the diagonal's column; where there is none, or ``diagonal`` is below 0, the least of every sixteenth.
    """
    best = top[PAD + diagonal] if diagonal >= 0 else FAR
    if best > FAR / 2:
        for j in range(PAD + begin, PAD + end, 16):
            best = min(best, top[j])
    return best if best < FAR / 2 else np.float32(0)


@nb.njit(cache=True, nogil=True)
def prepare(
    slots: FloatArray, whole: IntArray, x: FloatArray, window: IntArray, strip: int, lead: int, m: int, open_begin: bool
) -> tuple[int, int, int, int]:
    """Set up a strip's memory; gives its first and last column and the steps between which none need care."""
    first_row = strip * ROWS - lead
    begin, end = 0, m
    if window.shape[0] > 0:
        begin, end = m, 0
        for i in range(max(first_row, 0), first_row + ROWS):
            begin, end = min(begin, window[i, 0]), max(end, window[i, 1])
    calm_from, calm_to = begin, end + ROWS
    if window.shape[0] == 0 and strip == 0:
        calm_from = begin + ROWS
    slots[0:RING] = FAR
    slots[RING:START] = 1
    for r in range(ROWS):
        lane, i = r ^ 15, first_row + r
        slots[START + lane] = 1 if i >= 0 else (0 if open_begin else FAR)
        slots[LEFT + lane] = FAR
        low, high = begin, end
        if i >= 0 and window.shape[0] > 0:
            low, high = window[i, 0], window[i, 1]
            calm_from, calm_to = max(calm_from, low + r), min(calm_to, high + r)
        whole[LOW + lane], whole[HIGH + lane] = low, high
        for k in range(x.shape[0]):
            slots[FRAMES + k * ROWS + lane] = x[k, PAD + i]
    if strip == 0 and lead > 0 and not open_begin:
        slots[LEFT + ((lead - 1) ^ 15)] = 0
        if lead == 1:
            slots[15] = 0
    return begin, end, calm_from, max(calm_from, calm_to)


@nb.njit(cache=True, nogil=True)
def forward(
    x: FloatArray, y: FloatArray, window: IntArray, open_begin: bool,
    top: FloatArray, spacing: int, bases: DoubleArray, rows: FloatArray, columns: FloatArray,
) -> np.float64:  # fmt: skip
    """Fill ``top`` with the totals of the last query frame, relative to the base that is returned.

    ``window`` (n, 2) limits the columns, or is empty. ``top``: PAD + m + PAD. Checkpoints every ``spacing``
    rows and columns (a multiple of ROWS; 0: none): ``bases[s]`` of strip ``s``; ``rows[b]`` the row above block
    ``b`` (PAD as in ``top``), relative to the base of the strip above; ``columns[q]`` column
    ``(q + 1) * spacing - 1``, in lane order, relative to each strip's base.
    """
    n, m, n_planes = x.shape[1] - 2 * PAD, y.shape[1] - 2 * PAD, x.shape[0]
    n_strips = (n + ROWS - 1) // ROWS
    lead = n_strips * ROWS - n  # rows of padding come first
    memory = np.zeros(FRAMES + ROWS * n_planes + 16, np.float32)
    offset = ((64 - memory.ctypes.data % 64) % 64) // 4
    slots = memory[offset : offset + FRAMES + ROWS * n_planes]
    whole = slots.view(np.int32)
    top[:] = 0 if open_begin else FAR
    if lead == 0:
        top[PAD - 1] = 0
    base, before = np.float64(0), (0, m)
    block_strips = max(spacing // ROWS, 1)
    for strip in range(n_strips):
        if spacing > 0 and strip % block_strips == 0:
            rows[strip // block_strips, :] = top
        begin, end, calm_from, calm_to = prepare(slots, whole, x, window, strip, lead, m, open_begin)
        diagonal = -1 if open_begin else (strip * ROWS - lead) * m // n
        add = -middle(top, max(begin - 1, -1), end, diagonal) if strip > 0 else np.float32(0)
        base -= add
        if spacing > 0:
            bases[strip] = base
        slots[DIAGONALS + 15] = top[PAD + begin - 1] + add
        run_strip(
            np.uintp(y.ctypes.data + 4 * PAD), np.uintp(y.strides[0] // 4), np.uintp(n_planes),
            np.uintp(top.ctypes.data + 4 * PAD), np.uintp(slots.ctypes.data), slots,
            begin, end, calm_from, calm_to, add, spacing, columns, strip * ROWS,
        )  # fmt: skip
        top[min(begin - PAD, before[0]) + PAD : begin + PAD] = FAR
        top[end + PAD : max(end + PAD, before[1]) + PAD] = FAR
        before = (begin, end)
    return base


@nb.njit(cache=True, nogil=True)
def row_costs(x: FloatArray, y: FloatArray, i: int, j0: int, costs: FloatArray) -> None:
    """Costs of query frame ``i`` against the frames from ``j0`` on, as many as ``costs`` holds."""
    costs[:] = 1
    for k in range(x.shape[0]):
        scale, plane = x[k, PAD + i], y[k, PAD + j0 : PAD + j0 + costs.shape[0]]
        for c in range(costs.shape[0]):
            costs[c] -= scale * plane[c]


@nb.njit(cache=True, nogil=True)
def row_entries(above: DoubleArray, entries: DoubleArray, steps: IntArray) -> None:
    """The lesser total of those diagonally before and straight above each cell of a row, and the step from it."""
    for c in range(entries.shape[0]):
        diagonal, over = above[c], above[c + 1]
        entries[c] = over if over < diagonal else diagonal
        steps[c] = QUERY_ONLY if over < diagonal else DIAGONAL


@nb.njit(cache=True, nogil=True)
def row_totals(entries: DoubleArray, costs: FloatArray, totals: DoubleArray, steps: IntArray) -> None:
    """Totals of a row from left to right, entered from the left wherever that is cheaper; ``totals[0]`` is given.

    Nothing in the chain branches, since no processor could guess which way.
    """
    behind = totals[0]
    for c in range(entries.shape[0]):
        entry = entries[c]
        behind = (entry if entry < behind else behind) + costs[c]
        totals[c + 1] = behind
    for c in range(entries.shape[0]):
        kept = steps[c]
        steps[c] = REFERENCE_ONLY if totals[c] < entries[c] else kept


@nb.njit(cache=True, nogil=True)
def tile_steps(
    x: FloatArray, y: FloatArray, window: IntArray, open_begin: bool,
    i0: int, i1: int, j0: int, j1: int, above: DoubleArray, left: DoubleArray, steps: IntArray,
) -> None:  # fmt: skip
    """Which step reached each cell of rows ``i0`` to ``i1`` and columns ``j0`` to ``j1`` (both included).

    ``above[c]`` is the total over column ``j0 + c - 1`` in the row before, ``left[r]`` that of row ``i0 + r`` in the
    column before; ``above`` is overwritten. Ties: DIAGONAL, then QUERY_ONLY, then REFERENCE_ONLY.
    """
    width = j1 - j0 + 1
    entries, costs = np.empty(width), np.empty(width, np.float32)
    for i in range(i0, i1 + 1):
        row = steps[i - i0, :width]
        row_costs(x, y, i, j0, costs)
        if window.shape[0] > 0:
            costs[: max(window[i, 0] - j0, 0)] = np.inf
            costs[max(window[i, 1] - j0, 0) :] = np.inf
        row_entries(above[: width + 1], entries, row)
        if i == 0:
            entries[:] = 0 if open_begin else np.inf
            if j0 == 0:
                entries[0] = 0
            row[:] = BEGIN
        above[0] = left[i - i0]
        row_totals(entries, costs, above, row)


@nb.njit(cache=True, nogil=True)
def trace(
    x: FloatArray, y: FloatArray, window: IntArray, open_begin: bool, end: int,
    spacing: int, bases: DoubleArray, rows: FloatArray, columns: FloatArray,
) -> IntArray:  # fmt: skip
    """The cheapest path to column ``end`` of the last row, ``(n_steps, 2)``, forward, from ``forward``'s checkpoints.

    Only the tiles that the path crosses are computed again, and of each only the part before its exit.
    """
    n = x.shape[1] - 2 * PAD
    lead = bases.shape[0] * ROWS - n
    above, left = np.empty(spacing + 1), np.empty(spacing)
    steps = np.empty((spacing, spacing), np.int8)
    path = np.empty((n + end + 1, 2), np.int32)
    i, j, place = n - 1, end, n + end + 1
    while i >= 0:
        block, tile = (i + lead) // spacing, j // spacing
        i0, j0 = max(block * spacing - lead, 0), tile * spacing
        above[:] = np.inf
        if i0 > 0:
            for c in range(j - j0 + 2):
                total = rows[block, PAD + j0 + c - 1]
                above[c] = bases[block * spacing // ROWS - 1] + total if total < FAR / 2 else np.inf
        left[:] = np.inf
        if tile > 0:
            for r in range(i - i0 + 1):
                row = i0 + r + lead
                total = columns[tile - 1, row ^ 15]
                left[r] = bases[row // ROWS] + total if total < FAR / 2 else np.inf
        tile_steps(x, y, window, open_begin, i0, i, j0, j, above, left, steps)
        while i >= i0 and j >= j0:
            place -= 1
            path[place, 0], path[place, 1] = i, j
            step = steps[i - i0, j - j0]
            if step == BEGIN:
                return path[place:]
            if step != REFERENCE_ONLY:
                i -= 1
            if step != QUERY_ONLY:
                j -= 1
    return path[place:]


@nb.njit(cache=True, nogil=True)
def unit_frames(values: FloatArray, padded: FloatArray) -> int:
    """Write the columns of ``values`` at unit length into ``padded``, from column PAD; -1, or the first bad column.

    A column of zeros stays zero; a bad one is not finite. What ``padded`` holds elsewhere is left alone.
    """
    n_planes, n = values.shape
    scale = np.zeros(n)
    for k in range(n_planes):
        for i in range(n):
            scale[i] += np.float64(values[k, i]) * np.float64(values[k, i])
    for i in range(n):
        if not np.isfinite(scale[i]):
            return i
        scale[i] = 1 / np.sqrt(scale[i]) if scale[i] > 0 else 0.0
    for k in range(n_planes):
        for i in range(n):
            padded[k, PAD + i] = values[k, i] * scale[i]
    return -1


@nb.njit(cache=True, nogil=True)
def last_total(top: FloatArray, base: float, m: int, open_end: bool) -> tuple[float, int]:
    """Total and last column of the cheapest alignment, from ``forward``'s last row; ties: the first column."""
    end = m - 1
    if open_end:
        end = 0
        for j in range(1, m):
            if top[PAD + j] < top[PAD + end]:
                end = j
    return base + np.float64(top[PAD + end]), end


@nb.njit(cache=True, nogil=True)
def whole_total(x: FloatArray, y: FloatArray, window: IntArray, open_begin: bool, open_end: bool) -> tuple[float, int]:
    """Total and last column of the cheapest alignment, without its path.

    A reference many times longer than the query changes places with it where that changes nothing else: a strip's
    totals then stay small.
    """
    n, m = x.shape[1] - 2 * PAD, y.shape[1] - 2 * PAD
    bases, nothing = np.empty(0), np.empty((0, 0), np.float32)
    if m > 8 * n and window.shape[0] == 0 and not open_begin and not open_end:
        top = np.empty(n + 2 * PAD, np.float32)
        base = forward(y, x, window, False, top, 0, bases, nothing, nothing)
        return last_total(top, base, n, False)[0], m - 1
    top = np.empty(m + 2 * PAD, np.float32)
    base = forward(x, y, window, open_begin, top, 0, bases, nothing, nothing)
    found: tuple[float, int] = last_total(top, base, m, open_end)
    return found


@nb.njit(cache=True, nogil=True)
def many_totals(x: FloatArray, frames: FloatArray, bounds: IntArray, subsequence: bool) -> tuple[DoubleArray, IntArray]:
    """Total and last column of one query's alignment to each of many references, all in ``frames``.

    Reference ``t`` is ``frames[:, bounds[t]:bounds[t + 1]]``, raw.
    """
    n_references = bounds.shape[0] - 1
    totals, ends = np.empty(n_references), np.empty(n_references, np.int32)
    window = np.empty((0, 2), np.int32)
    for t in range(n_references):
        y = np.zeros((x.shape[0], bounds[t + 1] - bounds[t] + 2 * PAD), np.float32)
        unit_frames(frames[:, bounds[t] : bounds[t + 1]], y)
        totals[t], ends[t] = whole_total(x, y, window, subsequence, subsequence)
    return totals, ends


@nb.njit(cache=True, nogil=True)
def path_total(x: FloatArray, y: FloatArray, path: IntArray) -> float:
    """Total cost of a path, every cell in float64."""
    total = 0.0
    for step in range(path.shape[0]):
        i, j = path[step]
        dot = 0.0
        for k in range(x.shape[0]):
            dot += np.float64(x[k, PAD + i]) * np.float64(y[k, PAD + j])
        total += 1 - dot
    return total
