"""Real files for the tests of decoding, made on the spot."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from versionmatch.audio import synth

SR = 44100
FORMATS = {
    "wav": ("WAV", "PCM_16", SR),
    "flac": ("FLAC", "PCM_16", SR),
    "ogg": ("OGG", "VORBIS", SR),
    "opus": ("OGG", "OPUS", 48000),
    "mp3": ("MP3", None, SR),
    "aiff": ("AIFF", "PCM_16", SR),
}
CONTAINERS = {
    "m4a": ("ipod", "aac"),
    "alac.m4a": ("ipod", "alac"),
    "aac": ("adts", "aac"),
    "mp4": ("mp4", "aac"),
    "mkv": ("matroska", "aac"),
    "webm": ("webm", "libopus"),
    "mov": ("mov", "pcm_s16le"),
    "avi": ("avi", "mp3"),
    "flv": ("flv", "aac"),
    "ts": ("mpegts", "aac"),
}
LOSSLESS = ("wav", "flac", "aiff")


@cache
def music(duration_s: float = 5.0, *, sr: int = SR, channels: int = 2) -> np.ndarray:
    """Some music, ``(n, channels) int16``; every channel a little different."""
    whole = synth.song(verses=1, tempo_bpm=384, sr=sr).audio.samples
    mono = np.tile(whole, int(np.ceil(duration_s * sr / whole.size)))[: round(duration_s * sr)]
    frames = np.stack([np.roll(mono, 37 * c) * (1 - 0.05 * c) for c in range(channels)], axis=1)
    return np.round(frames * 20000).astype(np.int16)


def encoded(frames: np.ndarray, sr: int, form: str, subtype: str | None = None) -> bytes:
    """The bytes of a sound file; written in pieces, as libsndfile's encoders want it."""
    target = io.BytesIO()
    channels = 1 if frames.ndim == 1 else frames.shape[1]
    with soundfile.SoundFile(target, "w", sr, channels, subtype, format=form) as file:
        for start in range(0, len(frames), 1 << 14):
            file.write(frames[start : start + (1 << 14)])
    return target.getvalue()


def named(extension: str, duration_s: float = 5.0) -> bytes:
    """Music in the format of ``FORMATS``."""
    form, subtype, sr = FORMATS[extension]
    frames = music(duration_s, sr=sr)
    # libsndfile's mp3 encoder garbles 16-bit input
    return encoded(frames / 32768 if form == "MP3" else frames, sr, form, subtype)


def contained(path: Path, name: str, duration_s: float = 5.0, *, index_first: bool = False) -> Path:
    """Music in a container of ``CONTAINERS``, by PyAV."""
    import av

    muxer, codec = CONTAINERS[name]
    sr = 48000 if codec == "libopus" else SR
    frames = music(duration_s, sr=sr)
    options = {"movflags": "faststart"} if muxer in {"ipod", "mp4", "mov"} and index_first else {}
    with av.open(str(path), "w", format=muxer, options=options) as container:
        stream = container.add_stream(codec, rate=sr)
        stream.layout = "stereo"
        for start in range(0, len(frames), 1024):
            piece = np.ascontiguousarray(frames[start : start + 1024]).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="stereo")
            frame.sample_rate, frame.pts = sr, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
