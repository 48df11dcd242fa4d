"""From how alike all segments of two recordings are to one number: one key for all, ties always the same way.

Similarities are ``(n, m)`` or, key by key, ``(n, m, 12)``, larger = more alike; each reduction gives a number for every
key, ``(12,)``, and ``reduced`` chooses the key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError, ParamsError
from ..types import DoubleArray

Reduction = Callable[[npt.ArrayLike], DoubleArray]


def best(similarity: npt.ArrayLike) -> DoubleArray:
    """The most alike pair of segments: the smallest distance, as it is often called."""
    return _checked(similarity).max(axis=(0, 1))  # type: ignore[no-any-return]


def mean(similarity: npt.ArrayLike) -> DoubleArray:
    """The mean over all pairs of segments."""
    return _checked(similarity).mean(axis=(0, 1))  # type: ignore[no-any-return]


def best_match_mean(similarity: npt.ArrayLike) -> DoubleArray:
    """The mean, over the query's segments, of each one's best match in the reference.

    >>> best_match_mean([[0.9, 0.5, 0.1], [0.8, 0.95, 0.3]]).item()
    0.925
    """
    return _checked(similarity).max(axis=1).mean(axis=0)  # type: ignore[no-any-return]


def symmetric(reduction: Reduction) -> Reduction:
    """The mean of a reduction from the query's side and from the reference's."""

    def both(similarity: npt.ArrayLike) -> DoubleArray:
        table = _checked(similarity)
        return (reduction(table) + reduction(np.swapaxes(table, 0, 1))) / 2.0

    return both


def best_pairs(r: int) -> Reduction:
    """The mean of the ``r`` best pairs without replacement (bpwr): each segment is in one pair at most [1]_.

    The best pair is taken, its row and its column are crossed out, and so on; of equal pairs the one with the earlier
    query segment is taken first, then that with the earlier reference segment. Where a recording has fewer than ``r``
    segments, as many pairs are taken as it has. It is symmetric but for ties.

    >>> best_pairs(2)([[0.9, 0.5, 0.1], [0.8, 0.95, 0.3]]).item()
    0.925

    References
    ----------
    .. [1] Serrà, Araz, Bogdanov, Mitsufuji, "Supervised contrastive learning from weakly-labeled audio segments for
       musical version matching", ICML 2025, arXiv 2502.16936.
    """
    if r < 1:
        raise ParamsError(f"r = {r}; it must be 1 or more pairs")

    def pairs(similarity: npt.ArrayLike) -> DoubleArray:
        table = _checked(similarity)
        n, m = table.shape[:2]
        left = table.reshape(n * m, -1).T.copy().reshape(-1, n, m)  # (keys, n, m)
        keys, count = np.arange(left.shape[0]), min(r, n, m)
        total = np.zeros(left.shape[0])
        for _ in range(count):
            i, j = np.divmod(left.reshape(keys.size, -1).argmax(axis=1), m)
            total += left[keys, i, j]
            left[keys, i, :] = -np.inf
            left[keys, :, j] = -np.inf
        means: DoubleArray = (total / count).reshape(table.shape[2:])
        return means

    return pairs


REDUCTIONS: dict[str, Reduction] = {
    "best": best,
    "mean": mean,
    "best-match": best_match_mean,
    "best-match-symmetric": symmetric(best_match_mean),
    "bpwr-5": best_pairs(5),
    "bpwr-10": best_pairs(10),
}


@dataclass(frozen=True, eq=False, slots=True)
class Reduced:
    """``value`` at ``key``, 0…11: what raises the reference to the query; ``values (12,)``: of every key."""

    value: float
    key: int
    values: DoubleArray


def reduced(similarity: npt.ArrayLike, reduction: Reduction | str = "bpwr-10") -> Reduced:
    """A similarity ``(n, m, 12)`` as one number, in the key that makes it largest; ties: the smallest key.

    One key holds for all segments of the two recordings. ``reduction`` is a function or a name of ``REDUCTIONS``.
    """
    if isinstance(reduction, str):
        if reduction not in REDUCTIONS:
            raise ParamsError(f"there is no reduction {reduction!r}; there are: {', '.join(REDUCTIONS)}")
        reduction = REDUCTIONS[reduction]
    table = _checked(similarity)
    if table.shape[2:] != (12,):
        raise InputError(f"a similarity key by key has shape (n, m, 12); got {table.shape}")
    values = reduction(table)
    key = int(values.argmax())
    return Reduced(float(values[key]), key, values)


def _checked(similarity: npt.ArrayLike) -> DoubleArray:
    table = np.asarray(similarity, dtype=np.float64)
    if table.ndim not in {2, 3} or 0 in table.shape[:2] or not np.isfinite(table).all():
        raise InputError(f"a similarity of segments is finite, (n ≥ 1, m ≥ 1) or (n, m, keys); got {table.shape}")
    return table
