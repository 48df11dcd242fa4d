"""Do the two share a melody, in any key and octave and at almost any tempo?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from ...plugins import Track
from ...types import DoubleArray, Evidence, Features, FloatArray
from . import search
from .harmony import UNIT, evidence_of

FRAME_RATE = 1.25  # moments a second: a phrase's contour rather than its single notes


class MelodyCue:
    """The longest stretch of predominant melody two recordings share, against chance in the other keys.

    Each moment is the mix of pitch classes that the melody passes through in it, weighed by how surely there is
    a melody at all: octave errors of the tracker and octave doublings do not matter. Compared as the harmony is,
    by Qmax in all keys; ``raw`` is on the same scale.

    References
    ----------
    .. [1] Marolt, "A mid-level representation for melody-based retrieval in audio collections", 2008.
    .. [2] Salamon, Serrà, Gómez, "Tonal representations for music retrieval: from version identification to
       query-by-humming", 2013.
    """

    name = "melody"
    element = "melody"
    needs = ("melody",)
    settings: ClassVar = {**search.SETTINGS, "frame_rate": FRAME_RATE, "tempi": []}

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How long the shared stretch of melody is, where, and in which key."""
        q, r = (search.moments(pitch_classes(side["melody"]), FRAME_RATE) for side in (query, reference))
        found = search.profile(q.values, r.values, frame_rate=FRAME_RATE, tempi=())
        if found is None:
            return Evidence(
                self.name, 0.0, UNIT, notes=("too little melody to compare in one of the two",), element=self.name
            )
        place = search.path(q, r, found.key, 1.0)
        return evidence_of(self.name, found, *place, size=search.shorter_s(q, r))

    def sketch(self, track: Track) -> FloatArray:
        """What is kept of a recording to compare it with many."""
        return search.moments(pitch_classes(track["melody"]), FRAME_RATE).values

    def by_key(self, query: FloatArray, reference: FloatArray) -> DoubleArray | None:
        """From two sketches, ``(13,)``: the strength in each key, then chance; None where nothing can be compared."""
        return search.as_row(search.profile(query, reference, frame_rate=FRAME_RATE, tempi=()))


def pitch_classes(melody: Features) -> Features:
    """The melody as ``(12, n)`` weights: a pitch counts for the two nearest classes, by its voicing confidence squared.

    >>> sung = Features("melody", [[60.0, 61.5], [1.0, 0.5]], frame_rate=10.0)
    >>> pitch_classes(sung).values[:3].tolist()
    [[1.0, 0.0], [0.0, 0.125], [0.0, 0.125]]
    """
    pitch, voicing = melody.values.astype(np.float64)
    low = np.floor(pitch).astype(np.int64)
    share, frame = pitch - low, np.arange(melody.n_frames)
    values = np.zeros((12, melody.n_frames))
    values[low % 12, frame] += (1.0 - share) * voicing**2
    values[(low + 1) % 12, frame] += share * voicing**2
    return Features("melody-classes", values.astype(np.float32), melody.frame_rate)
