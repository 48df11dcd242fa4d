"""Segments of a recording as one of its features: made from its constant-Q transform, and kept like any other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from ..plugins import Track
from ..types import FloatArray, Segments
from .heard import Heard, heard, heard_of
from .levels import FRAME_RATE, MOMENT_S
from .loaded import DEFAULT_MODEL, VersionModel, steady


class OfModel:
    """An extractor by an embedding model, of the constant-Q transform.

    Parameters
    ----------
    model : str or path
        Name or directory of the model; not looked for before it is needed.

    Raises
    ------
    InputError
        Where there is no such model, or it is of another architecture.
    MissingExtra
        Where torch is not installed.
    """

    needs = ("cqt",)

    def __init__(self, model: str = DEFAULT_MODEL) -> None:
        self._name = model

    @cached_property
    def model(self) -> VersionModel:
        """The model; InputError where there is none of that name."""
        return VersionModel(self._name)


class VersionSegments(OfModel):
    """Vectors of 20.8 s every 4.8 s, and of the whole, by an embedding model.

    The network is loaded once in a process and runs on one thread: the same transform gives the same bits. Long
    recordings are heard in parts. Silence has the vector 0.
    """

    name = "segments"
    kind = "segments"

    @property
    def settings(self) -> Mapping[str, object]:
        """The model's id, the digest of its weights, and the segments' plan."""
        return {"version": 1, **self.model.settings}

    def extract(self, track: Track) -> Segments:
        """The segments of ``track["cqt"]``, at 10 frames a second or more."""
        return _segments(self.model, heard_of(self.model, track["cqt"]))


def segments_of(model: VersionModel, levels: FloatArray) -> Segments:
    """The segments of one recording's levels ``(84, n)``.

    Every recording is heard alone: on a CPU, hearing several at once is no faster, and so no vector depends on others.
    """
    return _segments(model, heard(model, levels))


def _segments(model: VersionModel, sound: Heard) -> Segments:
    from .segmenting import pooled_whole, pooled_windows, starts

    net, n_frames = model.net, sound.levels.shape[1]
    first, length = starts(n_frames, model.segment, model.hop)
    with steady():
        vectors = pooled_windows(net, sound.moments, sound.sounding, first, length)[0].numpy()
        whole = pooled_whole(net, sound.moments, sound.sounding).numpy()
    length_s = min(length * MOMENT_S, n_frames / FRAME_RATE)
    starts_s, facts = np.array(first) * MOMENT_S, model.facts
    return Segments(_unit(vectors), starts_s, length_s, _unit(whole)[0], facts.id, model_digest=facts.weights_sha256)


def _unit(vectors: FloatArray) -> FloatArray:
    """Of length 1 to the last bit that float32 has; what is far from it, sound without any pitch, becomes 0."""
    lengths = np.sqrt(np.einsum("nij,nij->n", vectors, vectors, dtype=np.float64))[:, None, None]
    unit: FloatArray = np.where(lengths > 0.5, vectors / np.where(lengths > 0.5, lengths, 1.0), 0.0).astype(np.float32)
    return unit
