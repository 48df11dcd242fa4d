"""Which moments of two recordings resemble each other: frame similarity and cross recurrence.

A *moment* is ``embedding`` consecutive frames. Two moments are as similar as the mean cosine of their frames, taken
pair by pair; for frames of unit length (chroma here) that is the cosine of the stacked vectors.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..errors import FeatureMismatch, ParamsError
from ..types import Features, FloatArray
from . import recurrence_kernels as kernels

Binary = npt.NDArray[np.uint8]


def frame_similarity(query: Features, reference: Features, *, transposition: int = 0) -> FloatArray:
    """Cosines of all frame pairs, the reference raised by ``transposition``: ``(n_query, n_reference)``.

    Silent frames (all zero) are similar to nothing: 0. Raises FeatureMismatch where the two have different rows.

    Examples
    --------
    >>> c_e_g = Features("chroma", np.eye(12)[:, [0, 4, 7]], frame_rate=2.0)
    >>> frame_similarity(c_e_g.transposed(2), c_e_g, transposition=2).trace().item()
    3.0
    """
    similarity: FloatArray = unit_frames(query).T @ unit_frames(in_key(query, reference, transposition))
    return similarity


def unit_frames(features: Features) -> FloatArray:
    """Frames scaled to length 1, ``(n_features, n_frames)``; silent frames stay zero."""
    norms = np.sqrt(np.einsum("ij,ij->j", features.values, features.values, dtype=np.float64))
    norms[norms == 0] = 1.0
    unit: FloatArray = np.divide(features.values, norms, dtype=np.float64).astype(np.float32)
    return unit


def in_key(query: Features, reference: Features, transposition: int) -> Features:
    """The reference raised by ``transposition`` semitones; raises FeatureMismatch where the two have different rows."""
    if query.values.shape[0] != reference.values.shape[0]:
        raise FeatureMismatch(f"{query.kind} has {query.values.shape[0]} rows against {reference.values.shape[0]}")
    return reference.transposed(transposition % 12) if transposition % 12 else reference


def neighbours(n: int, kappa: float) -> int:
    """How many of ``n`` moments are near: those up to the kappa quantile of the distances, at least one."""
    return math.floor(kappa * (n - 1)) + 1


def cross_recurrence(
    query: Features, reference: Features, *, embedding: int = 9, kappa: float = 0.095, transposition: int = 0
) -> Binary:
    """Where two moments are mutually near: 1, else 0; ``(n_query - embedding + 1, n_reference - embedding + 1)``.

    Cell ``(i, j)`` compares query frames ``i … i + embedding - 1`` with those of the reference from ``j`` on. It is 1
    where the pair is among the ``kappa`` most similar of its row *and* of its column [1]_. Ties at either threshold all
    count; moments that have nothing in common (silence) are never near.

    Parameters
    ----------
    embedding : int
        Frames of a moment, 1 or more.
    kappa : float
        Share of moments that count as near, in (0, 1].
    transposition : int
        Semitones by which the reference is raised.

    Raises
    ------
    ParamsError
        Where a setting is out of range, or a recording has fewer frames than a moment.
    FeatureMismatch
        Where the two have different rows.

    Examples
    --------
    >>> tune = Features("chroma", np.eye(12)[:, [0, 2, 4, 5]], frame_rate=2.0)
    >>> cross_recurrence(tune, tune, embedding=2, kappa=0.3)
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 0, 1]], dtype=uint8)

    References
    ----------
    .. [1] Serrà, Serra, Andrzejak, "Cross recurrence quantification for cover song identification", 2009.
    """
    rows = RecurrenceRows(query, in_key(query, reference, transposition), embedding, kappa)
    out = np.empty(rows.shape, np.uint8)
    rows.fill(0, out)
    return out


class RecurrenceRows:
    """The rows of a cross recurrence, from the first to the last, without ever holding the matrix."""

    def __init__(self, query: Features, reference: Features, embedding: int, kappa: float) -> None:
        _check(query, reference, embedding, kappa)
        self._scale = np.float32(2.0 ** (30 - (embedding - 1).bit_length()))  # so that sums stay within 2**30
        (q_frames, q_tiles), (r_frames, r_tiles) = _laid_out(query), _laid_out(reference)
        self._frames, self._tiles = q_frames, r_tiles
        self.shape = (query.n_frames - embedding + 1, reference.n_frames - embedding + 1)
        n, m = self.shape
        shared = (embedding, self._scale)
        self._by_row = kernels.row_thresholds(q_frames, r_tiles, reference.n_frames, *shared, neighbours(m, kappa))
        self._by_column = kernels.row_thresholds(r_frames, q_tiles, query.n_frames, *shared, neighbours(n, kappa))
        self._ring = kernels.make_ring(r_tiles, embedding)
        self._rows = kernels.make_rows(m)

    def fill(self, start: int, out: Binary) -> None:
        """Write rows ``start, start + 1, …`` into ``out``; blocks must follow each other from row 0 on."""
        state = (self._by_row, self._by_column, self._ring, self._rows)
        kernels.recurrence_rows(start, self._frames, self._tiles, self._scale, *state, out)


def _laid_out(features: Features) -> tuple[FloatArray, FloatArray]:
    """Unit frames as rows, padded to whole groups of planes, and as tiles."""
    unit = unit_frames(features)
    groups = -(-unit.shape[0] // kernels.PLANES)
    frames = np.zeros((unit.shape[1], groups * kernels.PLANES), np.float32)
    frames[:, : unit.shape[0]] = unit.T
    return frames, kernels.tiles_of(unit)


def _check(query: Features, reference: Features, embedding: int, kappa: float) -> None:
    if embedding < 1:
        raise ParamsError(f"embedding must be 1 frame or more; got {embedding}")
    if not 0 < kappa <= 1:
        raise ParamsError(f"kappa must lie in (0, 1], the share of moments that are near; got {kappa}")
    shortest = min(query.n_frames, reference.n_frames)
    if shortest < embedding:
        raise ParamsError(f"{shortest} frames are fewer than the embedding of {embedding}; lower embedding")
