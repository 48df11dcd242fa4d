"""What two tunes have in common by their stock of steps, notes and lengths, whatever the order.

Hymns, which move by step in even notes, are alike without being related; a tune of leaps is like nothing else. How
alike two related or unrelated tunes are to be expected to be follows from how often the smallest parts of either, drawn
at random, agree.
"""

from __future__ import annotations

import numpy as np

from ..types.value import DoubleArray, IntArray
from .tune import Tune, folded

RATIOS = 6
"""Lengths of notes are told apart up to eight times as long or as short, in half octaves of duration."""


def stocks(a: Tune, b: Tune) -> dict[str, float]:
    """How often parts drawn at random from each of the two agree, 0 to 1.

    ``steps``: two intervals in a row, by pitch class; ``pitches``: single notes, in the key in which most agree;
    ``rhythm``: two ratios of length in a row, where both have rhythm. 0 where one of the two has no such part.

    >>> scale, leaps = Tune([60, 62, 64, 65, 67, 69]), Tune([60, 67, 58, 66, 57])
    >>> stocks(scale, Tune([60, 62, 64, 65]))["steps"] > 0.3, stocks(scale, leaps)["steps"]
    (True, 0.0)
    """
    found = {"steps": float(steps(a) @ steps(b)), "pitches": float(in_each_key(pitches(a), pitches(b)).max())}
    return found | ({"rhythm": float(rhythm(a) @ rhythm(b))} if a.timed and b.timed else {})


def steps(tune: Tune) -> DoubleArray:
    """How large a part of a tune's pairs of intervals each is, ``(144,)``, in sum 1; all 0 where it has none."""
    return in_pairs(folded(tune.intervals) + 5, 12)


def pitches(tune: Tune) -> DoubleArray:
    """How large a part of a tune's notes each pitch class is, ``(12,)``."""
    return _shares(tune.pitches % 12, 12)


def rhythm(tune: Tune) -> DoubleArray:
    """How large a part of a tune's pairs of ratios of length each is, ``(169,)``; InputError without rhythm."""
    lengths = np.maximum(tune.spans, 1e-3)
    ratios = np.clip(np.round(2 * np.log2(lengths[1:] / lengths[:-1])), -RATIOS, RATIOS).astype(np.int32)
    return in_pairs(ratios + RATIOS, 2 * RATIOS + 1)


def in_pairs(symbols: IntArray, n: int) -> DoubleArray:
    """How large a part each pair of symbols in a row is, ``(n²,)``; ``symbols`` are 0 to ``n`` - 1."""
    return _shares(n * symbols[:-1] + symbols[1:], n * n)


def in_each_key(a: DoubleArray, b: DoubleArray) -> DoubleArray:
    """``(12,)``: how often pitch classes drawn from the shares ``a`` and ``b`` agree, ``b`` raised by 0 to 11."""
    return np.array([float(a @ np.roll(b, key)) for key in range(12)])


def _shares(symbols: IntArray, n: int) -> DoubleArray:
    counts = np.bincount(symbols, minlength=n).astype(np.float64)
    total = counts.sum()
    result: DoubleArray = counts / total if total else counts
    return result
