"""One search over many indexes, by any executor: threads, processes of this machine, or a cluster's workers.

A shard is an index in a folder named by its content, so that writing one twice is writing it once, and a worker knows
that it searches what was meant. Vectors go to shards by a hash of their ids. Every shard gives its k most alike, with
likenesses that are exact (see ``exact``); the k most alike of these, ties by the smaller id, are those of one index of
all vectors where shards search exactly: the same bytes for any number of shards, in any order, by any executor.

A task that is lost with its worker can be done again, on any other: it reads what does not change and writes nothing.
Dask does so by itself (``Client.get_executor()``); the pool of processes of the standard library gives up instead.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import IntegrityError, ParamsError
from ..files import sync_folder
from ..types.neighbours import Hits, Ids, IndexSpec
from . import layout
from .exact import Found
from .vectors import FaissIndex

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
QUERIES = 256
"""Queries of one task."""
OPEN = 16
"""Shards that a worker keeps open."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A folder that holds an index, and the digest of that index's sidecar."""

    folder: str
    digest: str


def shard_of(ids: Ids, n_shards: int) -> npt.NDArray[np.int64]:
    """To which of ``n_shards`` each id belongs, by a hash that spreads runs of ids (splitmix64)."""
    mixed = ids.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return ((mixed ^ (mixed >> np.uint64(31))) % np.uint64(n_shards)).astype(np.int64)


def build_shards(
    root: str | os.PathLike[str],
    spec: IndexSpec,
    blocks: Iterable[tuple[npt.ArrayLike, npt.ArrayLike]],
    n_shards: int,
) -> tuple[Shard, ...]:
    """Indexes of all ``(vectors, ids)`` below ``root``, one of each shard that has any vectors, in the order of shards.

    A shard that is there already, from an earlier run of the same vectors, is left as it is.
    """
    if n_shards < 1:
        raise ParamsError(f"n_shards = {n_shards}; it must be 1 or more")
    root = Path(root)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".shards-") as name:
        waiting = [FaissIndex(Path(name) / str(i), spec) for i in range(n_shards)]
        for vectors, ids in blocks:
            table, given = np.asarray(vectors), np.asarray(ids)
            for i, part in enumerate(_parts(given, n_shards)):
                if len(part):
                    waiting[i].add(table[part], given[part])
        return tuple(_placed(root, index) for index in waiting if len(index))


def search_shards(
    shards: Sequence[Shard], queries: npt.ArrayLike, k: int = 10, executor: Executor | None = None
) -> Hits:
    """The k most alike of each query over all shards.

    Parameters
    ----------
    shards : sequence of Shard
        In any order.
    queries : (n_queries, *spec.shape) or (n_queries, spec.width)
    k : int
        1 or more.
    executor : Executor, optional
        Anything with ``submit``: ``local_pool()``, ``distributed.Client.get_executor()``; here and now without.

    Raises
    ------
    ParamsError
        There is no shard, or ``k`` is less than 1.
    IntegrityError
        A shard is not what it was.
    """
    if not shards or k < 1:
        raise ParamsError(f"{len(shards)} shards, k = {k}; there must be 1 or more of each")
    given = np.asarray(queries)
    tasks = [(shard, at) for at in range(0, len(given), QUERIES) for shard in shards]
    if executor is None:
        parts = [_searched(shard, given[at : at + QUERIES], k) for shard, at in tasks]
    else:
        futures = [executor.submit(_searched, shard, given[at : at + QUERIES], k) for shard, at in tasks]
        parts = [future.result() for future in futures]
    found = Found(len(given), k)
    for first in range(0, len(given), QUERIES):
        merged(found, first, [part for (_, at), part in zip(tasks, parts, strict=True) if at == first])
    return found.hits()


def merged(found: Found, first: int, parts: Sequence[Hits]) -> None:
    """Fill in the best of what several indexes found of the same queries, from the ``first`` on."""
    for query in range(len(parts[0])):
        there = [part.ids[query] >= 0 for part in parts]
        columns = (
            np.concatenate([getattr(part, name)[query][mask] for part, mask in zip(parts, there, strict=True)])
            for name in ("ids", "scores", "keys")
        )
        found.fill(first + query, *columns)


@contextmanager
def local_pool(jobs: int | None = None) -> Iterator[ProcessPoolExecutor]:
    """Processes of this machine, started afresh, each with one thread for arithmetic; as many as processors by default.

    The main module of a program that uses it must be importable without running (``if __name__ == "__main__":``).
    """
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))  # inherited by the processes, read when their libraries load
    try:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs or os.cpu_count() or 1, mp_context=context) as pool:
            yield pool
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _parts(ids: Ids, n_shards: int) -> list[npt.NDArray[np.int64]]:
    of = shard_of(ids, n_shards)
    return [np.flatnonzero(of == i) for i in range(n_shards)]


def _placed(root: Path, index: FaissIndex) -> Shard:
    """Compact an index and give its folder the name of its content."""
    index.compact()
    digest = layout.read(index.folder)[2]
    place = root / digest[:32]
    if not place.exists():
        os.replace(index.folder, place)
        sync_folder(root)
    else:
        shutil.rmtree(index.folder)
    return Shard(os.fspath(place), digest)


def _searched(shard: Shard, queries: npt.NDArray[np.float32], k: int) -> Hits:
    """What a worker does."""
    return _opened(shard).search(queries, k)


@lru_cache(maxsize=OPEN)
def _opened(shard: Shard) -> FaissIndex:
    digest = layout.read(Path(shard.folder))[2]
    if digest != shard.digest:
        raise IntegrityError(
            f"the shard in {shard.folder} has the digest {digest[:12]}…, not {shard.digest[:12]}…; "
            "build the shards again"
        )
    return FaissIndex.open(shard.folder)


def digest_of(hits: Hits) -> str:
    """The sha256 of hits, to tell whether two searches found the same."""
    return hashlib.sha256(hits.ids.tobytes() + hits.scores.tobytes() + hits.keys.tobytes()).hexdigest()
