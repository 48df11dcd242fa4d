"""Chords by templates and a hidden Markov model."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..plugins import Track
from ..types import Annotation, DoubleArray
from .hmm_kernels import viterbi
from .spectrum import checked_cqt, folded, frame_normalised, peaks, pooled

ROOTS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
QUALITIES = {"maj": (0, 4, 7), "min": (0, 3, 7), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10)}


class TemplateChords:
    """Chords as stretches labelled in Harte's syntax [1]_, such as ``C:maj``, ``A:min7`` or ``N`` for none.

    The CQT's partials are folded to chroma at 10 Hz, the bass apart. Each frame is compared with the tones of
    maj, min, 7, maj7 and min7 on all twelve roots; a hidden Markov model keeps chords from flickering.
    ``confidence`` is the chord's mean posterior-like share (softmax over chords), 0…1.

    References
    ----------
    .. [1] Harte et al., "Symbolic representation of musical chords", 2005.
    """

    name, kind, needs = "chords", "chords", ("cqt",)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that shapes the result."""
        return {
            "version": 1,
            "frame_rate": 10.0,
            "bins": [15, 58],
            "bass_bins": [0, 27],
            "overtone": 0.2,
            "bass": 0.4,
            "sharpness": 14.0,
            "change": 18.0,
            "none": 0.7,
            "quality_bias": {"maj": 0.0, "min": 0.0, "7": -0.035, "maj7": -0.035, "min7": -0.035},
        }

    def extract(self, track: Track) -> Annotation:
        cqt = checked_cqt(track["cqt"])
        values, rate = pooled(cqt, self.settings["frame_rate"])
        likeness, labels = self._likeness(peaks(values))
        scores = self.settings["sharpness"] * likeness
        n = len(labels)
        path = viterbi(scores, self.settings["change"] * (np.eye(n) - 1.0))
        share = np.exp(scores - scores.max(axis=0))
        share /= share.sum(axis=0)
        return _stretches(path, share, labels, rate, cqt.n_frames / cqt.frame_rate)

    def _likeness(self, partials: DoubleArray) -> tuple[DoubleArray, tuple[str, ...]]:
        """Likeness ``(n_chords, n_frames)`` of each frame to each chord, and the chords' labels; the last is N."""
        settings = self.settings
        chroma = frame_normalised(folded(partials, *settings["bins"]))
        bass = frame_normalised(folded(partials, *settings["bass_bins"]))
        length = np.linalg.norm(chroma, axis=0)
        unit = chroma / np.maximum(length, 1e-9)
        rows, labels = [], []
        for quality, tones in QUALITIES.items():
            template = _template(tones, settings["overtone"])
            for root in range(12):
                rows.append(
                    np.roll(template, root) @ unit + settings["bass"] * bass[root] + settings["quality_bias"][quality]
                )
                labels.append(f"{ROOTS[root]}:{quality}")
        sounding = length > 1e-6
        rows = [np.where(sounding, row, 0.0) for row in rows]
        return np.array([*rows, np.full(chroma.shape[1], settings["none"])]), (*labels, "N")


def _template(tones: tuple[int, ...], overtone: float) -> DoubleArray:
    """The chord on C with some of each tone's third harmonic, of length 1."""
    template = np.zeros(12)
    for tone in tones:
        template[tone % 12] += 1.0
        template[(tone + 7) % 12] += overtone
    out: DoubleArray = template / np.linalg.norm(template)
    return out


def _stretches(path: Any, share: DoubleArray, labels: tuple[str, ...], rate: float, duration_s: float) -> Annotation:
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    ends = np.append(starts[1:], path.size)
    onset = starts / rate
    confidence = [float(share[path[s], s:e].mean()) for s, e in zip(starts, ends, strict=True)]
    names = tuple(labels[path[s]] for s in starts)
    end_s = np.minimum(ends / rate, duration_s)
    return Annotation("chords", onset, end_s - onset, names, np.array(confidence))
