"""How good scores are, measured by training again: LDS with its ceiling, intervals, leaving the top out.

The linear datamodeling score [1]_: models are trained on random subsets of the corpus; scores are good if the sum over
a subset's items ranks the subsets as the query's loss does. Retraining with other seeds tells how much of that ranking
is chance, hence the ceiling.

References
----------
.. [1] Park et al., "TRAK: attributing model behavior at scale", 2023.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from ..errors import InputError
from ..types.value import DoubleArray, Value, frozen


@dataclass(frozen=True, eq=False, slots=True)
class Truth(Value):
    """What retraining gave.

    ``members`` ``(n_subsets, n_items)``: whether an item was in a subset. ``losses`` ``(n_subsets, n_seeds,
    n_queries)``: each query's loss under the model trained on a subset with a seed.
    """

    members: npt.NDArray[np.bool_]
    losses: DoubleArray

    def __post_init__(self) -> None:
        members, losses = frozen(self.members, np.bool_), frozen(self.losses, np.float64)
        if losses.ndim != 3 or members.ndim != 2 or len(members) != len(losses) or len(members) < 3:
            raise InputError(
                "members are (n_subsets, n_items) and losses (n_subsets, n_seeds, n_queries), of three subsets or "
                f"more; got {members.shape} and {losses.shape}"
            )
        if not np.isfinite(losses).all():
            raise InputError("losses of retrained models are finite; some are not")
        object.__setattr__(self, "members", members)
        object.__setattr__(self, "losses", losses)

    def only(self, subsets: npt.NDArray[np.int64] | Sequence[int]) -> Truth:
        """Some of the subsets: to choose settings on some and report on the others."""
        rows = np.asarray(subsets)
        return Truth(self.members[rows], self.losses[rows])


def spearman(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rank correlation column by column, ``(n, m)`` each → ``(m,)``; 0 where a column is constant.

    >>> spearman(np.array([[1.0], [2.0], [3.0]]), np.array([[0.1], [0.3], [0.2]]))
    array([0.5])
    """
    return _correlation(_ranks(a), _ranks(b))


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Ranks column by column, less their mean."""
    ranks = rankdata(values, axis=0)
    return np.asarray(ranks - ranks.mean(axis=0))


def _correlation(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    scale = np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
    return np.asarray((x * y).sum(axis=0) / np.where(scale > 0, scale, 1.0))


def lds_by_query(scores: npt.ArrayLike, truth: Truth) -> DoubleArray:
    """LDS of each query, ``(n_queries,)``, of scores ``(n_queries, n_items)``, positive where an item helps."""
    values = np.asarray(scores, np.float64)
    n_queries, n_items = truth.losses.shape[2], truth.members.shape[1]
    if values.shape != (n_queries, n_items):
        raise InputError(f"scores are (n_queries, n_items) = {(n_queries, n_items)} here; got {values.shape}")
    return spearman(truth.members @ values.T, -truth.losses.mean(axis=1))


def lds(scores: npt.ArrayLike, truth: Truth) -> float:
    """Mean over queries."""
    return float(lds_by_query(scores, truth).mean())


def centred_lds(scores: npt.ArrayLike, truth: Truth) -> float:
    """LDS of what is a query's own: means over queries are taken from the scores and from each subset's losses."""
    values = np.asarray(scores, np.float64)
    losses = truth.losses - truth.losses.mean(axis=2, keepdims=True)
    centred = values - values.mean(axis=0)
    rest = np.abs(centred) <= 1e-12 * np.abs(values).max()  # what is left of equal numbers is no score
    return lds(np.where(rest, 0.0, centred), Truth(truth.members, losses))


def agnostic_lds(scores: npt.ArrayLike, truth: Truth) -> float:
    """LDS of the mean score of each item over all queries: what scores know that is no query's own."""
    values = np.asarray(scores, np.float64)
    return lds(np.broadcast_to(values.mean(axis=0), values.shape), truth)


