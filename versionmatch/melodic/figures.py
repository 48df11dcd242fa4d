"""Figures: runs of n intervals, and how common each is. What two tunes share, weighed by how rare it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types.value import DoubleArray
from .codes import Codes, codes_of, kind_of
from .statistics import MelodyStatistics, load
from .tune import Tune

N = 4
Indices = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False, slots=True)
class Figures:
    """The figures of one tune: ``codes`` ascending, each with its ``counts`` and how rare it is, ``idf``."""

    kind: str
    codes: Codes
    counts: DoubleArray
    idf: DoubleArray


def figures(
    tune: Tune, n: int = N, *, octaves: bool = True, timed: bool = False, statistics: MelodyStatistics | None = None
) -> Figures:
    """The figures of ``n`` intervals in a tune.

    ``octaves=False`` takes the intervals by pitch class, for the comparison with a tune without octaves;
    ``timed=True`` also tells in each whether the note is shorter, as long or longer than the one before.

    >>> figures(Tune([60, 62, 64, 65, 67, 69, 71])).counts.tolist()
    [1.0, 1.0, 1.0]
    """
    known = statistics or load()
    kind = kind_of(n, octaves=octaves and tune.octaves, timed=timed)
    codes, counts = np.unique(codes_of(tune, kind), return_counts=True)
    return Figures(kind, codes, counts.astype(np.float64), known.idf(kind, codes))


def cosine(x: Figures, y: Figures) -> float:
    """TF-IDF cosine, 0 to 1: how much the two use the same figures, rare ones weighing most [1]_.

    0 where either has no figures, which tunes of ``n`` notes or fewer have not.

    References
    ----------
    .. [1] Müllensiefen, Pendzich, Musicae Scientiae, Discussion Forum 4B, 2009 (court decisions and similarity
       algorithms).
    """
    _, i, j = _shared(x, y)
    ours, theirs = x.counts * x.idf, y.counts * y.idf
    norm = float(np.sqrt((ours @ ours) * (theirs @ theirs)))
    return min(1.0, float(ours[i] @ theirs[j]) / norm) if norm > 0 else 0.0


def tversky(x: Figures, y: Figures, *, only_x: float = 1.0, only_y: float = 1.0) -> float:
    """Rarity shared / (shared + ``only_x`` · what only x has + ``only_y`` · what only y has), 0 to 1 [1]_.

    ``only_x=1, only_y=0`` is the share of x that is in y; ``0, 1`` the share of y that is in x. Figures count once.

    >>> part, whole = Tune([60, 62, 64, 65, 67]), Tune([50, 60, 62, 64, 65, 67, 60])
    >>> tversky(figures(part), figures(whole), only_x=1, only_y=0)
    1.0

    References
    ----------
    .. [1] Tversky, "Features of similarity", 1977.
    """
    if min(only_x, only_y) < 0:
        raise InputError(f"the weights of Tversky's ratio are 0 or more; got {only_x:g} and {only_y:g}")
    _, i, _ = _shared(x, y)
    both = float(x.idf[i].sum())
    total = both + only_x * (float(x.idf.sum()) - both) + only_y * (float(y.idf.sum()) - both)
    return min(1.0, both / total) if total > 0 else 0.0


def shares(a: Tune, b: Tune, n: int = N) -> tuple[float, float]:
    """The share of ``a``'s figures that are in ``b``, and of ``b``'s that are in ``a``, by rarity; 0 to 1 each."""
    x, y = pair_of_figures(a, b, n)
    return tversky(x, y, only_x=1, only_y=0), tversky(x, y, only_x=0, only_y=1)


def figure_cosine(a: Tune, b: Tune, n: int = N) -> float:
    """TF-IDF cosine of two tunes' figures of ``n`` intervals; by pitch class where one has no octaves.

    >>> figure_cosine(Tune([60, 62, 64, 60, 67, 65]), Tune([67, 69, 71, 67, 74, 72]))
    1.0
    """
    return cosine(*pair_of_figures(a, b, n))


def pair_of_figures(a: Tune, b: Tune, n: int = N, *, timed: bool = False) -> tuple[Figures, Figures]:
    """The figures of both, in what both know of octaves."""
    octaves = a.octaves and b.octaves
    return figures(a, n, octaves=octaves, timed=timed), figures(b, n, octaves=octaves, timed=timed)


def _shared(x: Figures, y: Figures) -> tuple[Codes, Indices, Indices]:
    if x.kind != y.kind:
        raise InputError(f"figures {x.kind!r} cannot be compared with {y.kind!r}; make both with the same settings")
    return np.intersect1d(x.codes, y.codes, assume_unique=True, return_indices=True)
