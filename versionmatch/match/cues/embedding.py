"""Do the two lie near each other where a network has learned to bring versions together?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...embed.keyless import keyed
from ...embed.keys import Spectra, products, spectra
from ...embed.located import locate
from ...embed.reduce import best_match_mean, symmetric
from ...plugins import Track
from ...types import DoubleArray, Evidence, Segments, Span
from ...units import clock, signed_semitones

UNIT = "of 1, in the best key"
CHANCE = 0.0  # the mean over the twelve keys, as every vector is without its mean over the pitch classes
WHOLE = 0.5  # of the whole recordings' likeness beside that of their segments
MAX_SPANS = 5
Sketch = tuple[Spectra, Spectra]


class EmbeddingCue:
    """How alike two recordings' learned vectors are in their best key.

    In each key the likeness is the mean of two: that of the vectors of the whole recordings, and the mean over the
    segments of either of the best match in the other. ``raw`` is its largest value over the keys, at most 1. The mean
    over the twelve keys of two vectors' likeness is 0 by construction: what two recordings have alike in every key,
    their sound and their genre, does not count. 0 where one of the two is silent.
    """

    name = "embedding"
    needs = ("segments",)
    settings: ClassVar = {"version": 1, "whole": WHOLE}

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How alike the vectors are, in which key, and which segments are most alike.

        Raises MissingExtra where torch is not installed and the segments are not at hand, InputError without a model
        or where the segments have no axis of keys.
        """
        q, r = keyed(query["segments"]), keyed(reference["segments"])
        q.check_comparable(r)
        row = self.by_key(_sketch(q), _sketch(r))
        if row is None:
            return Evidence(self.name, 0.0, UNIT, notes=("too little sound to compare in one of the two",))
        likeness = row[:12]
        key = int(likeness.argmax())
        found = locate(q, r, key=key, max_n=MAX_SPANS)
        details = {"chance": CHANCE, **{f"key_{k}": float(v) for k, v in enumerate(likeness)}}
        return Evidence(
            self.name,
            float(likeness[key]),
            UNIT,
            tuple(item.span for item in found),
            transposition=key,
            notes=(_sentence(likeness, key, [item.span for item in found], q.model_id),),
            details=details,
        )

    def sketch(self, track: Track) -> Sketch:
        """What is kept of a recording to compare it with many."""
        return _sketch(keyed(track["segments"]))

    def by_key(self, query: Sketch, reference: Sketch) -> DoubleArray | None:
        """From two sketches, ``(13,)``: the likeness in each key, then 0; None where one is silent."""
        if query[0].shape[1] == 0 or reference[0].shape[1] == 0:
            return None
        segments = symmetric(best_match_mean)(products(query[0], reference[0]))
        whole = products(query[1], reference[1])[0, 0].astype(np.float64)
        likeness = WHOLE * whole + (1.0 - WHOLE) * segments
        return np.append(likeness, CHANCE)


def _sketch(segments: Segments) -> Sketch:
    """The vectors of segments that sound, and of the whole, ready to be compared key by key."""
    return spectra(segments.vectors[~segments.silent]), spectra(segments.whole[None])


def _sentence(likeness: DoubleArray, key: int, spans: list[Span], model_id: str) -> str:
    shift = signed_semitones(key)
    steps = f"{abs(shift)} semitone{'s' if abs(shift) > 1 else ''}"
    where = "in the same key" if shift == 0 else f"B {steps} {'higher' if shift < 0 else 'lower'} than A"
    told = (
        f"by the model {model_id}, the two are alike to {likeness[key]:.2f} of 1 in their best key ({where}); the "
        f"median of the twelve keys is {np.median(likeness):.2f}"
    )
    if not spans:
        return f"{told}; no stretch stands out of what the other keys give"
    s = spans[0]
    return (
        f"{told}; most alike are {clock(s.query_start_s)}–{clock(s.query_end_s)} of A and "
        f"{clock(s.reference_start_s)}–{clock(s.reference_end_s)} of B"
    )
