"""Which pairs of a catalogue are worth a comparison: those that sound alike by fingerprint or by vectors."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

from ..params import ScanParams
from . import prints, vectors
from .catalogue import Catalogue
from .scan_flow import Standing, Tell
from .scan_pairs import Pair

Asked = Callable[[], None]
"""Called after each recording that was looked up."""


def proposed(catalogue: Catalogue, params: ScanParams, tell: Tell = lambda _: None) -> list[Pair]:
    """The pairs, each once, sorted; recordings that hold too little sound are in none."""
    count = len(list(catalogue.recordings(partition=params.partition or None)))
    started, asked, to_ask = time.monotonic(), itertools.count(1), count * len(params.by)

    def said() -> None:
        n = min(next(asked), to_ask)
        tell(Standing("shortlist", elapsed_s=time.monotonic() - started, asked=n, to_ask=to_ask))

    pairs: set[Pair] = set()
    if "recording" in params.by:
        pairs |= by_fingerprint(catalogue, params, said)
    if "version" in params.by:
        pairs |= by_vectors(catalogue, params, said)
    return sorted(pairs)


def by_fingerprint(catalogue: Catalogue, params: ScanParams, said: Asked = lambda: None) -> set[Pair]:
    """Each recording with those in which some of its sound is heard, as it is or at another speed, tempo or pitch."""
    index = prints.CataloguePrints(catalogue, params.partition)
    pairs: set[Pair] = set()
    for recording_id in index.index:
        said()
        for found in index.found(index.index.peaks(recording_id), params.warps, without=recording_id):
            pairs.add(_pair(recording_id, found.track))
    return pairs


def by_vectors(catalogue: Catalogue, params: ScanParams, said: Asked = lambda: None) -> set[Pair]:
    """Each recording with the ``k`` that are most like it by any of their segments or as a whole."""
    index = vectors.CatalogueVectors(catalogue, params.partition)
    pairs: set[Pair] = set()
    for recording in catalogue.recordings(partition=params.partition or None):
        said()
        if recording.low_information or vectors.KIND not in catalogue.store.features(recording.id).kinds:
            continue
        query = catalogue.view(recording.id)[vectors.KIND]
        for near in index.near(query, params.k, without=recording.id):
            pairs.add(_pair(recording.id, near.recording_id))
    return pairs


def _pair(a: str, b: str) -> Pair:
    return min(a, b), max(a, b)
