"""Compiled recurrences of the melodic measures. Arrays and numbers in; nothing is checked here."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Doubles = npt.NDArray[np.float64]

UNIT = float(1 << 20)  # of the score, above the count of identities; both stay exact in a double
NEVER = -1e300


@nb.njit(cache=True, nogil=True)
def identities_by_key(a: Ints, b: Ints, match: int, mismatch: int, onset: int, extension: int) -> Doubles:
    """Identities in the best global alignment, of the best the one with most, with ``b`` raised by 0 to 11: ``(12,)``.

    Pitch classes in, scores are whole numbers; a gap of k notes costs ``onset + k · extension`` (Gotoh). The keys lie
    side by side, so that they are computed at once. Memory: three rows of them.
    """
    m, opening, step = b.size, onset * UNIT, extension * UNIT
    met = np.full((12, 12), mismatch * UNIT)
    for k in range(12):
        met[k, k] = match * UNIT + 1.0
    above, row, in_a = np.zeros((m + 1, 12)), np.zeros((m + 1, 12)), np.full((m + 1, 12), NEVER)
    for j in range(1, m + 1):
        above[j] = -opening - j * step
    in_b = np.empty(12)
    for i in range(1, a.size + 1):
        in_b[:] = NEVER
        row[0] = -opening - i * step
        for j in range(1, m + 1):
            d = (a[i - 1] - b[j - 1]) % 12
            for k in range(12):
                x, y = in_a[j, k], above[j, k] - opening
                down = (x if x > y else y) - step
                x, y = in_b[k], row[j - 1, k] - opening
                along = (x if x > y else y) - step
                in_a[j, k], in_b[k] = down, along
                score = above[j - 1, k] + met[d, k]
                score = score if score > down else down
                row[j, k] = score if score > along else along
        above, row = row, above
    found: Doubles = above[m] - np.floor(above[m] / UNIT) * UNIT
    return found


@nb.njit(cache=True, nogil=True)
def local_scores(a: Ints, b: Ints, alike: Doubles, gap: float) -> Doubles:
    """Best local alignment of pitch classes with ``b`` raised by 0 to 11: its score in each key, ``(12,)``.

    ``alike`` is by the difference, -12 to 12; each note left out costs ``gap``. Memory: two rows of twelve keys.
    """
    m = b.size
    met = np.empty((12, 12))
    for d in range(12):
        for k in range(12):
            met[d, k] = alike[d - k + 12]
    above, row, top = np.zeros((m + 1, 12)), np.zeros((m + 1, 12)), np.zeros(12)
    for i in range(a.size):
        for j in range(1, m + 1):
            d = (a[i] - b[j - 1]) % 12
            for k in range(12):
                score = above[j - 1, k] + met[d, k]
                x, y = above[j, k] - gap, row[j - 1, k] - gap
                x = x if x > y else y
                score = score if score > x else x
                score = score if score > 0.0 else 0.0
                row[j, k] = score
                top[k] = score if score > top[k] else top[k]
        above, row = row, above
    return top


@nb.njit(cache=True, nogil=True)
def local_steps(a: Ints, b: Ints, match: float, mismatch: float, onset: float, extension: float) -> Any:
    """Best local alignment (Smith-Waterman, affine gaps) of two rows of steps.

    Returns the score and the first and last-but-one steps in both: ``(score, a0, a1, b0, b1)``. Each state carries
    where it began, so that memory is a few rows. Ties: the earliest end in ``a``, then in ``b``.
    """
    m = b.size
    best, in_a = np.zeros(m + 1), np.full(m + 1, -np.inf)
    start, start_a = np.zeros((m + 1, 2), np.int32), np.zeros((m + 1, 2), np.int32)
    top, where = 0.0, (0, 0, 0, 0)
    for i in range(1, a.size + 1):
        diagonal, from_0, from_1 = 0.0, i - 1, 0
        in_b, b_0, b_1 = -np.inf, 0, 0
        best[0] = 0.0
        for j in range(1, m + 1):
            if best[j] - onset >= in_a[j]:
                in_a[j], start_a[j, 0], start_a[j, 1] = best[j] - onset, start[j, 0], start[j, 1]
            in_a[j] -= extension
            if best[j - 1] - onset >= in_b:
                in_b, b_0, b_1 = best[j - 1] - onset, start[j - 1, 0], start[j - 1, 1]
            in_b -= extension
            if diagonal <= 0.0:
                diagonal, from_0, from_1 = 0.0, i - 1, j - 1
            score = diagonal + (match if a[i - 1] == b[j - 1] else mismatch)
            s_0, s_1 = from_0, from_1
            if in_a[j] > score:
                score, s_0, s_1 = in_a[j], start_a[j, 0], start_a[j, 1]
            if in_b > score:
                score, s_0, s_1 = in_b, b_0, b_1
            diagonal, from_0, from_1 = best[j], start[j, 0], start[j, 1]
            best[j] = max(score, 0.0)
            start[j, 0], start[j, 1] = s_0, s_1
            if score > top:
                top, where = score, (s_0, i, s_1, j)
    return top, where[0], where[1], where[2], where[3]


@nb.njit(cache=True, nogil=True)
def running(lengths: Doubles) -> Doubles:
    """Sums of the first 0, 1, … n lengths."""
    sums = np.zeros(lengths.size + 1)
    for i in range(lengths.size):
        sums[i + 1] = sums[i] + lengths[i]
    return sums


@nb.njit(cache=True, nogil=True)
def take_better(value: Doubles, code: int, score: Doubles, pick: Ints) -> None:
    """Where ``value`` is above ``score``, put it there, and its code into ``pick``."""
    for j in range(score.size):
        better = value[j] > score[j]
        score[j] = value[j] if better else score[j]
        pick[j] = code if better else pick[j]


@nb.njit(cache=True, nogil=True)
def better_of(
    base: Doubles, high: Doubles, low: Doubles, far: Doubles, near: Doubles, w: float, s: float, out: Doubles
) -> None:
    """``out`` or, where it is more, ``base`` and what a group gives: ``high - low`` less ``s`` times its misfit."""
    for t in range(out.size):
        value = base[t] + (high[t] - low[t] - s * abs(far[t] - near[t] - w))
        out[t] = value if value > out[t] else out[t]


@nb.njit(cache=True, nogil=True)
def ornamented_score(
    a: Ints, wa: Doubles, b: Ints, wb: Doubles, alike: Doubles, group: int, stretch: float, leave: float, skip: float
) -> tuple[float, int, int]:
    """The score of ``ornamented``, to the last bit, and the ends of its passage, in less than its time."""
    n, m, depth = a.size, b.size, group + 1
    la, lb = running(wa), running(wb)
    best, met_a, met_b = np.zeros((depth, m + 1)), np.zeros((depth, m)), np.zeros(m + 1)
    score, loss, nothing = np.empty(m), leave * wb, np.zeros(m)
    top, end_a, end_b = 0.0, 0, 0
    for i in range(1, n + 1):
        now, above, mine = i % depth, (i - 1) % depth, wa[i - 1]
        here, upper, met, met_above = best[now], best[above, 1:], met_a[now], met_a[above]
        total = 0.0
        for j in range(m):
            likeness = alike[a[i - 1] - b[j] + 12]
            total += wb[j] * likeness
            met_b[j + 1] = total
            met[j] = met_above[j] + mine * likeness
        for j in range(m):
            value = upper[j] - skip - leave * mine
            score[j] = value if value > 0.0 else 0.0
        for k in range(1, min(group, m) + 1):
            rest = m + 1 - k
            better_of(best[above, :rest], met_b[k:], met_b[:rest], lb[k:], lb[:rest], mine, stretch, score[k - 1 :])
        for k in range(1, min(group, i) + 1):
            before, length = (i - k) % depth, la[i] - la[i - k]
            better_of(best[before, :m], met, met_a[before], wb, nothing, length, stretch, score)
        left = 0.0
        for j in range(m):
            left = left - skip - loss[j]
            left = left if left > score[j] else score[j]
            here[j + 1] = left
        highest = 0.0
        for j in range(m + 1):
            highest = here[j] if here[j] > highest else highest
        if highest > top:
            top, end_a, end_b = highest, i, int(np.argmax(here))
    return top, end_a, end_b


@nb.njit(cache=True, nogil=True)
def ornamented(
    a: Ints, wa: Doubles, b: Ints, wb: Doubles, alike: Doubles, group: int, stretch: float, leave: float, skip: float
) -> Any:
    """Best local alignment of pitch classes with lengths, where one note may stand for up to ``group`` notes.

    Groups that meet give the sum of length times likeness, less ``stretch`` times the difference of their lengths; a
    note that is left out costs ``skip + leave`` times its length. ``alike`` is by the difference, -12 to 12. Returns
    ``(score, a0, a1, b0, b1)``. Memory: ``group + 1`` rows; what comes from earlier rows is computed a row at a time.
    Ties: left-out notes first, then the smallest groups.
    """
    n, m, depth = a.size, b.size, group + 1
    la, lb = running(wa), running(wb)
    best, origin = np.zeros((depth, m + 1)), np.zeros((depth, m + 1), np.int64)
    met_a, met_b = np.zeros((depth, m)), np.zeros(m + 1)  # running sums of length times likeness, along a and along b
    value, score, pick = np.empty(m), np.empty(m), np.empty(m, np.int32)
    top, at, end = 0.0, np.int64(0), 0
    for i in range(1, n + 1):
        now, above = i % depth, (i - 1) % depth
        for j in range(m):
            likeness = alike[a[i - 1] - b[j] + 12]
            met_b[j + 1] = met_b[j] + wb[j] * likeness
            met_a[now, j] = met_a[above, j] + wa[i - 1] * likeness
            score[j] = best[above, j + 1] - skip - leave * wa[i - 1]
            pick[j] = 0
        for k in range(1, group + 1):
            value[: min(k - 1, m)] = NEVER
            for j in range(k - 1, m):
                gain = met_b[j + 1] - met_b[j + 1 - k] - stretch * abs(lb[j + 1] - lb[j + 1 - k] - wa[i - 1])
                value[j] = best[above, j + 1 - k] + gain
            take_better(value, k, score, pick)
        for k in range(1, min(group, i) + 1):
            before, length = (i - k) % depth, la[i] - la[i - k]
            for j in range(m):
                gain = met_a[now, j] - met_a[before, j] - stretch * abs(length - wb[j])
                value[j] = best[before, j] + gain
            take_better(value, group + k, score, pick)
        best[now, 0] = 0.0
        for j in range(1, m + 1):
            won, how = score[j - 1], pick[j - 1]
            left = best[now, j - 1] - skip - leave * wb[j - 1]
            if left > won or (left == won and how > 0):
                won, how = left, -1
            p = i - (1 if how <= group else how - group) if how >= 0 else i
            q = j - (0 if how == 0 else how if 0 < how <= group else 1)
            best[now, j] = max(won, 0.0)
            if won > 0.0:
                row = p % depth
                origin[now, j] = origin[row, q] if best[row, q] > 0.0 else p * (m + 1) + q
                if won > top:
                    top, at, end = won, origin[now, j], i * (m + 1) + j
    return top, at // (m + 1), end // (m + 1), at % (m + 1), end % (m + 1)
