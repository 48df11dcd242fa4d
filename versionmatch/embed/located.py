"""Which twenty seconds of one recording resemble which of another: ridges in a table of segments, strongest first.

A shared passage shows as a run of cells along a diagonal, as both recordings go on through it. Cells count by how far
they lie above a threshold; what two unrelated recordings have lies below it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError, ParamsError
from ..types import DoubleArray, FloatArray, IntArray, Segments, Span
from .keyless import keyed
from .keys import by_key
from .reduce import best_match_mean, symmetric

QUANTILE = 0.995
"""Share of cells of unrelated segments that lie below the threshold."""
MAX_N = 12
EDGE = 0.75
"""At its ends a run keeps cells that lie as far above the threshold as this share of its median cell."""
_STEPS = ((1, 1), (1, 2), (2, 1))  # both go on alike, or one up to twice as fast


@dataclass(frozen=True, eq=False, slots=True)
class Located:
    """A stretch of the query and the one of the reference that it resembles.

    ``similarity``: the mean along the run of segments; ``transposition`` (0…11) raises the reference to the query;
    ``cells (k, 2)``: the run, rows (query segment, reference segment). A span begins with the first segment and ends
    with the last; the passage itself may begin or end some seconds, up to half a segment, inside or outside it.
    """

    span: Span
    similarity: float
    transposition: int
    cells: IntArray


def locate(
    query: Segments,
    reference: Segments,
    *,
    key: int | None = None,
    threshold: float | None = None,
    quantile: float = QUANTILE,
    max_n: int = MAX_N,
) -> tuple[Located, ...]:
    """The stretches that resemble each other, the strongest first; none lies in another's neighbourhood.

    Parameters
    ----------
    query, reference : Segments
        Of one model.
    key : int, optional
        Semitones (0…11) that raise the reference to the query; by default the key with the best symmetric mean of
        best matches.
    threshold : float, optional
        What a cell must exceed to count; such as ``threshold_of`` unrelated pairs. By default the ``quantile`` of
        this pair's cells in the other eleven keys: segments that sound together in a wrong key are as unrelated as
        any, and made of the same sounds.
    quantile : float
        Between 0 and 1.
    max_n : int
        No more stretches than this.

    Raises
    ------
    FeatureMismatch
        Segments of two models.
    InputError
        Segments without an axis of keys.
    ParamsError
        A setting is out of range.
    """
    keyed(query).check_comparable(keyed(reference))
    if key is not None and not 0 <= key <= 11:
        raise ParamsError(f"key = {key}; it must be 0 to 11 semitones, or None to have it found")
    keys = by_key(query.vectors, reference.vectors)
    if key is None:
        key = int(symmetric(best_match_mean)(keys).argmax())
    if threshold is None:
        threshold = other_keys_threshold(keys, key, quantile)
    reach = tuple(_cells_that_overlap(side) for side in (query, reference))
    found = []
    for run in ridges(keys[:, :, key], threshold, reach=(reach[0], reach[1]), max_n=max_n):
        cells = _trimmed(run, keys[run[:, 0], run[:, 1], key] - threshold)
        likeness = float(keys[cells[:, 0], cells[:, 1], key].mean())
        found.append(Located(_span(query, reference, cells), likeness, key, cells))
    return tuple(found)


def other_keys_threshold(keys: FloatArray, key: int, quantile: float = QUANTILE) -> float:
    """The ``quantile`` of a pair's cells ``(n, m, 12)`` in all keys but one."""
    _check_quantile(quantile)
    return float(np.quantile(np.delete(keys, key, axis=2), quantile))


