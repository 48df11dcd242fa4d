"""Sounds that are no part of the music: hiss, hum, crackle and an audience.

Each generator gives ``(n,) float32`` at 16 kHz of root mean square 1 (or silence); ``added`` mixes.
"""

from __future__ import annotations

import numpy as np
import scipy.signal

from ..types import DoubleArray, FloatArray
from .damage import SR, rms

LOOP_S = 23.0  # stationary noise is made for so long, then repeated; far longer than anything heard as a rhythm


def added(samples: FloatArray, other: FloatArray, snr_db: float) -> FloatArray:
    """The sound with another one ``snr_db`` below it."""
    return samples + other * np.float32(rms(samples) / rms(other) * 10 ** (-snr_db / 20))


def white(n: int, rng: np.random.Generator) -> FloatArray:
    """Hiss, equally strong at all frequencies."""
    return _looped(rng.standard_normal(min(n, int(LOOP_S * SR)), dtype=np.float32), n)


def pink(n: int, rng: np.random.Generator) -> FloatArray:
    """Traffic, wind, rooms: 3 dB less in every higher octave from 30 Hz on."""
    length = min(n, int(LOOP_S * SR))
    hz = np.fft.rfftfreq(length, 1 / SR)
    spectrum = np.fft.rfft(rng.standard_normal(length)) / np.sqrt(np.maximum(hz, 30.0))
    return _looped(_unit(np.fft.irfft(spectrum, length)), n)


def hum(n: int, rng: np.random.Generator) -> FloatArray:
    """The mains: 50 or 60 Hz and harmonics."""
    time = np.arange(min(n, 4 * SR)) / SR
    base = float(rng.choice([50.0, 60.0]))
    wave = np.zeros(time.size)
    for harmonic in (1, 2, 3, 4, 6, 8, 10):
        wave += rng.uniform(0.1, 1.0) / harmonic * np.sin(2 * np.pi * (base * harmonic * time + rng.random()))
    return _looped(_unit(wave), n)


def crackle(n: int, rng: np.random.Generator) -> FloatArray:
    """A worn disc: 5 to 60 clicks a second of very different strength."""
    count = max(1, int(n / SR * rng.uniform(5, 60)))
    clicks = np.zeros(n, dtype=np.float32)
    clicks[rng.integers(0, n, count)] = rng.choice([-1, 1], count) * rng.exponential(1.0, count) ** 2
    pulse = np.exp(-np.arange(12) / 2.5) * np.cos(np.arange(12) * 1.3)
    return _unit(scipy.signal.oaconvolve(clicks, pulse.astype(np.float32))[:n])


def crowd(n: int, rng: np.random.Generator) -> FloatArray:
    """An audience: babble all along, applause at both ends and now and then between, sometimes clapping along."""
    length = min(n, int(LOOP_S * SR))
    sound = 0.35 * _looped(_babble(length, rng), n)
    sound += _looped(_applause(length, rng), n) * _applause_level(n, rng)
    if rng.random() < 0.35:
        sound += _clapping_along(n, rng)
    return _unit(sound)


def _babble(n: int, rng: np.random.Generator) -> FloatArray:
    """Many voices: noise in three bands, each moving at the speed of syllables."""
    total = np.zeros(n)
    for low, high in ((150, 500), (500, 1500), (1500, 3500)):
        band = scipy.signal.butter(2, (low, high), "bandpass", fs=SR, output="sos")
        coarse = np.abs(rng.standard_normal(max(2, n * 6 // SR)))
        level = 0.4 + np.interp(np.arange(n) / n * (coarse.size - 1), np.arange(coarse.size), coarse)
        total += scipy.signal.sosfilt(band, rng.standard_normal(n)) * level
    return _unit(total)


def _applause(n: int, rng: np.random.Generator) -> FloatArray:
    """Some 200 to 1500 claps a second, heard around 1 kHz."""
    count = int(n / SR * rng.uniform(200, 1500))
    claps = np.zeros(n, dtype=np.float32)
    np.add.at(claps, rng.integers(0, n, count), rng.exponential(1.0, count) * rng.choice([-1, 1], count))
    return _unit(scipy.signal.oaconvolve(claps, _clap(rng))[:n])


def _clap(rng: np.random.Generator) -> FloatArray:
    """Two hands: 30 ms of noise between 500 Hz and 3 kHz."""
    time = np.arange(int(0.03 * SR)) / SR
    band = scipy.signal.butter(1, (500, 3000), "bandpass", fs=SR, output="sos")
    burst = scipy.signal.sosfilt(band, rng.standard_normal(time.size) * np.exp(-time / 0.006))
    return np.asarray(burst, dtype=np.float32)


def _applause_level(n: int, rng: np.random.Generator) -> FloatArray:
    """Loud at the ends, with up to two outbursts between; linear between points."""
    end = n / SR
    times, levels = (
        [0.0, rng.uniform(1, 8), rng.uniform(8, 12), max(end - 6, 13), max(end, 14)],
        [1.0, 0.6, 0.0, 0.0, 1.2],
    )
    for _ in range(int(rng.integers(3))):
        at = rng.uniform(0, end)
        times += [at, at + 1.0, at + rng.uniform(3, 8)]
        levels += [0.0, rng.uniform(0.3, 1.0), 0.0]
    order = np.argsort(times, kind="stable")
    points = np.arange(0, n + 1600, 1600)
    coarse = np.interp(points / SR, np.array(times)[order], np.array(levels)[order])
    level: FloatArray = np.interp(np.arange(n), points, coarse).astype(np.float32)
    return level


def _clapping_along(n: int, rng: np.random.Generator) -> FloatArray:
    """Claps at a steady tempo of their own (80 to 140 a minute) in part of the piece, every pair of hands a bit off."""
    period = 60 / rng.uniform(80, 140)
    first = rng.uniform(0, 0.6) * n / SR
    beats = np.arange(first, min(first + rng.uniform(10, 40), n / SR), period)
    times = (beats[:, None] + rng.normal(0, 0.03, (beats.size, 20))).ravel()
    claps = np.zeros(n, dtype=np.float32)
    np.add.at(claps, np.clip(times * SR, 0, n - 1).astype(int), rng.exponential(1.0, times.size))
    return _unit(scipy.signal.oaconvolve(claps, _clap(rng))[:n])


def _unit(sound: FloatArray | DoubleArray) -> FloatArray:
    level = float(np.sqrt(np.mean(np.square(sound), dtype=np.float64)))
    even: FloatArray = (sound / max(level, 1e-9)).astype(np.float32)
    return even


def _looped(sound: FloatArray, n: int) -> FloatArray:
    looped: FloatArray = sound if sound.size == n else np.resize(sound, n)
    return looped
