"""How well the melody score agrees with labels that somebody gave to pairs of tunes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import __version__
from ..errors import InputError
from ..match.reliability import auc
from ..melodic.figures import shares
from ..melodic.score import melody_score
from ..melodic.statistics import load
from ..params import Params, check
from ..types import DoubleArray
from .tunes import read_pairs

SCHEMA = "versionmatch.bench-pairs/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairBenchParams(Params):
    """Settings of ``bench_pairs``: a JSON list of ``{"id", "a", "b", "label"}``, and the bootstrap's."""

    file: str
    seed: int = 440
    n_bootstrap: int = 1000

    def __post_init__(self) -> None:
        check(self.n_bootstrap >= 1, "n_bootstrap", self.n_bootstrap, "1 or more")


def bench_pairs(params: PairBenchParams) -> dict[str, Any]:
    """AUC with its 95 % interval, accuracy with each pair left out in turn, and the pairs that go wrong.

    ``pairs`` lists every pair with its score (None where there was nothing to compare), p-value, measures and the
    share of either tune in the other; ``measures`` the AUC of each measure alone. A pair goes wrong where the
    threshold that fits the others best decides against its label. JSON-able. InputError where the file cannot be
    used, or has one label only.
    """
    pairs = read_pairs(Path(params.file))
    labels = np.array([p.label for p in pairs])
    if len(set(labels.tolist())) < 2:
        raise InputError(f"{params.file}: all labels are {labels[0]}; pairs of both labels are needed")
    found = [melody_score(p.a, p.b) for p in pairs]
    scores = np.array([f.log_odds for f in found])
    right = left_out(scores, labels)
    names = sorted({name for f in found for name in f.z})
    columns = {name: np.array([f.z.get(name, -math.inf) for f in found]) for name in names}
    return {
        "schema": SCHEMA,
        "auc": auc(scores, labels),
        "auc_ci": list(auc_interval(scores, labels, seed=params.seed, n_bootstrap=params.n_bootstrap)),
        "leave_one_out_accuracy": float(right.mean()),
        "failures": [p.id for p, good in zip(pairs, right, strict=True) if not good],
        "measures": {name: {"auc": auc(column, labels)} for name, column in columns.items()},
        "n_pairs": len(pairs),
        "n_related": int(labels.sum()),
        "empty": [p.id for p, s in zip(pairs, scores, strict=True) if not np.isfinite(s)],
        "pairs": [
            {"id": p.id, "label": p.label, "score": f.log_odds if f.z else None, "p_value": f.p_value,
             "shares": list(shares(p.a, p.b)), "measures": dict(f.raw)}
            for p, f in zip(pairs, found, strict=True)
        ],
        "seed": params.seed,
        "n_bootstrap": params.n_bootstrap,
        "versions": {"versionmatch": __version__, "statistics": load().id},
    }  # fmt: skip


def auc_interval(
    scores: DoubleArray, labels: npt.NDArray[np.int64], *, seed: int, n_bootstrap: int
) -> tuple[float, float]:
    """95 % percentile interval of the AUC; pairs of each label are drawn among themselves."""
    rng = np.random.default_rng(seed)
    sides = [np.flatnonzero(labels == value) for value in (0, 1)]
    drawn = []
    for _ in range(n_bootstrap):
        which = np.concatenate([rng.choice(side, side.size) for side in sides])
        drawn.append(auc(scores[which], labels[which]))
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def left_out(scores: DoubleArray, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether each pair is put right by the threshold that puts most of the others right.

    Thresholds lie between neighbouring scores; of several that are equally good the middle one is taken.
    """
    right = np.empty(scores.size, dtype=bool)
    for i in range(scores.size):
        others = np.arange(scores.size) != i
        right[i] = (scores[i] > threshold(scores[others], labels[others])) == (labels[i] == 1)
    return right


def threshold(scores: DoubleArray, labels: Sequence[int] | npt.NDArray[np.int64]) -> float:
    """The score above which pairs are held to be related with fewest errors.

    >>> threshold(np.array([1.0, 2.0, 3.0, 5.0]), [0, 0, 1, 1])
    2.5
    """
    known = np.unique(scores[np.isfinite(scores)])
    cuts = np.concatenate([[-np.inf], (known[1:] + known[:-1]) / 2, [np.inf]])
    good = [((scores > cut) == (np.asarray(labels) == 1)).sum() for cut in cuts]
    best = cuts[np.flatnonzero(np.asarray(good) == max(good))]
    return float(best[(best.size - 1) // 2])
