"""Harmonic pitch class profiles by essentia: another house's chroma, for comparison."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import MissingExtra
from ..plugins import Track
from ..types import Audio, Features

FRAME, HOP = 4096, 1600  # at 16 kHz: 0.26 s, ten frames a second


class EssentiaHPCP:
    """Harmonic pitch class profile, ``(12, n)`` at 10 Hz, row 0 = C, each frame's largest value 1, by essentia [1]_.

    Needs the sound, and the extra ``versionmatch[essentia]`` (AGPL-3.0); raises MissingExtra without it.

    References
    ----------
    .. [1] Gómez, "Tonal description of polyphonic audio for music content processing", 2006.
    """

    name, kind, needs = "hpcp-essentia", "hpcp", ("audio",)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that shapes the result."""
        return {"version": 1, "frame_size": FRAME, "hop_s": 0.1, "peaks": 60, "harmonics": 8, "max_hz": 3500.0}

    def extract(self, track: Track) -> Features:
        try:
            import essentia

            essentia.log.infoActive = False  # it greets on stderr
            from essentia import standard
        except ImportError as error:
            raise MissingExtra("the hpcp-essentia extractor", extra="essentia") from error
        audio: Audio = track["audio"]
        hop = round(0.1 * audio.sr)
        window = standard.Windowing(type="blackmanharris62", size=FRAME)
        spectrum = standard.Spectrum(size=FRAME)
        peaks = standard.SpectralPeaks(
            sampleRate=audio.sr,
            maxPeaks=60,
            minFrequency=40,
            maxFrequency=3500,
            magnitudeThreshold=1e-5,
            orderBy="magnitude",
        )
        hpcp = standard.HPCP(
            size=12,
            sampleRate=audio.sr,
            referenceFrequency=440,
            minFrequency=40,
            maxFrequency=3500,
            harmonics=8,
            bandPreset=False,
        )
        frames = []
        for start, block in audio.blocks(hop, halo=FRAME // 2):
            frame = np.zeros(FRAME, np.float32)
            first = max(0, FRAME // 2 - start)
            piece = block[: FRAME - first]
            frame[first : first + piece.size] = piece
            frames.append(np.roll(hpcp(*peaks(spectrum(window(frame)))), -3))  # essentia begins at A
        return Features("hpcp", np.nan_to_num(np.array(frames, dtype=np.float32).T), audio.sr / hop)
