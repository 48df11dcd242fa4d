"""What two melodies share in rhythm: the stretch that says most, and the stock of their figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import DoubleArray, IntArray
from .rhythmic_kernels import local_path
from .statistics import RhythmStatistics, load
from .tune import MelodyRhythm, ratios, runs_of, windows_of

RARITY = 0.5
"""Share of a note's weight that its surprise decides; the rest is the same for each note."""
UNLIKE, LEFT_OUT = 1.2, 1.2


@dataclass(frozen=True, slots=True)
class SharedRhythm:
    """Notes ``a_start`` to ``a_end`` - 1 have the rhythm of ``b_start`` to ``b_end`` - 1 of the other."""

    weight: float
    a_start: int
    a_end: int
    b_start: int
    b_end: int


NONE = SharedRhythm(0.0, 0, 0, 0, 0)


def surprise(codes: IntArray, statistics: RhythmStatistics | None = None) -> DoubleArray:
    """Nats of each ratio: minus the log of how often it follows the ratio before it in the corpus, ``(n,)``.

    >>> even, odd = np.full(4, 6, np.int32), np.array([6, 9, 2, 11], np.int32)
    >>> bool(surprise(even).max() < 1.0), bool(surprise(odd).max() > 3.0)
    (True, True)
    """
    steps = (load() if statistics is None else statistics).arrays["steps"].astype(np.float64) + 0.5
    first = steps.sum(axis=0) / steps.sum()
    after = steps / steps.sum(axis=1, keepdims=True)
    if codes.size == 0:
        return np.zeros(0)
    nats: DoubleArray = -np.log(np.append(first[codes[0]], after[codes[:-1], codes[1:]]))
    return nats


def shared_rhythm(a: MelodyRhythm, b: MelodyRhythm, statistics: RhythmStatistics | None = None) -> SharedRhythm:
    """The stretch of like rhythm that says most: local alignment of the ratios from note to note, at any tempo.

    A ratio that agrees counts ½ + ½ s, where s is its ``surprise`` in nats (the smaller of the two sides'); one that
    does not agree costs ``UNLIKE``, one left out ``LEFT_OUT``. So a note whose rhythm is as surprising as one in e
    counts one, rows of even notes count less, dotted, tied and syncopated ones more. ``weight`` is their sum. Fewer
    than three notes share nothing.

    >>> march = MelodyRhythm.of_beats([0, 1.5, 2, 3, 4, 5.5, 6, 8])
    >>> slower = MelodyRhythm.of_beats([3, 6, 7, 9, 11, 14, 15, 19])
    >>> found = shared_rhythm(march, slower)
    >>> found.weight > 5, (found.a_start, found.a_end), (found.b_start, found.b_end)
    (True, (0, 8), (0, 8))
    """
    (first, at_a), (second, at_b) = ratios(a), ratios(b)
    if min(first.size, second.size) == 0:
        return NONE
    nats = np.minimum(surprise(first, statistics)[:, None], surprise(second, statistics)[None])
    alike = first[:, None] == second[None]
    gain = np.where(alike, 1 - RARITY + RARITY * nats, -UNLIKE)
    score, a0, a1, b0, b1 = local_path(gain.astype(np.float32), LEFT_OUT)
    if score <= 0:
        return NONE
    return SharedRhythm(float(score), _first(at_a, a0), _last(at_a, a1), _first(at_b, b0), _last(at_b, b1))


def _first(notes: IntArray, step: int) -> int:
    return int(notes[step]) - 1


def _last(notes: IntArray, step: int) -> int:
    return int(notes[step - 1]) + 2


def figure_likeness(a: MelodyRhythm, b: MelodyRhythm, statistics: RhythmStatistics | None = None) -> float:
    """TF-IDF cosine of the runs of four ratios that both use, 0 to 1; rare ones weigh more. 0 without a run.

    >>> march = MelodyRhythm.of_beats([0, 1.5, 2, 3, 4, 5.5, 6, 7, 8])
    >>> round(figure_likeness(march, march), 6), figure_likeness(march, MelodyRhythm.of_beats([0, 1]))
    (1.0, 0.0)
    """
    known = load() if statistics is None else statistics
    (runs_a, n_a), (runs_b, n_b) = (np.unique(runs_of(ratios(side)[0]), return_counts=True) for side in (a, b))
    if min(runs_a.size, runs_b.size) == 0:
        return 0.0
    weight_a, weight_b = (np.log1p(n) * known.idf(runs) for n, runs in ((n_a, runs_a), (n_b, runs_b)))
    _, i, j = np.intersect1d(runs_a, runs_b, return_indices=True)
    return float(weight_a[i] @ weight_b[j] / np.sqrt((weight_a @ weight_a) * (weight_b @ weight_b)))


def rarest(
    a: MelodyRhythm, b: MelodyRhythm, found: SharedRhythm, statistics: RhythmStatistics | None = None
) -> tuple[tuple[float, ...], int, int] | None:
    """The rarest rhythm of four beats that both have within the shared stretch: its onsets in beats, and ``common``.

    None where one side's notes do not lie on beats, or no four beats are alike (beats read at half or double tempo).
    """
    known = load() if statistics is None else statistics
    own, other = _within(a, found.a_start, found.a_end), _within(b, found.b_start, found.b_end)
    both = np.intersect1d(windows_of(own)[0], windows_of(other)[0])
    if both.size == 0:
        return None
    counts = known.works_with(both)
    code = int(both[counts.argmin()])
    onsets = tuple(k / 12 for k in range(48) if code >> k & 1)
    return onsets, int(counts.min()), known.n_works


def _within(rhythm: MelodyRhythm, start: int, end: int) -> MelodyRhythm:
    return MelodyRhythm(rhythm.onset_s[start:end], rhythm.onset_beats[start:end])
