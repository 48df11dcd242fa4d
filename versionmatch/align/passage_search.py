"""Where two recordings may share something: local paths through a coarse map of likeness, best first.

Half-second chroma is stacked over 2.5 s; two moments count as alike as far as their likeness stands out from
that of either moment to the rest of the other recording (a graded form of the cross recurrence of Serrà,
Serra, Andrzejak, "Cross recurrence quantification for cover song identification", 2009).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..types import DoubleArray, Features, FloatArray
from .passage_kernels import best_local_path

COARSE_RATE = 2.0  # frames per second
CONTEXT = 5  # coarse frames that are compared together
KAPPA = 0.07  # share of the other recording that a moment may resemble by chance
CEILING = 0.95  # a likeness above this always counts
NARROW = 0.05  # least spread of likeness that is told apart
DROP = 6.0  # a path ends once it has lost that much (3 s of clear disagreement)
ONE_SIDE_TAKEN = 0.3  # what a cell loses if one of its moments already has a counterpart
OTHER_KEY = 0.75  # a path in another transposition than the main one counts for that much
MODULATION = 3  # semitones either way in which single passages are looked for

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class CoarsePath:
    """One local path on the coarse grid: ``steps (n, 2)`` frames (query, reference)."""

    steps: npt.NDArray[np.int32]
    score: float
    transposition: int


def pooled(chroma: Features) -> tuple[FloatArray, BoolArray, int]:
    """Chroma at about 2 frames per second ``(n, 12)``, which frames hold sound, and how many frames made one."""
    factor = max(1, round(chroma.frame_rate / COARSE_RATE))
    n = chroma.n_frames // factor
    groups = chroma.values[:, : n * factor].reshape(12, n, factor)
    active = (np.abs(groups).sum(axis=0) > 0).mean(axis=1) >= 0.5
    return unit_rows(groups.mean(axis=2).T), active, factor


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


def _upper(likeness: FloatArray, axis: int) -> FloatArray:
    rank = int((1.0 - KAPPA) * (likeness.shape[axis] - 1))
    ranked: FloatArray = np.take(np.partition(likeness, rank, axis=axis), rank, axis=axis)
    return ranked


def contrast(query: FloatArray, reference: FloatArray) -> FloatArray:
    """How far the likeness of two moments stands out, ``(n, m)`` in [-1, 1]; 0 is what chance gives."""
    likeness = stacked(query) @ stacked(reference).T
    usual = (_upper(likeness, 1)[:, None] + _upper(likeness, 0)[None, :]) / 2
    spread = max(float(likeness.std()), NARROW)
    raised: FloatArray = np.clip((likeness - np.minimum(usual, CEILING)) / spread, -1.0, 1.0)
    return raised


@dataclass(eq=False, slots=True)
class Search:
    """Finds local paths one after another; what has been found is taken into account by ``take``."""

    query: FloatArray  # (n, 12) coarse chroma
    reference: FloatArray  # (m, 12)
    query_taken: BoolArray
    reference_taken: BoolArray
    main: int | None = None  # the transposition of the first path, once there is one
    _scores: dict[int, FloatArray] = field(default_factory=dict)
    _bounds: dict[int, tuple[float, CoarsePath, bool]] = field(default_factory=dict)

    @classmethod
    def between(cls, query: tuple[FloatArray, BoolArray], reference: tuple[FloatArray, BoolArray]) -> Search:
        """A search in which silent frames match nothing."""
        q, r = (np.where(active[:, None], rows, 0).astype(np.float32) for rows, active in (query, reference))
        return cls(q, r, np.zeros(len(q), bool), np.zeros(len(r), bool))

    def _score(self, transposition: int) -> FloatArray:
        if transposition not in self._scores:
            score = contrast(self.query, np.roll(self.reference, transposition, axis=1))
            score[~self.query.any(axis=1), :] = -1.0
            score[:, ~self.reference.any(axis=1)] = -1.0
            self._scores[transposition] = score
        return self._scores[transposition]

    def _find(self, transposition: int) -> CoarsePath:
        one = self.query_taken[:, None] | self.reference_taken[None, :]
        both = self.query_taken[:, None] & self.reference_taken[None, :]
        score = self._score(transposition) - np.float32(ONE_SIDE_TAKEN) * one
        score[both] = -2 * DROP
        total, steps = best_local_path(score, DROP)
        weight = 1.0 if self.main in (None, transposition) else OTHER_KEY
        return CoarsePath(steps, weight * total, transposition)

    def candidates(self, transposition: int | None) -> tuple[int, ...]:
        """The transpositions to search: all, or the main one and its neighbours once it is known."""
        main = self.main if self.main is not None else transposition
        if main is None:
            return tuple(range(12))
        return tuple((main + shift) % 12 for shift in range(-MODULATION, MODULATION + 1))

    def best(self, transposition: int | None = None) -> CoarsePath:
        """The best path that is left. What is taken only lowers scores, so only leaders are computed again."""
        shifts = self.candidates(transposition)
        while True:
            for shift in shifts:
                if shift not in self._bounds:
                    path = self._find(shift)
                    self._bounds[shift] = (path.score, path, True)
            leader = max(shifts, key=lambda s: (self._bounds[s][0], -s))
            _, path, fresh = self._bounds[leader]
            if fresh:
                return path
            del self._bounds[leader]

    def take(self, path: CoarsePath, query: DoubleArray, reference: DoubleArray) -> None:
        """Mark coarse frames (inclusive spans ``(k, 2)``) as answered, and never find that path again."""
        for taken, spans in ((self.query_taken, query), (self.reference_taken, reference)):
            for low, high in spans:
                taken[max(0, round(low)) : round(high) + 1] = True
        score = self._score(path.transposition)
        for shift in range(-2, 3):
            columns = np.clip(path.steps[:, 1] + shift, 0, score.shape[1] - 1)
            score[path.steps[:, 0], columns] = -2 * DROP
        if self.main is None:
            self.main = path.transposition
        self._bounds = {t: (bound, p, False) for t, (bound, p, _) in self._bounds.items()}
