"""How alike two recordings are, moment by moment, in each of the twelve keys: the maps that passages are found in.

By chroma alone, half-second frames are stacked over 2.5 s; two moments count as alike as far as their likeness stands
out from that of either moment to the rest of the other recording (a graded form of the cross recurrence of [1]_).
Where an embedding model has heard both, its moments of 1.6 s, which know a chord progression and a tune under other
instruments, are compared as well and weigh twice as much.

References
----------
.. [1] Serrà, Serra, Andrzejak, "Cross recurrence quantification for cover song identification", 2009.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..types import DoubleArray, Features, FloatArray
from .line_kernels import best_line

CONTEXT = 5  # coarse frames that are compared together
KAPPA = 0.07  # share of the other recording that a moment may resemble by chance
CEILING = 0.95  # a likeness above this always counts
NARROW = 0.05  # least spread of likeness that is told apart
BEST = 3.0  # the most that a pair of moments counts when one place is preferred to another
DRIFT = 0.7  # standard deviations that a pair of moments must be above the usual likeness to count for a line
CLIP = 2.0  # the most that it counts
CHROMA = 0.5  # of a deviation in chroma, beside one in the model's moments
TELLING = ((2.0, 90.0), (1.25, 200.0))  # drift, and what a strong line reaches by it, see ``HeardMap.strength``
TOGETHER = 0.5  # the least product of a line's strength by both drifts
STACKED = 0.5  # of the contrast of stacked chroma, beside what is clear, for courses
SURE = 18.0  # a line of a total of ln n times that tells in any case, by the first drift
LEAST, MOST = 2.0, 6.0  # that a pair of moments counts at most, below and above
MOST_MOMENTS = 1_000_000  # pairs of moments; of longer recordings (two of 13 minutes) they are taken together in groups
NARROW_HEARD = 0.02  # least spread of the moments' likeness that is told apart
SLOPES = np.geomspace(1 / 1.3, 1.3, 21)  # of straight lines, reference frames to a query frame

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Coarse:
    """Coarse chroma ``(n, 12)``, which frames hold sound, and the time of each frame's centre, seconds."""

    rows: FloatArray
    active: BoolArray
    times_s: DoubleArray

    def likeness(self, other: Coarse, transposition: int) -> FloatArray:
        """Cosine of stacked moments, ``(n, m)``, the other raised by so many semitones."""
        raised: FloatArray = stacked(self.rows) @ stacked(np.roll(other.rows, transposition, axis=1)).T
        return raised


class Map(Protocol):
    """Two coarse recordings beside each other."""

    @property
    def query(self) -> Coarse:
        """The first."""

    @property
    def reference(self) -> Coarse:
        """The second."""

    def score(self, transposition: int) -> FloatArray:
        """How far moments are alike, ``(n, m)``; 0 is what chance gives. Of these, courses are made."""

    def straight(self, transposition: int) -> FloatArray:
        """The same for straight lines, of which each moment counts for itself."""


@dataclass(frozen=True, eq=False, slots=True)
class ChromaMap:
    """By chroma alone."""

    query: Coarse
    reference: Coarse

    def score(self, transposition: int) -> FloatArray:
        """How far the likeness of two moments stands out, ``(n, m)`` in [-1, BEST]."""
        likeness = self.query.likeness(self.reference, transposition)
        usual = (_upper(likeness, 1)[:, None] + _upper(likeness, 0)[None, :]) / 2
        spread = max(float(likeness.std()), NARROW)
        raised: FloatArray = np.clip((likeness - np.minimum(usual, CEILING)) / np.float32(spread), -1.0, BEST)
        return _without_silence(raised, self, -1.0)

    def straight(self, transposition: int) -> FloatArray:
        """How many deviations above the usual two moments are alike, less ``DRIFT``, at most ``CLIP``."""
        found = np.clip(_deviations(self.query, self.reference, transposition), -CLIP, CLIP).astype(np.float32)
        return _without_silence(found - np.float32(DRIFT), self, -CLIP)


