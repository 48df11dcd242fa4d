"""What an embedding model hears from moment to moment, as one of a recording's features: for finding passages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..plugins import Track
from ..types import Features, FloatArray
from .extractor import OfModel
from .heard import Heard, heard, heard_of
from .levels import FRAME_RATE, MOMENT
from .loaded import VersionModel, steady

if TYPE_CHECKING:
    from torch import Tensor

HOP = MOMENT // 2
"""Frames from one moment to the next: two hearings of the network, half a moment apart, lie between each other."""
STEP = 1 / 128
"""Values are whole multiples of this, from -1 to 127 / 128, so that a catalogue keeps each in a byte."""


class VersionMoments(OfModel):
    """Vectors of 1.6 s every 0.8 s, by an embedding model: ``(12 * n_axes, n_frames)``, frame 0 at 0 s.

    Row ``12 a + p`` is feature ``a`` in pitch class ``p``: of the network's features those axes in which music differs
    most, where the model has such (``moment_axes``), else all. Each frame is of length 1 but for rounding, or 0 in
    silence. A recording that is transposed has the same vectors with the pitch classes rotated. The network sees some
    20 s around a moment, but hears the moment itself best. One of the two hearings is that of ``segments``.
    """

    name = "moments"
    kind = "moments"

    @property
    def settings(self) -> Mapping[str, object]:
        """The model's id, the digests of its weights and of its axes, and the step."""
        facts = self.model.facts
        axes = facts.moments.get("sha256", "")
        return {"version": 2, "model": facts.id, "weights": facts.weights_sha256, "axes": axes, "step": STEP}

    def extract(self, track: Track) -> Features:
        """The moments of ``track["cqt"]``, at 10 frames a second or more."""
        values = _moments(self.model, heard_of(self.model, track["cqt"]))
        rows = values.reshape(len(values), -1).T
        return Features(self.kind, rows, FRAME_RATE / HOP, facts={"step": STEP})


def moments(model: VersionModel, levels: FloatArray) -> FloatArray:
    """Moments ``(n, n_axes, 12)`` of one recording's levels ``(84, frame)``, one every ``HOP`` frames."""
    return _moments(model, heard(model, levels))


def _moments(model: VersionModel, late: Heard) -> FloatArray:
    early = heard(model, np.pad(late.levels, ((0, 0), (HOP, 0))))  # so that the first is centred on the first frame
    parts = _vectors(model, early), _vectors(model, late)
    found = np.zeros((-(-late.levels.shape[1] // HOP), *parts[0].shape[1:]), dtype=np.float32)
    for first, vectors in enumerate(parts):
        some = vectors[: len(found[first::2])]
        found[first : first + 2 * len(some) : 2] = some
    return found


def _vectors(model: VersionModel, sound: Heard) -> FloatArray:
    """One vector for each moment of the network, ``(n, n_axes, 12)``, in whole steps; 0 in silence."""
    import torch

    with steady():
        each = vectors_of(model, sound)
        if model.axes is not None:
            each = model.axes.along(each)
        steps = torch.clamp(torch.round(each / STEP), -128, 127)
        found: FloatArray = (steps * STEP + 0.0).numpy()  # so that no 0 has a sign, which bytes do not keep
    return found


def vectors_of(model: VersionModel, sound: Heard) -> Tensor:
    """One vector of length 1 for each moment, in all features of the network, ``(n, dim, 12)``; 0 in silence."""
    from .segmenting import pooled_windows

    with steady():
        each = list(range(sound.moments.shape[1]))
        found: Tensor = pooled_windows(model.net, sound.moments, sound.sounding, each, 1)[0]
    return found
