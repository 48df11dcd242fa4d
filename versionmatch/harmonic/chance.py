"""How far an alignment of chords stands above what unrelated progressions as long and as rich in changes give."""

from __future__ import annotations

import math

import numpy as np

from ..types.value import DoubleArray
from .alignment import chord_scores
from .progression import Progression
from .statistics import HarmonyStatistics, load


def richness(a: Progression, b: Progression) -> DoubleArray:
    """What expectations depend on, ``(5,)``.

    1, the logarithms of the shorter and the longer length in chords, and of the lesser and the greater number of
    distinct changes: what has few changes resembles much.
    """
    chords, changes = sorted((len(a), len(b))), sorted((max(1, a.changes), max(1, b.changes)))
    return np.array([1.0, *(math.log(count) for count in (*chords, *changes))])


def above_chance(a: Progression, b: Progression, *, statistics: HarmonyStatistics | None = None) -> DoubleArray:
    """The alignment score in each of the twelve keys, standard deviations above unrelated pairs' best one; ``(12,)``.

    0 is what two unrelated progressions of these lengths, and with as many distinct changes, have on average in *their*
    best key; so most keys lie below.
    The logarithm of 1 + score is compared, which spreads
    evenly. Zeros where one has no chords.

    >>> one = Progression.of("C Am F G C E:7 Am D:7 G F Em Am Dm G:7 C".split())
    >>> float(above_chance(one, one.transposed(2)).max()) > 2.0
    True
    """
    if len(a) == 0 or len(b) == 0:
        return np.zeros(12)
    known = (statistics or load()).chance
    row = richness(a, b)
    expected, spread = (float(row @ np.asarray(known[name])) for name in ("mean", "deviation"))
    raised: DoubleArray = (np.log1p(chord_scores(a, b)) - expected) / max(spread, 0.05)
    return raised
