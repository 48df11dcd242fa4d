"""The first stage of a search in many vectors: coarse codes that fit in memory propose rows, to be compared exactly.

*Lists of product codes* (fast): k-means lists, of which a search opens those nearest to the query; within them 4 bits
of every 8 numbers, or fewer, read with SIMD tables (``IVF…,PQ…x4fs``) [1]_ [2]_. *Signs* (no-miss): one bit of each
number, of all vectors, by Hamming distance; nothing is trained and no list is left closed.

FAISS runs on one thread here, in training, adding and searching. Which lists are opened is reckoned exactly (see
``exact``), so a query finds the same rows in any batch. Run searches in parallel by processes, or by threads each with
queries of its own.

References
----------
.. [1] Jégou, Douze, Schmid, "Product quantization for nearest neighbor search", PAMI 2011.
.. [2] André, Kermarrec, Le Scouarnec, "Quicker ADC: unlocking the hidden potential of product quantization", 2019.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import IntegrityError
from ..types import DoubleArray, FloatArray
from ..types.neighbours import IndexSpec
from .exact import Halves, Rows, slack_of

EXACT_UP_TO = 32_768
"""Rows up to which everything is compared: a search then takes some milliseconds, and nothing can be missed."""
SUBS = (8, 4, 2)
"""Numbers that share a code of 4 bits: the most that leave ``CODES`` codes, else the fewest."""
CODES = 64
TRAIN_PER_LIST = 64
MIN_PER_LIST = 39
"""Fewer vectors to train a list with are too few, by FAISS's rule."""
TRAIN_ROUNDS = 10
OPENED = 96
"""Lists that are opened of each query; with keys, pairs of a list and a key: four times as many."""
KEYED_OPENED = 384
DEPTH = 100
"""Rows that are compared exactly after lists, and after signs."""
SIGN_DEPTH = 400
Sample = Callable[[int], Halves]
Proposal = tuple[Rows, FloatArray]


class Stage(Protocol):
    """Coarse codes of all rows of an index."""

    factory: str
    depth: int

    def propose(self, turns: DoubleArray, n: int) -> list[Rows]:
        """Of each query ``(n_turns, width)`` up to ``n`` rows, the likeliest first; fewer where no more are reached."""
        ...

    def loss(self, rows: Halves) -> float:
        """What the codes lose of vectors: mean square of what is lost over that of the vectors, 0 to about 1."""
        ...

    def to_bytes(self) -> bytes: ...


def mode_for(n: int, spec: IndexSpec) -> str:
    """How n vectors are searched: as the spec says, by default exactly up to ``EXACT_UP_TO``, then fast."""
    if spec.mode == "exact" or n == 0:
        return "exact"
    if spec.mode == "auto" and n <= EXACT_UP_TO:
        return "exact"
    listed = spec.width % SUBS[-1] == 0 and n >= MIN_PER_LIST * 4
    if spec.mode == "no-miss" or (not listed and spec.measure == "cosine"):
        return "no-miss"
    return "fast" if listed else "exact"


def n_lists(n: int) -> int:
    """The power of two nearest to twice the square root of n, as far as each list can be trained."""
    wanted = round(math.log2(2 * math.sqrt(max(n, 1))))
    return int(2 ** max(0, min(wanted, int(math.log2(max(n, MIN_PER_LIST) / MIN_PER_LIST)))))


