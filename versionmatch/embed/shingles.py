"""Segments without a network: the course of the chroma over 20.8 s, for machines that have no torch.

A segment's vector is its chroma at sixteen moments, one after another [1]_, each without its mean over the pitch
classes; the whole's is the mean course of its segments. They find what has the same harmony at about the same tempo, in
any key; the trained network finds more.

References
----------
.. [1] Casey, Rhodes, Slaney, "Analysis of minimum distances in high-dimensional musical spaces", 2008: audio shingles.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..plugins import Track
from ..types import Audio, DoubleArray, Features, FloatArray, Recording, Segments

MODEL_ID = "shingles-1"
PARTS = 16
"""Moments of a segment, of 1.3 s each."""
PART_S, HOP_PARTS = 1.3, 4
SEGMENT_S = PARTS * PART_S
LEAST = 1e-3
"""A moment whose chroma differs less between its pitch classes holds no harmony."""


class ChromaShingles:
    """Vectors of 20.8 s every 5.2 s, and of the whole, made of the chroma alone.

    An extractor of the kind ``segments``: name it for that kind, and everything that searches by vectors uses it.
    """

    name = "segments-shingles"
    kind = "segments"
    needs = ("chroma",)

    @property
    def settings(self) -> Mapping[str, object]:
        """Everything that shapes the vectors."""
        return {"version": 1, "parts": PARTS, "part_s": PART_S, "hop": HOP_PARTS}

    def extract(self, track: Track) -> Segments:
        """The segments of ``track["chroma"]``; a recording shorter than a segment is one shorter segment."""
        return shingles_of(track["chroma"])


class ShingleEncoder:
    """``ChromaShingles`` for anything that stands for a recording; an encoder that needs no model."""

    name = "shingles"
    model_id = MODEL_ID
    dim = PARTS
    segment_s = SEGMENT_S

    def encode(self, audio: Audio) -> Segments:
        """The segments of a sound."""
        from ..features.view import Track as Opened

        recording = Recording("", "", audio.samples.size / audio.sr)
        return shingles_of(Opened(recording, {"audio": audio})["chroma"])


def shingles_of(chroma: Features) -> Segments:
    """The segments of a chroma ``(12, n_frames)``; moments without harmony are 0."""
    parts = _moments(chroma)
    n = max(1, (len(parts) - PARTS) // HOP_PARTS + 1) if len(parts) >= PARTS else 1
    first = np.arange(n, dtype=np.int64) * HOP_PARTS
    padded = np.concatenate([parts, np.zeros((max(0, PARTS - len(parts)), 12))])
    vectors = np.stack([padded[at : at + PARTS] for at in first])
    length_s = min(SEGMENT_S, max(chroma.n_frames / chroma.frame_rate, PART_S))
    whole = _unit(vectors).mean(axis=0)[None]
    rows: FloatArray = _unit(vectors).astype(np.float32)
    one: FloatArray = _unit(whole)[0].astype(np.float32)
    return Segments(rows, (first * PART_S).astype(np.float64), length_s, one, MODEL_ID)


def _moments(chroma: Features) -> DoubleArray:
    """``(n, 12)``: the mean chroma of each moment without its mean over the pitch classes, of length 1 or 0."""
    frames = np.arange(chroma.n_frames) / chroma.frame_rate
    which = (frames / PART_S).astype(np.int64)
    n = int(which[-1]) + 1 if which.size else 1
    sums = np.zeros((n, 12))
    np.add.at(sums, which, chroma.values.T.astype(np.float64))
    means = sums / np.maximum(np.bincount(which, minlength=n), 1)[:, None]
    off = means - means.mean(axis=1, keepdims=True)
    lengths = np.sqrt((off * off).sum(axis=1, keepdims=True))
    moments: DoubleArray = np.where(lengths > LEAST, off / np.maximum(lengths, LEAST), 0.0)
    return moments


def _unit(vectors: DoubleArray) -> DoubleArray:
    lengths = np.sqrt(np.einsum("nij,nij->n", vectors, vectors))[:, None, None]
    unit: DoubleArray = np.where(lengths > 0, vectors / np.where(lengths > 0, lengths, 1.0), 0.0)
    return unit