@dataclass(frozen=True, eq=False, slots=True)
class HeardMap:
    """By an embedding model's moments and by chroma.

    ``both (12, n, m)``: deviations above the usual in each key, those of the moments and half of those of chroma;
    ``drift``: deviations of both together that a pair of moments must be above the usual likeness to count;
    ``reached (12,)``: the total of the best straight line in each key; ``backwards``: that of the best in any key where
    one of the two is read backwards, which no passage survives; ``beside``: the strength of the best line by the other
    drift, 0 where that is in another key.
    """

    query: Coarse
    reference: Coarse
    both: FloatArray
    drift: float = TELLING[0][0]
    reached: DoubleArray = field(default_factory=lambda: np.zeros(12))
    backwards: float = 0.0
    beside: float = 0.0

    @classmethod
    def of(cls, query: Coarse, reference: Coarse, moments: tuple[Features, Features], keys: Sequence[int]) -> HeardMap:
        """The moments' likeness, read at the coarse frames' times; with the lines of the drift by which ``keys`` tell.

        Lines are looked for by a high drift, which short and clear passages pass best, and by a low one, which long and
        weak ones do.
        """
        both = np.empty((12, len(query.rows), len(reference.rows)), dtype=np.float32)
        group = math.ceil(math.sqrt(moments[0].n_frames * moments[1].n_frames / MOST_MOMENTS))
        sides = tuple(_grouped(side, group) for side in moments)
        places = [
            (c.times_s * m.frame_rate - (group - 1) / 2) / group
            for c, m in zip((query, reference), moments, strict=True)
        ]
        for key, likeness in enumerate(in_each_key(*sides)):
            wide = _read(standardised(likeness, NARROW_HEARD), places[0])
            both[key] = _read(wide.T, places[1]).T + np.float32(CHROMA) * _deviations(query, reference, key)
        pair = cls(query, reference, both)
        high, low = (replace(pair, drift=drift) for drift, _ in TELLING)
        high = high._with_lines()
        return high if high.sure(high.main(keys)) else _stronger(high, low._with_lines(), keys)

    def _with_lines(self) -> HeardMap:
        reached, backwards = np.zeros(12), 0.0
        for key in range(12):  # one after another, so that a map of hours takes its room once
            score = self.clear(key)
            reached[key] = best_line(score, SLOPES)[0]
            backwards = max(backwards, best_line(np.ascontiguousarray(score[:, ::-1]), SLOPES)[0])
        return replace(self, reached=reached, backwards=backwards)

    def main(self, keys: Sequence[int]) -> int:
        """Which of some keys holds the best line."""
        return max(keys, key=lambda key: (self.reached[key], -key))

    def tells(self, key: int) -> bool:
        """Whether few unrelated recordings have a line of such a total as the best of this key.

        By one drift a line of unrelated recordings may be strong; by another it is seldom as strong and in the same
        key. So the product of both is asked; or a line that is ``sure``.
        """
        return self.sure(key) or self.strength(key) * self.beside >= TOGETHER

    def sure(self, key: int) -> bool:
        """Whether the total alone tells, by the first drift: a recording may hold the same in several keys."""
        return self.drift == TELLING[0][0] and bool(self.reached[key] >= SURE * self._usual)

    def strength(self, key: int) -> float:
        """T³ / (ln n · T' · T″), of the totals of the best line of this key, of another key, and backwards; 1: strong.

        Unrelated recordings have lines of like totals in several keys, and backwards as well; related ones in one key
        and forwards.
        """
        total, other = float(self.reached[key]), float(np.delete(self.reached, key).max())
        chance = self._usual * max(other, self._usual) * max(self.backwards, self._usual)
        return total**3 / (dict(TELLING)[self.drift] * chance)

    @property
    def _usual(self) -> float:
        return math.log(min(len(self.query.rows), len(self.reference.rows)))

    def score(self, transposition: int) -> FloatArray:
        """What is clear, and how far stacked chroma stands out: courses go on through what only that tells."""
        stacked_chroma = ChromaMap(self.query, self.reference).score(transposition)
        found: FloatArray = self.clear(transposition) + np.float32(STACKED) * stacked_chroma
        return found

    straight = score

    def clear(self, transposition: int) -> FloatArray:
        """Deviations of both less ``drift``, from −LEAST to MOST − ``drift``; of these, straight lines must tell."""
        found: FloatArray = np.clip(self.both[transposition % 12] - np.float32(self.drift), -LEAST, MOST - self.drift)
        return _without_silence(found, self, -LEAST)

    def along(self, path_s: DoubleArray, transposition: int) -> DoubleArray:
        """How far moments stand out along times ``(n, 2)`` of query and reference, in deviations above the usual."""
        score = self.clear(transposition) + np.float32(self.drift)
        q, r = (
            np.interp(path_s[:, k], side.times_s, np.arange(len(side.times_s)))
            for k, side in enumerate((self.query, self.reference))
        )
        i, j = (np.minimum(x.astype(np.int64), n - 2) for x, n in zip((q, r), score.shape, strict=True))
        u, v = q - i, r - j
        upper = score[i, j] * (1 - v) + score[i, j + 1] * v
        lower = score[i + 1, j] * (1 - v) + score[i + 1, j + 1] * v
        found: DoubleArray = upper * (1 - u) + lower * u
        return found


