"""Sounds to recognise: tunes with noise bursts, so that their spectra have peaks all over."""

import numpy as np

from versionmatch.types import Audio

SR = 11025


def sound(seed: int, seconds: float = 30.0, sr: int = SR) -> np.ndarray:
    """Notes of random pitch, onset and length, each with a few partials; no two seeds share anything."""
    rng = np.random.default_rng(seed)
    samples = np.zeros(int(seconds * sr), np.float32)
    for onset in np.cumsum(rng.uniform(0.05, 0.25, int(seconds * 7))):
        length = int(rng.uniform(0.1, 0.6) * sr)
        start = int(onset * sr)
        length = min(length, samples.size - start)
        if length <= 0:
            break
        time = np.arange(length) / sr
        hz = 110 * 2 ** rng.uniform(0, 3.5)
        note = sum(rng.uniform(0.1, 1) * np.sin(2 * np.pi * hz * k * time) for k in range(1, 5))
        samples[start : start + length] += (note * np.exp(-6 * time)).astype(np.float32)
    return (0.2 * samples / np.abs(samples).max()).astype(np.float32)


def audio(samples: np.ndarray, sr: int = SR) -> Audio:
    return Audio(np.ascontiguousarray(samples, dtype=np.float32), sr)


def resampled(samples: np.ndarray, speed: float) -> np.ndarray:
    """Played that much faster."""
    at = np.arange(0, samples.size - 1, speed)
    return np.interp(at, np.arange(samples.size), samples).astype(np.float32)
