"""How far an alignment of chords stands above what unrelated progressions of these lengths give."""

from __future__ import annotations

import math

import numpy as np

from ..types.value import DoubleArray
from .alignment import chord_scores
from .progression import Progression
from .statistics import HarmonyStatistics, load


def lengths(n: int, m: int) -> DoubleArray:
    """What expectations depend on: 1, the logarithm of the shorter length, and of the longer, in chords."""
    return np.array([1.0, math.log(min(n, m)), math.log(max(n, m))])


def above_chance(a: Progression, b: Progression, *, statistics: HarmonyStatistics | None = None) -> DoubleArray:
    """The alignment score in each of the twelve keys, standard deviations above unrelated pairs' best one; ``(12,)``.

    0 is what two unrelated progressions of these lengths have on average in *their* best key; so most keys lie below.
    The logarithm of 1 + score is compared, which spreads
    evenly. Zeros where one has no chords.

    >>> one = Progression.of("C Am F G C E:7 Am D:7 G F Em Am Dm G:7 C".split())
    >>> float(above_chance(one, one.transposed(2)).max()) > 2.0
    True
    """
    if len(a) == 0 or len(b) == 0:
        return np.zeros(12)
    known = (statistics or load()).chance
    row = lengths(len(a), len(b))
    expected, spread = (float(row @ np.asarray(known[name])) for name in ("mean", "deviation"))
    raised: DoubleArray = (np.log1p(chord_scores(a, b)) - expected) / max(spread, 0.05)
    return raised
