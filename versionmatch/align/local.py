"""Local alignment: the best passage two sequences share, and where. Qmax, Dmax and Smith-Waterman."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import InputError, ParamsError
from ..types import Alignment, DoubleArray, Features, IntArray
from . import local_kernels as kernels
from .recurrence import cross_recurrence

Binary = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class LocalAlignment:
    """The best shared passage of two recordings.

    ``score`` is the raw Qmax or Dmax; ``distance`` is ``sqrt(n_reference) / score`` (n_reference: number of
    embedded moments; infinite where the score is 0); ``alignment`` is None where nothing is shared. Its path
    names the middle frames of the embedded moments, its cost is the share of steps without recurrence.
    """

    score: float
    alignment: Alignment | None
    distance: float
    transposition: int


class LocalPath(NamedTuple):
    """A score and the cells it was won on: ``path (n_steps, 2)``, forward, rows (query, reference)."""

    score: float
    path: IntArray


def qmax_path(binary: Binary, *, gap_onset: float = 0.5, gap_extension: float = 0.5) -> LocalPath:
    """Best Qmax and its path in a cross-recurrence matrix; the path is empty where the score is 0."""
    grid, onset, extension = _checked(binary, gap_onset, gap_extension)
    return _traced(kernels.qmax_matrix(grid, onset, extension), grid, 3, onset, extension)


def dmax_path(binary: Binary, *, gap_onset: float = 0.5, gap_extension: float = 0.5) -> LocalPath:
    """Best Dmax and its path in a cross-recurrence matrix; the path is empty where the score is 0."""
    grid, onset, extension = _checked(binary, gap_onset, gap_extension)
    return _traced(kernels.dmax_matrix(grid, kernels.STEPS, onset, extension), grid, 5, onset, extension)


def qmax_value(binary: Binary, *, gap_onset: float = 0.5, gap_extension: float = 0.5) -> float:
    """Best Qmax of a cross-recurrence matrix."""
    return qmax_path(binary, gap_onset=gap_onset, gap_extension=gap_extension).score


def dmax_value(binary: Binary, *, gap_onset: float = 0.5, gap_extension: float = 0.5) -> float:
    """Best Dmax of a cross-recurrence matrix."""
    return dmax_path(binary, gap_onset=gap_onset, gap_extension=gap_extension).score


def qmax(
    query: Features,
    reference: Features,
    *,
    embedding: int = 9,
    kappa: float = 0.095,
    transposition: int = 0,
    gap_onset: float = 0.5,
    gap_extension: float = 0.5,
) -> LocalAlignment:
    """The longest passage two recordings share, with its path: Qmax (Serrà et al. 2009)."""
    binary = cross_recurrence(query, reference, embedding=embedding, kappa=kappa, transposition=transposition)
    found = qmax_path(binary, gap_onset=gap_onset, gap_extension=gap_extension)
    return _placed(found, binary, query, reference, embedding, transposition)


def dmax(
    query: Features,
    reference: Features,
    *,
    embedding: int = 9,
    kappa: float = 0.095,
    transposition: int = 0,
    gap_onset: float = 0.5,
    gap_extension: float = 0.5,
) -> LocalAlignment:
    """The longest passage two recordings share, tempo changes forgiven more: Dmax (Chen et al. 2017)."""
    binary = cross_recurrence(query, reference, embedding=embedding, kappa=kappa, transposition=transposition)
    found = dmax_path(binary, gap_onset=gap_onset, gap_extension=gap_extension)
    return _placed(found, binary, query, reference, embedding, transposition)


def qmax_score(query: Features, reference: Features, **settings: float) -> float:
    """Raw Qmax of two recordings, without the path; settings as for ``qmax``."""
    return qmax(query, reference, **settings).score  # type: ignore[arg-type]


def dmax_score(query: Features, reference: Features, **settings: float) -> float:
    """Raw Dmax of two recordings, without the path; settings as for ``dmax``."""
    return dmax(query, reference, **settings).score  # type: ignore[arg-type]


def qmax_scores(
    query: Features, references: Iterable[Features], *, transpositions: Sequence[int] | int = 0, **settings: float
) -> DoubleArray:
    """Raw Qmax of one query with each reference, ``(n_references,)``."""
    listed = list(references)
    keys = [transpositions] * len(listed) if isinstance(transpositions, int) else list(transpositions)
    return np.array(
        [qmax_score(query, r, transposition=k, **settings) for r, k in zip(listed, keys, strict=True)], np.float64
    )


def local_alignments(
    binary: Binary,
    *,
    min_score: float,
    max_n: int,
    separation: int = 8,
    gap_onset: float = 0.5,
    gap_extension: float = 0.5,
    path: Callable[..., LocalPath] = qmax_path,
) -> list[LocalPath]:
    """Several shared passages, best first, each at least ``min_score``; they share no cell.

    After each one the cells within ``separation`` columns of its path are taken out of the matrix.
    """
    grid = np.array(binary, dtype=np.uint8)
    found: list[LocalPath] = []
    while len(found) < max_n:
        best = path(grid, gap_onset=gap_onset, gap_extension=gap_extension)
        if best.score < min_score or best.score <= 0:
            break
        found.append(best)
        for i, j in best.path:
            grid[i, max(0, j - separation) : j + separation + 1] = 0
            grid[max(0, i - separation) : i + separation + 1, j] = 0
    return found


def smith_waterman(
    query: npt.ArrayLike,
    reference: npt.ArrayLike,
    *,
    match: float = 1.0,
    mismatch: float = -1.2,
    gap: float = -1.5,
    gap_opening: float = 0.0,
    substitution: npt.ArrayLike | None = None,
) -> LocalPath:
    """The best-scoring stretch that two note sequences share (Smith & Waterman 1981; affine gaps: Gotoh 1982)."""
    q, r = np.asarray(query), np.asarray(reference)
    if q.ndim != 1 or r.ndim != 1:
        raise InputError(f"sequences must have one dimension; got shapes {q.shape} and {r.shape}")
    if gap > 0 or gap_opening > 0:
        raise ParamsError(f"gaps must score 0 or less; got gap={gap}, gap_opening={gap_opening}")
    if substitution is None:
        pairs = np.where(q[:, None] == r[None], float(match), float(mismatch))
    else:
        pairs = np.asarray(substitution, np.float64)[q[:, None], r[None]]
    score, path = kernels.align_sequences(np.ascontiguousarray(pairs), float(gap_opening), float(gap))
    return LocalPath(float(score), path)


def _checked(binary: Binary, onset: float, extension: float) -> tuple[Binary, np.float32, np.float32]:
    grid = np.ascontiguousarray(binary, dtype=np.uint8)
    if grid.ndim != 2:
        raise InputError(f"a cross-recurrence matrix has two dimensions; got shape {grid.shape}")
    if onset < 0 or extension < 0:
        raise ParamsError(f"gap penalties must be 0 or more; got onset {onset}, extension {extension}")
    return grid, np.float32(onset), np.float32(extension)


def _traced(
    scores: npt.NDArray[np.float32], grid: Binary, n_steps: int, onset: np.float32, extension: np.float32
) -> LocalPath:
    path = kernels.trace(scores, grid, kernels.STEPS, n_steps, onset, extension)
    return LocalPath(float(scores[tuple(path[-1])]) if len(path) else 0.0, path)


def _placed(
    found: LocalPath, binary: Binary, query: Features, reference: Features, embedding: int, transposition: int
) -> LocalAlignment:
    if found.score <= 0:
        return LocalAlignment(0.0, None, math.inf, transposition)
    cost = 1.0 - float(binary[found.path[:, 0], found.path[:, 1]].mean())
    alignment = Alignment(found.path + (embedding - 1) // 2, cost, query.frame_rate, reference.frame_rate)
    return LocalAlignment(found.score, alignment, math.sqrt(binary.shape[1]) / found.score, transposition)
