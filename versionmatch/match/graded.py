"""Nulls of one measure, kept in classes of how much chance is to be expected of two sides.

Two long works have more in common by chance than two short ones, and two that move by step in even notes more than two
of which one leaps: what they have in common is their *stock*. Bioinformatics met the same with proteins of like
composition [1]_. Unrelated pairs are therefore parted by what size and stock let expect, and a pair is set beside
those of its own class.

References
----------
.. [1] Schäffer et al., "Improving the accuracy of PSI-BLAST protein database searches with composition-based
   statistics and other refinements", 2001.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata

from ..types import DoubleArray, Evidence, Null
from ..types.value import Value, mapping
from .null import null_of

LITTLE = 0.003
"""Added to each number, so that nothing in common has a logarithm."""
N_QUANTILES = 201


@dataclass(frozen=True, eq=False, slots=True)
class GradedNull(Value):
    """Nulls in classes, ``(from which expectation on, null)`` ascending.

    The expectation is the sum of ``weights`` times the logarithms of ``size`` and of what ``Evidence.chance`` names.
    """

    weights: Mapping[str, float]
    classes: tuple[tuple[float, Null], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", mapping(self.weights))

    def expectation(self, evidence: Evidence) -> float:
        """How much is to be expected of such a pair; as much as can be where something of it is not known."""
        known = told(evidence)
        if not set(self.weights) <= set(known):
            return math.inf
        return math.fsum(weight * known[name] for name, weight in self.weights.items())

    def null(self, evidence: Evidence) -> Null:
        """The null of pairs of which about as much is to be expected."""
        here = self.expectation(evidence)
        fitting = [null for least, null in self.classes if here >= least]
        return fitting[-1] if fitting else self.classes[0][1]


def told(evidence: Evidence) -> dict[str, float]:
    """The logarithms of size and of all that chance depends on, by name."""
    found = {"size": math.log(max(evidence.size, 1.0))}
    return found | {name: math.log(max(value, 0.0) + LITTLE) for name, value in evidence.chance.items()}


def graded(
    found: Sequence[Evidence],
    corpus: str,
    *,
    n_classes: int = 8,
    least_pairs: int = 400,
    n_quantiles: int = N_QUANTILES,
    provenance: str = "",
) -> GradedNull:
    """The nulls of what unrelated pairs gave, all of which found something to compare.

    The expectation is fitted by least squares to the ranks of the raw values, on what all of the pairs tell. Classes
    hold about equally many pairs, at least ``least_pairs``; there are ``n_classes`` or fewer.
    """
    raws = np.array([e.raw for e in found])
    weights = _weights([told(e) for e in found], raws)
    places = np.array([GradedNull(weights, ()).expectation(e) for e in found])
    n = max(1, min(n_classes, raws.size // least_pairs))
    edges = np.unique(np.quantile(places, np.linspace(0, 1, n + 1))[:-1])
    which = np.searchsorted(edges, places, side="right") - 1
    classes = tuple(
        (float(edge), null_of(corpus, raws[which == at], provenance=provenance, n_quantiles=n_quantiles))
        for at, edge in enumerate(edges)
    )
    return GradedNull(weights, classes)


def _weights(rows: Sequence[Mapping[str, float]], raws: DoubleArray) -> dict[str, float]:
    """By name, rounded as they are written; size alone where nothing else is told by all."""
    names = [name for name in rows[0] if all(name in row for row in rows)]
    if names == ["size"]:
        return {"size": 1.0}
    table = np.array([[1.0, *(row[name] for name in names)] for row in rows])
    fitted = np.linalg.lstsq(table, rankdata(raws) / raws.size, rcond=None)[0]
    return {name: round(float(weight), 5) for name, weight in zip(names, fitted[1:], strict=True)}


def written(null: GradedNull) -> dict[str, Any]:
    """As plain values for JSON; ``read`` gives it back."""
    rows = [
        {"from": least, "corpus": n.corpus, "n": n.n_pairs, "how": n.provenance,
         "q": [float(f"{q:.5g}") for q in n.quantiles]}
        for least, n in null.classes
    ]  # fmt: skip
    return {"weights": dict(null.weights), "classes": rows}


def read(data: Mapping[str, Any]) -> GradedNull:
    """What ``written`` made; KeyError, TypeError or ValueError where it is something else."""
    classes = tuple(
        (float(row["from"]), Null(row["corpus"], int(row["n"]), np.array(row["q"], np.float64), row["how"]))
        for row in data["classes"]
    )
    if not classes:
        raise ValueError("a measure without classes")
    return GradedNull({str(name): float(weight) for name, weight in data["weights"].items()}, classes)
