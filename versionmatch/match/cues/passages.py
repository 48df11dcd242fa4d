"""How much do the two share, passage by passage? Few unrelated recordings share any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np

from ...align.passage import shared_passages
from ...features.view import Track as View
from ...plugins import Track
from ...types import DoubleArray, Evidence, Features, Passage, spans_of
from ..explain import coverage

NAME = "passages"
UNIT = "share of one recording"


@dataclass(frozen=True, eq=False, slots=True)
class Heard:
    """What passages are found in: chroma, and what an embedding model hears from moment to moment, where it can."""

    chroma: Features
    moments: Features | None

    @property
    def length_s(self) -> float:
        """Of the recording."""
        return self.chroma.n_frames / self.chroma.frame_rate


class PassagesCue:
    """The share of one recording that lies in shared passages, of the recording of which it is more; 0…1.

    Unlike the other cues' its 0 says something: most versions share a passage that can be found, and few
    unrelated recordings do.
    """

    name = NAME
    needs = ("chroma",)
    settings: ClassVar = {"version": 4}

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How much is shared, and where."""
        q, r = heard(query), heard(reference)
        found = shared_passages(q.chroma, r.chroma, moments=_moments(q, r))
        return passage_evidence(found, q.length_s, r.length_s)

    def sketch(self, track: Track) -> Heard:
        """What is kept of a recording to compare it with many."""
        return heard(track)

    def by_key(self, query: Heard, reference: Heard) -> DoubleArray:
        """From two sketches, ``(13,)``: the raw value for each key, the same for all, then 0."""
        found = shared_passages(query.chroma, reference.chroma, moments=_moments(query, reference))
        return np.append(np.full(12, _shares(found, query.length_s, reference.length_s).max()), 0.0)


def heard(track: Track) -> Heard:
    """Chroma of a recording, and its moments where torch is installed and its transform or sound is at hand."""
    held = "cqt" in track
    if not _can_be_heard(track):
        return Heard(track["chroma"], None)
    moments = track["moments"]
    if isinstance(track, View) and not held:
        track.release("cqt")  # read for the moments alone, and larger than they are
    return Heard(track["chroma"], moments)


def passages_between(
    query: Track, reference: Track, *, same_sound: bool = False, **settings: Any
) -> tuple[Passage, ...]:
    """``shared_passages`` of two recordings by all that places them: chroma, onsets, and moments where both have them.

    Of two that are known to have the same sound (``same_sound``), moments are asked only where chroma gives none.
    ``settings`` are those of ``shared_passages``.
    """
    chroma, onsets = ((query[kind], reference[kind]) for kind in ("chroma", "onsets"))
    if same_sound:
        found = shared_passages(*chroma, onsets=onsets, **settings)
        if found:
            return found
    return shared_passages(*chroma, onsets=onsets, moments=_moments(heard(query), heard(reference)), **settings)


def _can_be_heard(track: Track) -> bool:
    if not isinstance(track, View):
        return "moments" in track
    return track.kept("moments") or (find_spec("torch") is not None and ("audio" in track or track.kept("cqt")))


def _moments(query: Heard, reference: Heard) -> tuple[Features, Features] | None:
    if query.moments is None or reference.moments is None:
        return None
    return query.moments, reference.moments


def passage_evidence(passages: Sequence[Passage], query_s: float, reference_s: float) -> Evidence:
    """Passages that were found in recordings of these lengths (seconds), as evidence.

    Examples
    --------
    >>> from versionmatch.types import Span
    >>> verse = Passage(Span(0, 30, 10, 40), np.array([[0, 10], [30, 40.0]]), ("harmony",), 0.9, 0, 1.0)
    >>> passage_evidence([verse], 40.0, 120.0).raw
    0.75
    """
    of_query, of_reference = _shares(passages, query_s, reference_s).tolist()
    told = f"shared passages hold {of_query:.0%} of A and {of_reference:.0%} of B"
    return Evidence(
        NAME,
        max(of_query, of_reference),
        UNIT,
        spans=spans_of(passages),
        transposition=max(passages, key=lambda p: p.span.query_duration_s).transposition if passages else 0,
        notes=(told if passages else "no shared passage was found",),
        details={"share_of_query": of_query, "share_of_reference": of_reference},
    )


def _shares(passages: Sequence[Passage], query_s: float, reference_s: float) -> DoubleArray:
    return np.array([coverage(passages, query_s, "query"), coverage(passages, reference_s, "reference")])
