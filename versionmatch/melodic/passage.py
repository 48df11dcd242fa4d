"""The passage that two tunes share: Smith-Waterman on intervals, in no matter which keys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types.value import IntArray
from .melodic_kernels import local_scores, local_steps, ornamented
from .tune import Tune, folded

MATCH, MISMATCH = 1.0, -1.2
GAP_ONSET, GAP_EXTENSION = 0.5, 1.0
FAR, NEAR, CONSONANT = -1.5, -1.2, (3, 4, 5, 7, 8, 9)
ALIKE = np.array([1.0 if d % 12 == 0 else NEAR if d % 12 in CONSONANT else FAR for d in range(-12, 13)])
"""Likeness of two pitch classes by the semitones between them, -12 to 12: consonances are nearer than others."""
LEFT_OUT = 1.1


@dataclass(frozen=True, slots=True)
class Passage:
    """Notes ``a_start`` to ``a_end`` - 1 of one tune answer to ``b_start`` to ``b_end`` - 1 of the other."""

    score: float
    a_start: int
    a_end: int
    b_start: int
    b_end: int


NONE = Passage(0.0, 0, 0, 0, 0)


def shared_passage(
    a: Tune,
    b: Tune,
    *,
    match: float = MATCH,
    mismatch: float = MISMATCH,
    gap_onset: float = GAP_ONSET,
    gap_extension: float = GAP_EXTENSION,
) -> Passage:
    """The best local alignment of the intervals of two tunes, and where it lies [1]_.

    Needs no rhythm; where one tune has no octaves, intervals are compared by pitch class. A gap of k intervals
    costs ``gap_onset + k · gap_extension``; ``gap_onset=0`` makes gaps linear. Ties: the earliest end in ``a``.

    >>> shared_passage(Tune([60, 61, 65, 67, 69]), Tune([50, 52, 54]))
    Passage(score=2.0, a_start=2, a_end=5, b_start=0, b_end=3)

    References
    ----------
    .. [1] Smith, Waterman, "Identification of common molecular subsequences", 1981.
    """
    if len(a) < 2 or len(b) < 2:
        return NONE
    first, second = steps_of(a, b)
    score, a0, a1, b0, b1 = local_steps(first, second, match, mismatch, gap_onset, gap_extension)
    return Passage(float(score), a0, a1 + 1, b0, b1 + 1) if score > 0 else NONE


def steps_of(a: Tune, b: Tune) -> tuple[IntArray, IntArray]:
    """The intervals of both, in what both know: by pitch class where one has no octaves."""
    if a.octaves and b.octaves:
        return a.intervals, b.intervals
    return folded(a.intervals), folded(b.intervals)


def pitch_passage(a: Tune, b: Tune) -> tuple[Passage, int]:
    """The best local alignment of pitch classes in the best of twelve keys, and the semitones ``b`` is raised, 0 to 11.

    Beside ``shared_passage``: a note that is put in or altered breaks one pitch, where it breaks two intervals; a
    change of key breaks it off. Needs neither octaves nor rhythm. Ties: the lowest key.

    >>> passage, key = pitch_passage(Tune([60, 62, 64, 65, 67]), Tune([62, 64, 66, 66, 67, 69]))
    >>> (passage.a_start, passage.a_end, passage.b_start, passage.b_end), key
    ((0, 5, 0, 6), 10)
    """
    if len(a) == 0 or len(b) == 0:
        return NONE, 0
    first, second = classes_of(a), classes_of(b)
    key = int(local_scores(first, second, ALIKE, LEFT_OUT).argmax())
    even, raised = np.ones(max(len(a), len(b))), (second + np.int32(key)) % np.int32(12)
    score, *place = ornamented(first, even[: len(a)], raised, even[: len(b)], ALIKE, 1, 0.0, LEFT_OUT, 0.0)
    return (Passage(float(score), *place), key) if score > 0 else (NONE, 0)


def pitch_passage_score(a: Tune, b: Tune) -> float:
    """The score of ``pitch_passage`` alone, without its place."""
    return float(local_scores(classes_of(a), classes_of(b), ALIKE, LEFT_OUT).max())


def classes_of(tune: Tune) -> IntArray:
    """Pitch classes, ``(n,)`` int32."""
    classes: IntArray = np.ascontiguousarray(tune.pitches % 12, dtype=np.int32)
    return classes
