"""Slow twins of what is done with vectors: every product, every pair, every run of cells, one after the other."""

import itertools

import numpy as np


def by_key(query, reference):
    """``(n, m, 12)``: the dot product with the reference rolled up by each key."""
    out = np.zeros((len(query), len(reference), 12))
    for i, q in enumerate(query):
        for j, r in enumerate(reference):
            for key in range(12):
                out[i, j, key] = sum(
                    float(q[d, p]) * float(r[d, (p - key) % 12]) for d in range(q.shape[0]) for p in range(12)
                )
    return out


def best_pairs(table, r):
    """The mean of the best pairs without replacement of one key's table, lists of lists."""
    rows, columns, taken = set(range(len(table))), set(range(len(table[0]))), []
    while rows and columns and len(taken) < r:
        value, i, j = max((table[i][j], -i, -j) for i in rows for j in columns)
        taken.append(value)
        rows.remove(-i)
        columns.remove(-j)
    return sum(taken) / len(taken)


def best_match_mean(table):
    return sum(max(row) for row in table) / len(table)


def best_run(gain):
    """The largest total of any run of cells by the steps (1, 1), (1, 2), (2, 1)."""
    n, m = len(gain), len(gain[0])

    def onward(i, j):
        steps = [(i + a, j + b) for a, b in ((1, 1), (1, 2), (2, 1)) if i + a < n and j + b < m]
        return gain[i][j] + max([0.0, *(onward(*cell) for cell in steps)])

    return max(onward(i, j) for i, j in itertools.product(range(n), range(m)))


def means(row, ratio):
    """Means over ``ratio`` frames each: frame ``i`` fills ``[i, i + 1)``; the last group over what there is."""
    out, low = [], 0.0
    while low < len(row) - 1e-6:
        high = min(low + ratio, len(row))
        shares = [max(0.0, min(high, i + 1) - max(low, i)) for i in range(len(row))]
        out.append(sum(s * v for s, v in zip(shares, row, strict=True)) / (high - low))
        low += ratio
    return out
