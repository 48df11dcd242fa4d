"""The recordings of a catalogue that are most like a file, by sound, by version, by harmony or by melody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..features.view import Track
from ..index.found import Found
from ..match.ranking import raw_values
from ..params import CompareParams, check, weighed_cues
from ..plugins import find
from ..types import Match
from .catalogue import Catalogue
from .compare import compare
from .identify import asked_peaks, stretch_facts
from .opening import Source, open_track
from .prints import CataloguePrints
from .vectors import KIND, CatalogueVectors

BY = ("recording", "version", "harmony", "melody")
DEEPER = 4
"""Of the nearest by vectors so many times as many as are asked for are compared in full."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A recording of the catalogue and how like the query it is; ``unit`` says what the number is.

    ``match`` is the whole comparison where one was made; ``stretches`` are those of the sound, best first, where that
    was looked for: the finds of ``identify``, with their spans, tempo and pitch.
    """

    recording_id: str
    score: float
    unit: str
    match: Match | None = None
    stretches: tuple[Found, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data, without the comparison's details."""
        data: dict[str, Any] = {"recording_id": self.recording_id, "score": self.score, "unit": self.unit}
        if self.match is not None:
            data |= {"relation": self.match.relation, "transposition": self.match.transposition,
                     "tempo_ratio": self.match.tempo_ratio}  # fmt: skip
        if self.stretches:
            data["stretches"] = [stretch_facts(found) for found in self.stretches]
        return data


def search(catalogue: Catalogue, source: Source, *, by: str = "version", k: int = 10, partition: str = "") -> list[Hit]:
    """The ``k`` most alike, best first, ties by id; fewer where fewer have anything in common with it.

    Parameters
    ----------
    catalogue : Catalogue
    source : path, bytes, ``(samples, sr)`` or Track
    by : str
        ``"recording"``: whose sound it is or has, and where. ``"version"``: by the probability of being versions of one
        work, among the nearest by vectors. ``"harmony"``, ``"melody"``: by that cue alone, over the whole catalogue.
    k : int
    partition : str
        Only recordings of this part; empty: all.
    """
    check(by in BY, "by", by, f"one of {', '.join(BY)}")
    check(k >= 1, "k", k, "1 or more")
    track = open_track(source, extractors=catalogue.settings.extractors)
    if by == "recording":
        return _by_sound(catalogue, track, k, partition)
    hits = _by_version(catalogue, track, k, partition) if by == "version" else _by_cue(catalogue, track, by, partition)
    may = catalogue.store.may  # asked again: rights may have ended while the rest was compared
    return sorted((h for h in hits if may(h.recording_id)), key=lambda h: (-h.score, h.recording_id))[:k]


def _by_sound(catalogue: Catalogue, track: Track, k: int, partition: str) -> list[Hit]:
    found: dict[str, list[Found]] = {}
    for each in CataloguePrints(catalogue, partition).found(asked_peaks(track), "single"):
        found.setdefault(each.track, []).append(each)
    hits = [Hit(i, some[0].score, "nats above chance", None, tuple(some)) for i, some in found.items()]
    return sorted(hits, key=lambda h: (-h.score, h.recording_id))[:k]


def _by_version(catalogue: Catalogue, track: Track, k: int, partition: str) -> Iterator[Hit]:
    near = CatalogueVectors(catalogue, partition).near(track[KIND], DEEPER * k)
    params = CompareParams(cues=weighed_cues(), controls=False, extractors=catalogue.settings.extractors)
    for each in near:
        if not catalogue.store.may(each.recording_id):
            continue
        match = compare(track, catalogue.view(each.recording_id), params)
        yield Hit(each.recording_id, match.probability or 0.0, "probability of being versions", match)


def _by_cue(catalogue: Catalogue, track: Track, by: str, partition: str) -> Iterator[Hit]:
    cue = find("cues", by)()
    query = cue.sketch(track)
    for recording in catalogue.recordings(partition=partition or None):
        keys = cue.by_key(query, cue.sketch(catalogue.view(recording.id)))
        if keys is not None:
            yield Hit(recording.id, float(raw_values(by, np.asarray(keys))), f"{by}, times chance")
