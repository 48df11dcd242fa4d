"""What happens to sound between the players and the listener; every function keeps the length, but ``varispeed``.

Each function is one physical thing with its own units and no chance in it, but for the shape of noise and rooms;
``setting.py`` draws which of them happen and how far. Samples are ``(n,) float32`` at 16 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.signal
import soxr

from ..types import DoubleArray, FloatArray

SR = 16000
LONGEST_ROOM_S = 3.0
HIGH_DECAY = 0.45  # air and curtains: the upper half of a room decays so much sooner
COMPRESSOR_HOP = 128  # 8 ms


def rms(samples: FloatArray) -> float:
    """Root mean square; at least 10⁻⁹."""
    return max(float(np.sqrt(np.mean(np.square(samples), dtype=np.float64))), 1e-9)


def decibels(db: float) -> np.float32:
    """The factor of amplitude."""
    return np.float32(10 ** (db / 20))


def room_response(rt60_s: float, rng: np.random.Generator, *, direct: float = 1.0) -> FloatArray:
    """An impulse response: the direct sound, 6 to 14 early reflections, then noise that falls by 60 dB in ``rt60_s``.

    Above 1.5 kHz it decays ``HIGH_DECAY`` times as long. The reverberation without the direct sound has energy 1.
    """
    n = int(SR * min(1.1 * rt60_s, LONGEST_ROOM_S)) + 1
    time = np.arange(n) / SR
    noise = rng.standard_normal((2, n))
    split = scipy.signal.butter(2, 1500, "lowpass", fs=SR, output="sos")
    low = scipy.signal.sosfilt(split, noise[0])
    high = noise[1] - scipy.signal.sosfilt(split, noise[1])
    tail = low * 10 ** (-3 * time / rt60_s) + high * 10 ** (-3 * time / (HIGH_DECAY * rt60_s))
    gap = int(SR * rng.uniform(0.005, 0.03))
    tail[:gap] = 0.0
    taps = rng.uniform(0.004, 0.02 + 0.06 * min(rt60_s, 1.0), int(rng.integers(6, 15)))
    scale = float(np.sqrt(np.sum(tail**2))) or 1.0
    for tap in taps:
        tail[min(int(tap * SR), n - 1)] += rng.choice([-1.0, 1.0]) * 0.3 * scale * np.exp(-tap / 0.04)
    tail = tail / max(float(np.sqrt(np.sum(tail**2))), 1e-9)
    tail[0] = direct
    response: FloatArray = tail.astype(np.float32)
    return response


def room(samples: FloatArray, rt60_s: float, wet_db: float, rng: np.random.Generator) -> FloatArray:
    """The sound in a room of that reverberation time (0.1 to 3 s); reverberation ``wet_db`` above the direct sound."""
    response = room_response(rt60_s, rng, direct=float(decibels(-wet_db)))
    wet: FloatArray = scipy.signal.oaconvolve(samples, response)[: samples.size].astype(np.float32, copy=False)
    return wet * np.float32(rms(samples) / rms(wet))


def distort(samples: FloatArray, drive_db: float, bias: float = 0.0) -> FloatArray:
    """An amplifier driven ``drive_db`` above its unit level (0 clean, 30 fuzz): tanh; ``bias`` adds even harmonics."""
    level = rms(samples)
    driven = np.tanh(samples * np.float32(decibels(drive_db) / (3 * level)) + np.float32(bias))
    driven -= driven.mean(dtype=np.float64).astype(np.float32)
    shaped: FloatArray = driven * np.float32(level / rms(driven))
    return shaped


def clip(samples: FloatArray, share: float) -> FloatArray:
    """Cut off flat where the sound is loudest: about ``share`` (0 to 0.1) of all samples, as an overdriven recorder."""
    if share <= 0:
        return samples
    ceiling = max(float(np.quantile(np.abs(samples[::7]), 1 - share)), 1e-9)
    return np.clip(samples, -ceiling, ceiling)


@dataclass(frozen=True, slots=True)
class Band:
    """One knob of an equaliser: ``gain_db`` around or beyond ``hz``; ``q`` is the peak's sharpness."""

    kind: Literal["low", "peak", "high"]
    hz: float
    gain_db: float
    q: float = 0.8


def biquad(band: Band) -> DoubleArray:
    """Second-order section of one band, after Bristow-Johnson's cookbook."""
    a = 10 ** (band.gain_db / 40)
    w = 2 * np.pi * min(band.hz, 0.45 * SR) / SR
    cos, alpha = np.cos(w), np.sin(w) / (2 * band.q)
    if band.kind == "peak":
        section = [1 + alpha * a, -2 * cos, 1 - alpha * a, 1 + alpha / a, -2 * cos, 1 - alpha / a]
    else:
        s = 1.0 if band.kind == "low" else -1.0
        root = 2 * np.sqrt(a) * alpha
        plus, minus = (a + 1) + s * (a - 1) * cos, (a + 1) - s * (a - 1) * cos
        section = [a * (minus + root), 2 * s * a * ((a - 1) - s * (a + 1) * cos), a * (minus - root)]
        section += [plus + root, -2 * s * ((a - 1) + s * (a + 1) * cos), plus - root]
    normalised: DoubleArray = np.array(section) / section[3]
    return normalised


