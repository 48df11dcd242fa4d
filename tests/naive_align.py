"""Slow twins of the alignments: textbook loops in float64, no tricks."""

from __future__ import annotations

import numpy as np


def unit(values):
    """Columns at unit length, rounded to float32 as the package keeps them; columns of zeros stay."""
    values = np.asarray(values, np.float64)
    length = np.sqrt((values**2).sum(axis=0))
    return np.where(length > 0, values / np.where(length > 0, length, 1), 0).astype(np.float32).astype(np.float64)


def pair_costs(x, y, window=None):
    """1 minus cosine of every pair of columns; infinite outside the window."""
    cost = 1 - unit(x).T @ unit(y)
    if window is not None:
        column = np.arange(cost.shape[1])
        for i, (low, high) in enumerate(window):
            cost[i, (column < low) | (column >= high)] = np.inf
    return cost


def dtw_path(x, y, *, window=None, open_begin=False, open_end=False):
    """Cheapest path and its total; ties as documented: diagonal, query alone, reference alone, the first end."""
    cost = pair_costs(x, y, window)
    n, m = cost.shape
    total = np.full((n, m), np.inf)
    for i in range(n):
        for j in range(m):
            before = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
            best = min((total[a, b] for a, b in before if a >= 0 and b >= 0), default=np.inf)
            if i == 0 and (open_begin or j == 0):
                best = 0.0
            total[i, j] = best + cost[i, j]
    i, j = n - 1, int(total[-1].argmin()) if open_end else m - 1
    end, path = total[i, j], [(i, j)]
    while i > 0 or (j > 0 and not open_begin):
        before = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        i, j = min((p for p in before if min(p) >= 0), key=lambda p: total[p])
        path.append((i, j))
    return np.array(path[::-1]), end


def last_totals(x, y, *, open_begin=False):
    """Totals of the last row, one anti-diagonal at a time: for inputs too long for the loops above."""
    x, y = unit(x), unit(y)
    n, m = x.shape[1], y.shape[1]
    row = np.arange(n)
    one_back, two_back, last = np.full(n, np.inf), np.full(n, np.inf), np.empty(m)
    for d in range(n + m - 1):
        low, high = max(0, d - m + 1), min(n - 1, d) + 1
        i = row[low:high]
        over, corner = np.full(high - low, np.inf), np.full(high - low, np.inf)
        inner = i > 0
        over[inner], corner[inner] = one_back[i[inner] - 1], two_back[i[inner] - 1]
        best = np.minimum(np.minimum(over, corner), one_back[low:high])
        if low == 0 and (open_begin or d == 0):
            best[0] = 0.0
        now = np.full(n, np.inf)
        now[low:high] = best + 1 - np.einsum("ki,ki->i", x[:, i], y[:, d - i])
        if d >= n - 1:
            last[d - n + 1] = now[n - 1]
        two_back, one_back = one_back, now
    return last
