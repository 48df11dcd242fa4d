"""Excerpts of free recordings and edits of them at other tempi, as constant-Q transforms kept on disk.

Of each recording a minute as it is, and three edits of nearly the same minute, each begun elsewhere: ``slow`` and
``fast``, played at .88 and 1.13 times the speed (key and tempo change together), and ``stretched``, at 1.15 or .85
times the tempo in its own key (phase vocoder, which blurs attacks); all three with other tone controls.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soxr
from scipy.signal import butter, sosfilt

from versionmatch.audio.decode import load
from versionmatch.features.beats import BeatTracker
from versionmatch.features.cqt import LibrosaCQT
from versionmatch.features.onset_bands import BandFlux
from versionmatch.features.onsets import SpectralFlux
from versionmatch.types import Audio, Features

SR = 16000
START_S, LENGTH_S = 30.0, 60.0
EDITS = ("as it is", "slow", "fast", "stretched")
MOST_PER_FOLDER = 16
STEMS = ("guitar", "rhythm", "drums", "preview")


def recordings(folder: Path, n: int) -> list[Path]:
    """``n`` recordings of at least 100 s from as many folders as there are, in a fixed order."""
    import soundfile

    kept: list[Path] = []
    for part in sorted(p for p in folder.iterdir() if p.is_dir()):
        own = []
        for path in sorted(part.rglob("*.ogg")):
            if not any(word in path.stem.lower() for word in STEMS):
                try:
                    length = soundfile.info(str(path)).duration
                except soundfile.LibsndfileError:
                    continue
                if length >= 100:
                    own.append(path)
        kept += [own[i] for i in np.linspace(0, len(own) - 1, min(MOST_PER_FOLDER, len(own))).round().astype(int)]
    return [kept[i] for i in np.linspace(0, len(kept) - 1, min(n, len(kept))).round().astype(int)]


def cut(samples, start_s: float, end_s: float):
    return samples[round(start_s * SR) : round(end_s * SR)]


def tilted(samples, low: float, high: float):
    """Below 200 Hz and above 2 kHz multiplied by these."""
    bass = sosfilt(butter(1, 200, "low", fs=SR, output="sos"), samples)
    treble = sosfilt(butter(1, 2000, "high", fs=SR, output="sos"), samples)
    return samples + (low - 1) * bass + (high - 1) * treble


def at_speed(samples, speed: float):
    """Played ``speed`` times as fast, key and all."""
    return soxr.resample(samples, SR * speed, SR)


def edited(samples, edit: str, number: int):
    """One of ``EDITS``; ``number`` is the recording's, and decides which way it is stretched."""
    end = START_S + LENGTH_S
    if edit == "slow":
        return tilted(at_speed(cut(samples, START_S + 6.3, end), 0.88), 0.5, 1.6)
    if edit == "fast":
        return tilted(at_speed(cut(samples, START_S + 3.1, end), 1.13), 1.6, 0.6)
    if edit == "stretched":
        part = cut(samples, START_S + 11.7, end)
        return tilted(librosa.effects.time_stretch(part, rate=1.15 if number % 4 < 2 else 0.85), 0.7, 1.3)
    return cut(samples, START_S, end)


def transforms(path: Path, number: int, cache: Path) -> dict[str, Features]:
    """The constant-Q transform of each edit, made once."""
    files = {edit: cache / f"{number:03d}-{edit.replace(' ', '-')}.npz" for edit in EDITS}
    if not all(file.is_file() for file in files.values()):
        _, audio = load(str(path), span=(0.0, START_S + LENGTH_S + 1))
        for edit, file in files.items():
            sound = edited(np.array(audio.samples, dtype=np.float32), edit, number)
            made = Audio((0.5 * sound / max(np.abs(sound).max(), 1e-6)).astype(np.float32), SR)
            np.savez(file, cqt=LibrosaCQT().extract({"audio": made}).values.astype(np.float16))
    return {edit: Features("cqt", np.load(file)["cqt"].astype(np.float32), 50.0) for edit, file in files.items()}


def clip_numbers(cache: Path) -> list[int]:
    """The recordings whose edits are all in the cache."""
    return sorted(int(path.name[:3]) for path in cache.glob("*-stretched.npz"))


def clip_features(cache: Path, number: int) -> dict[str, dict[str, Any]]:
    """Edit → onsets, bands of onsets and beats of one recording."""
    found = {}
    for edit in EDITS:
        with np.load(cache / f"{number:03d}-{edit.replace(' ', '-')}.npz") as file:
            track: dict[str, Any] = {"cqt": Features("cqt", file["cqt"].astype(np.float32), 50.0)}
        track["onsets"] = SpectralFlux().extract(track)
        track["onset-bands"] = BandFlux().extract(track)
        track["beats"] = BeatTracker().extract(track)
        track.pop("cqt")
        found[edit] = track
    return found