def equalise(samples: FloatArray, bands: list[Band]) -> FloatArray:
    """The sound through the bands, one after another."""
    if not bands:
        return samples
    return _filtered(samples, np.stack([biquad(band) for band in bands]))


def band_limit(samples: FloatArray, low_hz: float, high_hz: float) -> FloatArray:
    """What a telephone (300 to 3400), a medium-wave receiver (100 to 4500) or a shellac disc (150 to 4000) leaves."""
    low = scipy.signal.butter(2, low_hz, "highpass", fs=SR, output="sos")
    high = scipy.signal.butter(4, min(high_hz, 0.48 * SR), "lowpass", fs=SR, output="sos")
    return _filtered(samples, np.concatenate([low, high]))


def _filtered(samples: FloatArray, sections: DoubleArray) -> FloatArray:
    filtered: FloatArray = scipy.signal.sosfilt(sections.astype(np.float32), samples).astype(np.float32, copy=False)
    return filtered


def compress(samples: FloatArray, threshold_db: float, ratio: float, release_s: float = 0.2) -> FloatArray:
    """A feed-forward compressor: above ``threshold_db`` (against the mean level) the level grows ``ratio`` times less.

    It takes hold within 10 ms, and lets go with the time constant ``release_s``.
    """
    n_points = -(-samples.size // COMPRESSOR_HOP)
    padded = np.zeros(n_points * COMPRESSOR_HOP, dtype=np.float32)
    padded[: samples.size] = samples
    power = np.mean(np.square(padded.reshape(n_points, -1)), axis=1)
    over = 10 * np.log10(power / rms(samples) ** 2 + 1e-8) - threshold_db
    wanted = np.maximum(over, 0) * (1 - 1 / ratio)
    hold, state, reduction = float(np.exp(-COMPRESSOR_HOP / SR / release_s)), 0.0, []
    for value in wanted.tolist():
        state = value + (state - value) * (hold if value < state else 0.4)
        reduction.append(state)
    gain: FloatArray = np.power(10.0, -np.array([*reduction, state]) / 20).astype(np.float32)
    ramp = (np.arange(COMPRESSOR_HOP) / COMPRESSOR_HOP).astype(np.float32)
    per_sample = (gain[:-1, None] + np.diff(gain)[:, None] * ramp).ravel()[: samples.size]
    pressed: FloatArray = samples * per_sample
    return pressed


def varispeed(samples: FloatArray, cents: float) -> FloatArray:
    """Played back faster (``cents`` above 0) or slower: pitch and tempo move together, and so does the length."""
    if cents == 0:
        return samples
    moved: FloatArray = soxr.resample(samples, SR * 2 ** (cents / 1200), SR, quality="MQ")
    return moved


def wow_and_flutter(
    samples: FloatArray, wow_cents: float, flutter_cents: float, rng: np.random.Generator
) -> FloatArray:
    """An uneven turntable or tape: slow (0.3 to 1.5 Hz) and fast (5 to 12 Hz) changes of speed, peak cents each."""
    hop = 64
    time = np.arange(-(-samples.size // hop) + 1) * hop / SR
    delay = np.zeros(time.size)
    for cents, (slow, fast) in ((wow_cents, (0.3, 1.5)), (flutter_cents, (5.0, 12.0))):
        hz, phase = rng.uniform(slow, fast), rng.uniform(0, 2 * np.pi)
        depth_s = (2 ** (cents / 1200) - 1) / (2 * np.pi * hz)
        delay += depth_s * (1 + np.sin(2 * np.pi * hz * time + phase))
    ramp = (np.arange(hop) / hop).astype(np.float32)
    shift = (SR * delay).astype(np.float32)
    lag = (shift[:-1, None] + np.diff(shift)[:, None] * ramp).ravel()[: samples.size]
    whole = lag.astype(np.int32)
    part = lag - whole.astype(np.float32)
    at = np.arange(samples.size, dtype=np.int32) - whole
    newer, older = samples[np.maximum(at, 0)], samples[np.maximum(at - 1, 0)]
    moved: FloatArray = newer + (older - newer) * part
    return moved


def fade(samples: FloatArray, in_s: float, out_s: float) -> FloatArray:
    """Faded in and out over so many seconds, by raised cosines."""
    faded = samples.copy()
    for length_s, end in ((in_s, slice(None)), (out_s, slice(None, None, -1))):
        n = min(int(length_s * SR), samples.size)
        if n > 0:
            faded[end][:n] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(n) / n)).astype(np.float32)
    return faded
