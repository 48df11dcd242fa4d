"""Slow, readable twins of the harmonic measures."""

from itertools import pairwise


def local_score(a, wa, b, wb, worth, onset, extension, vary):
    """Local alignment of chords with affine gaps by the cubic recurrence: in every cell every length of gap."""
    table = {}
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            options = [0.0]
            options += [table[i - k, j] - onset - extension * sum(wa[i - k : i]) for k in range(1, i + 1) if j]
            options += [table[i, j - k] - onset - extension * sum(wb[j - k : j]) for k in range(1, j + 1) if i]
            if i and j:
                met = worth(a[i - 1], b[j - 1])
                options += [
                    table[i - 1, j - 1] + met * (wa[i - 1] * wb[j - 1]) ** 0.5,
                    table[i - 1, j] - vary * (1 - met) * wa[i - 1],
                    table[i, j - 1] - vary * (1 - met) * wb[j - 1],
                ]
            table[i, j] = max(options)
    return max(table.values())


def path_score(a, wa, b, wb, pairs, worth, onset, extension, vary):
    """The most that an alignment can have in which just these pairs meet: between them, chords vary or are left out."""
    total = 0.0
    for (i, j), (k, m) in zip(pairs, [*pairs[1:], (None, None)], strict=True):
        total += worth(a[i], b[j]) * (wa[i] * wb[j]) ** 0.5
        if k is not None:
            total -= cheapest(a, wa, b, wb, (i, j), (k - 1, m - 1), worth, onset, extension, vary)
    return total


def cheapest(a, wa, b, wb, start, end, worth, onset, extension, vary):
    """The least cost to come from one pair of chords to just before another, without a pair in between."""
    cost = {start: 0.0}
    for i in range(start[0], end[0] + 1):
        for j in range(start[1], end[1] + 1):
            if (i, j) == start:
                continue
            options = []
            if i > start[0]:
                options.append(cost[i - 1, j] + vary * (1 - worth(a[i], b[j])) * wa[i])
                options += [
                    cost[i - k, j] + onset + extension * sum(wa[i - k + 1 : i + 1]) for k in range(1, i - start[0] + 1)
                ]
            if j > start[1]:
                options.append(cost[i, j - 1] + vary * (1 - worth(a[i], b[j])) * wb[j])
                options += [
                    cost[i, j - k] + onset + extension * sum(wb[j - k + 1 : j + 1]) for k in range(1, j - start[1] + 1)
                ]
            cost[i, j] = min(options)
    return cost[end]


def least_area(f, g):
    """Smallest mean difference of the shorter function from the longer, over its circular shifts, as it is defined."""
    short, long = sorted((list(f), list(g)), key=len)
    return min(
        sum(abs(x - long[(s + i) % len(long)]) for i, x in enumerate(short)) / len(short) for s in range(len(long))
    )


def figures(labels, n):
    """Runs of n chords as tuples of (interval, class) by plain Python, from ``(root, class)`` pairs."""
    merged = [c for i, c in enumerate(labels) if i == 0 or c != labels[i - 1]]
    return [
        (run[0][1], *(((y[0] - x[0]) % 12, y[1]) for x, y in pairwise(run)))
        for run in (merged[i : i + n] for i in range(len(merged) - n + 1))
    ]
