"""Slow, readable twins of the passage kernels: what they compute, written down as plainly as possible."""

from __future__ import annotations

from functools import cache

import numpy as np


def local_total(score: np.ndarray) -> float:
    """The highest total of any path by (1, 1), (2, 1), (1, 2) through the cells, 0 for no path at all."""

    @cache
    def ending_at(i: int, j: int) -> float:
        if i < 0 or j < 0:
            return 0.0
        before = max(ending_at(i - 1, j - 1), ending_at(i - 2, j - 1), ending_at(i - 1, j - 2))
        return max(0.0, before + float(score[i, j]))

    n, m = score.shape
    return max(ending_at(i, j) for i in range(n) for j in range(m))


def course_total(score: np.ndarray, jump: float) -> float:
    """The highest sum over paths in any layer, each at a price, none sharing a query frame with another."""
    layers, n, m = score.shape

    @cache
    def free_before(i: int) -> float:
        if i == 0:
            return 0.0
        return max([free_before(i - 1)] + [in_path(t, i - 1, j) for t in range(layers) for j in range(m)])

    @cache
    def in_path(t: int, i: int, j: int) -> float:
        if i < 0 or j < 0:
            return -np.inf
        ways = [free_before(i) - jump, in_path(t, i - 1, j - 1), in_path(t, i - 1, j - 2)]
        if i > 0 and j > 0:
            ways.append(in_path(t, i - 2, j - 1) + 0.5 * float(score[t, i - 1, j - 1] + score[t, i - 1, j]))
        return max(ways) + float(score[t, i, j])

    return free_before(n)


def chain_total(score: np.ndarray, jump: float) -> float:
    """The highest sum over paths, each at a price, each beginning after the one before has ended on both sides."""
    layers, n, m = score.shape

    @cache
    def free_before(i: int, j: int) -> float:
        if i == 0 or j == 0:
            return 0.0
        ended = [in_path(t, i - 1, j - 1) for t in range(layers)]
        return max(free_before(i - 1, j), free_before(i, j - 1), *ended)

    @cache
    def in_path(t: int, i: int, j: int) -> float:
        if i < 0 or j < 0:
            return -np.inf
        ways = [free_before(i, j) - jump, in_path(t, i - 1, j - 1), in_path(t, i - 1, j - 2)]
        if i > 0 and j > 0:
            ways.append(in_path(t, i - 2, j - 1) + 0.5 * float(score[t, i - 1, j - 1] + score[t, i - 1, j]))
        return max(ways) + float(score[t, i, j])

    return free_before(n, m)


def path_total(score: np.ndarray, course: np.ndarray, jump: float) -> float:
    """What a course is worth by its own steps."""
    total = 0.0
    for number in range(int(course[:, 0].max(initial=-1)) + 1):
        own = course[course[:, 0] == number]
        total -= jump
        for k, (_, t, i, j) in enumerate(own):
            total += float(score[t, i, j])
            if k and i - own[k - 1, 2] == 2:
                total += 0.5 * float(score[t, i - 1, j - 1] + score[t, i - 1, j])
    return total


def cosine_between_frames(query: np.ndarray, reference: np.ndarray, at: float) -> float:
    """Cosine of one query row with the reference read between its rows."""
    if at < 0 or at > len(reference) - 1:
        return 0.0
    low, high = int(np.floor(at)), int(np.ceil(at))
    row = reference[low] if low == high else reference[low] * (high - at) + reference[high] * (at - low)
    length = np.linalg.norm(row)
    return float(query @ row / length) if length > 0 else 0.0


def offsets_total(likeness: np.ndarray, penalty: float) -> float:
    """The highest total of any choice of one column per row, neighbours at most one apart, a change at a price."""

    @cache
    def ending_in(i: int, k: int) -> float:
        if k < 0 or k >= likeness.shape[1]:
            return -np.inf
        if i == 0:
            return float(likeness[0, k])
        ways = ending_in(i - 1, k), ending_in(i - 1, k - 1) - penalty, ending_in(i - 1, k + 1) - penalty
        return max(ways) + float(likeness[i, k])

    return max(ending_in(len(likeness) - 1, k) for k in range(likeness.shape[1]))


def graduated(values: np.ndarray, weights: np.ndarray, period: float) -> np.ndarray:
    """Whittaker's smoother with whole matrices."""
    n = len(values)
    second = np.diff(np.eye(n), n=2, axis=0)
    stiffness = (2 * np.sin(np.pi / period)) ** -4
    return np.linalg.solve(np.diag(weights) + stiffness * second.T @ second, weights * values)


def straight_line(score, slopes):
    """The largest total of consecutive cells of any line: every slope, offset, start and end is tried."""
    n, m = score.shape
    best = 0.0
    for slope in slopes:
        for offset in range(-int(slope * (n - 1) + 0.5), m):
            for start in range(n):
                total = 0.0
                for i in range(start, n):
                    j = offset + int(slope * i + 0.5)
                    if not 0 <= j < m:
                        break
                    total += float(score[i, j])
                    best = max(best, total)
    return best
