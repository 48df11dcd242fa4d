"""Qmax and Dmax over the rows of a matrix, block by block: the best score, and the path traced back to its start.

Only the last rows of each block and its recurrence, one bit a cell, are kept. The path is then found by scoring
again, in each block it passes, no more columns than it can reach. All told ``n * m / 8`` bytes and three rows of
scores in 64: 45 MB for 12000 x 12000.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import InputError, ParamsError
from ..types import FloatArray, IntArray
from . import local_kernels as kernels
from .recurrence import Binary

BLOCK = 64  # rows scored at a time
WHOLE = 1 << 20  # cells of a matrix that is scored in one block: it stays in the cache
HISTORY = kernels.HISTORY


class LocalPath(NamedTuple):
    """A score and the cells it was won on.

    ``path (n_steps, 2) int32``: forward, rows (query, reference), empty where the score is 0; ``n_matches``: how many
    of its cells agree (recurrence; notes that score above 0).
    """

    score: float
    path: IntArray
    n_matches: int


class Rows(Protocol):
    """A cross-recurrence matrix that is read from the first row to the last."""

    @property
    def shape(self) -> tuple[int, int]: ...

    def fill(self, start: int, out: Binary) -> None:
        """Write rows ``start, start + 1, …`` into ``out``."""


class MatrixRows:
    """The rows of a matrix in memory; anything but 0 counts as recurrence. Raises InputError."""

    def __init__(self, binary: npt.ArrayLike) -> None:
        values = np.asarray(binary)
        if values.ndim != 2:
            raise InputError(f"a cross-recurrence matrix has two dimensions; got shape {values.shape}")
        self.values: Binary = np.not_equal(values, 0).astype(np.uint8)
        self.shape = (values.shape[0], values.shape[1])

    def fill(self, start: int, out: Binary) -> None:
        """Write rows ``start, start + 1, …`` into ``out``."""
        out[:] = self.values[start : start + out.shape[0]]


@dataclass(frozen=True, slots=True)
class Rules:
    """Which recurrence, and what gaps cost. Raises ParamsError where a penalty is negative."""

    dmax: bool
    gap_onset: float
    gap_extension: float

    def __post_init__(self) -> None:
        if not (self.gap_onset >= 0 and self.gap_extension >= 0):
            raise ParamsError(
                f"gap penalties must be 0 or more; got onset {self.gap_onset}, extension {self.gap_extension}"
            )

    @property
    def penalties(self) -> tuple[np.float32, np.float32]:
        return np.float32(self.gap_onset), np.float32(self.gap_extension)

    @property
    def stride(self) -> int:
        """Columns that one step of a path can cross; rows and columns below it score nothing."""
        return 3 if self.dmax else 2


class _Kept(NamedTuple):
    """What is kept of a block: the scores just above it, and its recurrence with that of the rows above it."""

    scores: FloatArray
    packed: Binary


class _End(NamedTuple):
    score: float
    row: int
    column: int


NOTHING = LocalPath(0.0, np.zeros((0, 2), np.int32), 0)


def best_score(rows: Rows, rules: Rules) -> float:
    """Highest score of all cells."""
    return _swept(rows, rules, BLOCK, None).score


def best_path(rows: Rows, rules: Rules) -> LocalPath:
    """Highest score and the path that won it; of equal ones that which ends first in reading order."""
    n, m = rows.shape
    if n * m <= WHOLE:
        return _path_in_cache(rows, rules)
    kept: list[_Kept] = []
    end = _swept(rows, rules, BLOCK, kept)
    return _traced(kept, end, rules) if end.score > 0 else NOTHING


def _path_in_cache(rows: Rows, rules: Rules) -> LocalPath:
    n, m = rows.shape
    binary, scores = np.zeros((HISTORY + n, m), np.uint8), np.zeros((HISTORY + n, m), np.float32)
    rows.fill(0, binary[HISTORY:])
    end = _End(*kernels.score_rows(rules.dmax, binary, *rules.penalties, 0, scores))
    if end.score <= 0:
        return NOTHING
    path = np.empty((n, 2), np.int32)
    length, matches, _, _ = kernels.trace(
        rules.dmax, binary, scores, *rules.penalties, end.row + HISTORY, end.column, path
    )
    return LocalPath(end.score, path[:length][::-1] - np.array([HISTORY, 0], np.int32), matches)


def _swept(rows: Rows, rules: Rules, block: int, kept: list[_Kept] | None) -> _End:
    """The best cell; appends what a path needs of each block to ``kept``."""
    n, m = rows.shape
    binary, scores = np.zeros((HISTORY + block, m), np.uint8), np.zeros((HISTORY + block, m), np.float32)
    best = _End(0.0, -1, -1)
    for start in range(0, n, block):
        size = min(block, n - start)
        rows.fill(start, binary[HISTORY : HISTORY + size])
        here, won = binary[: HISTORY + size], scores[: HISTORY + size]
        if kept is not None:
            kept.append(_Kept(scores[:HISTORY].copy(), kernels.pack(here)))
        end = _End(*kernels.score_rows(rules.dmax, here, *rules.penalties, start, won))
        best = end if end.score > best.score else best
        binary[:HISTORY], scores[:HISTORY] = here[size:].copy(), won[size:].copy()
    return best


def _traced(kept: list[_Kept], end: _End, rules: Rules) -> LocalPath:
    pieces: list[IntArray] = []
    n_matches, i, j = 0, end.row, end.column
    for index in range(end.row // BLOCK, -1, -1):
        start = index * BLOCK
        if i < start:
            continue
        local = i - start + HISTORY
        left = max(0, j - rules.stride * (local + 2))
        binary, scores = _window(kept[index], local + 1, left, j + 1)
        kernels.score_rows(rules.dmax, binary, *rules.penalties, start, scores)
        path = np.empty((local + 1, 2), np.int32)
        length, matches, row, column = kernels.trace(
            rules.dmax, binary, scores, *rules.penalties, local, j - left, path
        )
        pieces.append(path[:length] + np.array([start - HISTORY, left], np.int32))
        n_matches += matches
        i, j = row - HISTORY + start, column + left
        if scores[row, column] <= 0:
            break
    return LocalPath(end.score, np.concatenate(pieces)[::-1], n_matches)


def _window(kept: _Kept, n_rows: int, left: int, right: int) -> tuple[Binary, FloatArray]:
    binary, scores = np.empty((n_rows, right - left), np.uint8), np.zeros((n_rows, right - left), np.float32)
    kernels.unpack(kept.packed, left, right, binary)
    scores[:HISTORY] = kept.scores[:, left:right]
    return binary, scores
