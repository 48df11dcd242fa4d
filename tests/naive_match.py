"""Textbook twins of the ranking measures: slow, plain and independent."""

from __future__ import annotations

import math


def ranking_measures(similarity, works, recordings=None):
    """Means of MAP, MR1, MRR, hit@1, hit@10 and NAR (per cent), by the words of their definitions."""
    rows = []
    n = len(works)
    for query in range(n):
        candidates = [c for c in range(n) if c != query and (recordings is None or recordings[c] != recordings[query])]
        relevant = {c for c in candidates if works[c] == works[query]}
        if not relevant:
            continue
        places = []
        for version in relevant:  # behind all that are more alike, and behind all irrelevant ones as alike
            ahead = 0
            for other in candidates:
                if other == version:
                    continue
                ours, theirs = similarity[query][version], similarity[query][other]
                first_among_equals = other not in relevant or other < version
                ahead += theirs > ours or (theirs == ours and first_among_equals)
            places.append(ahead + 1)
        places.sort()
        precisions = [(k + 1) / place for k, place in enumerate(places)]
        r, m = len(places), len(candidates)
        misplaced = sum(places) - r * (r + 1) / 2
        nar = 100 * misplaced / (r * (m - r)) if m > r else 0.0
        first = places[0]
        rows.append((sum(precisions) / r, first, 1 / first, float(first == 1), float(first <= 10), nar))
    return dict(
        zip(
            ("map", "mr1", "mrr", "hit_at_1", "hit_at_10", "nar"),
            (math.fsum(c) / len(rows) for c in zip(*rows, strict=True)),
            strict=True,
        )
    )


def z_scores(table):
    """Mean of row and column z-scores without the diagonal."""
    n = len(table)

    def z(value, others):
        mean = sum(others) / len(others)
        deviation = math.sqrt(sum((o - mean) ** 2 for o in others) / len(others))
        return (value - mean) / deviation if deviation > 1e-12 * (abs(mean) + deviation) else 0.0

    return [
        [
            0.0
            if i == j
            else (
                z(table[i][j], [table[i][k] for k in range(n) if k != i])
                + z(table[i][j], [table[k][j] for k in range(n) if k != j])
            )
            / 2
            for j in range(n)
        ]
        for i in range(n)
    ]


def mutual_qmax(similarity, embedding, kappa):
    """Qmax of mutual nearest moments, from whole matrices: the embedded similarity, its ranks, the recurrence."""
    n, m = len(similarity) - embedding + 1, len(similarity[0]) - embedding + 1
    cells = [[sum(similarity[i + k][j + k] for k in range(embedding)) for j in range(m)] for i in range(n)]
    keep_row, keep_column = math.floor(kappa * (m - 1)) + 1, math.floor(kappa * (n - 1)) + 1
    rows = [sorted(row)[-keep_row] for row in cells]
    columns = [sorted(cells[i][j] for i in range(n))[-keep_column] for j in range(m)]
    score, best = {}, 0.0
    for i in range(n):
        for j in range(m):
            before = max(score.get(p, 0.0) for p in ((i - 1, j - 1), (i - 2, j - 1), (i - 1, j - 2)))
            near = cells[i][j] >= rows[i] and cells[i][j] >= columns[j] and cells[i][j] > 0
            score[i, j] = before + 1 if near else max(0.0, before - 0.5)
            best = max(best, score[i, j])
    return best


def connected(pairs):
    """The connected parts of a graph with more than one node, each sorted, by growing sets until nothing changes."""
    parts = [set(pair) for pair in pairs]
    changed = True
    while changed:
        changed = False
        for i, one in enumerate(parts):
            for other in parts[i + 1 :]:
                if one & other:
                    one.update(other)
                    parts.remove(other)
                    changed = True
                    break
    return sorted(tuple(sorted(part)) for part in parts)
