"""Tiny sounds for catalogues, quickly made: every one different, some of them unusable in a known way."""

from __future__ import annotations

import io
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np
import soundfile

SR = 8000
BAD = {"empty.wav": "empty_file", "text.mp3": "not_audio", "cut.wav": "truncated", "silent.wav": "silent"}


def tune(seed: int, duration_s: float = 3.2, sr: int = SR) -> np.ndarray:
    """A few notes over noise, ``(n,) int16``."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration_s * sr)) / sr
    pitch = 220 * 2 ** (rng.integers(0, 24, 12) / 12)
    note = pitch[np.minimum((t * 12 / duration_s).astype(int), 11)]
    return np.round(8000 * np.sin(2 * np.pi * np.cumsum(note) / sr) + rng.normal(0, 400, t.size)).astype(np.int16)


def wav(samples: np.ndarray, sr: int = SR, form: str = "WAV") -> bytes:
    target = io.BytesIO()
    soundfile.write(target, samples, sr, format=form)
    return target.getvalue()


def folder_of(folder: Path, n: int, *, bad: bool = True) -> Path:
    """``n`` tunes, one of them twice and once more as flac, and the files of ``BAD``."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(n):
        (folder / f"{seed:03d}.wav").write_bytes(wav(tune(seed)))
    (folder / "again.wav").write_bytes(wav(tune(0)))
    (folder / "as.flac").write_bytes(wav(tune(0), form="FLAC"))
    if bad:
        (folder / "empty.wav").touch()
        (folder / "text.mp3").write_text("Die Gedanken sind frei, wer kann sie erraten\n" * 20)
        (folder / "cut.wav").write_bytes(wav(tune(99))[:30000])
        (folder / "silent.wav").write_bytes(wav(np.zeros(30000, np.int16)))
        (folder / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    return folder


class Inline(Executor):
    """An executor that works at once, in this process."""

    def submit(self, call, /, *given, **named):
        future: Future = Future()
        try:
            future.set_result(call(*given, **named))
        except BaseException as error:  # noqa: BLE001 - as executors do
            future.set_exception(error)
        return future
