"""Loops behind shared passages: one local alignment, the likeness inside a corridor, the best way through it."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

NONE, DIAGONAL, QUERY_AHEAD, REFERENCE_AHEAD = 0, 1, 2, 3  # the step that reached a cell; NONE: a path starts there

Array = npt.NDArray[Any]


@nb.njit(cache=True, nogil=True)
def best_local_path(score: Array, drop: float) -> tuple[float, Array]:
    """The local path of the highest total, and that total.

    score : (n, m) float32, finite; positive where the two sides are alike. A path moves by (1, 1), (2, 1) or
    (1, 2), and ends for good once its total has fallen ``drop`` below its own maximum.
    Returns the total and an int32 (n_steps, 2) path, empty where no cell is positive. One byte a cell.
    Ties prefer DIAGONAL, then QUERY_AHEAD, and among ends the first.
    """
    n, m = score.shape
    steps = np.zeros((n, m), np.int8)
    total = np.zeros((3, m + 2))  # rows i, i - 1, i - 2 in turn; two columns of margin
    peak = np.zeros((3, m + 2))
    best, end_i, end_j = 0.0, -1, -1
    for i in range(n):
        row, above, above2 = i % 3, (i + 2) % 3, (i + 1) % 3
        for j in range(m):
            before, top, step = total[above, j + 1], peak[above, j + 1], DIAGONAL
            if total[above2, j + 1] > before:
                before, top, step = total[above2, j + 1], peak[above2, j + 1], QUERY_AHEAD
            if total[above, j] > before:
                before, top, step = total[above, j], peak[above, j], REFERENCE_AHEAD
            value = before + score[i, j]
            top = max(top, value)
            if value <= 0.0 or top - value > drop:
                value, top, step = 0.0, 0.0, NONE
            elif before <= 0.0:
                step = NONE
            total[row, j + 2], peak[row, j + 2] = value, top
            if value > 0.0:
                steps[i, j] = step + 1
            if value > best:
                best, end_i, end_j = value, i, j
    path = np.empty((n + m, 2), np.int32)
    length, i, j = 0, end_i, end_j
    while i >= 0 and j >= 0 and steps[i, j] > 0:
        path[length, 0], path[length, 1] = i, j
        length += 1
        step = steps[i, j] - 1
        if step == NONE:
            break
        i -= 2 if step == QUERY_AHEAD else 1
        j -= 2 if step == REFERENCE_AHEAD else 1
    return best, path[:length][::-1].copy()


@nb.njit(cache=True, nogil=True)
def best_course(score: Array, jump: float) -> Array:
    """The best answer for every query frame together: paths, each begun at a price of ``jump``, and nothing between.

    score : (k, n, m) float32, finite; k layers (transpositions), positive where alike. Paths stay in a layer
    and move by (1, 1), (2, 1) or (1, 2); a query frame passed over counts half of both cells beside it.
    Maximises the sum of scores less ``jump`` per path; a query frame is in one path at most, a reference
    frame may be in several. Returns int32 (n_steps, 4): path number, layer, query and reference frame,
    forward. One byte a cell. Ties prefer the diagonal, QUERY_AHEAD, REFERENCE_AHEAD, a new path, then the
    lower layer and column.
    """
    layers, n, m = score.shape
    steps = np.zeros((layers, n, m), np.int8)
    total = np.full((layers, 3, m + 2), -np.inf)
    free = np.zeros(n + 1)  # the best total of all before a frame, in no path
    left = np.full((n + 1, 2), -1, np.int32)  # layer and column of the path that was left just before a frame
    for i in range(n):
        row, above, above2 = i % 3, (i + 2) % 3, (i + 1) % 3
        best, best_layer, best_j = free[i], -1, -1
        for t in range(layers):
            for j in range(m):
                before, step = total[t, above, j + 1], DIAGONAL
                if i > 0 and j > 0:
                    skipping = total[t, above2, j + 1] + 0.5 * (score[t, i - 1, j - 1] + score[t, i - 1, j])
                    if skipping > before:
                        before, step = skipping, QUERY_AHEAD
                if total[t, above, j] > before:
                    before, step = total[t, above, j], REFERENCE_AHEAD
                if free[i] - jump > before:
                    before, step = free[i] - jump, NONE
                value = before + score[t, i, j]
                total[t, row, j + 2] = value
                steps[t, i, j] = step
                if value > best:
                    best, best_layer, best_j = value, t, j
        free[i + 1] = best
        left[i + 1, 0], left[i + 1, 1] = best_layer, best_j
    out = np.empty((n, 4), np.int32)
    count, number, i = 0, 0, n
    while i > 0:
        if left[i, 1] < 0:
            i -= 1
            continue
        count, i, _ = _walk_back(steps, left[i, 0], i - 1, left[i, 1], number, out, count)
        number += 1
    course: Array = _forward(out, count, number)
    return course


@nb.njit(cache=True, nogil=True)
def best_chain(score: Array, jump: float) -> Array:
    """The best sequence of paths that runs forward in both recordings, each path begun at a price of ``jump``.

    score, steps and result as in ``best_course``; the parts of either side between two paths cost nothing.
    Two bytes a cell. Ties as in ``best_course``; a gap in the query is taken before one in the reference.
    """
    layers, n, m = score.shape
    steps = np.zeros((layers, n, m), np.int8)
    came = np.zeros((n + 1, m + 1), np.int8)  # 1: query frame passed over, 2: reference frame, 3 + t: path ends
    total = np.full((layers, 3, m + 2), -np.inf)
    free = np.zeros((2, m + 1))  # the best total of all before a cell, in no path
    for i in range(n):
        row, above, above2 = i % 3, (i + 2) % 3, (i + 1) % 3
        now, then = (i + 1) % 2, i % 2
        free[now, 0] = 0.0
        for j in range(m):
            best, source = free[then, j + 1], 1
            if free[now, j] > best:
                best, source = free[now, j], 2
            for t in range(layers):
                before, step = total[t, above, j + 1], DIAGONAL
                if i > 0 and j > 0:
                    skipping = total[t, above2, j + 1] + 0.5 * (score[t, i - 1, j - 1] + score[t, i - 1, j])
                    if skipping > before:
                        before, step = skipping, QUERY_AHEAD
                if total[t, above, j] > before:
                    before, step = total[t, above, j], REFERENCE_AHEAD
                if free[then, j] - jump > before:
                    before, step = free[then, j] - jump, NONE
                value = before + score[t, i, j]
                total[t, row, j + 2] = value
                steps[t, i, j] = step
                if value > best:
                    best, source = value, 3 + t
            free[now, j + 1] = best
            came[i + 1, j + 1] = source
    out = np.empty((n, 4), np.int32)
    count, number, i, j = 0, 0, n, m
    while i > 0 and j > 0:
        if came[i, j] == 1:
            i -= 1
        elif came[i, j] == 2:
            j -= 1
        else:
            count, i, j = _walk_back(steps, came[i, j] - 3, i - 1, j - 1, number, out, count)
            number += 1
    course: Array = _forward(out, count, number)
    return course


@nb.njit(cache=True, nogil=True)
def _walk_back(steps: Array, layer: int, i: int, j: int, number: int, out: Array, count: int) -> tuple[int, int, int]:
    """Write a path backwards into ``out``; returns how many rows there are then, and the path's first cell."""
    while True:
        out[count, 0], out[count, 1], out[count, 2], out[count, 3] = number, layer, i, j
        count += 1
        step = steps[layer, i, j]
        if step == NONE:
            return count, i, j
        i -= 2 if step == QUERY_AHEAD else 1
        j -= 2 if step == REFERENCE_AHEAD else 1


