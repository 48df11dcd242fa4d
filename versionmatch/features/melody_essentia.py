"""The predominant melody by essentia's Melodia: another house's, for comparison."""

from __future__ import annotations

from typing import Any

import numpy as np
import soxr

from ..errors import MissingExtra
from ..plugins import Track
from ..types import Audio, DoubleArray, Features

SR = 44100  # Melodia's parameters are made for this rate
RATE_HZ = 50.0


class EssentiaMelody:
    """Pitch and voicing of the predominant melody, ``(2, n)`` at 50 Hz: essentia's PredominantPitchMelodia [1]_.

    Row 0 is the pitch as a fractional MIDI number, drawn on where there is none; row 1 the confidence: above 0.5
    where Melodia hears a voice. Pitches count from A4 = 440 Hz. Needs the sound, and the extra
    ``versionmatch[essentia]`` (AGPL-3.0); raises MissingExtra without it.

    References
    ----------
    .. [1] Salamon, Gómez, "Melody extraction from polyphonic music signals using pitch contour characteristics", 2012.
    """

    name, kind, needs = "melody-essentia", "melody", ("audio",)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that shapes the result."""
        return {"version": 1, "sr": SR, "frame_size": 2048, "hop_length": SR // 100, "rate_hz": RATE_HZ}

    def extract(self, track: Track) -> Features:
        try:
            import essentia

            essentia.log.infoActive = False  # it greets on stderr
            from essentia import standard
        except ImportError as error:
            raise MissingExtra("the melody-essentia extractor", extra="essentia") from error
        audio: Audio = track["audio"]
        samples = soxr.resample(np.asarray(audio.samples), audio.sr, SR).astype(np.float32)
        if samples.size < 4096:
            samples = np.pad(samples, (0, 4096 - samples.size))
        melodia = standard.PredominantPitchMelodia(frameSize=2048, hopSize=SR // 100, sampleRate=SR, guessUnvoiced=True)
        hz, confidence = melodia(standard.EqualLoudness(sampleRate=SR)(samples))
        pitch, voicing = _tracked(np.asarray(hz, np.float64), np.asarray(confidence, np.float64))
        n = int(np.floor(audio.duration_s * RATE_HZ)) + 1
        at = np.minimum(2 * np.arange(n), pitch.size - 1)
        return Features("melody", np.stack([pitch[at], voicing[at]]).astype(np.float32), RATE_HZ)


def _tracked(hz: DoubleArray, confidence: DoubleArray) -> tuple[DoubleArray, DoubleArray]:
    """MIDI pitch without gaps, and confidence where Melodia's guesses for unvoiced frames (below 0) lie below 0.5."""
    sounding = hz > 0
    if not sounding.any():
        return np.full(hz.size, 60.0), np.zeros(hz.size)
    frames = np.arange(hz.size)
    midi = 69.0 + 12.0 * np.log2(hz[sounding] / 440.0)
    top = float(np.abs(confidence).max()) or 1.0
    voicing = np.where(confidence == 0, 0.0, np.clip(0.5 + 0.5 * confidence / top, 0.0, 1.0))
    return np.interp(frames, frames[sounding], midi), voicing
