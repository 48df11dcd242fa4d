"""The passage of chords that two progressions share, in the best of twelve keys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..types import Span
from ..types.value import DoubleArray, IntArray, Value, frozen
from .harmonic_kernels import located, scores_by_key
from .progression import Progression
from .substitution import table

ONSET, EXTENSION, VARY = 0.3, 0.3, 0.6
POWER = 0.5
LIGHTEST, HEAVIEST = 0.5, 2.0
PARAMETERS = {"onset": ONSET, "extension": EXTENSION, "vary": VARY, "power": POWER}
"""Chosen on POP909, whose songs have chords by two machines: which find each other best."""


@dataclass(frozen=True, eq=False, slots=True)
class ChordPassage(Value):
    """Chords of one progression that answer to chords of another.

    ``pairs (k, 2)`` int32: indices of the chords that meet, forward in both; ``a_start`` to ``a_end`` - 1 and
    ``b_start`` to ``b_end`` - 1 is where they lie. ``transposition`` (0 to 11) raises ``b`` to ``a``. ``span`` is the
    same in seconds, where both progressions have times.
    """

    score: float
    transposition: int
    pairs: IntArray
    span: Span | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "pairs", frozen(np.asarray(self.pairs, np.int32).reshape(-1, 2), np.int32))

    def __len__(self) -> int:
        return int(self.pairs.shape[0])

    @property
    def a_start(self) -> int:
        """The first chord of ``a``; 0 where nothing meets."""
        return int(self.pairs[0, 0]) if len(self) else 0

    @property
    def a_end(self) -> int:
        """One after the last chord of ``a``."""
        return int(self.pairs[-1, 0]) + 1 if len(self) else 0

    @property
    def b_start(self) -> int:
        """The first chord of ``b``; 0 where nothing meets."""
        return int(self.pairs[0, 1]) if len(self) else 0

    @property
    def b_end(self) -> int:
        """One after the last chord of ``b``."""
        return int(self.pairs[-1, 1]) + 1 if len(self) else 0


def weights(progression: Progression, power: float = POWER) -> DoubleArray:
    """How much each chord weighs: its duration over the middle one's, to the ``power``, from ½ to 2."""
    lengths = progression.lengths
    if power == 0 or lengths.size == 0:
        return np.ones(lengths.size)
    return np.clip((lengths / np.median(lengths)) ** power, LIGHTEST, HEAVIEST)


def chord_scores(a: Progression, b: Progression) -> DoubleArray:
    """The score of the best local alignment with ``b`` raised by 0 to 11 semitones, ``(12,)``; 0 or more.

    Smith-Waterman [1]_ on chords with affine gaps, where a pair of chords counts what ``substitution.worth`` says and
    a chord beside the one it varies (C:maj7 beside C, Am beside C) costs little or nothing. Of the order of the number
    of chords that agree. Needs no key.

    References
    ----------
    .. [1] Smith, Waterman, "Identification of common molecular subsequences", 1981.
    """
    if len(a) == 0 or len(b) == 0:
        return np.zeros(12)
    found: DoubleArray = scores_by_key(a.codes, weights(a), b.codes, weights(b), table(), ONSET, EXTENSION, VARY)
    return found


def chord_passages(a: Progression, b: Progression, *, most: int = 1, least: float = 4.0) -> tuple[ChordPassage, ...]:
    """The passages of chords that two progressions share, the strongest first, all in the one best key.

    Each further passage keeps out of the chords that an earlier one pairs with each other [1]_; ``most`` of them at
    most, each of a score of ``least`` or more. Ties: the lowest transposition, then the earliest end in ``a``.

    >>> verse = Progression.of("C Am F G C".split())
    >>> found = chord_passages(Progression.of("Bb Eb D Bm G A:7 D".split()), verse)[0]
    >>> found.transposition, (found.a_start, found.a_end), (found.b_start, found.b_end), found.score
    (2, (2, 7), (0, 5), 4.9)

    References
    ----------
    .. [1] Waterman, Eggert, "A new algorithm for best subsequence alignments", 1987.
    """
    if most < 1:
        raise InputError(f"one passage or more can be asked for; got {most}")
    if len(a) == 0 or len(b) == 0:
        return ()
    scores = chord_scores(a, b)
    return passages_in(a, b, int(scores.argmax()), most=most, least=least)


def passages_in(a: Progression, b: Progression, key: int, *, most: int, least: float) -> tuple[ChordPassage, ...]:
    """``chord_passages`` with ``b`` raised by ``key``."""
    used = np.zeros((len(a), len(b)), np.bool_)
    worth = np.ascontiguousarray(table()[:, :, :, key])
    sides = (a.codes, weights(a), b.codes, weights(b))
    found: list[ChordPassage] = []
    while len(found) < most:
        score, pairs = located(*sides, worth, ONSET, EXTENSION, VARY, used)
        if score < least or len(pairs) == 0:
            break
        passage = ChordPassage(round(float(score), 9), key, pairs, _span(a, b, pairs))
        found.append(passage)
        used[passage.a_start : passage.a_end, passage.b_start : passage.b_end] = True
    return tuple(found)


def _span(a: Progression, b: Progression, pairs: IntArray) -> Span | None:
    if a.times_s is None or b.times_s is None:
        return None
    (i0, j0), (i1, j1) = pairs[0], pairs[-1]
    return Span(float(a.times_s[i0, 0]), float(a.times_s[i1, 1]), float(b.times_s[j0, 0]), float(b.times_s[j1, 1]))