@nb.njit(cache=True, nogil=True)
def _forward(out: Array, count: int, n_paths: int) -> Array:
    course = out[:count][::-1].copy()
    for k in range(count):
        course[k, 0] = n_paths - 1 - course[k, 0]
    return course


@nb.njit(cache=True, nogil=True)
def corridor(query: Array, reference: Array, centre: Array, offsets: Array) -> Array:
    """Likeness of each query frame to the reference at ``centre`` + each offset (in reference frames).

    query : (n, d), reference : (m, d), float32 rows of length one, or zero where there is nothing to compare;
    centre : (n,) and offsets : (k,), float64. The reference is read between its frames by linear interpolation.
    Returns float32 (n, k), the cosine; 0 outside the reference. Memory: the result.
    """
    n, d = query.shape
    m = reference.shape[0]
    out = np.zeros((n, offsets.size), np.float32)
    for i in range(n):
        for k in range(offsets.size):
            at = centre[i] + offsets[k]
            if at < 0.0 or at > m - 1:
                continue
            low = int(at)
            high = min(low + 1, m - 1)
            share = at - low
            dot, power = 0.0, 0.0
            for c in range(d):
                value = (1.0 - share) * reference[low, c] + share * reference[high, c]
                dot += query[i, c] * value
                power += value * value
            if power > 0.0:
                out[i, k] = dot / np.sqrt(power)
    return out


@nb.njit(cache=True, nogil=True)
def best_offsets(likeness: Array, penalty: float) -> Array:
    """The column in each row of a way of highest total that changes column by at most one from row to row.

    likeness : (n, k) float32. A change costs ``penalty``.
    Returns int32 (n,). One byte a cell. Ties prefer no change, then the lower column.
    """
    n, width = likeness.shape
    came = np.zeros((n, width), np.int8)
    total = likeness[0].astype(np.float64)
    fresh = np.zeros(width)
    for i in range(1, n):
        for k in range(width):
            best, step = total[k], 0
            if k > 0 and total[k - 1] - penalty > best:
                best, step = total[k - 1] - penalty, -1
            if k < width - 1 and total[k + 1] - penalty > best:
                best, step = total[k + 1] - penalty, 1
            fresh[k] = best + likeness[i, k]
            came[i, k] = step
        total, fresh = fresh, total
    out = np.empty(n, np.int32)
    out[n - 1] = np.argmax(total)
    for i in range(n - 1, 0, -1):
        out[i - 1] = out[i] + came[i, out[i]]
    return out


@nb.njit(cache=True, nogil=True)
def good_stretches(score: Array, drop: float) -> Array:
    """Stretches of positive total, each ended where the running total has fallen ``drop`` below its maximum.

    score : (n,) float64. Returns int64 (n_stretches, 2), from the first to one past the last item of each,
    so trimmed that no stretch starts or ends with a part of negative total.
    """
    n = score.size
    found = np.empty((n, 2), np.int64)
    count, start, end = 0, -1, -1
    total, top = 0.0, 0.0
    for i in range(n):
        if total <= 0.0:
            if end > start >= 0:
                found[count, 0], found[count, 1] = start, end
                count += 1
            start, end, total, top = i, i, 0.0, 0.0
        total += score[i]
        if total > top:
            top, end = total, i + 1
        elif top - total > drop:
            if end > start:
                found[count, 0], found[count, 1] = start, end
                count += 1
            start, end, total, top = i + 1, i + 1, 0.0, 0.0
    if end > start >= 0:
        found[count, 0], found[count, 1] = start, end
        count += 1
    return found[:count]
