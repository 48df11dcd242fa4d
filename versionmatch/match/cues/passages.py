"""How much do the two share, passage by passage? Few unrelated recordings share any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ...align.passage import shared_passages
from ...plugins import Track
from ...types import DoubleArray, Evidence, Features, Passage, spans_of
from ..explain import coverage

NAME = "passages"
UNIT = "share of one recording"


class PassagesCue:
    """The share of one recording that lies in shared passages, of the recording of which it is more; 0…1.

    Unlike the other cues' its 0 says something: most versions share a passage that can be found, and few
    unrelated recordings do.
    """

    name = NAME
    needs = ("chroma",)
    settings: ClassVar = {"version": 2}

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How much is shared, and where."""
        q, r = query["chroma"], reference["chroma"]
        return passage_evidence(shared_passages(q, r), _length_s(q), _length_s(r))

    def sketch(self, track: Track) -> Features:
        """What is kept of a recording to compare it with many."""
        chroma: Features = track["chroma"]
        return chroma

    def by_key(self, query: Features, reference: Features) -> DoubleArray:
        """From two sketches, ``(13,)``: the raw value for each key, the same for all, then 0."""
        found = shared_passages(query, reference)
        return np.append(np.full(12, _shares(found, _length_s(query), _length_s(reference)).max()), 0.0)


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


def _length_s(chroma: Features) -> float:
    return chroma.n_frames / chroma.frame_rate
