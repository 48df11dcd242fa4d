"""A singing voice: a glottal source that glides, trembles and breathes, through the formants of its vowels.

The source's flow falls by 12 dB an octave; radiation from the lips gives 6 dB back. Formants stand near the
averages that Peterson and Barney measured of English speakers (1952), the upper ones near Fant's (1960).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
import scipy.signal

from ..types import DoubleArray, FloatArray, IntArray

SR = 16000
HOP = 80  # samples between two points of control: 5 ms
RATE = SR / HOP
FRAME = 512  # samples of the filter's frames; they overlap by half
TABLE = 1024  # points of one period of the source
BANDS_HZ = (110.0, 160.0, 230.0, 330.0, 480.0, 700.0, 1000.0, 2000.0)  # one table of the source below each

MALE_HZ: dict[str, tuple[float, ...]] = {
    "a": (730, 1090, 2440, 3400, 4500),
    "e": (530, 1840, 2480, 3500, 4500),
    "i": (270, 2290, 3010, 3600, 4500),
    "o": (570, 840, 2410, 3300, 4500),
    "u": (300, 870, 2240, 3300, 4500),
    "er": (490, 1350, 1690, 3300, 4500),
    "ae": (660, 1720, 2410, 3500, 4500),
}
FEMALE_RATIO = (1.17, 1.17, 1.15, 1.15, 1.12)  # a shorter vocal tract
BANDWIDTH_HZ = (80.0, 90.0, 120.0, 180.0, 250.0)


@dataclass(frozen=True, slots=True)
class Singer:
    """One way of singing.

    ``tract``: formants over a man's, about 0.95 to 1.3; ``tilt``: how much faster than 6 dB an octave the harmonics
    fall; ``vibrato_hz``, ``vibrato_cents`` (peak); ``glide_s`` between touching notes; ``jitter_cents``,
    ``off_cents``: standard deviations of the pitch within a note, and of notes; ``breath``, ``consonants``:
    amplitudes against the voice; ``closeness``: how flat the microphone and the desk make the formants, from 0 (as in
    the room) to 1.
    """

    tract: float
    tilt: float
    vibrato_hz: float
    vibrato_cents: float
    glide_s: float
    jitter_cents: float
    off_cents: float
    breath: float
    consonants: float
    closeness: float = 0.0

    @classmethod
    def draw(cls, rng: np.random.Generator, difficulty: float) -> Singer:
        """A singer; the more difficulty (0 to 1), the more unsteady."""
        return cls(
            tract=float(rng.uniform(0.94, 1.06) * rng.choice([1.0, 1.16])),
            tilt=float(rng.uniform(0.0, 0.7)),
            vibrato_hz=float(rng.uniform(4.5, 7.0)),
            vibrato_cents=float(rng.uniform(20, 80) * rng.uniform(0.3, 1.0)),
            glide_s=float(rng.uniform(0.04, 0.15)),
            jitter_cents=float(rng.uniform(3, 8) + 10 * difficulty * rng.random()),
            off_cents=float(rng.uniform(3, 10) + 25 * difficulty * rng.random()),
            breath=float(10 ** (rng.uniform(-42, -24) / 20)),
            consonants=float(10 ** (rng.uniform(-28, -10) / 20)),
            closeness=float(rng.uniform(0.0, 0.5)),
        )


def sing(notes: FloatArray, n_samples: int, singer: Singer, rng: np.random.Generator) -> FloatArray:
    """``(n_samples,)`` at 16 kHz: the notes sung; where it sounds, its root mean square is about 1.

    Parameters
    ----------
    notes : (n, 4) array
        Onset in seconds, duration in seconds, pitch (may be fractional), velocity in (0, 1]; by onset. Where two
        overlap, the later one is sung.
    """
    n_points = -(-n_samples // HOP) + 1
    time = np.arange(n_points) / RATE
    at = np.searchsorted(notes[:, 0], time, side="right") - 1
    index: IntArray = np.maximum(at, 0).astype(np.int32)
    pitch = pitch_track(notes, time, index, singer, rng)
    level = _envelope(notes, time, index, rng)
    source = _source(pitch, level, singer, rng)
    voiced = _through_vowels(source, _vowel_weights(index, rng), singer)
    voiced = voiced + _consonants(notes, n_points, singer, rng)
    active = np.repeat(level[:-1] > 0.1, HOP)
    power = float(np.mean(voiced[active] ** 2)) if active.any() else 0.0
    sung: FloatArray = (voiced / np.float32(max(power, 1e-12) ** 0.5))[:n_samples].astype(np.float32, copy=False)
    return sung


def pitch_track(
    notes: FloatArray, time: DoubleArray, index: IntArray, singer: Singer, rng: np.random.Generator
) -> DoubleArray:
    """The sung pitch at each time: glides from note to note or scoops up after a rest, then delayed vibrato."""
    onset, duration, written, _ = notes.astype(np.float64).T
    n = onset.size
    target = written + rng.normal(0, singer.off_cents / 100, n)
    before = np.concatenate([target[:1], target[:-1]])
    rest = onset - np.concatenate([[-np.inf], (onset + duration)[:-1]])
    scoop = target - rng.uniform(0.2, 1.8, n) * (rng.random(n) < 0.5)
    origin = np.where(rest < 0.12, before, scoop)
    glide = np.minimum(singer.glide_s * rng.uniform(0.7, 1.5, n), 0.6 * duration)
    since = time - onset[index]
    part = np.clip(since / np.maximum(glide, 1e-3)[index], 0, 1)
    pitch = origin[index] + (target - origin)[index] * part * part * (3 - 2 * part)
    delay = rng.uniform(0.1, 0.45, n)
    depth = singer.vibrato_cents / 100 * rng.uniform(0.5, 1.0, n)
    swing = np.clip((since - delay[index]) / 0.3, 0, 1) * depth[index]
    rate = singer.vibrato_hz * (1 + 0.06 * _wander(time.size, 1.0, rng))
    pitch = pitch + swing * np.sin(2 * np.pi * (np.cumsum(rate) / RATE + rng.random()))
    track: DoubleArray = pitch + singer.jitter_cents / 100 * _wander(time.size, 8.0, rng)
    return track


def _wander(n: int, cutoff_hz: float, rng: np.random.Generator) -> DoubleArray:
    """Noise of unit variance that changes ``cutoff_hz`` times a second or so."""
    a = float(np.exp(-2 * np.pi * cutoff_hz / RATE))
    noise = scipy.signal.lfilter([(1 - a * a) ** 0.5], [1, -a], rng.standard_normal(n))
    return np.asarray(noise, dtype=np.float64)


def _envelope(notes: FloatArray, time: DoubleArray, index: IntArray, rng: np.random.Generator) -> DoubleArray:
    """Amplitude at each time, 0 to about 1."""
    onset, duration, _, velocity = notes.astype(np.float64).T
    n = onset.size
    touching = onset - np.concatenate([[-np.inf], (onset + duration)[:-1]]) < 0.06
    floor = np.where(touching, rng.uniform(0.2, 0.9, n), 0.0)  # a consonant between two touching notes
    attack, release = rng.uniform(0.02, 0.08, n), rng.uniform(0.04, 0.15, n)
    swell = rng.uniform(-0.4, 0.3, n)
    since = time - onset[index]
    rise = floor[index] + (1 - floor[index]) * np.clip(since / attack[index], 0, 1)
    fall = np.clip(1 - (since - duration[index]) / release[index], 0, 1)
    level: DoubleArray = velocity[index] ** 1.5 * rise * fall * (since >= 0)
    level = level * (1 + swell[index] * np.clip(since / np.maximum(duration[index], 0.1), 0, 1))
    return np.asarray(level * np.clip(1 + 0.08 * _wander(time.size, 6.0, rng), 0.3, 1.7))


def _per_sample(points: DoubleArray) -> FloatArray:
    """Points of control, joined by straight lines: ``(n_points - 1) · HOP`` values."""
    ramp = (np.arange(HOP) / HOP).astype(np.float32)
    values = points.astype(np.float32)
    joined: FloatArray = (values[:-1, None] + np.diff(values)[:, None] * ramp).ravel()
    return joined


def _source(pitch: DoubleArray, level: DoubleArray, singer: Singer, rng: np.random.Generator) -> FloatArray:
    """The glottis: one period after another out of a table without harmonics above 7.6 kHz, and breath."""
    hz = 440.0 * 2.0 ** ((np.clip(pitch, 24, 95) - 69) / 12)
    within = np.cumsum(_per_sample(hz / SR).reshape(-1, HOP), axis=1, dtype=np.float32)
    begin = np.concatenate([[0.0], np.cumsum(within[:-1, -1], dtype=np.float64)]) % 1.0
    phase = within + begin[:, None].astype(np.float32)
    band = np.searchsorted(BANDS_HZ, np.maximum(hz[:-1], hz[1:]))
    offset = (np.minimum(band, len(BANDS_HZ) - 1) * TABLE).astype(np.int32)
    step = (phase * np.float32(TABLE)).astype(np.int32) & (TABLE - 1)
    tone = _tables(singer.tilt, rng)[(step + offset[:, None]).ravel()]
    breath = rng.standard_normal(tone.size, dtype=np.float32) * np.float32(singer.breath)
    sounding: FloatArray = (tone + breath) * _per_sample(level)
    return sounding


def _tables(tilt: float, rng: np.random.Generator) -> FloatArray:
    """One period for each of ``BANDS_HZ``, one after another, each of root mean square 1."""
    most = int(7600 / 60)
    amplitude = np.arange(1, most + 1) ** -(1.0 + tilt) * np.exp(rng.normal(0, 0.15, most))
    amplitude[0] *= rng.uniform(0.5, 1.5)
    angle = 2 * np.pi * np.outer(np.arange(1, most + 1), np.arange(TABLE) / TABLE)
    waves = amplitude[:, None] * np.sin(angle + rng.uniform(0, 0.5, (most, 1)))
    tables = np.stack([waves[: max(1, int(7600 / top))].sum(axis=0) for top in BANDS_HZ])
    level = np.sqrt(np.mean(tables**2, axis=1, keepdims=True))
    even: FloatArray = (tables / level).astype(np.float32).ravel()
    return even


def _vowel_weights(index: IntArray, rng: np.random.Generator) -> FloatArray:
    """``(n_frames, n_vowels)``: each note its own vowel, blended over about 60 ms."""
    vowels = rng.integers(len(MALE_HZ), size=int(index.max()) + 1)
    every = FRAME // 2
    positions = np.minimum(np.arange(0, index.size * HOP, every) // HOP, index.size - 1)
    weights = np.eye(len(MALE_HZ), dtype=np.float32)[vowels[index[positions]]]
    blended: FloatArray = weights.copy()
    blended[1:-1] = 0.25 * weights[:-2] + 0.5 * weights[1:-1] + 0.25 * weights[2:]
    return blended


def formant_envelopes(tract: float, closeness: float = 0.0) -> FloatArray:
    """``(n_vowels, FRAME // 2 + 1)``: what the vocal tract makes of each frequency, 0 to 8 kHz; the mean is 1."""
    hz = np.linspace(0, SR / 2, FRAME // 2 + 1)[None, :, None]
    share = np.clip((tract - 1) / 0.16, 0, 1)
    ratio = (1 + share * (np.array(FEMALE_RATIO) / 1.16 - 1)) * tract
    centre = (np.array(list(MALE_HZ.values())) * ratio)[:, None, :]
    width = np.array(BANDWIDTH_HZ)
    gain = centre**2 / np.sqrt((centre**2 - hz**2) ** 2 + (hz * width) ** 2)
    envelope = gain.prod(axis=-1) ** (1 - closeness)
    scaled: FloatArray = (envelope / envelope.mean(axis=1, keepdims=True)).astype(np.float32)
    return scaled


def _through_vowels(source: FloatArray, weights: FloatArray, singer: Singer) -> FloatArray:
    """The source through the vowels' formants, frame by frame, overlapped by half."""
    half = FRAME // 2
    n_frames = -(-source.size // half) + 1
    padded = np.zeros((n_frames + 1) * half, dtype=np.float32)
    padded[half : half + source.size] = source
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::half]
    window = scipy.signal.get_window("hann", FRAME).astype(np.float32)
    spectra = scipy.fft.rfft(frames * window, axis=1)
    rows = np.minimum(np.arange(n_frames), len(weights) - 1)
    spectra *= weights[rows] @ formant_envelopes(singer.tract, singer.closeness)
    filtered = scipy.fft.irfft(spectra, FRAME, axis=1)
    overlapped = filtered[1:, :half] + filtered[:-1, half:]
    sounding: FloatArray = overlapped.ravel()[: source.size]
    return sounding


def _consonants(notes: FloatArray, n_points: int, singer: Singer, rng: np.random.Generator) -> FloatArray:
    """Bursts of high noise, 20 to 110 ms long, before two thirds of the notes."""
    onset, _, _, velocity = notes.astype(np.float64).T
    n = onset.size
    length = rng.uniform(0.02, 0.11, n)
    strength = np.where(rng.random(n) < 0.66, singer.consonants * velocity * rng.uniform(0.3, 1.5, n), 0.0)
    level = np.zeros(n_points)
    first = np.clip(np.round((onset - length) * RATE), 0, n_points - 1).astype(int)
    last = np.clip(np.round(onset * RATE), 0, n_points - 1).astype(int)
    np.add.at(level, first, strength)
    np.add.at(level, last, -strength)
    level = np.clip(np.cumsum(level), 0, None)
    noise = np.diff(rng.standard_normal((n_points - 1) * HOP + 1, dtype=np.float32))
    burst: FloatArray = noise * _per_sample(level) * np.float32(2.0)
    return burst
