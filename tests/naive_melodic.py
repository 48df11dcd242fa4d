"""Slow, readable twins of the melodic measures."""

from functools import cache


def identities(a, b, match, mismatch, onset, extension):
    """Identical notes in the best global alignment with affine gaps; of the best, the one with most. By recursion."""

    @cache
    def best(i, j, state):  # state: what the last column is, "met", "in_a" or "in_b"
        if i == 0 and j == 0:
            return (0, 0) if state == "met" else None
        options = []
        if state == "met" and i and j:
            same = a[i - 1] == b[j - 1]
            options = [
                (p[0] + (match if same else mismatch), p[1] + same)
                for s in ("met", "in_a", "in_b")
                if (p := best(i - 1, j - 1, s)) is not None
            ]
        elif (state == "in_a" and i) or (state == "in_b" and j):
            before = (i - 1, j) if state == "in_a" else (i, j - 1)
            options = [
                (p[0] - extension - (0 if s == state else onset), p[1])
                for s in ("met", "in_a", "in_b")
                if (p := best(*before, s)) is not None
            ]
        return max(options, default=None)

    return max(p for s in ("met", "in_a", "in_b") if (p := best(len(a), len(b), s)) is not None)[1]


def local_score(a, b, match, mismatch, onset, extension):
    """Smith-Waterman by the original cubic recurrence: every length of gap is tried in every cell."""
    table = {}
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            if i == 0 or j == 0:
                table[i, j] = 0.0
                continue
            options = [0.0, table[i - 1, j - 1] + (match if a[i - 1] == b[j - 1] else mismatch)]
            options += [table[i - k, j] - onset - k * extension for k in range(1, i + 1)]
            options += [table[i, j - k] - onset - k * extension for k in range(1, j + 1)]
            table[i, j] = max(options)
    return max(table.values())


def ornamented_score(a, wa, b, wb, alike, group, stretch, leave, skip):
    """Local alignment of notes with lengths, groups of one against many, from the definition."""

    def gain(one, length, others, lengths):
        met = sum(w * alike[(one - other) % 12] for other, w in zip(others, lengths, strict=True))
        return met - stretch * abs(sum(lengths) - length)

    table = {}
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            options = [0.0]
            if i and j:
                options += [
                    table[i - 1, j - k] + gain(a[i - 1], wa[i - 1], b[j - k : j], wb[j - k : j])
                    for k in range(1, min(group, j) + 1)
                ]
                options += [
                    table[i - k, j - 1] + gain(b[j - 1], wb[j - 1], a[i - k : i], wa[i - k : i])
                    for k in range(1, min(group, i) + 1)
                ]
                options += [table[i - 1, j] - skip - leave * wa[i - 1], table[i, j - 1] - skip - leave * wb[j - 1]]
            table[i, j] = max(options)
    return max(table.values())