def _stronger(high: HeardMap, low: HeardMap, keys: Sequence[int]) -> HeardMap:
    """That of two drifts by which the best line is strong, the high one first, with its strength by the other."""
    key = high.main(keys)
    if low.main(keys) != key:
        return low
    strengths = high.strength(key), low.strength(key)
    if strengths[0] >= min(1.0, strengths[1]):
        return replace(high, beside=strengths[1])
    return replace(low, beside=strengths[0])


def _grouped(moments: Features, group: int) -> FloatArray:
    """Moments ``(12 * dim, n)``; of long recordings the means of ``group``, of length 1, or 0 where all are 0."""
    if group == 1:
        return moments.values
    values = np.pad(moments.values, ((0, 0), (0, -moments.n_frames % group)))
    return unit_rows(values.reshape(len(values), -1, group).mean(axis=2).T).T


def in_each_key(query: FloatArray, reference: FloatArray) -> FloatArray:
    """Products of all moments ``(12 * dim, n)`` and ``(12 * dim, m)``, the reference raised by 0…11: ``(12, n, m)``.

    In the Fourier domain of the pitch classes, where a rotation is a factor: a fifth of the work.
    """
    q, r = (
        np.fft.rfft(side.reshape(-1, 12, side.shape[1]).transpose(2, 0, 1), axis=2).transpose(2, 0, 1)
        for side in (query, reference)
    )
    spectrum = q.astype(np.complex64) @ r.astype(np.complex64).conj().transpose(0, 2, 1)
    products: FloatArray = np.fft.irfft(spectrum, n=12, axis=0).astype(np.float32)
    return products


def unit_rows(rows: npt.NDArray[np.floating]) -> FloatArray:
    """Each row scaled to length one; empty rows stay empty."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: FloatArray = np.where(length > 1e-9, rows / np.maximum(length, 1e-9), 0.0).astype(np.float32)
    return scaled


def stacked(rows: FloatArray) -> FloatArray:
    """Each row together with its neighbours, ``(n, 12 * CONTEXT)``, of length one."""
    half = CONTEXT // 2
    padded = np.pad(rows, ((half, half), (0, 0)))
    return unit_rows(np.concatenate([padded[i : i + len(rows)] for i in range(CONTEXT)], axis=1))


def standardised(likeness: FloatArray, narrow: float) -> FloatArray:
    """How many deviations above the usual; usual and deviation are the means of those of either moment with the other
    recording.
    """
    usual = (likeness.mean(axis=1)[:, None] + likeness.mean(axis=0)[None]) / 2
    spread = np.sqrt((likeness.var(axis=1)[:, None] + likeness.var(axis=0)[None]) / 2)
    found: FloatArray = ((likeness - usual) / np.maximum(spread, narrow)).astype(np.float32)
    return found


def _deviations(query: Coarse, reference: Coarse, transposition: int) -> FloatArray:
    return standardised(query.rows @ np.roll(reference.rows, transposition, axis=1).T, NARROW)


def _read(rows: FloatArray, places: DoubleArray) -> FloatArray:
    """Rows ``(k, m)`` at places between them, linearly; before the first and behind the last, those."""
    at = np.clip(places, 0.0, len(rows) - 1.0)
    low = np.minimum(at.astype(np.int64), max(0, len(rows) - 2))
    share = (at - low).astype(np.float32)[:, None]
    read: FloatArray = rows[low] * (1 - share) + rows[np.minimum(low + 1, len(rows) - 1)] * share
    return read


def _upper(likeness: FloatArray, axis: int) -> FloatArray:
    rank = int((1.0 - KAPPA) * (likeness.shape[axis] - 1))
    ranked: FloatArray = np.take(np.partition(likeness, rank, axis=axis), rank, axis=axis)
    return ranked


def _without_silence(score: FloatArray, pair: Map, least: float) -> FloatArray:
    score = np.ascontiguousarray(score)
    score[~pair.query.active, :] = least
    score[:, ~pair.reference.active] = least
    return score