def sub_of(width: int) -> int:
    """How many numbers of such vectors share a code."""
    return next((sub for sub in SUBS if width % sub == 0 and width // sub >= CODES), SUBS[-1])


@contextmanager
def one_thread() -> Iterator[Any]:
    """FAISS on one thread, as more than one could round otherwise."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield faiss
    finally:
        faiss.omp_set_num_threads(before)


class ListStage:
    """Product codes in k-means lists; ``index`` is FAISS's, its rows numbered from 0."""

    depth = DEPTH

    def __init__(self, index: Any, spec: IndexSpec) -> None:
        self.index, self.spec = index, spec
        self.factory = list_factory(index.nlist, spec)
        index.nprobe = min(KEYED_OPENED if spec.keyed else OPENED, index.nlist)
        self._centres = _held_by(index.quantizer)
        wide = self._centres.astype(np.float64)
        self._squares = np.einsum("nd,nd->n", wide, wide)

    @classmethod
    def build(cls, n: int, blocks: Iterator[Halves], sample: Sample, spec: IndexSpec) -> ListStage:
        """Train with some of the rows, drawn by the spec's seed, and add all."""
        with one_thread() as faiss:
            lists = n_lists(n)
            metric = faiss.METRIC_INNER_PRODUCT if spec.measure == "cosine" else faiss.METRIC_L2
            index = faiss.index_factory(spec.width, list_factory(lists, spec), metric)
            index.cp.seed = index.pq.cp.seed = spec.seed
            index.cp.niter = index.pq.cp.niter = TRAIN_ROUNDS
            index.cp.max_points_per_centroid, index.pq.cp.max_points_per_centroid = max(n, 256), 1024
            index.cp.min_points_per_centroid = index.pq.cp.min_points_per_centroid = 1  # few are meant
            drawn = sample(TRAIN_PER_LIST * lists).astype(np.float32)
            index.train(drawn)
            centres = index.quantizer.reconstruct_n(0, lists).astype(np.float16).astype(np.float32)
            index.quantizer.reset()  # as float16, so that lists can be chosen exactly
            index.quantizer.add(centres)
            for block in blocks:
                index.add(block.astype(np.float32))
        return cls(index, spec)

    @classmethod
    def of(cls, content: bytes, n: int, factory: str, spec: IndexSpec) -> ListStage:
        """From ``to_bytes``; IntegrityError unless it is such an index of n rows."""
        with one_thread() as faiss:
            table = 64 * (n_lists(n) + 1) * (spec.width // sub_of(spec.width))  # that FAISS may make beside
            index = _parsed(faiss.deserialize_index, content, table, faiss)
            right = isinstance(index, faiss.IndexIVFPQFastScan) and (index.ntotal, index.d) == (n, spec.width)
            right = right and isinstance(faiss.downcast_index(index.quantizer), faiss.IndexFlat)
            right = right and index.quantizer.ntotal == index.nlist and not index.by_residual
        if not right or list_factory(index.nlist, spec) != factory:
            raise IntegrityError(f"the index file is no {factory} of {n} × {spec.width}; build the index again")
        return cls(index, spec)

    def propose(self, turns: DoubleArray, n: int) -> list[Rows]:
        flat = turns.reshape(-1, turns.shape[2]).astype(np.float32)
        likely = flat @ self._centres.T
        if self.spec.measure == "mean-square":
            likely = 2.0 * likely - self._squares.astype(np.float32)
        likely = likely.reshape(*turns.shape[:2], -1)
        lists = np.concatenate([self._opened(turn, row) for turn, row in zip(turns, likely, strict=True)])
        with one_thread():
            distances = np.zeros(lists.shape, np.float32)  # not looked at: the codes are of vectors, not of residuals
            found, rows = self.index.search_preassigned(flat, n, lists, distances)
        if self.spec.measure == "mean-square":
            found = -found
        return _merged(rows.reshape(*turns.shape[:2], -1), found, n)

    def _opened(self, turns: DoubleArray, likely: FloatArray) -> npt.NDArray[np.int64]:
        """Of each turn of a query the lists to open, ``(n_turns, nprobe)``, filled up with -1.

        With keys a query opens the best pairs of key and list: a key in which it is like nothing costs nothing. Pairs
        that float32 cannot tell from the last are compared exactly; then ties go to the smaller key and list.
        """
        wanted = self.index.nprobe
        last, slack = np.partition(likely.ravel(), likely.size - wanted)[likely.size - wanted], slack_of(turns.shape[1])
        opens = likely > last + slack
        key, chosen = np.nonzero((likely >= last - slack) & ~opens)
        exact = np.einsum("pd,pd->p", turns[key], self._centres[chosen].astype(np.float64))
        if self.spec.measure == "mean-square":
            exact = 2.0 * exact - self._squares[chosen]
        best = np.lexsort((chosen, key, -exact))[: wanted - np.count_nonzero(opens)]
        opens[key[best], chosen[best]] = True
        key, chosen = np.nonzero(opens)  # in the order of keys
        counts = np.bincount(key, minlength=len(turns))
        opened = np.full((len(turns), wanted), -1, dtype=np.int64)
        opened[key, np.arange(len(key)) - np.repeat(np.cumsum(counts) - counts, counts)] = chosen
        return opened

    def loss(self, rows: Halves) -> float:
        wide = rows.astype(np.float32)
        with one_thread():
            again = self.index.pq.decode(self.index.pq.compute_codes(wide))
        return _share(np.square(wide - again, dtype=np.float64), wide)

    def to_bytes(self) -> bytes:
        with one_thread() as faiss:
            return bytes(faiss.serialize_index(self.index))


class SignStage:
    """One bit of each number of each row: whether it lies above the rows' mean."""

    factory = "BFlat"
    depth = SIGN_DEPTH

    def __init__(self, index: Any, spec: IndexSpec, mean: FloatArray) -> None:
        self.index, self.spec, self.mean = index, spec, mean

    @classmethod
    def build(cls, n: int, blocks: Callable[[], Iterator[Halves]], spec: IndexSpec) -> SignStage:
        """Of all rows; ``blocks`` is gone through twice. With keys the mean is that over the keys, too."""
        total = np.zeros(spec.width)
        for block in blocks():
            total += block.sum(axis=0, dtype=np.float64)
        if spec.keyed:
            total = np.repeat(total.reshape(spec.dim, 12).mean(axis=1), 12)
        mean = (total / n).astype(np.float32)
        with one_thread() as faiss:
            index = faiss.IndexBinaryFlat(8 * math.ceil(spec.width / 8))
            for block in blocks():
                index.add(np.packbits(block > mean, axis=1))
        return cls(index, spec, mean)

    @classmethod
    def of(cls, content: bytes, n: int, spec: IndexSpec) -> SignStage:
        """From ``to_bytes``; IntegrityError unless it holds n rows."""
        split = 4 * spec.width
        with one_thread() as faiss:
            index = _parsed(faiss.deserialize_index_binary, content[split:], 0, faiss)
            right = isinstance(index, faiss.IndexBinaryFlat) and index.ntotal == n
        if not right or index.d != 8 * math.ceil(spec.width / 8):
            raise IntegrityError(f"the index file holds no signs of {n} × {spec.width}; build the index again")
        return cls(index, spec, np.frombuffer(content[:split], "<f4"))

    def propose(self, turns: DoubleArray, n: int) -> list[Rows]:
        bits = np.packbits(turns.reshape(-1, turns.shape[2]) > self.mean, axis=1)
        with one_thread():
            found, rows = self.index.search(bits, n)
        return _merged(rows.reshape(*turns.shape[:2], -1), -found.astype(np.float32), n)

    def loss(self, rows: Halves) -> float:
        wide = rows.astype(np.float64) - self.mean
        return 1.0 - _share(np.abs(wide).sum(axis=1) ** 2 / self.spec.width, wide)

    def to_bytes(self) -> bytes:
        with one_thread() as faiss:
            return self.mean.astype("<f4").tobytes() + bytes(faiss.serialize_index_binary(self.index))


def list_factory(lists: int, spec: IndexSpec) -> str:
    """FAISS's name for lists of product codes."""
    return f"IVF{lists},PQ{spec.width // sub_of(spec.width)}x4fs"


def _held_by(quantizer: Any) -> FloatArray:
    """The centres of the lists, in FAISS's own memory."""
    import faiss

    flat: Any = faiss.downcast_index(quantizer)
    return np.asarray(faiss.rev_swig_ptr(flat.get_xb(), flat.ntotal * flat.d).reshape(flat.ntotal, flat.d))


def _merged(rows: npt.NDArray[np.int64], likely: FloatArray, n: int) -> list[Rows]:
    """Of each query the n likeliest rows over its turns ``(n_queries, n_turns, n)``, each once, ties by the smaller."""
    if rows.shape[1] == 1:
        return [row[row >= 0] for row in rows[:, 0]]
    merged = []
    for row, value in zip(rows.reshape(len(rows), -1), likely.reshape(len(rows), -1), strict=True):
        there = row >= 0
        found, score = row[there], value[there]
        order = np.lexsort((found, -score))
        _, first = np.unique(found[order], return_index=True)
        merged.append(found[order][np.sort(first)][:n])
    return merged


def _share(part: npt.NDArray[np.floating[Any]], of: npt.NDArray[np.floating[Any]]) -> float:
    whole = float(np.square(of, dtype=np.float64).sum())
    return float(part.sum()) / whole if whole else 0.0


def _parsed(parse: Callable[[Any], Any], content: bytes, beside: int, faiss: Any) -> Any:
    """What FAISS makes of bytes that are known to be those that were written; no array is larger than they are."""
    before = faiss.get_deserialization_vector_byte_limit()
    faiss.set_deserialization_vector_byte_limit(len(content) + beside)
    try:
        return parse(np.frombuffer(content, np.uint8))
    except RuntimeError as error:
        raise IntegrityError(f"FAISS cannot read its index ({error}); build the index again") from error
    finally:
        faiss.set_deserialization_vector_byte_limit(before)
