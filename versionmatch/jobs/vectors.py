"""The vectors of a catalogue in an index that follows it: what was added is found, what was removed is not."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import IndexMismatch, InputError, IntegrityError
from ..index.layout import folder_of
from ..index.vectors import FaissIndex
from ..store.artefacts import ArtefactStore
from ..types import FloatArray, Segments
from ..types.neighbours import IndexSpec
from .catalogue import Catalogue

logger = logging.getLogger(__name__)

SEGMENT_BITS = 13
WHOLE = (1 << SEGMENT_BITS) - 1
"""The number of the whole recording's vector among those of its segments, of which there are fewer."""
BLOCK = 4096
KIND = "segments"


def number_of(recording_id: str) -> int:
    """A recording's number in an index, 50 bits of the sha256 of its id; it never changes."""
    return int.from_bytes(hashlib.sha256(recording_id.encode()).digest()[:7], "big") >> 6


@dataclass(frozen=True, slots=True)
class Near:
    """A recording of the catalogue that is like a query: the largest likeness of any of their vectors, and the key."""

    recording_id: str
    score: float
    key: int


class CatalogueVectors:
    """The index of all segments of a catalogue's recordings, and of each whole, brought up to date when it is opened.

    It is a cache: where it is damaged, or of other weights, it is built again from the segments that are kept.

    Parameters
    ----------
    catalogue : Catalogue
    partition : str
        Only recordings of this part; empty: all.
    """

    def __init__(self, catalogue: Catalogue, partition: str = "") -> None:
        self.catalogue = catalogue
        self.ids = {number_of(r.id): r.id for r in catalogue.recordings(partition=partition or None)}
        self.index: FaissIndex | None = None
        first = next((found for _, found in self._kept(self.ids)), None)
        if first is not None:
            self.index = self._current(first, partition or "all")

    def _kept(self, numbers: Iterable[int]) -> Iterator[tuple[int, Segments]]:
        """Segments of recordings in the order of their numbers; those that have none are passed over."""
        for number in sorted(numbers):
            track = self.catalogue.view(self.ids[number])
            kept = self.catalogue.store.features(self.ids[number])
            if KIND in kept.kinds:
                yield number, track[KIND]

    def _current(self, first: Segments, partition: str) -> FaissIndex:
        root = ArtefactStore(self.catalogue.path).root
        folder = folder_of(root, first.model_id, partition)
        spec = IndexSpec(dim=first.dim, model_id=first.model_id, model_digest=first.model_digest, keyed=True)
        try:
            index = FaissIndex.open(folder, model_id=first.model_id, model_digest=first.model_digest)
        except InputError:
            return FaissIndex.build(folder, spec, self._blocks(self.ids))
        except (IntegrityError, IndexMismatch) as error:
            logger.warning("the index of vectors is built again: %s", error)
            return FaissIndex.build(folder, spec, self._blocks(self.ids))
        return self._followed(index)

    def _followed(self, index: FaissIndex) -> FaissIndex:
        """What the catalogue has gained is added, what it has lost is removed."""
        held = index.ids
        have = {int(n) for n in np.unique(held >> SEGMENT_BITS)}
        gone = held[~np.isin(held >> SEGMENT_BITS, np.fromiter(self.ids, np.int64, len(self.ids)))]
        if gone.size:
            index.remove(gone)
        added = False
        for vectors, ids in self._blocks(set(self.ids) - have):
            index.add(vectors, ids)
            added = True
        if index.facts["compact"]:
            index.compact()
        elif added or gone.size:
            index.save()
        return index

    def _blocks(self, numbers: Iterable[int]) -> Iterator[tuple[FloatArray, npt.NDArray[np.int64]]]:
        vectors: list[FloatArray] = []
        ids: list[npt.NDArray[np.int64]] = []
        for number, found in self._kept(numbers):
            some, which = telling(found)
            vectors.append(some)
            ids.append((np.int64(number) << SEGMENT_BITS) | which)
            if sum(map(len, ids)) >= BLOCK:
                yield np.concatenate(vectors), np.concatenate(ids)
                vectors, ids = [], []
        if ids:
            yield np.concatenate(vectors), np.concatenate(ids)

    def near(self, query: Segments, k: int, *, without: str = "") -> tuple[Near, ...]:
        """The ``k`` recordings most like a query, by any of their vectors; the most alike first, ties by id.

        ``without`` names a recording that is not to be found, such as the query itself.
        """
        if self.index is None or len(self.index) == 0:
            return ()
        vectors, _ = telling(query)
        best: dict[int, tuple[float, int]] = {}
        asked = min(len(self.index), 4 * k + 2 * len(query))
        hits = self.index.search(vectors, asked)
        for id_, score, key in zip(hits.ids.ravel(), hits.scores.ravel(), hits.keys.ravel(), strict=True):
            number = int(id_) >> SEGMENT_BITS
            if id_ >= 0 and score > best.get(number, (-np.inf, 0))[0]:
                best[number] = (float(score), int(key))
        found = [Near(self.ids[n], score, key) for n, (score, key) in best.items() if n in self.ids]
        found = [each for each in found if self.catalogue.store.may(each.recording_id)]  # rights may have ended since
        return tuple(sorted((n for n in found if n.recording_id != without), key=lambda n: (-n.score, n.recording_id)))[
            :k
        ]


def telling(segments: Segments) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """The vectors of a recording that are indexed, ``(m, dim, 12)``, and their numbers; silence says nothing."""
    which = np.flatnonzero(~segments.silent)[:WHOLE]
    rows, numbers = [segments.vectors[which]], [which]
    if segments.whole.any():
        rows.append(segments.whole[None])
        numbers.append(np.array([WHOLE]))
    vectors: FloatArray = np.concatenate(rows)
    return vectors, np.concatenate(numbers).astype(np.int64)
