"""Local alignment: the best passage two sequences share, and where. Qmax, Dmax and Smith-Waterman.

``qmax`` and ``dmax`` go from chroma to the path; ``qmax_path`` and ``dmax_path`` start from a cross-recurrence
matrix; the ``_score`` and ``_value`` forms leave the path out. ``docs/local-alignment.md`` states the conventions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError, ParamsError
from ..types import Alignment, DoubleArray, Features
from . import local_kernels as kernels
from .local_sweep import LocalPath, MatrixRows, Rules, best_path, best_score
from .recurrence import RecurrenceRows, in_key


@dataclass(frozen=True, eq=False, slots=True)
class LocalAlignment:
    """The best passage two recordings share.

    ``score`` is the raw Qmax or Dmax, in matching moments; ``distance`` is ``sqrt(n) / score`` with the reference's
    ``n`` moments, infinite where the score is 0. ``alignment`` is None where nothing is shared; its path names the
    middle frame of each moment, its cost is the share of steps that do not match. ``transposition``: see ``qmax``.
    """

    score: float
    alignment: Alignment | None
    distance: float
    transposition: int


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
    """The best passage two recordings share, with its path: Qmax [1]_.

    Parameters
    ----------
    query, reference : Features
        Chroma ``(12, n_frames)``, or any feature of equal rows whose frames are compared by their cosine.
    embedding, kappa : int, float
        Frames of a moment, share of moments that are near: see ``cross_recurrence``.
    transposition : int
        ``reference.transposed(transposition)`` is compared.
    gap_onset, gap_extension : float
        What a step without recurrence costs behind a match, and behind another such step; 0 or more.

    Raises
    ------
    ParamsError, FeatureMismatch
        As ``cross_recurrence``, and where a penalty is negative.

    Examples
    --------
    >>> melody = np.random.default_rng(440).integers(0, 12, 60)
    >>> song = Features("chroma", np.eye(12)[melody].T, frame_rate=2.0)
    >>> found = qmax(song.between(10, 25), song)
    >>> found.score, found.alignment.span
    (20.0, Span(query_start_s=3.0, query_end_s=12.5, reference_start_s=13.0, reference_end_s=22.5))

    References
    ----------
    .. [1] Serrà, Serra, Andrzejak, "Cross recurrence quantification for cover song identification", 2009.
    """
    rows = RecurrenceRows(query, in_key(query, reference, transposition), embedding, kappa)
    found = best_path(rows, Rules(False, gap_onset, gap_extension))
    return _placed(found, rows.shape[1], query, reference, embedding, transposition)


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
    """The best passage two recordings share, tempo ratios up to three forgiven: Dmax [1]_. Arguments as ``qmax``.

    References
    ----------
    .. [1] Chen, Li, Xiao, "Fusing similarity functions for cover song identification", 2017.
    """
    rows = RecurrenceRows(query, in_key(query, reference, transposition), embedding, kappa)
    found = best_path(rows, Rules(True, gap_onset, gap_extension))
    return _placed(found, rows.shape[1], query, reference, embedding, transposition)


def qmax_score(
    query: Features,
    reference: Features,
    *,
    embedding: int = 9,
    kappa: float = 0.095,
    transposition: int = 0,
    gap_onset: float = 0.5,
    gap_extension: float = 0.5,
) -> float:
    """Raw Qmax of two recordings, without the path: ``qmax(...).score``."""
    rows = RecurrenceRows(query, in_key(query, reference, transposition), embedding, kappa)
    return best_score(rows, Rules(False, gap_onset, gap_extension))


def dmax_score(
    query: Features,
    reference: Features,
    *,
    embedding: int = 9,
    kappa: float = 0.095,
    transposition: int = 0,
    gap_onset: float = 0.5,
    gap_extension: float = 0.5,
) -> float:
    """Raw Dmax of two recordings, without the path: ``dmax(...).score``."""
    rows = RecurrenceRows(query, in_key(query, reference, transposition), embedding, kappa)
    return best_score(rows, Rules(True, gap_onset, gap_extension))


def qmax_scores(
    query: Features,
    references: Sequence[Features],
    *,
    embedding: int = 9,
    kappa: float = 0.095,
    transposition: int | Sequence[int] = 0,
    gap_onset: float = 0.5,
    gap_extension: float = 0.5,
) -> DoubleArray:
    """Raw Qmax of one query against many references, ``(n_references,)``.

    ``transposition`` is one for all, or one for each. A reference shorter than a moment scores 0.
    """
    keys = [transposition] * len(references) if isinstance(transposition, int) else list(transposition)
    if len(keys) != len(references):
        raise ParamsError(f"{len(keys)} transpositions for {len(references)} references; give one, or one for each")
    rules = Rules(False, gap_onset, gap_extension)
    scores = np.zeros(len(references), np.float64)
    for index, (reference, key) in enumerate(zip(references, keys, strict=True)):
        if reference.n_frames >= embedding:
            rows = RecurrenceRows(query, in_key(query, reference, key), embedding, kappa)
            scores[index] = best_score(rows, rules)
    return scores


def qmax_path(binary: npt.ArrayLike, *, gap_onset: float = 0.5, gap_extension: float = 0.5) -> LocalPath:
    """Best Qmax and its path in a cross-recurrence matrix ``(n_query, n_reference)`` of zeros and ones.

    >>> qmax_path(np.eye(6)).score, qmax_path(np.eye(6)).path[0].tolist()
    (4.0, [2, 2])
    """
    return best_path(MatrixRows(binary), Rules(False, gap_onset, gap_extension))


def qmax_value(binary: npt.ArrayLike, *, gap_onset: float = 0.5, gap_extension: float = 0.5) -> float:
    """Best Qmax of a cross-recurrence matrix ``(n_query, n_reference)`` of zeros and ones."""
    return best_score(MatrixRows(binary), Rules(False, gap_onset, gap_extension))


def dmax_path(binary: npt.ArrayLike, *, gap_onset: float = 0.5, gap_extension: float = 0.5) -> LocalPath:
    """Best Dmax and its path in a cross-recurrence matrix ``(n_query, n_reference)`` of zeros and ones."""
    return best_path(MatrixRows(binary), Rules(True, gap_onset, gap_extension))


def dmax_value(binary: npt.ArrayLike, *, gap_onset: float = 0.5, gap_extension: float = 0.5) -> float:
    """Best Dmax of a cross-recurrence matrix ``(n_query, n_reference)`` of zeros and ones."""
    return best_score(MatrixRows(binary), Rules(True, gap_onset, gap_extension))


def local_alignments(
    binary: npt.ArrayLike,
    *,
    min_score: float,
    max_n: int,
    separation: int = 8,
    gap_onset: float = 0.5,
    gap_extension: float = 0.5,
) -> list[LocalPath]:
    """Several passages of a cross-recurrence matrix by Qmax, best first, each of at least ``min_score``.

    They share no match: after each, the cells within ``separation`` rows or columns of its path count as no recurrence.
    A later path can still cross an earlier one, at the price of gaps. At most ``max_n`` are given.
    """
    grid = MatrixRows(binary)
    rules = Rules(False, gap_onset, gap_extension)
    found: list[LocalPath] = []
    while len(found) < max_n:
        best = best_path(grid, rules)
        if best.score <= 0 or best.score < min_score:
            break
        found.append(best)
        kernels.erase(grid.values, best.path, separation)
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
    """The best-scoring stretch that two note sequences share [1]_; affine gaps [2]_.

    Parameters
    ----------
    query, reference : array_like
        Pitches, intervals or symbols, ``(n,)``. Equal values match.
    match, mismatch : float
        Score of a pair of equal, and of different notes.
    gap, gap_opening : float
        Score of each note left out, and once more of each run of such notes; 0 or less.
    substitution : array_like, optional
        ``(n_symbols, n_symbols)`` scores of pairs instead, where the sequences are indices into it.

    Returns
    -------
    LocalPath
        On its path both sides advance where notes are paired, one side where a note is left out.

    Raises
    ------
    InputError
        Where a sequence is not one-dimensional, or a symbol is not in the substitution matrix.
    ParamsError
        Where a gap scores above 0.

    Examples
    --------
    >>> found = smith_waterman([60, 62, 64, 65], [55, 62, 64, 65, 67])
    >>> found.score, found.path.tolist()
    (3.0, [[1, 1], [2, 2], [3, 3]])

    References
    ----------
    .. [1] Smith, Waterman, "Identification of common molecular subsequences", 1981.
    .. [2] Gotoh, "An improved algorithm for matching biological sequences", 1982.
    """
    if gap > 0 or gap_opening > 0:
        raise ParamsError(f"gaps must score 0 or less; got gap={gap}, gap_opening={gap_opening}")
    pairs = _pair_scores(np.asarray(query), np.asarray(reference), match, mismatch, substitution)
    score, path = kernels.align_sequences(pairs, float(gap_opening), float(gap))
    both = np.diff(path, axis=0, prepend=-1).min(axis=1) > 0
    matched = both & (pairs[path[:, 0], path[:, 1]] > 0)
    return LocalPath(float(score), path, int(matched.sum()))


def _pair_scores(
    query: npt.NDArray[np.generic],
    reference: npt.NDArray[np.generic],
    match: float,
    mismatch: float,
    substitution: npt.ArrayLike | None,
) -> DoubleArray:
    if query.ndim != 1 or reference.ndim != 1:
        raise InputError(f"sequences must have one dimension; got shapes {query.shape} and {reference.shape}")
    if substitution is None:
        return np.where(query[:, None] == reference, float(match), float(mismatch))
    table = np.array(substitution, np.float64)
    for name, symbols, size in (("query", query, table.shape[0]), ("reference", reference, table.shape[-1])):
        if symbols.size and (
            not np.issubdtype(symbols.dtype, np.integer) or symbols.min() < 0 or symbols.max() >= size
        ):
            raise InputError(
                f"the {name}'s symbols must be whole numbers in 0…{size - 1}, rows and columns of the substitution "
                f"matrix; got {symbols.min()} to {symbols.max()}"
            )
    return np.ascontiguousarray(table[np.ix_(query.astype(np.intp), reference.astype(np.intp))])


def _placed(
    found: LocalPath, n_moments: int, query: Features, reference: Features, embedding: int, transposition: int
) -> LocalAlignment:
    if found.score <= 0:
        return LocalAlignment(0.0, None, math.inf, transposition)
    cost = 1.0 - found.n_matches / len(found.path)
    path = found.path + np.int32((embedding - 1) // 2)
    alignment = Alignment(path, cost, query.frame_rate, reference.frame_rate)
    return LocalAlignment(found.score, alignment, math.sqrt(n_moments) / found.score, transposition)
