"""Likeness of vectors to the last bit: the same number on any machine, in any order, in any batch.

Vectors are rounded to float16. Every finite float16 is a multiple of 2⁻²⁴, so a product of two is one of 2⁻⁴⁸; with
vectors no longer than ``ROOM`` every partial sum of products lies below 2⁵ and is a float64 without rounding, whatever
the order of the terms. A float64 matrix product of such vectors is therefore exact, and ties are true ties.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import DoubleArray, FloatArray
from ..types.neighbours import Hits, Ids, IndexSpec

Halves = npt.NDArray[np.float16]
Rows = npt.NDArray[np.int64]
ROOM = 2.75
"""Vectors of length 1 meet queries up to this long: the largest sum is (1 + 2.75)², below 2⁴."""
AT_ONCE = 1 << 24
"""Products that are held at once, float32."""
BLOCK = 16_384
"""Rows that are turned into float32 at once."""


def rounded(vectors: npt.ArrayLike, spec: IndexSpec, *, longest: float = 1.0) -> Halves:
    """Vectors ``(n, *spec.shape)``, or laid out flat ``(n, spec.width)``, as rows of float16.

    By the cosine they are brought to length 1 (0 stays 0), by the mean square divided by a power of two that is at
    least ``spec.longest``; then none may be longer than ``longest`` times that. InputError otherwise, or where a number
    is not finite.
    """
    given = np.asarray(vectors)
    if given.ndim < 2 or given.shape[1:] not in {spec.shape, (spec.width,)}:
        raise InputError(f"vectors to look up have shape (n, {', '.join(map(str, spec.shape))}); got {given.shape}")
    rows = given.reshape(len(given), spec.width).astype(np.float64)
    lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    if not np.isfinite(lengths).all():
        at = int(np.isfinite(lengths).argmin())
        raise InputError(f"vector {at} of {len(rows)} is not finite; leave it out")
    if spec.measure == "cosine":
        rows /= np.where(lengths > 0, lengths, 1.0)[:, None]
    elif (lengths > longest * spec.longest).any():
        at = int(lengths.argmax())
        raise InputError(
            f"vector {at} has length {lengths[at]:.4g}, above {longest:g} times longest = {spec.longest:g}; "
            "build the index anew with a larger longest"
        )
    else:
        rows /= scale_of(spec)
    halves: Halves = rows.astype(np.float16)
    return halves


def scale_of(spec: IndexSpec) -> float:
    """The power of two by which vectors are divided before they are rounded; 1 by the cosine."""
    return float(2.0 ** np.ceil(np.log2(spec.longest))) if spec.measure == "mean-square" else 1.0


def turned(queries: Halves, spec: IndexSpec) -> DoubleArray:
    """Each query lowered by 0…11 semitones, ``(n, 12, width)``; as it is, ``(n, 1, width)``, without keys.

    The product of a lowered query with a vector is that of the query with the vector raised.
    """
    wide = queries.astype(np.float64)
    if not spec.keyed:
        return wide[:, None]
    by_pitch = wide.reshape(len(wide), spec.dim, 12)
    keys = [np.roll(by_pitch, -key, axis=2) for key in range(12)]
    return np.stack(keys, axis=1).reshape(len(wide), 12, spec.width)


def likeness(
    turns: DoubleArray, rows: npt.NDArray[np.floating], spec: IndexSpec
) -> tuple[DoubleArray, npt.NDArray[np.int8]]:
    """How alike one query, in all its turns ``(n_turns, width)``, and each row are, and in which key; exact."""
    wide = rows.astype(np.float64)
    products = wide @ turns.T
    keys = products.argmax(axis=1)
    best = products[np.arange(len(wide)), keys]
    if spec.measure == "mean-square":
        squares = np.einsum("nd,nd->n", wide, wide) + turns[0] @ turns[0] - 2.0 * best
        best = -squares * (scale_of(spec) ** 2 / spec.width)
    return best, keys.astype(np.int8)


class Found:
    """Hits of queries, filled in one by one: none yet."""

    def __init__(self, n_queries: int, k: int) -> None:
        self.k = k
        self._ids = np.full((n_queries, k), -1, np.int64)
        self._scores = np.full((n_queries, k), -np.inf)
        self._keys = np.zeros((n_queries, k), np.int8)

    def fill(self, query: int, ids: Ids, scores: DoubleArray, keys: npt.NDArray[np.int8]) -> None:
        """The k most alike of one query, ties by the smaller id."""
        order = np.lexsort((ids, -scores))[: self.k]
        self._ids[query, : len(order)] = ids[order]
        self._scores[query, : len(order)] = scores[order]
        self._keys[query, : len(order)] = keys[order]

    def hits(self) -> Hits:
        """What was filled in."""
        return Hits(self._ids, self._scores, self._keys)


def slack_of(width: int) -> float:
    """Two likenesses that float32 rounds lie no further from their true order than this."""
    return 8.0 * (width + 4) * 2.0**-24 * ROOM


def scan(
    turns: DoubleArray,
    alive: npt.NDArray[np.bool_],
    block_of: Callable[[int, int], FloatArray],
    k: int,
    spec: IndexSpec,
) -> list[Rows]:
    """Of each query ``turns[i]`` the rows that may be among the k most alike: none that is, is missing.

    All rows are compared in float32, whose error is bounded; what lies within the bound of the k-th is kept, to be
    compared exactly. ``alive`` says which rows are not removed, ``block_of(first, last)`` gives them as float32.
    """
    n_queries, n_turns, width = turns.shape
    slack = slack_of(width)
    kept = [(np.zeros(0, np.int64), np.zeros(0, np.float32)) for _ in range(n_queries)]
    flat = turns.reshape(-1, width).astype(np.float32)
    step = max(1, AT_ONCE // (BLOCK * n_turns))
    for first in range(0, len(alive), BLOCK):
        last = min(first + BLOCK, len(alive))
        block, living = block_of(first, last), np.flatnonzero(alive[first:last])
        squares = np.einsum("nd,nd->n", block, block) if spec.measure == "mean-square" else None
        for at in range(0, n_queries, step):
            products = flat[at * n_turns : (at + step) * n_turns] @ block.T
            found = products.reshape(-1, n_turns, last - first).max(axis=1)
            if squares is not None:
                found = 2.0 * found - squares
            for query, row in enumerate(found[:, living], start=at):
                kept[query] = _kept(kept[query], (living + first, row), k, slack)
    return [rows for rows, _ in kept]


def _kept(
    before: tuple[Rows, FloatArray], more: tuple[Rows, FloatArray], k: int, slack: float
) -> tuple[Rows, FloatArray]:
    """Rows whose likeness is within the slack of the k-th of both."""
    if len(before[1]) >= k:
        near = more[1] >= np.partition(before[1], -k)[-k] - slack
        more = more[0][near], more[1][near]
    rows, found = np.concatenate([before[0], more[0]]), np.concatenate([before[1], more[1]])
    if len(found) > k:
        near = found >= np.partition(found, -k)[-k] - slack
        rows, found = rows[near], found[near]
    return rows, found
