"""Slow, readable twins of the passages that two tunes share."""


def in_time(ra, rb, rhythm):
    return rhythm * (1 - 0.5 * min(abs(ra - rb), 4))


def telling_score(a, wa, ra, b, wb, rb, alike, rhythm, gap):
    """Best local alignment in one key, from the definition; ``alike`` by the difference modulo 12."""
    table = {}
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            options = [0.0]
            if i and j:
                apart = (a[i - 1] - b[j - 1]) % 12
                met = alike[apart] if apart else min(wa[i - 1], wb[j - 1]) + in_time(ra[i - 1], rb[j - 1], rhythm)
                options += [table[i - 1, j - 1] + met, table[i - 1, j] - gap, table[i, j - 1] - gap]
            table[i, j] = max(options)
    return max(table.values())


def contour_score(a, b, alike, wait):
    """Best local alignment of symbols, where either side may go on alone."""
    table = {}
    for i in range(len(a) + 1):
        for j in range(len(b) + 1):
            options = [0.0]
            if i and j:
                met = table[i - 1, j - 1] + alike[a[i - 1]][b[j - 1]]
                options += [met, table[i - 1, j] - wait, table[i, j - 1] - wait]
            table[i, j] = max(options)
    return max(table.values())
