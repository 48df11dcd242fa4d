"""What an embedding model hears from moment to moment, as one of a recording's features: for finding passages."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

import numpy as np

from ..errors import MissingExtra
from ..plugins import Track
from ..types import Features, FloatArray
from .extractor import OfModel
from .levels import FRAME_RATE, MOMENT, levels_of
from .loaded import VersionModel, steady

HOP = MOMENT // 2
"""Frames from one moment to the next: two hearings of the network, half a moment apart, lie between each other."""


class VersionMoments(OfModel):
    """Vectors of 1.6 s every 0.8 s, by an embedding model: ``(12 * dim, n_frames)``, frame 0 at 0 s.

    Row ``12 d + p`` is feature ``d`` in pitch class ``p``; each frame is of length 1, or 0 in silence. A recording that
    is transposed has the same vectors with the pitch classes rotated. The network sees some 20 s around a moment, but
    hears the moment itself best.

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

    name = "moments"
    kind = "moments"
    needs = ("cqt",)

    @property
    def settings(self) -> Mapping[str, object]:
        """The model's id and the digest of its weights."""
        facts = self.model.facts
        return {"version": 1, "model": facts.id, "weights": facts.weights_sha256}

    def extract(self, track: Track) -> Features:
        """The moments of ``track["cqt"]``, at 10 frames a second or more."""
        values = moments(self.model, levels_of(track["cqt"]))
        return Features(self.kind, values.reshape(len(values), -1).T, FRAME_RATE / HOP)


def moments(model: VersionModel, levels: FloatArray) -> FloatArray:
    """Moments ``(n, dim, 12)`` of one recording's levels ``(84, frame)``, one every ``HOP`` frames."""
    if find_spec("torch") is None:
        raise MissingExtra(f"the embedding model {model.facts.id!r}", extra="torch")
    n = -(-levels.shape[1] // HOP)
    found = np.zeros((n, model.facts.dim, 12), dtype=np.float32)
    early = np.pad(levels, ((0, 0), (HOP, 0)))  # so that the first moment is centred on the first frame
    for first, heard in ((0, early), (1, levels)):
        vectors = _heard(model, heard)[: len(found[first::2])]
        found[first : first + 2 * len(vectors) : 2] = vectors
    return found


def _heard(model: VersionModel, levels: FloatArray) -> FloatArray:
    """One vector of length 1 for each moment of the network, ``(n, dim, 12)``; 0 in silence."""
    import torch

    from .moments import moments_of
    from .segmenting import pooled_windows, sounding

    with steady():
        given = torch.tensor(levels)[None]
        each, weights = moments_of(model.net, given), sounding(given)
        found: FloatArray = pooled_windows(model.net, each, weights, list(range(each.shape[1])), 1)[0].numpy()
    return found
