"""What two progressions share of chord figures, weighed by how rare they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types.value import DoubleArray
from .codes import Codes, codes_of
from .progression import Progression
from .statistics import HarmonyStatistics, load

N = 4


@dataclass(frozen=True, eq=False, slots=True)
class ChordFigures:
    """The figures of one progression: ``codes`` ascending, each with its ``counts`` and how rare it is, ``idf``."""

    n: int
    codes: Codes
    counts: DoubleArray
    idf: DoubleArray


def figures(progression: Progression, n: int = N, *, statistics: HarmonyStatistics | None = None) -> ChordFigures:
    """The figures of ``n`` chords in a row, in no key.

    >>> sorted(figures(Progression.of("C Am F G C Am F G".split())).counts.tolist())
    [1.0, 1.0, 1.0, 2.0]
    """
    known = statistics or load()
    codes, counts = np.unique(codes_of(progression, n), return_counts=True)
    return ChordFigures(n, codes, counts.astype(np.float64), known.idf(n, codes))


def chord_figures(a: Progression | ChordFigures, b: Progression | ChordFigures, n: int = N) -> float:
    """TF-IDF cosine of the chord figures of two progressions, 0 to 1, in any keys: rare ones weigh most.

    How often a figure comes counts by its square root, so that a loop of four chords does not drown the rest. 0 where
    either has fewer than ``n`` chords in a row. The same in both orders.

    >>> verse = Progression.of("C Am F G C E:7 Am".split())
    >>> round(chord_figures(verse, verse.transposed(5)), 9)
    1.0
    """
    x, y = (side if isinstance(side, ChordFigures) else figures(side, n) for side in (a, b))
    _, i, j = np.intersect1d(x.codes, y.codes, assume_unique=True, return_indices=True)
    ours, theirs = np.sqrt(x.counts) * x.idf, np.sqrt(y.counts) * y.idf
    norm = float(np.sqrt((ours @ ours) * (theirs @ theirs)))
    return min(1.0, float(ours[i] @ theirs[j]) / norm) if norm > 0 else 0.0
