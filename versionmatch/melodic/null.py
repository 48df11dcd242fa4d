"""How unusual a pair's likeness is beside the same notes in another order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError
from .identity import percent_identity
from .tune import Tune

Measure = Callable[[Tune, Tune], float]


@dataclass(frozen=True, slots=True)
class OrderNull:
    """What a measure says of two tunes, and what it says when the order of one's notes is lost.

    ``p_value`` is (b + 1) / (n + 1): b of ``n`` shuffled tunes reach ``observed``; ``shuffled`` is their mean,
    ``reversed`` the value with the tune played backwards.
    """

    observed: float
    p_value: float
    shuffled: float
    reversed: float
    n: int
    seed: int


def null_p(a: Tune, b: Tune, measure: Measure = percent_identity, *, n: int = 999, seed: int = 440) -> OrderNull:
    """Whether two tunes are more alike than their stock of notes explains [1]_ [2]_.

    The pitches of ``b`` are put in random order ``n`` times, each time in ``b``'s own rhythm. This says whether the
    order matters, not whether the figure is rare: that is what ``melody_score(a, b).p_value`` says.

    >>> tune = Tune([67, 67, 69, 67, 72, 71, 67, 67, 69, 67, 74, 72])
    >>> found = null_p(tune, Tune(tune.pitches + 2), n=199)
    >>> found.observed, found.p_value, found.shuffled < 60
    (100.0, 0.005, True)

    References
    ----------
    .. [1] Savage, Atkinson, "Automatic tune family identification by musical sequence alignment", 2015.
    .. [2] Phipson, Smyth, "Permutation P-values should never be zero", 2010.
    """
    if n < 1:
        raise InputError(f"a null needs at least one shuffled tune; got n={n}")
    rng = np.random.default_rng(seed)
    observed = measure(a, b)
    values = np.array([measure(a, replace(b, pitches=rng.permutation(b.pitches))) for _ in range(n)])
    share = (int((values >= observed - 1e-9).sum()) + 1) / (n + 1)
    return OrderNull(observed, share, float(values.mean()), measure(a, backwards(b)), n, seed)


def backwards(tune: Tune) -> Tune:
    """The tune from its last note to its first; each note lasts until the next begins.

    >>> backwards(Tune([60, 62, 64], [0, 1, 3], [1, 2, 0.5])).onsets.tolist()
    [0.0, 0.5, 2.5]
    """
    if not tune.timed or not len(tune):
        return replace(tune, pitches=tune.pitches[::-1])
    spans = np.maximum(tune.spans[::-1], 1e-3)
    return Tune(tune.pitches[::-1], np.cumsum(spans) - spans, spans, tune.octaves)