def threshold_of(unrelated: Iterable[FloatArray], quantile: float = QUANTILE) -> float:
    """The ``quantile`` of the cells of unrelated pairs, each ``(n, m, 12)``, in the best key of each.

    Every pair counts alike, however long its recordings are.
    """
    _check_quantile(quantile)
    cells, weights = [], []
    for keys in unrelated:
        key = int(symmetric(best_match_mean)(keys).argmax())
        cells.append(keys[:, :, key].ravel())
        weights.append(np.full(cells[-1].size, 1.0 / cells[-1].size))
    if not cells:
        raise InputError("a threshold needs the segments of at least one unrelated pair; got none")
    values, shares = np.concatenate(cells), np.concatenate(weights)
    order = np.argsort(values, kind="stable")
    at = np.searchsorted(np.cumsum(shares[order]), quantile * len(cells))
    return float(values[order[min(int(at), values.size - 1)]])


def ridges(
    similarity: npt.ArrayLike, threshold: float, *, reach: tuple[int, int] = (1, 1), max_n: int = MAX_N
) -> list[IntArray]:
    """Runs of cells ``(k, 2)`` through a table ``(n, m)`` that exceed a threshold most in total, best first.

    A run goes forward in both, by one segment in each or by two in one of them; between two cells above the threshold
    it may pass cells below, as long as the whole gains. After each run, cells whose segments are fewer than ``reach``
    steps from it on both sides are crossed out. Of equal runs the one that ends earlier is taken.
    """
    if max_n < 1:
        raise ParamsError(f"max_n = {max_n}; it must be 1 or more")
    gain = np.asarray(similarity, dtype=np.float64) - threshold
    found: list[IntArray] = []
    while len(found) < max_n:
        total, step = _accumulated(gain)
        end = int(total.argmax())
        if total.flat[end] <= 0.0:
            break
        cells = _traced(step, *divmod(end, gain.shape[1]))
        found.append(cells)
        for i, j in cells:
            rows, columns = slice(max(0, i - reach[0] + 1), i + reach[0]), slice(max(0, j - reach[1] + 1), j + reach[1])
            gain[rows, columns] = -np.inf
    return found


def _accumulated(gain: DoubleArray) -> tuple[DoubleArray, npt.NDArray[np.int8]]:
    """The best total of a run that ends in each cell, and the step that led there (0: it begins there)."""
    n, m = gain.shape
    total = np.zeros((n + 2, m + 2))  # two rows and columns of nothing before the table
    step = np.zeros((n, m), dtype=np.int8)
    for i in range(n):
        before = np.stack([np.zeros(m), *(total[i + 2 - a, 2 - b : m + 2 - b] for a, b in _STEPS)])
        best = before.argmax(axis=0)  # ties: a beginning, then the first step
        total[i + 2, 2:] = np.maximum(before[best, np.arange(m)] + gain[i], 0.0)
        step[i] = best
    return total[2:, 2:], step


def _traced(step: npt.NDArray[np.int8], i: int, j: int) -> IntArray:
    cells = [(i, j)]
    while step[i, j]:
        a, b = _STEPS[step[i, j] - 1]
        i, j = i - a, j - b
        cells.append((i, j))
    return np.array(cells[::-1], dtype=np.int32)


def _trimmed(cells: IntArray, gains: FloatArray) -> IntArray:
    """The run without ends that are much less alike: segments that lie partly outside the passage."""
    kept = np.flatnonzero(gains >= EDGE * np.median(gains))
    return cells[kept[0] : kept[-1] + 1]


def _cells_that_overlap(side: Segments) -> int:
    """How many segments on, two no longer overlap."""
    hop_s = float(np.diff(side.starts_s).min()) if len(side) > 1 else side.length_s
    return max(1, math.ceil(side.length_s / hop_s - 1e-6))


def _span(query: Segments, reference: Segments, cells: IntArray) -> Span:
    (q0, r0), (q1, r1) = cells[0], cells[-1]
    return Span(
        float(query.starts_s[q0]), float(query.ends_s[q1]), float(reference.starts_s[r0]), float(reference.ends_s[r1])
    )


def _check_quantile(quantile: float) -> None:
    if not 0 < quantile < 1:
        raise ParamsError(f"quantile = {quantile}; it must lie between 0 and 1")
