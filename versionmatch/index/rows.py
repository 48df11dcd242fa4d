"""The rows of an index: those on disk, mapped and ordered by id, those added since, and which of them are removed."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import FloatArray
from ..types.neighbours import Ids
from .exact import Halves, Rows

BLOCK = 32_768
Mask = npt.NDArray[np.bool_]


class RowStore:
    """Vectors as float16 with their ids; row numbers run over what is on disk, then over what was added.

    Parameters
    ----------
    vectors : (n, width) float16
        What is on disk; usually mapped.
    ids : (n,) int64
        Ascending.
    """

    def __init__(self, vectors: Halves, ids: Ids) -> None:
        self.vectors, self.ids = vectors, ids
        self.removed = np.zeros(len(ids), dtype=np.bool_)
        self.added_vectors: Halves = np.zeros((0, vectors.shape[1]), np.float16)
        self.added_ids: Ids = np.zeros(0, np.int64)
        self._place: dict[int, int] = {}
        self._waiting: list[tuple[Ids, Halves]] = []

    def __len__(self) -> int:
        return len(self.ids) - int(self.removed.sum()) + self.n_added

    @property
    def n_added(self) -> int:
        """Rows that were added since."""
        return len(self._place)

    def add(self, ids: Ids, vectors: Halves) -> None:
        """Rows of ids that are not there; InputError where one is, or comes twice, and then nothing is added."""
        if len(ids) != len(vectors) or ids.ndim != 1:
            raise InputError(f"{len(vectors)} vectors need as many ids; got shape {ids.shape}")
        if len(ids) and ids.min() < 0:
            raise InputError(f"id {ids.min()} is negative; ids are 0 to 2⁶³ - 1")
        known = self.known(ids)
        unique, counts = np.unique(ids, return_counts=True)
        for wrong, found in (("there already; remove it first", ids[known]), ("given twice", unique[counts > 1])):
            if len(found):
                raise InputError(f"id {found[0]} is {wrong} ({len(found)} such of {len(ids)})")
        at = self.n_added
        self._place.update(zip(ids.tolist(), range(at, at + len(ids)), strict=True))
        self._waiting.append((ids, vectors))

    def settle(self) -> None:
        """Lay what was added into one array."""
        if self._waiting:
            self.added_ids = np.concatenate([self.added_ids, *(ids for ids, _ in self._waiting)])
            self.added_vectors = np.concatenate([self.added_vectors, *(vectors for _, vectors in self._waiting)])
            self._waiting = []

    def known(self, ids: Ids) -> Mask:
        """Which of the ids have a row that is not removed."""
        at = self._on_disk(ids)
        there = np.zeros(len(ids), dtype=np.bool_)
        there[at >= 0] = ~self.removed[at[at >= 0]]
        if self._place:
            there |= np.fromiter((i in self._place for i in ids.tolist()), np.bool_, len(ids))
        return there

    def remove(self, ids: Ids) -> int:
        """Forget these ids; how many were there. What was added is dropped, what is on disk is marked."""
        self.settle()
        known = np.unique(ids[self.known(ids)])
        at = self._on_disk(known)
        drop = np.fromiter((i in self._place for i in known.tolist()), np.bool_, len(known))
        self.removed[at[(at >= 0) & ~drop]] = True
        if drop.any():
            stay = ~np.isin(self.added_ids, known[drop])
            self.added_ids, self.added_vectors = self.added_ids[stay], self.added_vectors[stay]
            self._place = {i: place for place, i in enumerate(self.added_ids.tolist())}
        return len(known)

    def take(self, rows: Rows) -> tuple[Ids, Halves]:
        """Ids and vectors of rows."""
        split = len(self.ids)
        self.settle()
        if rows.size == 0 or rows.max() < split:
            return np.asarray(self.ids[rows]), np.asarray(self.vectors[rows])
        vectors, later = np.empty((len(rows), self.vectors.shape[1]), np.float16), rows >= split
        vectors[~later], vectors[later] = self.vectors[rows[~later]], self.added_vectors[rows[later] - split]
        return self.take_ids(rows), vectors

    def take_ids(self, rows: Rows) -> Ids:
        """Ids of rows."""
        self.settle()
        split = len(self.ids)
        ids, later = np.empty(len(rows), np.int64), rows >= split
        ids[~later], ids[later] = self.ids[rows[~later]], self.added_ids[rows[later] - split]
        return ids

    def living(self) -> Rows:
        """All rows that are not removed, in the order of their ids."""
        self.settle()
        rows = np.concatenate([np.flatnonzero(~self.removed), len(self.ids) + np.arange(self.n_added)])
        ids = np.concatenate([self.ids[~self.removed], self.added_ids])
        return np.asarray(rows[np.argsort(ids, kind="stable")])

    def blocks(self, rows: Rows) -> Iterator[Halves]:
        """Vectors of the rows, some at a time."""
        for at in range(0, len(rows), BLOCK):
            yield self.take(rows[at : at + BLOCK])[1]

    def _on_disk(self, ids: Ids) -> Rows:
        """The rows of the ids on disk, -1 where there is none; removed or not."""
        if not len(self.ids):
            return np.full(len(ids), -1, np.int64)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[at] == ids, at, -1)


class Wide:
    """Rows as float32, kept where they are few."""

    def __init__(self, halves: Halves, limit: int) -> None:
        self._halves = halves
        self._kept: FloatArray | None = halves.astype(np.float32) if len(halves) <= limit else None

    def __call__(self, first: int, last: int) -> FloatArray:
        return self._halves[first:last].astype(np.float32) if self._kept is None else self._kept[first:last]


def mapped(file: IO[bytes], dtype: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """The file's content as a read-only array; the pages are read when they are needed."""
    if 0 in shape:
        return np.zeros(shape, dtype)
    mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return np.frombuffer(mapping, dtype=dtype).reshape(shape)
