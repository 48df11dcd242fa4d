"""Lossy compression there and back, in memory."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
import soundfile

from ..types import FloatArray
from .damage import SR

CODECS: dict[str, tuple[str, str]] = {
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "vorbis": ("OGG", "VORBIS"),
}
"""Format and subtype by name, as libsndfile calls them. Its Opus takes ten times as long as its Vorbis: left out."""

BLOCK = 8192  # samples handed over at once: libsndfile's vorbis writer overruns its stack on a whole piece


@lru_cache(maxsize=1)
def available_codecs() -> tuple[str, ...]:
    """The codecs that this machine's libsndfile knows; decided once, and the same in every process on it."""
    formats = soundfile.available_formats()
    return tuple(
        name
        for name, (form, subtype) in CODECS.items()
        if form in formats and subtype in soundfile.available_subtypes(form)
    )


def transcoded(samples: FloatArray, codec: str, compression: float) -> FloatArray:
    """The sound after the codec, as long as before; ``compression`` 0 (best) to 1 (least bits).

    A codec that is not available changes nothing.
    """
    if codec not in available_codecs():
        return samples
    form, subtype = CODECS[codec]
    peak = np.float32(max(float(np.abs(samples).max()), 1e-9))
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", SR, 1, subtype, format=form, compression_level=compression) as writer:
        for start in range(0, samples.size, BLOCK):
            writer.write(samples[start : start + BLOCK] * (np.float32(0.9) / peak))
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    if decoded.size < samples.size:
        decoded = np.pad(decoded, (0, samples.size - decoded.size))
    back: FloatArray = decoded[: samples.size] * (peak / np.float32(0.9))
    return back
