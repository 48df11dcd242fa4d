"""The outline of a recording's waveform, for drawing."""

from __future__ import annotations

import numpy as np

from ..plugins import Track
from ..types import Audio, Features

FRAME_RATE = 10


class Envelope:
    """Lowest and highest sample of each tenth of a second, ``(2, n)`` in [-1, 1].

    Frame ``i`` covers ``i / 10`` to ``(i + 1) / 10`` seconds; the last one may cover less. Samples beyond
    full scale are drawn at full scale.

    >>> from versionmatch.audio import synth
    >>> outline = Envelope().extract({"audio": synth.melody([(69, 0, 0.5)], level=0.5)})
    >>> outline.values.shape, float(outline.values.max()) <= 0.5
    ((2, 5), True)
    """

    name = "waveform"
    kind = "waveform"
    needs = ("audio",)

    @property
    def settings(self) -> dict[str, object]:
        """Everything that shapes the values."""
        return {"version": 1, "frame_rate": FRAME_RATE}

    def extract(self, track: Track) -> Features:
        """The outline of ``track["audio"]``."""
        audio: Audio = track["audio"]
        n_samples = audio.samples.size
        n = (n_samples - 1) * FRAME_RATE // audio.sr + 1
        edges = -(-np.arange(n) * audio.sr // FRAME_RATE)  # each frame's first sample
        values = np.empty((2, n), dtype=np.float32)
        for start, block in audio.blocks(60 * audio.sr):  # whole seconds, so that no frame straddles two blocks
            first, last = np.searchsorted(edges, (start, start + block.size))
            values[0, first:last] = np.minimum.reduceat(block, edges[first:last] - start)
            values[1, first:last] = np.maximum.reduceat(block, edges[first:last] - start)
        return Features(self.kind, np.clip(values, -1.0, 1.0), float(FRAME_RATE))
