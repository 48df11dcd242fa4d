"""Slow twins of local alignment, written straight from the formulas of the papers."""

import numpy as np


def stacked(values, embedding):
    """Each moment as one vector: its frames, each of length 1 (or 0), on top of each other; float64, (n, d)."""
    values = np.asarray(values, np.float64)
    norms = np.linalg.norm(values, axis=0)
    unit = values / np.where(norms > 0, norms, 1)
    n = values.shape[1] - embedding + 1
    return np.array([unit[:, i : i + embedding].T.ravel() for i in range(n)])


def cross_recurrence(query, reference, embedding, kappa):
    """Mutual nearest neighbours by sorting every row and every column."""
    similarity = stacked(query, embedding) @ stacked(reference, embedding).T
    n, m = similarity.shape
    by_row = np.sort(similarity, axis=1)[:, ::-1][:, int(kappa * (m - 1))]
    by_column = np.sort(similarity, axis=0)[::-1][int(kappa * (n - 1))]
    return (similarity >= by_row[:, None]) & (similarity >= by_column) & (similarity > 1e-9)


def predecessors(binary, scores, i, j, dmax, onset, extension):
    """(score, cell) of each step that reaches a cell, without the cell's own point; first come, first served."""
    steps = [(1, 1), (2, 1), (1, 2)] + ([(3, 1), (1, 3)] if dmax else [])
    for a, b in steps:
        value = scores[i - a, j - b]
        if dmax:
            value += sum(binary[i - x, j] for x in range(1, a)) + sum(binary[i, j - y] for y in range(1, b))
        if not binary[i, j]:
            value -= onset if binary[i - a, j - b] else extension
        yield value, (i - a, j - b)


def score_matrix(binary, dmax, onset=0.5, extension=0.5):
    """All scores of Qmax (Serrà et al. 2009) or Dmax (Chen et al. 2017), cell by cell."""
    n, m = binary.shape
    scores = np.zeros((n, m))
    border = 3 if dmax else 2
    for i in range(border, n):
        for j in range(border, m):
            best = max(value for value, _ in predecessors(binary, scores, i, j, dmax, onset, extension))
            scores[i, j] = best + 1 if binary[i, j] else max(0, best)
    return scores


def best_path(binary, dmax, onset=0.5, extension=0.5):
    """The best score and its path, from the full matrix of scores."""
    scores = score_matrix(binary, dmax, onset, extension)
    if scores.size == 0 or scores.max() == 0:
        return 0.0, []
    cell = tuple(int(x) for x in np.unravel_index(scores.argmax(), scores.shape))
    best, path = scores[cell], []
    while scores[cell] > 0:
        path.append(cell)
        options = list(predecessors(binary, scores, *cell, dmax, onset, extension))
        cell = max(options, key=lambda option: option[0])[1]
    return float(best), path[::-1]


def smith_waterman(query, reference, match, mismatch, gap, opening):
    """Best local score with a gap of every length tried at every cell."""
    n, m = len(query), len(reference)
    scores = np.zeros((n + 1, m + 1))
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            pair = scores[i - 1, j - 1] + (match if query[i - 1] == reference[j - 1] else mismatch)
            up = max(scores[i - k, j] + opening + k * gap for k in range(1, i + 1))
            left = max(scores[i, j - k] + opening + k * gap for k in range(1, j + 1))
            scores[i, j] = max(0, pair, up, left)
    return scores.max()


def path_value(path, query, reference, match, mismatch, gap, opening):
    """What an alignment of notes is worth, counted along its path."""
    total, before, side = 0.0, (path[0][0] - 1, path[0][1] - 1), None
    for i, j in path:
        moved = (i - before[0], j - before[1])
        if moved == (1, 1):
            total, side = total + (match if query[i] == reference[j] else mismatch), None
        else:
            total, side = total + gap + (opening if moved != side else 0), moved
        before = (i, j)
    return total
