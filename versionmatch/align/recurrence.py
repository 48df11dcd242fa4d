"""Which moments of two recordings resemble each other: frame similarity and cross recurrence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..errors import FeatureMismatch, ParamsError
from ..types import Features, FloatArray


def frame_similarity(query: Features, reference: Features, *, transposition: int = 0) -> FloatArray:
    """Cosines of all frame pairs, the reference raised by ``transposition``: ``(n_query, n_reference)``."""
    q, r = unit_frames(query), unit_frames(_in_key(query, reference, transposition))
    similarity: FloatArray = q.T @ r
    return similarity


def unit_frames(features: Features) -> FloatArray:
    """Frames scaled to length 1; silent frames stay zero."""
    norms = np.sqrt((features.values.astype(np.float64) ** 2).sum(axis=0))
    unit: FloatArray = (features.values / np.where(norms > 0, norms, 1.0)).astype(np.float32)
    return unit


def neighbours(n: int, kappa: float) -> int:
    """How many of ``n`` moments count as near: those up to the kappa quantile, at least one."""
    return int(np.floor(kappa * (n - 1))) + 1


def cross_recurrence(
    query: Features, reference: Features, *, embedding: int = 9, kappa: float = 0.095, transposition: int = 0
) -> npt.NDArray[np.uint8]:
    """1 where two moments are among each other's nearest, else 0; ``(n_query - m + 1, n_reference - m + 1)``."""
    reference = _in_key(query, reference, transposition)
    check_settings(query, reference, embedding, kappa)
    q, r = (_stacked(f, embedding) for f in (query, reference))
    similarity = q.T @ r
    n, m = similarity.shape
    rows = np.partition(similarity, m - neighbours(m, kappa), axis=1)[:, m - neighbours(m, kappa), None]
    columns = np.partition(similarity, n - neighbours(n, kappa), axis=0)[n - neighbours(n, kappa)]
    mutual: npt.NDArray[np.uint8] = ((similarity >= rows) & (similarity >= columns)).astype(np.uint8)
    return mutual


def check_settings(query: Features, reference: Features, embedding: int, kappa: float) -> None:
    """Raise ParamsError unless the settings fit the two sequences."""
    if embedding < 1:
        raise ParamsError(f"embedding must be 1 frame or more; got {embedding}")
    if not 0 < kappa <= 1:
        raise ParamsError(f"kappa must lie in (0, 1], the share of moments that count as near; got {kappa}")
    shortest = min(query.n_frames, reference.n_frames)
    if shortest < embedding:
        raise ParamsError(f"{shortest} frames are fewer than the embedding of {embedding}; lower embedding")


def _stacked(features: Features, embedding: int) -> npt.NDArray[np.float64]:
    windows = np.lib.stride_tricks.sliding_window_view(features.values.astype(np.float64), embedding, axis=1)
    stacked = windows.transpose(0, 2, 1).reshape(-1, windows.shape[1])
    norms = np.sqrt((stacked**2).sum(axis=0))
    unit: npt.NDArray[np.float64] = stacked / np.where(norms > 0, norms, 1.0)
    return unit


def _in_key(query: Features, reference: Features, transposition: int) -> Features:
    if query.values.shape[0] != reference.values.shape[0]:
        raise FeatureMismatch(f"{query.kind} has {query.values.shape[0]} rows against {reference.values.shape[0]}")
    if transposition % 12 == 0:
        return reference
    return replace(reference.transposed(transposition))
