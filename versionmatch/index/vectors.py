"""The embedded index of vectors: exact while it is small, coarse codes by FAISS with an exact second look beyond."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from ..errors import InputError, ParamsError
from ..types import DoubleArray
from ..types.neighbours import Hits, Ids, IndexSpec
from . import layout
from .drift import Drift, some
from .exact import ROOM, Found, Rows, likeness, rounded, scan, turned
from .generation import Generation, loaded, written
from .rows import RowStore, Wide
from .stages import EXACT_UP_TO, Stage

QUERIES = 64
"""Queries that are looked up together."""
COMPACT_ADDED, COMPACT_REMOVED = 65_536, 0.1


class FaissIndex:
    """Vectors of one model in one partition; implements ``plugins.VectorIndex``.

    What was added since the last ``compact`` is compared exactly, what was removed is not found from that moment on;
    ``compact`` merges both, trains anew and leaves no byte of what was removed. Its files are then those of an index
    that was built of the remaining vectors. Nothing is on the disk before ``save``, ``compact`` or ``build``.

    Any number of threads may search at once; nothing else may happen to the same object meanwhile. Other processes
    go on with what they opened. Likeness is that of the vectors as float16, exact (see ``exact``).

    Parameters
    ----------
    folder : path
        Where it is kept: ``layout.folder_of(root, model_id, partition)``.
    spec : IndexSpec
        What the vectors are.

    Examples
    --------
    >>> import tempfile
    >>> index = FaissIndex(tempfile.mkdtemp(), IndexSpec(dim=2, model_id="example"))
    >>> index.add([[1.0, 0.0], [0.0, 1.0]], ids=[7, 8])
    >>> index.search([[0.6, 0.8]], k=1).ids
    array([[8]])
    """

    name: ClassVar = "faiss"

    def __init__(self, folder: str | os.PathLike[str], spec: IndexSpec) -> None:
        self.folder, self.spec = Path(folder), spec
        self._settling = threading.Lock()
        self._use(Generation.empty(spec))

    def _use(self, generation: Generation) -> None:
        self._now = generation
        self._wide: Wide | None = None
        self._wide_added: Wide | None = None

    @classmethod
    def open(
        cls,
        folder: str | os.PathLike[str],
        *,
        model_id: str | None = None,
        model_digest: str = "",
    ) -> Self:
        """The index that is kept there, after every byte of it was verified.

        Raises
        ------
        InputError
            There is none.
        IndexMismatch
            It is of another model than ``model_id``, or of other weights where both digests are known.
        IntegrityError
            A file is not what was written.
        """
        generation = loaded(Path(folder), model_id, model_digest)
        index = cls(folder, generation.spec)
        index._use(generation)
        return index

    @classmethod
    def build(
        cls,
        folder: str | os.PathLike[str],
        spec: IndexSpec,
        blocks: Iterable[tuple[npt.ArrayLike, npt.ArrayLike]],
    ) -> Self:
        """An index of all ``(vectors, ids)``, on the disk, replacing what was there; memory does not grow with it.

        The ids may come in any order: the files are the same.
        """
        index = cls(folder, spec)
        rows = ((rounded(vectors, spec), _ids(ids)) for vectors, ids in blocks)
        with layout.alone(index.folder):
            index._use(written(index.folder, spec, Generation.spooled(index.folder, spec, rows)))
        return index

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def ids(self) -> Ids:
        """The ids of all vectors, ascending."""
        return self._rows.take_ids(self._rows.living())

    def __contains__(self, id_: int) -> bool:
        return bool(self._rows.known(np.array([id_], np.int64))[0])

    @property
    def facts(self) -> dict[str, Any]:
        """How it searches and how much it holds: ``mode``, ``factory``, ``n``, ``n_added``, ``n_removed``, ``compact``.

        ``compact`` says whether it is time to: much was added or removed since, or what was added is unlike the rest.
        """
        rows, n_removed = self._rows, int(self._rows.removed.sum())
        due = (
            rows.n_added > COMPACT_ADDED or n_removed > COMPACT_REMOVED * max(len(rows.ids), 1) or self.drift().retrain
        )
        counts = {"n": len(rows), "n_added": rows.n_added, "n_removed": n_removed}
        return {"mode": self._now.mode, "factory": self._now.factory, **counts, "compact": due}

    def add(self, vectors: npt.ArrayLike, ids: npt.ArrayLike) -> None:
        """Vectors ``(n, *spec.shape)`` or ``(n, spec.width)`` under ids of the caller’s, 0 to 2⁶³ - 1.

        InputError where an id is there already or comes twice, where a shape or a number is wrong; nothing is added.
        """
        self._rows.add(_ids(ids), rounded(vectors, self.spec))
        self._wide_added = None

    def remove(self, ids: npt.ArrayLike) -> int:
        """Never find these ids again; how many were there. The bytes go with the next ``compact``."""
        found = self._rows.remove(_ids(ids))
        self._wide_added = None
        return found

    def search(self, queries: npt.ArrayLike, k: int = 10, *, depth: int | None = None) -> Hits:
        """The k most alike of each query, in the best key where there are keys.

        Parameters
        ----------
        queries : (n_queries, *spec.shape) or (n_queries, spec.width)
        k : int
            1 or more.
        depth : int, optional
            So many rows are proposed by the coarse codes and compared exactly; by default 100 after lists, 400 after
            signs, and at least 2 k.

        Raises
        ------
        InputError
            A shape or a number is wrong.
        ParamsError
            ``k`` or ``depth`` is.
        """
        if k < 1 or (depth is not None and depth < k):
            raise ParamsError(f"k = {k}, depth = {depth}; k must be 1 or more, and depth no less than k")
        given = rounded(queries, self.spec, longest=ROOM)
        self._settle()
        found = Found(len(given), k)
        for at in range(0, len(given), QUERIES):
            turns = turned(given[at : at + QUERIES], self.spec)
            for i, rows in enumerate(self._proposed(turns, k, depth)):
                ids, vectors = self._rows.take(rows)
                found.fill(at + i, ids, *likeness(turns[i], vectors, self.spec))
        return found.hits()

    def kneighbors(
        self, X: npt.ArrayLike, n_neighbors: int = 5, return_distance: bool = True
    ) -> tuple[DoubleArray, Ids] | Ids:
        """As scikit-learn's: distances ``(n, n_neighbors)``, ascending, and ids.

        A distance is 1 minus the cosine (in the best key), or the mean square of the difference. Where there are fewer
        vectors than asked for InputError is raised.
        """
        if n_neighbors > len(self):
            raise InputError(
                f"n_neighbors = {n_neighbors}, but there are {len(self)} vectors; ask for no more than that"
            )
        hits = self.search(X, n_neighbors)
        distances: DoubleArray = (1.0 if self.spec.measure == "cosine" else 0.0) - hits.scores
        return (distances, hits.ids) if return_distance else hits.ids

    def drift(self) -> Drift:
        """Whether vectors that were added are unlike those that the codes were trained with."""
        stage, rows = self._now.stage, self._rows
        if stage is None or not rows.n_added:
            return Drift(self._now.loss, 0.0, 0 if stage is None else rows.n_added)
        rows.settle()
        return Drift(self._now.loss, stage.loss(some(rows.added_vectors, self.spec.seed)), rows.n_added)

    def save(self) -> None:
        """Keep what was added and removed since. InputError where another process has changed the index meanwhile."""
        with layout.alone(self.folder):
            self._now.check_current(self.folder)
            self._now.save(self.folder)

    def compact(self) -> None:
        """Merge, choose the way of searching anew, train and save; nothing of what was removed is left on the disk."""
        with layout.alone(self.folder):
            self._now.check_current(self.folder)
            self._use(written(self.folder, self.spec, self._rows))

    def close(self) -> None:
        """Let go of the files."""
        self._use(Generation.empty(self.spec))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def _rows(self) -> RowStore:
        return self._now.rows

    def _settle(self) -> None:
        """Lay out what was added; made once, whichever thread comes first."""
        with self._settling:
            self._rows.settle()
            if self._now.stage is None and self._wide is None:
                self._wide = Wide(self._rows.vectors, EXACT_UP_TO)
            if self._wide_added is None:
                self._wide_added = Wide(self._rows.added_vectors, EXACT_UP_TO)

    def _proposed(self, turns: DoubleArray, k: int, depth: int | None) -> list[Rows]:
        """Of each query the rows that are compared exactly."""
        rows, stage = self._rows, self._now.stage
        if stage is None:
            proposed = scan(turns, ~rows.removed, _given(self._wide), k, self.spec)
        elif rows.removed.any():
            proposed = [self._living(stage, turn[None], k, depth) for turn in turns]
        else:
            proposed = stage.propose(turns, self._depth(stage, k, depth))
        if rows.n_added:
            later = scan(turns, np.ones(rows.n_added, np.bool_), _given(self._wide_added), k, self.spec)
            proposed = [np.concatenate([p, more + len(rows.ids)]) for p, more in zip(proposed, later, strict=True)]
        return proposed

    def _living(self, stage: Stage, turn: DoubleArray, k: int, depth: int | None) -> Rows:
        """Proposals without what was removed: ever more are asked for until enough are left, or no more come."""
        wanted, before = self._depth(stage, k, depth), -1
        asked = wanted
        while True:
            (rows,) = stage.propose(turn, min(asked, len(self._rows.ids)))
            living = rows[~self._rows.removed[rows]]
            if len(living) >= wanted or len(rows) in {before, len(self._rows.ids)}:
                return living[:wanted]
            asked, before = 2 * asked, len(rows)

    def _depth(self, stage: Stage, k: int, depth: int | None) -> int:
        return min(max(stage.depth, 2 * k) if depth is None else depth, len(self._rows.ids))


def _given(wide: Wide | None) -> Wide:
    if wide is None:
        raise ParamsError("the index was closed")
    return wide


def _ids(ids: npt.ArrayLike) -> Ids:
    given = np.asarray(ids)
    if given.size and given.dtype.kind not in "iu":
        raise InputError(f"ids are whole numbers; got {given.dtype}")
    if given.dtype == np.uint64 and given.size and given.max() > np.iinfo(np.int64).max:
        raise InputError(f"id {given.max()} is above 2⁶³ - 1")
    return given.astype(np.int64).reshape(-1)
