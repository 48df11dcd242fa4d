"""How unusual it is that a work holds a passage as well as it does, among passages that come from nowhere.

A passage whose intervals are taken in reverse order has the same intervals, as many steps and leaps, and a scale that
is as regular; but nobody wrote it. Such *reversed* passages are what unrelated ones are like: the reversed query says
how well the works of a corpus hold a passage of its making, by their lengths; reversed passages from the corpus itself
say how far above that chance goes [1]_ [2]_.

References
----------
.. [1] Pearson, "Empirical statistical estimates for sequence similarity searches", 1998 (scores by length, from the
   library itself).
.. [2] Elias, Gygi, "Target-decoy search strategy", 2007 (reversed sequences as what is wrong for certain).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types.value import DoubleArray
from .corpus import Lines, LongArray, line_scores
from .tune import Tune

LENGTHS = (6, 8, 11, 16, 23, 32, 45, 64)
"""Notes of the passages that a null is made of; between two of them the more cautious one counts."""

CONTROLS = 40
"""Reversed passages of each length; a single find among all works cannot have a q-value below 1 / 40."""

LOW, STEP, BINS = -10.0, 0.02, 3000
"""Heights above chance are counted in bins of 0.02 from -10 to 50."""
LEAST_SPREAD = 0.25


def reversed_intervals(tune: Tune) -> Tune:
    """The tune whose intervals are those of this one in reverse order.

    >>> reversed_intervals(Tune([60, 62, 67])).pitches.tolist()
    [60, 65, 67]
    """
    return Tune(np.cumsum(np.append(tune.pitches[:1], tune.intervals[::-1])), octaves=tune.octaves)


@dataclass(frozen=True, eq=False, slots=True)
class Searched:
    """Lines as they are searched: pitch classes, the lines that count, and the work of each of them.

    ``lines`` (n,) are those searched, sorted by work; ``works`` (n,) whose they are, 0 to ``n_works`` - 1, each at
    least once.
    """

    classes: npt.NDArray[np.int8]
    starts: LongArray
    lines: LongArray
    works: LongArray

    @property
    def firsts(self) -> LongArray:
        """Where each work's lines begin among ``lines``."""
        result: LongArray = np.flatnonzero(np.diff(self.works, prepend=-1))
        return result

    @property
    def notes(self) -> LongArray:
        """Notes searched of each work, ``(n_works,)``."""
        lengths = (self.starts[1:] - self.starts[:-1])[self.lines]
        result: LongArray = np.add.reduceat(lengths, self.firsts)
        return result

    def best(self, passage: Tune) -> DoubleArray:
        """The best score of each work, ``(n_works,)``."""
        score, _ = line_scores(passage, self.classes, self.starts, self.lines)
        result: DoubleArray = np.maximum.reduceat(score, self.firsts)
        return result


@dataclass(frozen=True, slots=True)
class Chance:
    """What a work of so many notes gives to a passage by chance: ``at + slope · ln notes``, within ``spread``."""

    at: float
    slope: float
    spread: float

    @staticmethod
    def of(passage: Tune, searched: Searched) -> Chance:
        """From the passage reversed, by least squares over all works."""
        return Chance.fitted(searched.best(reversed_intervals(passage)), searched.notes)

    @staticmethod
    def fitted(scores: DoubleArray, notes: LongArray) -> Chance:
        """From scores of works with so many notes; works of one length have no slope."""
        x = np.log(np.maximum(notes, 1))
        spread_x = float(x.var())
        slope = float(((x - x.mean()) * (scores - scores.mean())).mean() / spread_x) if spread_x > 1e-9 else 0.0
        at = float(scores.mean() - slope * x.mean())
        rest = scores - at - slope * x
        return Chance(at, slope, max(LEAST_SPREAD, float(rest.std())))

    def heights(self, scores: DoubleArray, notes: LongArray) -> DoubleArray:
        """Scores in standard deviations above chance."""
        result: DoubleArray = (scores - self.at - self.slope * np.log(np.maximum(notes, 1))) / self.spread
        return result


def null_counts(
    n: int, lines: Lines, searched: Searched, sources: Sequence[int], *, seed: int, workers: int = 0
) -> npt.NDArray[np.int64]:
    """How high reversed passages of ``n`` notes come in the works: counts by bin, ``(BINS,)``.

    ``CONTROLS`` passages are drawn from the lines ``sources``, no work twice while there are others; what is counted
    does not depend on ``workers`` (threads; 0: all cores). All zero where no source has ``n`` notes.
    """
    rng = np.random.default_rng([seed, n])
    long = np.array([s for s in sources if lines.lengths[s] >= n], np.int64)
    counts = np.zeros(BINS, np.int64)
    if not long.size:
        return counts
    rounds = -(-CONTROLS // long.size)
    drawn = np.concatenate([rng.permutation(long) for _ in range(rounds)])[:CONTROLS]
    begin = [int(rng.integers(lines.lengths[s] - n + 1)) for s in drawn]
    notes = searched.notes

    def heights(which: int) -> DoubleArray:
        pitches = lines.tune(int(drawn[which])).pitches[begin[which] : begin[which] + n]
        scores = searched.best(reversed_intervals(Tune(pitches)))
        return Chance.fitted(scores, notes).heights(scores, notes)

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for found in pool.map(heights, range(CONTROLS)):
            counts += np.bincount(bins_of(found), minlength=BINS)
    return counts


def bins_of(heights: DoubleArray) -> npt.NDArray[np.int64]:
    """The bin of each height; those beyond the ends count as the last."""
    result: npt.NDArray[np.int64] = np.clip(np.floor((heights - LOW) / STEP), 0, BINS - 1).astype(np.int64)
    return result


def p_values(heights: DoubleArray, counts: npt.NDArray[np.int64]) -> DoubleArray:
    """(b + 1) / (n + 1): b of n reversed passages in works come as high [1]_.

    References
    ----------
    .. [1] Phipson, Smyth, "Permutation P-values should never be zero", 2010.
    """
    above = np.cumsum(counts[::-1])[::-1]
    result: DoubleArray = (above[bins_of(heights)].astype(np.float64) + 1.0) / (int(counts.sum()) + 1.0)
    return result


def q_values(p: DoubleArray) -> DoubleArray:
    """Of each find the least false discovery rate at which it is one [1]_.

    >>> q_values(np.array([0.01, 0.5, 0.02, 0.04])).round(4).tolist()
    [0.04, 0.5, 0.04, 0.0533]

    References
    ----------
    .. [1] Benjamini, Hochberg, "Controlling the false discovery rate", 1995.
    """
    if not p.size:
        return p
    order = np.argsort(p, kind="stable")
    ranked: DoubleArray = p[order] * p.size / np.arange(1, p.size + 1)
    result: DoubleArray = np.ones(p.size)
    result[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return result
