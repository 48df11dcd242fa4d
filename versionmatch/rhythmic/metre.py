"""Where in the beat music happens: profiles, their difference, and syncopation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..types import Annotation, DoubleArray, Features
from .grid import POSITIONS, fold
from .tune import MelodyRhythm

DEPTH = {0: 0, 6: 1, 3: 2, 9: 2, 4: 2, 8: 2}
"""Level of a place in the beat: the beat itself, its half, its quarters and thirds; any other is one deeper."""
DEEPEST = 3


def accents(onsets: Features, beats: Annotation) -> DoubleArray:
    """The share of all onset strength at each twelfth of the beat, ``(12,)``, sum 1; zeros without beats."""
    total = fold(onsets, beats).values.sum(axis=(0, 1))
    share: DoubleArray = total / total.sum() if total.size and total.sum() > 0 else np.zeros(POSITIONS)
    return share


def places(rhythm: MelodyRhythm) -> DoubleArray:
    """The share of a melody's notes that begin at each twelfth of the beat, ``(12,)``, sum 1; zeros off the beats.

    >>> places(MelodyRhythm.of_beats([0, 1, 1.5, 2]))[[0, 6]].tolist()
    [0.75, 0.25]
    """
    if not rhythm.on_beats:
        return np.zeros(POSITIONS)
    at = np.round(POSITIONS * rhythm.onset_beats[np.isfinite(rhythm.onset_beats)]).astype(np.int64) % POSITIONS
    share: DoubleArray = np.bincount(at, minlength=POSITIONS) / at.size
    return share


def metre_difference(a: DoubleArray, b: DoubleArray) -> float:
    """The share of one profile that would have to move to another place to give the other: total variation, 0 to 1.

    >>> metre_difference(np.eye(12)[0], (np.eye(12)[0] + np.eye(12)[6]) / 2)
    0.5
    """
    return 0.5 * float(np.abs(a - b).sum())


def syncopation(rhythm: MelodyRhythm) -> float:
    """The share of a melody's notes that begin on a weak place and hold on over a stronger one, 0 to 1.

    A note is syncopated where a place of higher level passes before the next note begins [1]_, levels being the beat,
    its half, its quarters and thirds; bars are not known, so beats are all equally strong. 0 where notes do not lie on
    beats or are fewer than two.

    >>> syncopation(MelodyRhythm.of_beats([0, 1, 2, 3])), syncopation(MelodyRhythm.of_beats([0, 0.5, 1.5, 2.5]))
    (0.0, 0.6666666666666666)

    References
    ----------
    .. [1] Longuet-Higgins, Lee, "The rhythmic interpretation of monophonic music", 1984.
    """
    if not rhythm.on_beats or len(rhythm) < 2:
        return 0.0
    at = np.unique(np.round(POSITIONS * rhythm.onset_beats[np.isfinite(rhythm.onset_beats)]).astype(np.int64))
    held = [_held_over(int(start), int(end)) for start, end in pairwise(at)]
    return float(np.mean(held)) if held else 0.0


def _held_over(start: int, end: int) -> bool:
    """Whether a place stronger than ``start`` lies after it and before ``end``; a beat long at most is looked at."""
    own = DEPTH.get(start % POSITIONS, DEEPEST)
    between = range(start + 1, min(end, start + POSITIONS + 1))
    return any(DEPTH.get(place % POSITIONS, DEEPEST) < own for place in between)
