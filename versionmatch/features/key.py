"""The key of a whole recording, with how sure one can be."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..plugins import Track
from ..types import Annotation, DoubleArray
from ..units import PITCH_CLASSES
from .spectrum import checked_cqt, folded, frame_normalised, peaks, pooled

MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
"""How often each degree sounds in major and in minor pieces [Albrecht, Shanahan 2013], tonic first."""


class KeyProfile:
    """One entry over the whole recording, labelled such as ``G major`` or ``F♯ minor``, with a confidence in [0, 1].

    The recording's mean chroma is correlated with the profiles [1]_ of the 24 keys; the confidence is the
    winner's share after a softmax over the correlations. Silence gives ``C major`` with confidence 0.

    Examples
    --------
    >>> from versionmatch.types import Features
    >>> scale = np.zeros((84, 8))
    >>> scale[24 + np.array([7, 9, 11, 12, 14, 16, 18, 19]), np.arange(8)] = 1  # G A B C D E F♯ G
    >>> KeyProfile().extract({"cqt": Features("cqt", scale, frame_rate=10.0)}).labels
    ('G major',)

    References
    ----------
    .. [1] Albrecht, Shanahan, "The use of large corpora to train a new type of key-finding algorithm", 2013.
    """

    name, kind, needs = "key", "key", ("cqt",)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that shapes the result."""
        return {"version": 1, "bins": [12, 60], "sharpness": 16.0}

    def extract(self, track: Track) -> Annotation:
        cqt = checked_cqt(track["cqt"])
        settings = self.settings
        values, _ = pooled(cqt, 10.0)
        low, high = settings["bins"]
        chroma = frame_normalised(folded(peaks(values), low, high)).mean(axis=1)
        likeness = key_likeness(chroma)
        share = np.exp(settings["sharpness"] * (likeness - likeness.max()))
        best = int(likeness.argmax())
        confidence = float(share[best] / share.sum()) if chroma.std() > 0 else 0.0
        label = f"{PITCH_CLASSES[best % 12]} {'major' if best < 12 else 'minor'}"
        return Annotation(
            "key", np.zeros(1), np.array([cqt.n_frames / cqt.frame_rate]), (label,), np.array([confidence])
        )


def key_likeness(chroma: DoubleArray) -> DoubleArray:
    """Correlation of a ``(12,)`` chroma with the 24 keys: C major … B major, C minor … B minor; 0 for a flat one."""
    profiles = np.array([np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)])
    profiles = profiles - profiles.mean(axis=1, keepdims=True)
    profiles /= np.linalg.norm(profiles, axis=1, keepdims=True)
    centred = chroma - chroma.mean()
    length = float(np.linalg.norm(centred))
    out: DoubleArray = profiles @ centred / length if length > 0 else np.zeros(24)
    return out
