"""Dynamic time warping: the cheapest way through two recordings at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InputError
from ..types import Alignment, DoubleArray, Features, FloatArray, IntArray
from .cost import unit_columns
from .dtw_kernels import full_path
from .path import band_window, checked_window, path_total


def dtw(
    query: Features,
    reference: Features,
    *,
    band: float | None = None,
    window: IntArray | None = None,
    subsequence: bool = False,
    open_begin: bool = False,
    open_end: bool = False,
) -> Alignment:
    """The cheapest alignment of two recordings, with its path."""
    query.check_comparable(reference)
    begin, end = open_begin or subsequence, open_end or subsequence
    path, total = dtw_path(query.values, reference.values, band=band, window=window, open_begin=begin, open_end=end)
    return Alignment(path, total / path.shape[0], query.frame_rate, reference.frame_rate)


def dtw_path(
    x: FloatArray,
    y: FloatArray,
    *,
    band: float | None = None,
    window: IntArray | None = None,
    open_begin: bool = False,
    open_end: bool = False,
) -> tuple[IntArray, float]:
    """Path ``(n_steps, 2) int32`` and total cost of the cheapest alignment of two frame matrices."""
    x, y = unit_columns(x), unit_columns(y)
    if x.shape[0] != y.shape[0]:
        raise InputError(f"the query has {x.shape[0]} rows, the reference {y.shape[0]}; extract both alike")
    n, m = x.shape[1], y.shape[1]
    if band is not None:
        window = band_window(n, m, band)
    if window is None:
        window = np.repeat(np.array([[0, m]], np.int32), n, axis=0)
    limits = checked_window(window, n, m, open_begin=open_begin, open_end=open_end)
    path, _ = full_path(x, y, limits, open_begin, open_end)
    return path, path_total(x, y, path)


def dtw_cost(query: Features, reference: Features, *, band: float | None = None, subsequence: bool = False) -> float:
    """Total cost of the cheapest alignment."""
    query.check_comparable(reference)
    return dtw_path(query.values, reference.values, band=band, open_begin=subsequence, open_end=subsequence)[1]


def subsequence_costs(query: Features, references: Sequence[Features]) -> DoubleArray:
    """Total cost of the query's best place in each reference, ``(n,)``."""
    return np.array([dtw_cost(query, r, subsequence=True) for r in references])


def dtw_costs(query: Features, references: Sequence[Features]) -> DoubleArray:
    """Total cost of the query's alignment to the whole of each reference, ``(n,)``."""
    return np.array([dtw_cost(query, r) for r in references])


def best_transposition(query: Features, reference: Features, *, subsequence: bool = False) -> tuple[int, DoubleArray]:
    """Semitones to raise the reference by so that the alignment is cheapest, and all twelve total costs."""
    costs = np.array([dtw_cost(query, reference.transposed(t), subsequence=subsequence) for t in range(12)])
    return int(costs.argmin()), costs
