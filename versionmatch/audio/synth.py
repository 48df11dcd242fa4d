"""Small sounds of known notes, chords, key and tempo, for examples and tests.

Nothing here tries to be beautiful: additive tones with an envelope, and clicks. The same call
gives the same samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..types import Annotation, Audio, DoubleArray, FloatArray, Notes
from ..units import midi_to_hz

TIMBRES: dict[str, tuple[float, ...]] = {
    "sine": (1.0,),
    "flute": (1.0, 0.35, 0.12, 0.05),
    "reed": (1.0, 0.1, 0.7, 0.08, 0.45, 0.06, 0.25),
    "voice": (1.0, 0.75, 0.55, 0.35, 0.25, 0.18, 0.1, 0.06),
    "pluck": (1.0, 0.6, 0.4, 0.3, 0.2, 0.12, 0.08, 0.05),
}
"""Amplitudes of the harmonics by name; ``pluck`` also decays, the higher the faster."""

CHORD_TONES = {"maj": (0, 4, 7), "min": (0, 3, 7), "7": (0, 4, 7, 10)}
ROOTS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def melody(
    notes: Sequence[tuple[float, float, float]],
    *,
    sr: int = 16000,
    timbre: str = "reed",
    duration_s: float | None = None,
    level: float = 0.5,
) -> Audio:
    """Tones of the given pitches and times, one sine series each.

    Parameters
    ----------
    notes : sequence of (pitch, onset_s, duration_s)
        MIDI pitch (may be fractional), seconds, seconds. They may overlap.
    timbre : str
        One of ``TIMBRES``.
    duration_s : float, optional
        Length of the whole; by default to the end of the last note.
    level : float
        Peak of the result, 0 to 1; silence stays silence.

    Raises
    ------
    InputError
        On an unknown timbre, or where there is nothing to sound.

    Examples
    --------
    >>> do_re_mi = melody([(60, 0.0, 0.5), (62, 0.5, 0.5), (64, 1.0, 0.5)])
    >>> do_re_mi.sr, do_re_mi.duration_s
    (16000, 1.5)
    """
    if timbre not in TIMBRES:
        raise InputError(f"no timbre named {timbre!r}; there are: {', '.join(sorted(TIMBRES))}")
    end_s = max((onset + duration for _, onset, duration in notes), default=0.0)
    n_samples = round((end_s if duration_s is None else duration_s) * sr)
    if n_samples <= 0:
        raise InputError("a melody without notes needs a duration_s above 0")
    sound = np.zeros(n_samples, dtype=np.float64)
    for pitch, onset_s, length_s in notes:
        start = round(onset_s * sr)
        tone = _tone(pitch, max(1, round(length_s * sr)), sr, timbre)[: max(0, n_samples - start)]
        sound[start : start + tone.size] += tone
    return _finished(sound, sr, level)


def chords(
    symbols: Sequence[str],
    *,
    chord_s: float = 2.0,
    sr: int = 16000,
    timbre: str = "pluck",
    octave: int = 3,
    level: float = 0.5,
) -> Audio:
    """One chord after another, each ``chord_s`` seconds, in Harte's notation (``C:maj``, ``A:min``, ``G:7``, ``N``).

    The chord's tones lie in ``octave`` and above, its root also an octave below.

    >>> chords(["C:maj", "G:7", "N"], chord_s=1.0).duration_s
    3.0
    """
    notes: list[tuple[float, float, float]] = []
    for i, symbol in enumerate(symbols):
        pitches = chord_pitches(symbol, octave=octave)
        notes += [(pitch, i * chord_s, chord_s) for pitch in ([pitches[0] - 12, *pitches] if pitches else [])]
    return melody(notes, sr=sr, timbre=timbre, duration_s=len(symbols) * chord_s, level=level)


def chord_pitches(symbol: str, *, octave: int = 3) -> tuple[int, ...]:
    """MIDI pitches of a chord symbol, from its root up; none for ``N``.

    >>> chord_pitches("A:min", octave=4), chord_pitches("N")
    ((69, 72, 76), ())
    """
    if symbol == "N":
        return ()
    root, _, quality = symbol.partition(":")
    quality = quality or "maj"
    if root[:1] not in ROOTS or quality not in CHORD_TONES or root[1:].strip("#b"):
        raise InputError(f"{symbol!r} is no chord of this synthesiser; write such as C:maj, F#:min, Bb:7 or N")
    pitch_class = (ROOTS[root[0]] + root.count("#") - root[1:].count("b")) % 12
    return tuple(12 * (octave + 1) + pitch_class + step for step in CHORD_TONES[quality])


def clicks(tempo_bpm: float, duration_s: float, *, sr: int = 16000, start_s: float = 0.0, level: float = 0.5) -> Audio:
    """Short noise-like clicks, one a beat, the first at ``start_s``.

    >>> clicks(120, 4.0).duration_s
    4.0
    """
    sound = np.zeros(round(duration_s * sr), dtype=np.float64)
    time = np.arange(round(0.03 * sr)) / sr
    click = np.random.default_rng(440).standard_normal(time.size) * np.exp(-time / 0.005)
    for beat_s in beat_times(tempo_bpm, duration_s, start_s=start_s):
        start = round(beat_s * sr)
        sound[start : start + click.size] += click[: sound.size - start]
    return _finished(sound, sr, level)


def beat_times(tempo_bpm: float, duration_s: float, *, start_s: float = 0.0) -> DoubleArray:
    """Times of the beats before ``duration_s``, seconds."""
    n_beats = max(0, int(np.ceil((duration_s - start_s) * tempo_bpm / 60 - 1e-9)))
    return np.arange(n_beats, dtype=np.float64) * (60.0 / tempo_bpm) + start_s


def noise(duration_s: float, *, sr: int = 16000, level: float = 0.1, seed: int = 440) -> Audio:
    """White noise whose standard deviation is ``level``."""
    samples = level * np.random.default_rng(seed).standard_normal(round(duration_s * sr))
    return Audio(samples.astype(np.float32), sr)


def mix(*sounds: Audio, gains: Sequence[float] | None = None) -> Audio:
    """The sum of sounds of one sample rate, as long as the longest; scaled down only where it would clip."""
    if len({sound.sr for sound in sounds}) != 1:
        raise InputError(f"only sounds of one sample rate can be mixed; got {[sound.sr for sound in sounds]}")
    total = np.zeros(max(sound.samples.size for sound in sounds), dtype=np.float64)
    for sound, gain in zip(sounds, gains or [1.0] * len(sounds), strict=True):
        total[: sound.samples.size] += gain * sound.samples
    return _finished(total, sounds[0].sr, min(0.99, float(np.abs(total).max())))


def joined(*sounds: Audio) -> Audio:
    """The sounds one after another."""
    if len({sound.sr for sound in sounds}) != 1:
        raise InputError(f"only sounds of one sample rate can be joined; got {[sound.sr for sound in sounds]}")
    return Audio(np.concatenate([sound.samples for sound in sounds]), sounds[0].sr)


@dataclass(frozen=True, eq=False, slots=True)
class Song:
    """A synthetic song and the truth about it."""

    audio: Audio
    notes: Notes
    chords: Annotation
    beats: Annotation
    tempo_bpm: float
    key: str


def song(
    *,
    transposition: int = 0,
    tempo_bpm: float = 120.0,
    verses: int = 2,
    timbre: str = "reed",
    seed: int = 440,
    sr: int = 16000,
) -> Song:
    """A melody over C F G7 C … with bass and clicks, in C major raised by ``transposition`` semitones.

    ``seed`` chooses the tune: equal seeds are versions of one work whatever the key, tempo and timbre;
    different seeds share the chords but not the melody. Each verse has eight bars of 4/4.

    >>> example = song(transposition=2, tempo_bpm=120, verses=1)
    >>> example.key, example.audio.duration_s, len(example.notes), example.chords.labels[:2]
    ('D major', 16.0, 32, ('D:maj', 'B:min'))
    """
    beat_s, n_bars = 60.0 / tempo_bpm, 8
    names = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
    degrees = (
        ("C", "maj"),
        ("A", "min"),
        ("F", "maj"),
        ("G", "7"),
        ("E", "min"),
        ("F", "maj"),
        ("G", "7"),
        ("C", "maj"),
    )
    bars = [f"{names[(ROOTS[r] + transposition) % 12]}:{quality}" for r, quality in degrees]
    rng = np.random.default_rng(seed)
    tune = [72 + transposition + _scale_tone(step) for step in _walk(rng, 4 * n_bars)]
    played = [(float(p), i * beat_s, beat_s) for i, p in enumerate(tune * verses)]
    duration_s = len(played) * beat_s
    beats = beat_times(tempo_bpm, duration_s)
    audio = mix(
        melody([(p, t, 0.95 * d) for p, t, d in played], sr=sr, timbre=timbre, duration_s=duration_s),
        chords(bars * verses, chord_s=4 * beat_s, sr=sr),
        clicks(tempo_bpm, duration_s, sr=sr),
        gains=(0.8, 0.6, 0.15),
    )
    onsets = np.array([t for _, t, _ in played])
    return Song(
        audio=audio,
        notes=Notes(
            onsets, np.full(onsets.size, 0.95 * beat_s), np.array([p for p, _, _ in played]), np.ones(onsets.size)
        ),
        chords=Annotation(
            "chords",
            np.arange(n_bars * verses, dtype=np.float64) * (4 * beat_s),
            np.full(n_bars * verses, 4 * beat_s),
            tuple(bars * verses),
            np.ones(n_bars * verses),
        ),
        beats=Annotation(
            "beats",
            beats,
            np.zeros(beats.size),
            ("",) * beats.size,
            np.ones(beats.size),
            facts={"tempo_bpm": tempo_bpm},
        ),
        tempo_bpm=tempo_bpm,
        key=f"{('C', 'C♯', 'D', 'E♭', 'E', 'F', 'F♯', 'G', 'A♭', 'A', 'B♭', 'B')[transposition % 12]} major",
    )


def _walk(rng: np.random.Generator, n_notes: int) -> list[int]:
    """A random walk over scale steps that never leaves an octave and a half."""
    steps, here = [0], 0
    while len(steps) < n_notes:
        here = int(np.clip(here + rng.integers(-3, 4), -5, 6))
        steps.append(here)
    return steps


def _scale_tone(step: int) -> int:
    octave, degree = divmod(step, 7)
    return 12 * octave + (0, 2, 4, 5, 7, 9, 11)[degree]


def _tone(pitch: float, n_samples: int, sr: int, timbre: str) -> DoubleArray:
    time = np.arange(n_samples) / sr
    tone = np.zeros(n_samples, dtype=np.float64)
    f0 = midi_to_hz(pitch)
    for number, amplitude in enumerate(TIMBRES[timbre], start=1):
        if number * f0 < 0.45 * sr:
            decay = np.exp(-time * (1.0 + 0.8 * number)) if timbre == "pluck" else 1.0
            tone += amplitude * decay * np.sin(2 * np.pi * number * f0 * time)
    ramp = min(n_samples // 2, round(0.01 * sr))
    if ramp:
        fade = np.sin(0.5 * np.pi * np.arange(ramp) / ramp) ** 2
        tone[:ramp] *= fade
        tone[n_samples - ramp :] *= fade[::-1]
    return tone


def _finished(sound: DoubleArray, sr: int, level: float) -> Audio:
    peak = float(np.abs(sound).max(initial=0.0))
    samples: FloatArray = (sound * (level / peak if peak > 0 else 1.0)).astype(np.float32)
    return Audio(samples, sr)
