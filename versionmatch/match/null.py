"""How unusual a raw value is beside unrelated pairs of a named corpus."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import Null

N_QUANTILES = 401


def null_of(corpus: str, raws: npt.ArrayLike, *, provenance: str = "", n_quantiles: int = N_QUANTILES) -> Null:
    """The distribution of a cue's raw values over unrelated pairs, kept as evenly spaced quantiles.

    >>> null_of("twenty pairs", range(21), n_quantiles=5).quantiles.tolist()
    [0.0, 5.0, 10.0, 15.0, 20.0]
    """
    values = np.asarray(raws, dtype=np.float64)
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all():
        raise InputError(f"a null needs finite raw values of at least one pair; got shape {values.shape}")
    quantiles = np.quantile(values, np.linspace(0.0, 1.0, n_quantiles))
    return Null(corpus, int(values.size), quantiles, provenance)


def p_value(raw: float, null: Null) -> float:
    """(b + 1) / (n + 1), where b of the null's n unrelated pairs have at least this raw value.

    b is rounded up to what the kept quantiles can show, so that p is never too small; it is at least
    1 / (n + 1), which is all that n pairs can say [1]_.

    >>> null = null_of("a hundred pairs", range(101), n_quantiles=101)
    >>> p_value(100.5, null) == 1 / 102, round(p_value(90, null), 2), p_value(-1, null)
    (True, 0.13, 1.0)

    References
    ----------
    .. [1] Phipson, Smyth, "Permutation P-values should never be zero", 2010.
    """
    below = int(np.searchsorted(null.quantiles, raw, side="left"))  # quantiles strictly below raw
    if below == null.quantiles.size:
        at_least = 0
    elif below == 0:
        at_least = null.n_pairs
    else:
        at_least = math.ceil(null.n_pairs * (1.0 - (below - 1) / (null.quantiles.size - 1)))
    return (at_least + 1) / (null.n_pairs + 1)
