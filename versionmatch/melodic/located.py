"""All passages that two tunes share, one after another: rare notes weigh more, rhythm counts where it is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..types.value import DoubleArray, IntArray, Value, frozen
from .codes import codes_of, kind_of
from .located_kernels import telling_path, telling_scores
from .passage import ALIKE, LEFT_OUT, classes_of
from .statistics import MelodyStatistics, load
from .tune import Tune

FIGURE = 4
"""Intervals of the figures by which a note's rarity is told."""
USUAL, LEAST, MOST = 4.0, 0.4, 1.3
"""Rarity (nats) that weighs 1, and the bounds of weights."""
RHYTHM = 0.2
"""What two notes that meet gain where each is as much longer than the one before as the other; lost at worst."""
FURTHEST = 6
"""Half steps of log2 between two lengths that are told apart."""


@dataclass(frozen=True, eq=False, slots=True)
class Line(Value):
    """A tune made ready for ``located``: pitch ``classes``, ``weights`` and ``rhythm`` of each note, ``(n,)`` each."""

    classes: IntArray
    weights: DoubleArray
    rhythm: IntArray

    def __len__(self) -> int:
        return int(self.classes.size)


@dataclass(frozen=True, eq=False, slots=True)
class Located(Value):
    """One shared passage: ``pairs (n, 2)`` of notes that are the same, the second tune raised by ``key``, 0 to 11."""

    score: float
    key: int
    pairs: IntArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "pairs", frozen(self.pairs, np.int32))


def line_of(tune: Tune, *, statistics: MelodyStatistics | None = None) -> Line:
    """Weights and rhythm of a tune's notes.

    A weight is the mean rarity (``idf``) of the figures of five notes that hold the note, in units of ``USUAL``,
    at least ``LEAST`` and at most ``MOST``; where there is no such figure, ``LEAST``. Rhythm is how much longer a
    note is than the one before, in half steps of log2; 0 where it is not known.

    >>> rare, common = line_of(Tune([60, 61, 66, 67, 63, 62])), line_of(Tune([60, 62, 64, 62, 60, 62]))
    >>> bool(rare.weights.mean() > common.weights.mean())
    True
    """
    known = statistics or load()
    kind = kind_of(FIGURE, octaves=tune.octaves, timed=False)
    rarity = known.idf(kind, codes_of(tune, kind))
    held = np.ones(FIGURE + 1)
    sums, counts = (np.convolve(x, held) if rarity.size else np.zeros(len(tune)) for x in (rarity, rarity * 0 + 1))
    weights = np.clip(sums / np.maximum(counts, 1) / USUAL, LEAST, MOST)
    rhythm = np.zeros(len(tune), np.int32)
    if tune.timed and len(tune) > 1:
        halves = np.round(2 * np.diff(np.log2(np.maximum(tune.spans, 1 / 64))))
        rhythm[1:] = np.clip(halves, -FURTHEST, FURTHEST)
    return Line(frozen(classes_of(tune), np.int32), frozen(weights, np.float64), frozen(rhythm, np.int32))


def scores_by_key(a: Line, b: Line, *, rhythm: float = RHYTHM) -> DoubleArray:
    """The score of the best passage with ``b`` raised by 0 to 11, ``(12,)``; 0 where nothing is shared."""
    scores: DoubleArray = telling_scores(*_columns(a), *_columns(b), ALIKE, rhythm, LEFT_OUT)
    return scores


def located(
    a: Line, b: Line, *, least_score: float = 0.0, least_notes: int = 6, max_n: int = 12, rhythm: float = RHYTHM
) -> tuple[Located, ...]:
    """The passages that two tunes share, best first: of at least that score and as many notes that are the same [1]_.

    After each, a note that it holds meets no other note that it holds or an earlier one held: a passage that comes
    twice in one tune is found twice, the same pair of stretches once. Each passage has a key of its own.

    >>> tune = Tune([60, 67, 64, 65, 71, 62, 60])
    >>> [found] = located(line_of(tune), line_of(Tune(tune.pitches + 2)))
    >>> found.key, found.pairs[:, 1].tolist()
    (10, [0, 1, 2, 3, 4, 5, 6])

    References
    ----------
    .. [1] Waterman, Eggert, "A new algorithm for best subsequence alignments with application to tRNA-rRNA
       comparisons", 1987.
    """
    bounds = scores_by_key(a, b, rhythm=rhythm)
    used_a, used_b = np.zeros(len(a), bool), np.zeros(len(b), bool)
    found: list[Located] = []
    while len(found) < max_n:
        key = int(bounds.argmax())
        if bounds[key] <= max(least_score, 0.0):
            break
        score, pairs = _best(a, b, key, rhythm, used_a, used_b)
        if score < bounds[key] - 1e-9:  # what was best in this key is used by now
            bounds[key] = score
            continue
        used_a[pairs[:, 0]], used_b[pairs[:, 1]] = True, True
        if len(pairs) >= least_notes:
            found.append(Located(score, key, pairs))
    return tuple(found)


def occurrences(pattern: Line, line: Line, *, share: float = 0.6, rhythm: float = RHYTHM) -> int:
    """How often a pattern is found in a tune, in any key: stretches without a note in common, each with ``share`` of
    the score and of the notes that the pattern has with itself.

    >>> motif = [60, 67, 64, 65, 71, 62]
    >>> twice = Tune([*motif, 61, 58, 59, *(p + 3 for p in motif)])
    >>> occurrences(line_of(Tune(motif)), line_of(twice))
    2
    """
    if min(len(pattern), len(line)) == 0:
        return 0
    everything, used = np.ones(len(pattern), bool), np.zeros(len(line), bool)
    own = float(scores_by_key(pattern, pattern, rhythm=rhythm)[0])
    bounds, count = scores_by_key(pattern, line, rhythm=rhythm), 0
    while bounds.max() >= share * own > 0:
        key = int(bounds.argmax())
        score, pairs = _best(pattern, line, key, rhythm, everything, used)
        if score < bounds[key] - 1e-9:
            bounds[key] = score
            continue
        used[pairs[0, 1] : pairs[-1, 1] + 1] = True
        count += len(pairs) >= share * len(pattern)
    return count


def _best(
    a: Line, b: Line, key: int, rhythm: float, used_a: npt.NDArray[np.bool_], used_b: npt.NDArray[np.bool_]
) -> tuple[float, IntArray]:
    classes, weights, lengths = _columns(b)
    raised = (classes + np.int32(key)) % np.int32(12)
    score, pairs = telling_path(*_columns(a), raised, weights, lengths, ALIKE, rhythm, LEFT_OUT, used_a, used_b)
    return float(score), pairs


def _columns(line: Line) -> tuple[IntArray, DoubleArray, IntArray]:
    return line.classes, line.weights, line.rhythm
