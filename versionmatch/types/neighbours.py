"""What an index of vectors is of, and what a search in it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ..errors import InputError, ParamsError
from .keyless import MEASURES
from .value import DoubleArray, Value, frozen

Ids = npt.NDArray[np.int64]
MODES = ("auto", "exact", "fast", "no-miss")
"""How an index searches: everything; through coarse codes in a few lists; through the signs of all vectors."""
MAX_WIDTH = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSpec:
    """What the vectors of an index are, and how they are to be searched.

    Parameters
    ----------
    dim : int
        Features of a vector: ``Segments.dim`` or ``KeylessSegments.dim``.
    model_id, model_digest : str
        Of which model the vectors are; the sha256 of its weights, empty where it is not known.
    keyed : bool
        Whether vectors are ``(dim, 12)`` and are compared in the best of twelve keys.
    measure : str
        One of ``MEASURES``; that of keyed vectors is the cosine.
    mode : str
        One of ``MODES``; ``"auto"`` chooses by size whenever the index is built or compacted.
    longest : float
        No vector that is compared by the mean square is longer than this (its Euclidean length); fixed at creation, as
        vectors are kept as float16.
    seed : int
        Of all that is drawn in training.

    Raises
    ------
    ParamsError
        A value is not as above.
    """

    dim: int
    model_id: str
    model_digest: str = ""
    keyed: bool = False
    measure: str = "cosine"
    mode: str = "auto"
    longest: float = 1.0
    seed: int = 440

    def __post_init__(self) -> None:
        if self.dim < 1 or self.width > MAX_WIDTH:
            raise ParamsError(f"dim = {self.dim!r}; vectors must have 1 to {MAX_WIDTH} numbers")
        if not self.model_id:
            raise ParamsError("model_id is empty; vectors of an unnamed model cannot be told from another's")
        if self.measure not in MEASURES or (self.keyed and self.measure != "cosine"):
            wanted = "cosine" if self.keyed else f"one of {', '.join(MEASURES)}"
            raise ParamsError(f"measure = {self.measure!r}; it must be {wanted}")
        if self.mode not in MODES:
            raise ParamsError(f"mode = {self.mode!r}; it must be one of {', '.join(MODES)}")
        if self.mode == "no-miss" and self.measure != "cosine":
            raise ParamsError("mode = 'no-miss'; signs tell directions only: it must be another with 'mean-square'")
        if not 0 < self.longest < float("inf"):
            raise ParamsError(f"longest = {self.longest!r}; it must be above 0")

    @property
    def width(self) -> int:
        """Numbers of a vector."""
        return self.dim * 12 if self.keyed else self.dim

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of a vector: ``(dim, 12)`` or ``(dim,)``."""
        return (self.dim, 12) if self.keyed else (self.dim,)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data; ``of`` turns it back."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From ``to_dict``; ParamsError where a name is missing or not known."""
        known = {f.name for f in fields(cls)}
        if set(values) != known:
            raise ParamsError(f"an index is described by {', '.join(sorted(known))}; got {', '.join(sorted(values))}")
        return cls(**values)


@dataclass(frozen=True, eq=False, slots=True)
class Hits(Value):
    """What was found of each query, the most alike first, ties by the smaller id.

    Parameters
    ----------
    ids : (n_queries, k) int64
        -1 where there are fewer than k vectors.
    scores : (n_queries, k) float64
        The cosine, in the best key where there are keys, or minus the mean square of the difference; minus infinity
        where the id is -1.
    keys : (n_queries, k) int8
        Semitones (0…11) that raise what was found to the query; 0 without keys.
    """

    ids: Ids
    scores: DoubleArray
    keys: npt.NDArray[np.int8]

    def __post_init__(self) -> None:
        for name, kind in (("ids", np.int64), ("scores", np.float64), ("keys", np.int8)):
            object.__setattr__(self, name, frozen(getattr(self, name), kind))
        if self.ids.ndim != 2 or not self.ids.shape == self.scores.shape == self.keys.shape:
            shapes = self.ids.shape, self.scores.shape, self.keys.shape
            raise InputError(f"ids, scores and keys of hits must have one shape (n_queries, k); got {shapes}")

    def __len__(self) -> int:
        return int(self.ids.shape[0])
