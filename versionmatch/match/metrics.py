"""How good a ranking is: MAP, MR1, MRR, hit@k and NAR by one protocol, with intervals by bootstrap over works.

The protocol: the ranking is complete; a query is never its own candidate, nor is another item of the same
recording; a query without any other version stays a candidate only; ties are broken against us (a relevant
item stands behind every irrelevant one of the same similarity).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import DoubleArray

KEYS = ("map", "mr1", "mrr", "hit_at_1", "hit_at_10", "nar")
"""What is measured; ``mr1`` (ranks) and ``nar`` (per cent) are better when lower."""


@dataclass(frozen=True, eq=False, slots=True)
class Ranking:
    """What each query's ranking is worth: ``values`` key → ``(n_queries,)``, ``works`` of those queries."""

    values: Mapping[str, DoubleArray]
    works: tuple[str, ...]
    n_candidates: int

    @property
    def n_queries(self) -> int:
        """Queries that have at least one other version."""
        return len(self.works)

    def means(self) -> dict[str, float]:
        """The mean of each measure over the queries."""
        return {key: float(self.values[key].mean()) for key in KEYS}


def rank(similarity: npt.ArrayLike, works: Sequence[str], recordings: Sequence[str] | None = None) -> Ranking:
    """What a similarity matrix is worth for finding versions, query by query.

    Parameters
    ----------
    similarity : (n, n)
        Row = query, column = candidate, larger = more alike; the diagonal is not looked at.
    works : n texts
        The work each item is a version of.
    recordings : n texts, optional
        Items of one recording are left out of each other's ranking.

    Raises
    ------
    InputError
        A wrong shape, a NaN, or no work with two recordings.

    Examples
    --------
    >>> alike = [[0, 3, 1], [3, 0, 2], [1, 2, 0]]
    >>> rank(alike, works=["a", "a", "b"]).means()["map"]
    1.0

    References
    ----------
    .. [1] Manning, Raghavan, Schütze, "Introduction to Information Retrieval", ch. 8 (average precision).
    .. [2] Müller et al., "Performance evaluation in content-based image retrieval", 2001 (normalised rank).
    """
    table = np.asarray(similarity, dtype=np.float64)
    n = len(works)
    if table.shape != (n, n):
        raise InputError(f"{n} works need a similarity matrix of shape ({n}, {n}); got {table.shape}")
    allowed = ~np.eye(n, dtype=bool)
    if recordings is not None:
        names = np.asarray(recordings)
        allowed &= names[:, None] != names[None]
    if np.isnan(table[allowed]).any():
        raise InputError(f"{int(np.isnan(table[allowed]).sum())} similarities are not a number; leave those items out")
    labels = np.asarray(works)
    rows: list[tuple[float, ...]] = []
    kept: list[str] = []
    for q in range(n):
        relevant = (labels == labels[q])[allowed[q]]
        if relevant.any():
            rows.append(_measures(table[q][allowed[q]], relevant))
            kept.append(works[q])
    if not rows:
        raise InputError("no work has two recordings, so that there is nothing to find; check the work_id column")
    columns = np.array(rows)
    return Ranking({key: columns[:, i] for i, key in enumerate(KEYS)}, tuple(kept), n)


def _measures(similarity: DoubleArray, relevant: npt.NDArray[np.bool_]) -> tuple[float, ...]:
    order = np.lexsort((relevant, -similarity))  # the last key decides first; among equals, irrelevant ones lead
    ranks = np.flatnonzero(relevant[order]) + 1
    n, r = relevant.size, ranks.size
    precision = float((np.arange(1, r + 1) / ranks).mean())
    misplaced = float(ranks.sum() - r * (r + 1) / 2)
    nar = 100.0 * misplaced / (r * (n - r)) if n > r else 0.0
    first = float(ranks[0])
    return precision, first, 1.0 / first, float(first <= 1), float(first <= 10), nar


def intervals(
    ranking: Ranking, *, seed: int, n_bootstrap: int = 1000, level: float = 0.95
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of the means, ``(low, high)`` by key; works are drawn, each with all its queries."""
    counts = _draws(ranking.works, seed, n_bootstrap)
    tail = 50.0 * (1.0 - level)
    found = {}
    for key in KEYS:
        means = counts @ ranking.values[key] / counts.sum(axis=1)
        low, high = np.percentile(means, [tail, 100.0 - tail])
        found[key] = (float(low), float(high))
    return found


def paired_difference(
    ours: Ranking, theirs: Ranking, key: str = "map", *, seed: int, n_bootstrap: int = 10_000, level: float = 0.95
) -> dict[str, float]:
    """Mean difference of two systems on the same queries, its interval and the share of draws where it is not above 0.

    Both rankings must come from the same items: the same works are drawn for both.

    >>> same = rank([[0, 1], [1, 0]], works=["a", "a"])
    >>> paired_difference(same, same, seed=440)["difference"]
    0.0
    """
    if ours.works != theirs.works:
        raise InputError("a paired difference needs two rankings of the same queries in the same order")
    counts = _draws(ours.works, seed, n_bootstrap)
    gain = ours.values[key] - theirs.values[key]
    means = counts @ gain / counts.sum(axis=1)
    tail = 50.0 * (1.0 - level)
    low, high = np.percentile(means, [tail, 100.0 - tail])
    return {
        "difference": float(gain.mean()),
        "low": float(low),
        "high": float(high),
        "share_not_above_0": float((means <= 0).mean()),
    }


def _draws(works: Sequence[str], seed: int, n_bootstrap: int) -> DoubleArray:
    """How often each query counts in each draw, ``(n_bootstrap, n_queries)``."""
    if n_bootstrap < 1:
        raise InputError(f"a bootstrap needs at least one draw; got {n_bootstrap}")
    names, which = np.unique(np.asarray(works), return_inverse=True)
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(names.size, np.full(names.size, 1.0 / names.size), size=n_bootstrap)
    counts: DoubleArray = drawn[:, which].astype(np.float64)
    return counts
