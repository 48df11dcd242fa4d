"""How several measures of unrelated pairs go together: what their sum of −ln p is by chance.

Measures of one element are far from independent, and how they go together is not the same for small and large p. So no
rule is taken for their sum: the sums of unrelated pairs are kept, as the −ln p of each measure of each pair, from which
the null of any choice of measures is made [1]_.

References
----------
.. [1] Westfall, Young, "Resampling-Based Multiple Testing", 1993 (the joint distribution of p-values as it was found).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types import DoubleArray, Null
from ..types.value import Value

UNIT = 1000
"""Steps in which one nat is kept."""
MISSING = 65535
N_QUANTILES = 401


@dataclass(frozen=True, eq=False, slots=True)
class JointNull(Value):
    """−ln p of unrelated pairs of ``corpus``: ``steps (n_pairs, n_cues)`` uint16, thousandths of a nat."""

    corpus: str
    cues: tuple[str, ...]
    steps: npt.NDArray[np.uint16]

    @staticmethod
    def of(corpus: str, nats: Mapping[str, DoubleArray]) -> JointNull:
        """From the −ln p of each measure, pairs in one order; NaN where nothing was compared."""
        cues = tuple(sorted(nats))
        table = np.column_stack([np.asarray(nats[c], np.float64) for c in cues])
        table = table[np.isfinite(table).any(axis=1)]
        steps = np.where(np.isfinite(table), np.minimum(np.round(table * UNIT), MISSING - 1), MISSING)
        return JointNull(corpus, cues, steps.astype(np.uint16))

    def sums(self, cues: Sequence[str]) -> DoubleArray:
        """The sums of the pairs in which all of the ``cues`` compared something, ascending; none if one is unknown."""
        if not cues or not set(cues) <= set(self.cues):
            return np.empty(0)
        chosen = self.steps[:, [self.cues.index(c) for c in cues]]
        known = chosen[(chosen != MISSING).all(axis=1)]
        found: DoubleArray = np.sort(known.sum(axis=1, dtype=np.int64)) / UNIT
        return found


def joint_p(nulls: Sequence[JointNull], nats: Mapping[str, float], *, enough: int) -> tuple[float, Null] | None:
    """The p-value and the null of the sum of these −ln p, beside the joint null that has most such pairs.

    (b + 1) / (n + 1), b of n unrelated pairs having as large a sum. None where fewer than ``enough`` pairs have all of
    the measures.

    >>> known = JointNull.of("made", {"one": np.linspace(0, 5, 101), "two": np.linspace(0, 5, 101)})
    >>> p, null = joint_p([known], {"one": 3.0, "two": 3.0}, enough=50)
    >>> round(p, 3), null.n_pairs  # two measures that always say the same say no more than one
    (0.412, 101)
    """
    cues = sorted(nats)
    found = max(((null.sums(cues), null.corpus) for null in nulls), key=lambda f: f[0].size, default=None)
    if found is None or found[0].size < max(enough, 1):
        return None
    sums, corpus = found
    total = math.fsum(nats.values()) - 0.5 * len(cues) / UNIT  # what was kept may have been rounded down
    at_least = int(sums.size - np.searchsorted(sums, total, side="left"))
    quantiles = np.quantile(sums, np.linspace(0.0, 1.0, min(N_QUANTILES, sums.size)))
    return (at_least + 1) / (sums.size + 1), Null(corpus, int(sums.size), quantiles, "sums of −ln p")
