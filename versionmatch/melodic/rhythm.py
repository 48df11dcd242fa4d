"""Notes with their lengths: an alignment that forgives ornament, and the likeness of two rhythms."""

from __future__ import annotations

import numpy as np

from ..types.value import DoubleArray, IntArray
from .melodic_kernels import local_steps, ornamented, ornamented_score
from .passage import ALIKE, NONE, Passage, classes_of
from .tune import Tune

GROUP, STRETCH, LEAVE, SKIP = 4, 0.5, 0.7, 0.4
SETTINGS = (GROUP, STRETCH, LEAVE, SKIP)
LONGEST = 4.0
ON_BEAT, OFF_BEAT = 1.2, 0.9
N_KEYS = 3


def weights(tune: Tune) -> DoubleArray:
    """``(n,)``: lengths in units of the mean, none above four; notes on a quarter weigh more than those off it.

    InputError where the rhythm is unknown.

    >>> weights(Tune([60, 62, 64], [0, 1, 1.5], [1, 0.5, 0.5])).round(2).tolist()
    [1.8, 0.9, 0.68]
    """
    spans = tune.spans
    if tune.onsets is None or not len(tune):
        return spans
    lengths = np.minimum(spans / max(float(np.median(spans)), 1e-9), LONGEST)
    off = np.abs(tune.onsets - np.round(tune.onsets)) > 0.05
    result: DoubleArray = lengths / max(float(lengths.mean()), 1e-9) * np.where(off, OFF_BEAT, ON_BEAT)
    return result


def likely_keys(a: Tune, wa: DoubleArray, b: Tune, wb: DoubleArray, n: int = N_KEYS) -> IntArray:
    """The ``n`` transpositions of ``b``, 0 to 11, in which the two use their pitch classes most alike."""
    first, second = (np.bincount(t.pitches % 12, w, minlength=12) for t, w in ((a, wa), (b, wb)))
    overlap = [float(np.sqrt(first * np.roll(second, key)).sum()) for key in range(12)]
    keys: IntArray = np.argsort(-np.asarray(overlap), kind="stable")[:n].astype(np.int32)
    return keys


def ornamented_passage(a: Tune, b: Tune) -> tuple[Passage, int]:
    """The best local alignment of notes by pitch class and length, and the semitones that ``b`` is raised for it.

    One note may answer to up to four (fragmentation and consolidation [1]_); long notes and notes on the beat
    count more. Lengths are taken in units of each tune's mean, so that notation in halves or eighths is the same.
    Octaves are not needed; InputError where the rhythm of either is unknown.

    >>> plain = Tune([60, 64, 67, 72], [0, 1, 2, 3], [1, 1, 1, 1])
    >>> turned = Tune([62, 66, 67, 66, 69, 74], [0, 1, 1.5, 1.75, 2, 3], [1, 0.5, 0.25, 0.25, 1, 1])
    >>> passage, key = ornamented_passage(plain, turned)
    >>> (passage.a_start, passage.a_end, passage.b_start, passage.b_end), key
    ((0, 4, 0, 6), 10)

    References
    ----------
    .. [1] Mongeau, Sankoff, "Comparison of musical sequences", 1990.
    """
    best, key, end_a, end_b = _best_key(a, b)
    if best <= 0:
        return NONE, 0
    raised = (classes_of(b)[:end_b] + np.int32(key)) % np.int32(12)
    first, wa, wb = classes_of(a)[:end_a], weights(a)[:end_a], weights(b)[:end_b]
    score, *place = ornamented(first, wa, raised, wb, ALIKE, *SETTINGS)
    return Passage(float(score), *place), key


def ornamented_passage_score(a: Tune, b: Tune) -> float:
    """The score of ``ornamented_passage`` alone, without its place."""
    return _best_key(a, b)[0]


def _best_key(a: Tune, b: Tune) -> tuple[float, int, int, int]:
    """The best score, the first of the likely keys that has it, and where its passage ends in both tunes."""
    wa, wb = weights(a), weights(b)
    best = (0.0, 0, 0, 0)
    if len(a) == 0 or len(b) == 0:
        return best
    first, second = classes_of(a), classes_of(b)
    for key in likely_keys(a, wa, b, wb).tolist():
        raised = (second + np.int32(key)) % np.int32(12)
        score, end_a, end_b = ornamented_score(first, wa, raised, wb, ALIKE, *SETTINGS)
        if score > best[0]:
            best = (float(score), key, end_a, end_b)
    return best


def rhythm_passage(a: Tune, b: Tune) -> Passage:
    """The longest stretch of like rhythm: Smith-Waterman on the ratios of inter-onset times, whatever the tempo.

    InputError where the rhythm of either is unknown.

    >>> march = Tune([60] * 5, [0, 1.5, 2, 3, 4], [1] * 5)
    >>> rhythm_passage(march, Tune([65] * 5, [0, 3, 4, 6, 8], [2] * 5)).score
    4.0
    """
    first, second = ratios(a), ratios(b)
    if min(first.size, second.size) == 0:
        return NONE
    score, a0, a1, b0, b1 = local_steps(first, second, 1.0, -1.2, 0.5, 1.0)
    return Passage(float(score), a0, a1 + 1, b0, b1 + 1) if score > 0 else NONE


def ratios(tune: Tune) -> IntArray:
    """``(n - 1,)``: log2 of each note's length over the one before it, in half steps, -6 to 6."""
    spans = np.maximum(tune.spans, 1 / 64)
    halves: IntArray = np.clip(np.round(2 * np.diff(np.log2(spans))), -6, 6).astype(np.int32)
    return halves
