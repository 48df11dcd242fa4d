"""The fast route: a performance straight into the constant-Q transform, without making sound.

Every part is an activation of pitches over time, times a template of harmonics as the constant-Q filters would answer
to them; the parts' powers are added, then room, tone, interference and noise are put on the spectrum itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

from ..embed.levels import FRAME_RATE
from ..types import DoubleArray, FloatArray
from .performance import Part, Performance

RATE = FRAME_RATE
N_BINS, LOWEST = 84, 24  # bins of a semitone, the first is MIDI 24
FINE = 3  # steps of a semitone for parts that glide
_PITCHES = 104  # MIDI 12 … 115
_FIRST = 12
ENVELOPES = {
    "voice": ("sustained",),
    "lead": ("sustained", "sustained", "struck", "plucked"),
    "counter": ("sustained", "sustained", "plucked"),
    "chords": ("struck", "struck", "plucked", "sustained"),
    "strum": ("plucked", "struck"),
    "arpeggio": ("plucked", "struck"),
    "pad": ("sustained",),
    "power": ("sustained", "struck"),
    "riff": ("plucked", "struck", "sustained"),
    "drone": ("sustained",),
    "bass": ("plucked", "sustained", "struck"),
}


class DirectRoute:
    """See the module; ``synthesise`` takes some 30 ms of one core for three minutes of music."""

    name = "direct"
    tail_s = 1.0

    def synthesise(
        self, performance: Performance, rng: np.random.Generator, difficulty: float
    ) -> npt.NDArray[np.uint8]:
        """``(84, n)`` at 10 frames a second: the root of the magnitude in 255 steps of the largest."""
        n = max(20, int(performance.duration_s * RATE)) + int(RATE)
        tuning = (
            float(rng.normal(0, 0.12) * difficulty)
            if rng.random() < 0.8
            else float(rng.uniform(-0.5, 0.5) * difficulty)
        )
        power = np.full((N_BINS, n), 1e-9, np.float32)
        for part in performance.parts:
            spectrum = _drums(part, n, rng) if part.role == "drums" else _pitched(part, n, rng, difficulty, tuning)
            if spectrum is not None:
                loud = float(spectrum.max(axis=0).mean()) + 1e-9
                power += spectrum * np.float32(10 ** (part.gain_db / 10) / loud)
        power = _room(power, rng, difficulty)
        magnitude = np.sqrt(_smeared_below(power))
        magnitude = _recorded(magnitude, rng, difficulty)
        root = np.sqrt(magnitude)
        levels: npt.NDArray[np.uint8] = np.round(root / (root.max() + 1e-9) * 255).astype(np.uint8)
        return levels


def filter_response(semitones: npt.ArrayLike) -> DoubleArray:
    """How a constant-Q filter with a Hann window answers to a tone that far from its centre; 1 at 0."""
    x = np.asarray(semitones, dtype=np.float64)
    pole = np.abs(np.abs(x) - 1.0) < 1e-3
    response = np.sinc(x) / np.where(pole, 1.0, 1.0 - x * x)
    return np.abs(np.where(pole, 0.5, response))


_OFFSETS = np.arange(-100.0, 130.0, 1.0 / 32)
_KERNEL = (filter_response(_OFFSETS) ** 2).astype(np.float32)


def _kernel(x: DoubleArray) -> FloatArray:
    """The squared response, looked up."""
    index = np.clip(((x + 100.0) * 32).astype(np.int32), 0, len(_KERNEL) - 1)
    return _KERNEL[index]


def _template(rng: np.random.Generator, brightness: float, tuning: float, width: float, fine: int) -> FloatArray:
    """``(84, pitches)``: the power each bin gets of a tone of each pitch."""
    pitches = np.arange(_PITCHES * fine) / fine + _FIRST - LOWEST + tuning
    bins = np.arange(N_BINS)[:, None]
    odd = rng.random() < 0.2
    total = np.zeros((N_BINS, len(pitches)), np.float32)
    for harmonic in range(1, int(rng.integers(4, 14)) + 1):
        level = harmonic**-brightness * float(np.exp(rng.normal(0, 0.5)))
        level *= 0.3 if odd and harmonic % 2 == 0 else 1.0
        total += np.float32(level**2) * _kernel((bins - pitches - 12 * np.log2(harmonic)) / width)
    return total


def _curve(rng: np.random.Generator, n: int, decibels: float, knots: int = 6) -> FloatArray:
    values = np.interp(np.linspace(0, 1, n), np.linspace(0, 1, knots), rng.normal(0, decibels, knots))
    return values.astype(np.float32)


def _pitched(part: Part, n: int, rng: np.random.Generator, difficulty: float, tuning: float) -> FloatArray | None:
    notes = part.notes[part.notes[:, 0] < n / RATE]
    if len(notes) == 0:
        return None
    if difficulty <= 0:
        template = _template(np.random.default_rng(440), 1.0, tuning, 1.0, 1)
        spectrum: FloatArray = template @ _activation(notes, n, "struck", 0.5, 1)
        return spectrum
    fine = FINE if part.role in {"voice", "lead", "counter"} and rng.random() < 0.8 else 1
    notes = _glided(notes, rng, difficulty) if fine > 1 else notes
    kinds = ENVELOPES[part.role]
    kind = kinds[int(rng.integers(len(kinds)))]
    bright = rng.uniform(0.2, 0.9) if part.role == "power" else rng.uniform(0.3, 2.2)
    width = rng.uniform(1.0, 1.0 + 0.6 * difficulty) if fine > 1 else 1.0
    decay = float(np.exp(rng.uniform(np.log(0.15), np.log(1.5))))
    template = _template(rng, bright, tuning + float(rng.normal(0, 0.05)), width, fine)
    spectrum = template @ _activation(notes, n, kind, decay, fine)
    if part.role == "voice" or rng.random() < 0.3:
        spectrum *= _formants(rng, n, moving=part.role == "voice")
    spectrum *= 10 ** (_curve(rng, N_BINS, 4 * difficulty)[:, None] / 10)
    if part.role == "power":  # distortion adds sums and differences of its tones
        mixed = np.sqrt(spectrum)
        spectrum += np.float32(0.15) * gaussian_filter1d(mixed, 3.0, axis=0) ** 2
    if part.role == "voice" and rng.random() < 0.7:
        _consonants(spectrum, notes, rng)
    return spectrum


def _glided(notes: FloatArray, rng: np.random.Generator, difficulty: float) -> FloatArray:
    """Each note approached from the one before, or from below, and shaken by vibrato, in thirds of a semitone."""
    share, depth = rng.uniform(0.1, 0.7) * difficulty, rng.uniform(0.0, 0.7) * difficulty
    out = notes.copy()
    out[:, 2] += np.clip(rng.normal(0, 0.15 * difficulty, len(out)), -0.4, 0.4)
    gliding = (rng.random(len(out)) < share) & (out[:, 1] > 0.15)
    before = np.concatenate([out[:1, 2], out[:-1, 2]])
    step = np.clip(before - out[:, 2], -3, 3)
    scoop = np.where((np.abs(step) < 0.5) | (rng.random(len(out)) < 0.4), -rng.uniform(0.5, 2.0, len(out)), step)
    lead_in = out[gliding].copy()
    lead_in[:, 1] = 0.1
    lead_in[:, 2] += scoop[gliding] / 2
    out[gliding, 0] += 0.08
    pieces = [out, lead_in]
    if depth > 0.2:
        long = out[out[:, 1] > 0.4]
        for sign in (-1, 1):
            shaken = long.copy()
            shaken[:, 2] += sign * depth
            shaken[:, 3] *= 0.7
            pieces.append(shaken)
    return np.concatenate(pieces)


def _activation(notes: FloatArray, n: int, kind: str, decay_s: float, fine: int) -> FloatArray:
    """``(pitches, n)``: the power of each pitch over time."""
    on = np.clip(np.round(notes[:, 0] * RATE).astype(int), 0, n - 1)
    off = np.clip(np.round((notes[:, 0] + notes[:, 1]) * RATE).astype(int), on + 1, n)
    row = np.clip(np.round((notes[:, 2] - _FIRST) * fine).astype(int), 0, _PITCHES * fine - 1)
    power = (notes[:, 3] ** 2).astype(np.float32)
    used, at = np.unique(row, return_inverse=True)
    small = np.zeros((len(used), n + 1), np.float32)
    fall = float(np.exp(-1 / (decay_s * RATE)))
    if kind == "plucked":
        np.add.at(small, (at, on), power)
        small = lfilter([1.0], [1.0, -fall], small, axis=1).astype(np.float32)
    else:
        np.add.at(small, (at, on), power)
        struck = small.copy() if kind == "struck" else None
        np.add.at(small, (at, off), -power)
        small = np.maximum(np.cumsum(small, axis=1), 0.0)
        if struck is not None:
            small = np.float32(0.4) * small + lfilter([1.0], [1.0, -fall], struck, axis=1).astype(np.float32)
    full = np.zeros((_PITCHES * fine, n), np.float32)
    full[used] = small[:, :n]
    return full


def _formants(rng: np.random.Generator, n: int, *, moving: bool) -> FloatArray:
    """Resonances of a voice or body, ``(84, n)`` or ``(84, 1)``, power; they move from vowel to vowel."""
    count = max(2, n // 4) if moving else 1
    centres = rng.normal([[38.0], [53.0], [64.0]], [[3.0], [3.5], [2.0]], (3, count)) + rng.normal(0, 1.5)
    if moving:
        centres = np.repeat(centres, -(-n // count), axis=1)[:, :n]
    bins = np.arange(N_BINS)[:, None]
    total = np.full((N_BINS, centres.shape[1]), 0.08, np.float32)
    for centre, level, width in zip(centres, (1.0, 0.6, 0.35), (5.0, 4.0, 4.0), strict=True):
        total += (level * np.exp(-(((bins - centre) / width) ** 2))).astype(np.float32)
    return total


def _consonants(spectrum: FloatArray, notes: FloatArray, rng: np.random.Generator) -> None:
    """Short noise above about 2 kHz at the start of some notes."""
    chosen = notes[rng.random(len(notes)) < 0.4]
    frames = np.clip((chosen[:, 0] * RATE).astype(int), 0, spectrum.shape[1] - 1)
    slope = 1.0 / (1.0 + np.exp(-(np.arange(N_BINS) - 66.0) / 4.0))
    level = float(spectrum.max()) * rng.uniform(0.01, 0.15)
    np.add.at(spectrum.T, frames, (slope[:, None] * level * rng.random(len(frames))).T.astype(np.float32))


def _drums(part: Part, n: int, rng: np.random.Generator) -> FloatArray | None:
    notes = part.notes[part.notes[:, 0] < n / RATE]
    if len(notes) == 0:
        return None
    bins = np.arange(N_BINS)
    shapes = {
        "kick": np.exp(-(((bins - rng.uniform(4, 14)) / 5.0) ** 2)),
        "snare": 0.3 * np.exp(-(((bins - rng.uniform(30, 60)) / rng.uniform(12, 25)) ** 2)),
        "cymbal": 0.15 / (1.0 + np.exp(-(bins - rng.uniform(60, 76)) / 4.0)),
        "tom": np.exp(-(((bins - rng.uniform(14, 30)) / 4.0) ** 2)),
    }
    levels = rng.uniform(0.1, 1.0, 4)
    out = np.zeros((N_BINS, n), np.float32)
    groups = np.select(
        [notes[:, 2] == 36, np.isin(notes[:, 2], (37, 38)), np.isin(notes[:, 2], (45, 47))], [0, 1, 3], default=2
    )
    frames = np.clip((notes[:, 0] * RATE).astype(int), 0, n - 1)
    for number, shape in enumerate(shapes.values()):
        hits = np.zeros(n)
        np.add.at(hits, frames[groups == number], notes[groups == number, 3] ** 2)
        fall = rng.uniform(0.4, 0.8) if number == 2 else rng.uniform(0.1, 0.5)
        out += (levels[number] * shape[:, None] * lfilter([1.0], [1.0, -fall], hits)[None]).astype(np.float32)
    out *= rng.lognormal(0, 0.4, out.shape).astype(np.float32)
    return out


def _room(power: FloatArray, rng: np.random.Generator, difficulty: float) -> FloatArray:
    if rng.random() >= 0.65 * difficulty:
        return power
    fall = float(np.exp(-1 / (rng.uniform(0.1, 0.9) * RATE)))
    wet = lfilter([1 - fall], [1, -fall], power, axis=1).astype(np.float32)
    mixed: FloatArray = power + np.float32(rng.uniform(0.05, 0.8)) * wet
    return mixed


def _smeared_below(power: FloatArray) -> FloatArray:
    """The long filters of the low octaves see further than a frame."""
    for low, sigma in ((0, 2.2), (12, 1.2), (24, 0.6)):
        power[low : low + 12] = gaussian_filter1d(power[low : low + 12], sigma, axis=1)
    return power


def _recorded(magnitude: FloatArray, rng: np.random.Generator, difficulty: float) -> FloatArray:
    """Interference of partials, equalisation, band limits, noise, a crowd, changes of level."""
    if difficulty <= 0:
        return magnitude
    bins, n = np.arange(N_BINS), magnitude.shape[1]
    out = magnitude * np.exp(
        np.float32(rng.uniform(0.1, 0.35) * difficulty) * rng.standard_normal(magnitude.shape, dtype=np.float32)
    )
    tone = _curve(rng, N_BINS, 5 * difficulty) + rng.uniform(-8, 8) * difficulty * (bins / N_BINS - 0.5)
    out *= (10 ** (tone[:, None] / 20)).astype(np.float32)
    if rng.random() < 0.2 * difficulty:
        out *= (1 / (1 + np.exp(-(bins - rng.uniform(8, 30)) / 3)))[:, None].astype(np.float32)
    if rng.random() < 0.2 * difficulty:
        out *= (1 / (1 + np.exp((bins - rng.uniform(56, 80)) / 3)))[:, None].astype(np.float32)
    floor = np.float32(np.percentile(out[:, ::7], 95) * 10 ** (rng.uniform(-50, -50 + 34 * difficulty) / 20))
    colour = (10 ** (_curve(rng, N_BINS, 4) / 20)).astype(np.float32)[:, None]
    noise = floor * colour * np.exp(np.float32(0.5) * rng.standard_normal(out.shape, dtype=np.float32))
    if rng.random() < 0.12 * difficulty:  # a crowd: noise around the voice's range that swells
        swell = np.exp(gaussian_filter1d(rng.normal(0, 1, n), 40) * 6.0)
        shape = np.exp(-(((bins - rng.uniform(45, 65)) / 14.0) ** 2))
        noise += floor * (shape[:, None] * swell[None] * rng.uniform(1, 5)).astype(np.float32)
    out = np.sqrt(out**2 + noise**2)
    if rng.random() < 0.6 * difficulty:
        out *= np.exp(gaussian_filter1d(rng.normal(0, 1, n), 60) * rng.choice([1.0, 3.0, 5.0])).astype(np.float32)[None]
    if rng.random() < 0.3 * difficulty:  # a compressor
        level = gaussian_filter1d(out.max(axis=0), 5) + 1e-6
        out *= (level ** -rng.uniform(0.2, 0.7))[None].astype(np.float32)
    recorded: FloatArray = out
    return recorded
