"""Where two recordings answer each other: spans, paths, shared passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from .value import DoubleArray, IntArray, Value, frozen


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the query and the stretch of the reference that answers it, seconds."""

    query_start_s: float
    query_end_s: float
    reference_start_s: float
    reference_end_s: float

    def __post_init__(self) -> None:
        if not (0 <= self.query_start_s <= self.query_end_s and 0 <= self.reference_start_s <= self.reference_end_s):
            raise InputError(f"a span must start at 0 s or later and end after it starts; got {self}")

    @property
    def query_duration_s(self) -> float:
        """Length on the query's side."""
        return self.query_end_s - self.query_start_s

    @property
    def reference_duration_s(self) -> float:
        """Length on the reference's side."""
        return self.reference_end_s - self.reference_start_s


@dataclass(frozen=True, eq=False, slots=True)
class Alignment(Value):
    """A monotone path through two frame sequences: ``path (n_steps, 2) int32``, rows (query, reference), forward."""

    path: IntArray
    cost: float  # mean per step, in the cost's own unit
    query_rate: float  # frames per second
    reference_rate: float

    def __post_init__(self) -> None:
        path = frozen(self.path, np.int32)
        if path.ndim != 2 or path.shape[1] != 2 or path.shape[0] == 0:
            raise InputError(f"a path must have shape (n_steps ≥ 1, 2); got {path.shape}")
        if (path < 0).any() or (np.diff(path, axis=0) < 0).any():
            raise InputError("a path must run forward in both recordings, from frame 0 on")
        object.__setattr__(self, "path", path)

    @property
    def times_s(self) -> DoubleArray:
        """The path in seconds, ``(n_steps, 2)``."""
        times: DoubleArray = self.path / np.array([self.query_rate, self.reference_rate])
        return times

    @property
    def span(self) -> Span:
        """First and last point of the path."""
        (q0, r0), (q1, r1) = self.times_s[0], self.times_s[-1]
        return Span(float(q0), float(q1), float(r0), float(r1))


@dataclass(frozen=True, slots=True)
class Common:
    """How common the figure is that carries a passage: ``n_with`` of ``n_works`` works of ``corpus`` hold it.

    ``figure`` names it in words; ``start`` and ``length`` say which of the passage's query notes it is, counted from
    the first that is matched.
    """

    corpus: str
    n_with: int
    n_works: int
    figure: str
    start: int = 0
    length: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.n_with <= self.n_works:
            raise InputError(f"a figure is in 0 to {self.n_works} works of {self.corpus}; got {self.n_with}")


@dataclass(frozen=True, eq=False, slots=True)
class Passage(Value):
    """A stretch that both recordings share, with its path in seconds.

    ``path_s (n, 2)``: (query, reference) times, forward; ``transposition`` raises the reference to the
    query; ``tempo_ratio`` is the query's speed over the reference's (above 1: the query is faster);
    ``similarity`` in [0, 1] is the mean likeness along the path; ``elements`` name what is shared in it.

    What only notes can tell is there where there are notes: ``notes (n, 2)``, indices of the notes of query and
    reference that answer each other; ``times``, how often the passage's tune recurs in the query and in the reference
    (1: only here); ``bars``, first and last bar of each side, counted from 1; ``common``, how common its figures are;
    ``p_value``, how often a passage as strong is found between unrelated works of these lengths.
    """

    span: Span
    path_s: DoubleArray
    elements: tuple[str, ...]
    similarity: float
    transposition: int
    tempo_ratio: float
    sentence: str = ""
    notes: IntArray | None = None
    times: tuple[int, int] | None = None
    bars: tuple[tuple[int, int] | None, tuple[int, int] | None] = (None, None)
    common: Common | None = None
    p_value: float | None = None

    def __post_init__(self) -> None:
        path = frozen(self.path_s, np.float64)
        if path.ndim != 2 or path.shape[1] != 2 or path.shape[0] < 2 or (np.diff(path, axis=0) < 0).any():
            raise InputError(f"a passage's path must be (n ≥ 2, 2) seconds that run forward; got {path.shape}")
        object.__setattr__(self, "path_s", path)
        if self.notes is not None:
            notes = frozen(self.notes, np.int32)
            if notes.ndim != 2 or notes.shape[1] != 2 or (np.diff(notes, axis=0) < 0).any() or (notes < 0).any():
                raise InputError(f"a passage's notes must be (n, 2) indices that run forward; got {notes.shape}")
            object.__setattr__(self, "notes", notes)


def spans_of(passages: Sequence[Passage]) -> tuple[Span, ...]:
    """The spans of passages, in their order."""
    return tuple(p.span for p in passages)