def ceiling(truth: Truth) -> float:
    """The LDS that the true expected losses would have: √ of the reliability of the mean over seeds (Spearman, Brown).

    From the mean rank correlation r between two seeds: reliability S r / (1 + (S − 1) r). Two seeds or more are needed.
    """
    n_seeds = truth.losses.shape[1]
    if n_seeds < 2:
        raise InputError(f"a ceiling needs models of two seeds or more for each subset; got {n_seeds}")
    pairs = [(i, j) for i in range(n_seeds) for j in range(i)]
    r = float(np.mean([spearman(truth.losses[:, i], truth.losses[:, j]).mean() for i, j in pairs]))
    return float(np.sqrt(max(0.0, n_seeds * r / (1 + (n_seeds - 1) * r)))) if r > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its central interval at ``level``."""

    value: float
    low: float
    high: float
    level: float = 0.95


def bootstrap(
    scores: npt.ArrayLike,
    truth: Truth,
    against: npt.ArrayLike | None = None,
    *,
    rounds: int = 1000,
    seed: int = 440,
    level: float = 0.95,
) -> Interval:
    """LDS, or how much more it is than that of ``against``, with an interval over subsets *and* queries drawn again.

    The two are compared on the same draws (paired).
    """
    every = [s for s in (scores, against) if s is not None]
    drawn = redrawn(every, truth, rounds=rounds, seed=seed)
    values = [lds(s, truth) for s in every]
    if len(every) == 1:
        return interval_of(values[0], drawn[:, 0], level=level)
    return interval_of(values[0] - values[1], drawn[:, 0] - drawn[:, 1], level=level)


def redrawn(
    scores: Sequence[npt.ArrayLike], truth: Truth, *, rounds: int = 1000, seed: int = 440
) -> npt.NDArray[np.float64]:
    """LDS of several methods on the same draws of subsets and queries, ``(rounds, n_methods)``."""
    sums = [truth.members @ np.asarray(s, np.float64).T for s in scores]  # (n_subsets, n_queries) each
    losses, rng = -truth.losses.mean(axis=1), np.random.default_rng(seed)
    n_subsets, n_queries = losses.shape
    found = np.empty((rounds, len(sums)))
    for row in found:
        rows, columns = rng.integers(0, n_subsets, n_subsets), rng.integers(0, n_queries, n_queries)
        target = _ranks(losses[np.ix_(rows, columns)])
        row[:] = [_correlation(_ranks(s[np.ix_(rows, columns)]), target).mean() for s in sums]
    return found


def interval_of(value: float, drawn: npt.NDArray[np.float64], *, level: float = 0.95) -> Interval:
    """An estimate with the central interval of its draws ``(rounds,)``."""
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(value, float(low), float(high), level)


def top_overlap(a: npt.ArrayLike, b: npt.ArrayLike, k: int = 10) -> DoubleArray:
    """Share of the ``k`` top items that two methods (or seeds) have in common, by query, ``(n_queries,)``."""
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    tops = [np.argsort(-s, axis=1, kind="stable")[:, :k] for s in (first, second)]
    return np.array([len(set(x) & set(y)) / k for x, y in zip(*tops, strict=True)])


def union_of_tops(scores: npt.ArrayLike, share: float) -> npt.NDArray[np.int64]:
    """Items to leave out: the queries' top items, rank by rank, until ``share`` of all items is reached; sorted."""
    values = np.asarray(scores, np.float64)
    wanted = round(share * values.shape[1])
    order = np.argsort(-values, axis=1, kind="stable")
    chosen: dict[int, None] = {}
    for item in order.T.reshape(-1):
        if len(chosen) == wanted:
            break
        chosen.setdefault(int(item), None)
    return np.array(sorted(chosen), np.int64)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How much more the queries' loss rises without the top items than without as many drawn at random.

    ``targets`` are the queries whose tops were left out, ``controls`` others of the same kind, which should not rise.
    Standard errors are over seeds.
    """

    targets: float
    targets_error: float
    controls: float
    controls_error: float


def left_out(
    without_top: npt.ArrayLike, without_random: npt.ArrayLike, is_target: npt.NDArray[np.bool_] | Sequence[bool]
) -> LeftOut:
    """Of losses ``(n_seeds, n_queries)`` of models trained without the top items and without random ones."""
    top, random = np.asarray(without_top, np.float64), np.asarray(without_random, np.float64)
    target = np.asarray(is_target, bool)
    if top.shape[1] != target.size or random.shape[1] != target.size or not target.any():
        raise InputError(f"losses are (n_seeds, {target.size}), one target or more; got {top.shape} and {random.shape}")
    found: list[float] = []
    for which in (target, ~target):
        if not which.any():
            found += [float("nan"), float("nan")]
            continue
        a, b = top[:, which].mean(axis=1), random[:, which].mean(axis=1)
        found += [float(a.mean() - b.mean()), float(np.hypot(_error(a), _error(b)))]
    return LeftOut(*found)


def _error(values: npt.NDArray[np.float64]) -> float:
    return float(values.std(ddof=1) / np.sqrt(values.size)) if values.size > 1 else float("nan")


def shares(scores: npt.ArrayLike, holders: Sequence[str]) -> dict[str, DoubleArray]:
    """Holder → share of the positive scores, by query ``(n_queries,)``; 0 for all where no score is positive.

    A policy, not a measurement: sums of 0 and above, divided by their total. Pooled over many outputs these are nearly
    the holders' sizes; look at the difference from them.
    """
    values = np.clip(np.asarray(scores, np.float64), 0.0, None)
    total = values.sum(axis=1)
    columns: Mapping[str, list[int]] = {h: [i for i, x in enumerate(holders) if x == h] for h in sorted(set(holders))}
    return {h: values[:, at].sum(axis=1) / np.where(total > 0, total, 1.0) for h, at in columns.items()}
