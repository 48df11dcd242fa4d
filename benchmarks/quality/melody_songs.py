"""Synthetic songs with a known melody, for fitting the melody's salience: POP909 tunes, sung or played by a solo
instrument over rendered accompaniments. The voice is additive: formants, vibrato, scoops, consonants, reverberation.

Needs fluidsynth, mido and General MIDI banks; POP909 is under the MIT licence.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import librosa
import mido
import numpy as np
import soundfile
import soxr
from scipy.signal import fftconvolve

BANKS = (
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/sounds/sf3/MuseScore_General_Lite.sf3",
    "/usr/share/sounds/sf2/TimGM6mb.sf2",
)
SR, SECONDS, CONTOUR_RATE = 16000, 40.0, 200
N_SAMPLES, N_FRAMES = int(SECONDS * SR), int(SECONDS * 50)
VOWELS = np.array(
    [(750, 1200, 2600), (480, 1900, 2600), (300, 2300, 3000), (480, 900, 2500), (330, 750, 2400), (550, 1500, 2500)]
)  # F1, F2, F3 in Hz
CHORD_PROGRAMS = (0, 1, 2, 4, 5, 24, 25, 26, 27, 28, 16, 18, 48, 46)
BRIDGE_PROGRAMS = (0, 4, 25, 27, 29, 30, 40, 48, 56, 61, 65, 66, 71, 73, 80, 81, 87, 22)
LEAD_PROGRAMS = (*BRIDGE_PROGRAMS, 11, 21, 24, 26, 41, 42, 57, 60, 64, 68, 72, 74, 75, 79, 82, 85, 52, 53, 16, 19)
PAD_PROGRAMS = (48, 49, 50, 51, 88, 89, 90, 16, 19, 52)


@dataclass(frozen=True)
class Example:
    """Complex CQTs (84, 2000) of accompaniment and melody, so that any mix is their sum; pitch and voicing at 50 Hz."""

    accompaniment: np.ndarray
    melody: np.ndarray
    pitch: np.ndarray
    voiced: np.ndarray
    played: bool  # by an instrument, not sung


def track_notes(midi, name):
    """(onset_s, offset_s, pitch, velocity) of a named track."""
    changes, tick = [(0, 500000)], 0
    for message in midi.tracks[0]:
        tick += message.time
        if message.type == "set_tempo":
            changes.append((tick, message.tempo))
    ticks = np.array([t for t, _ in changes])
    per_tick = np.array([tempo for _, tempo in changes]) / 1e6 / midi.ticks_per_beat
    seconds = np.concatenate([[0.0], np.cumsum(np.diff(ticks) * per_tick[:-1])])

    def at(t):
        i = np.searchsorted(ticks, t, "right") - 1
        return seconds[i] + (t - ticks[i]) * per_tick[i]

    notes, tick, sounding = [], 0, {}
    for message in next(track for track in midi.tracks if track.name == name):
        tick += message.time
        if message.type == "note_on" and message.velocity > 0:
            sounding[message.note] = (tick, message.velocity)
        elif message.type in {"note_on", "note_off"} and message.note in sounding:
            start, velocity = sounding.pop(message.note)
            notes.append((at(start), at(tick), message.note, velocity))
    return sorted(notes)


def rendered(parts, bank, folder):
    """Sound of parts (channel, program, notes, volume, pan) as ``N_SAMPLES`` at 16 kHz."""
    events = []
    for channel, program, notes, volume, pan in parts:
        events += [(0, mido.Message("program_change", channel=channel, program=int(program)))]
        events += [
            (0, mido.Message("control_change", channel=channel, control=c, value=int(v)))
            for c, v in ((7, volume), (10, pan))
        ]
        for start, end, pitch, velocity in notes:
            key = {"channel": channel, "note": int(np.clip(pitch, 0, 127))}
            events.append((int(start * 960), mido.Message("note_on", velocity=int(np.clip(velocity, 1, 127)), **key)))
            events.append((int(max(end, start + 0.03) * 960), mido.Message("note_off", **key)))
    midi, track, last = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack(), 0
    midi.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=500000, time=0))
    for tick, message in sorted(events, key=lambda event: event[0]):
        track.append(message.copy(time=tick - last))
        last = tick
    path, wav = Path(folder) / "part.mid", Path(folder) / "part.wav"
    midi.save(path)
    command = ["fluidsynth", "-niq", "-g", "0.6", "-r", "32000", "-F", str(wav), bank, str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    sound, sr = soundfile.read(wav, dtype="float32")
    sound = soxr.resample(sound.mean(axis=1), sr, SR)
    return np.pad(sound, (0, max(0, N_SAMPLES - sound.size)))[:N_SAMPLES]


def accompaniment(bridge, piano, beats, rng, folder):
    """The song without its tune, with bass, strummed fifths, pads and drums by chance; of root mean square 1."""
    bass, strum, pad, drums = [], [], [], []
    for number, (start, end) in enumerate(pairwise(beats)):
        middle = (start + end) / 2
        sounding = [p for a, b, p, _ in piano if a < end - 0.03 and b > start + 0.03]
        if sounding:
            root = 28 + (min(sounding) - 28) % 12
            bass += (
                [(start, end, root, 100)]
                if rng.random() < 0.5
                else [(start, middle, root, 100), (middle, end, root, 95)]
            )
            strum += [(t, t + 0.45 * (end - start), root + s, 95) for t in (start, middle) for s in (12, 19, 24)]
            pad += [(start, end, p if p >= 48 else p + 12, 80) for p in set(sounding)]
        drums += [(start, start + 0.1, 42 if rng.random() < 0.9 else 46, 80), (middle, middle + 0.1, 42, 60)]
        drums.append((start, start + 0.1, (36, 38)[number % 2], 110))
        drums += [(start, start + 0.1, 49, 100)] * (rng.random() < 0.05) + [(middle, middle + 0.1, 36, 90)] * (
            rng.random() < 0.3
        )
    choices = [
        (1.0, 0, rng.choice(CHORD_PROGRAMS), piano, rng.integers(60, 110)),
        (0.8, 1, rng.choice(BRIDGE_PROGRAMS), bridge, rng.integers(50, 105)),
        (0.85, 2, rng.integers(32, 40), bass, rng.integers(70, 120)),
        (0.4, 3, rng.choice((29, 30, 27, 28, 25)), strum, rng.integers(50, 100)),
        (0.4, 4, rng.choice(PAD_PROGRAMS), pad, rng.integers(40, 90)),
        (0.8, 9, 0, drums, rng.integers(60, 110)),
    ]
    parts = [(*part, rng.integers(30, 98)) for chance, *part in choices if rng.random() < chance]
    sound = rendered(parts, BANKS[rng.integers(len(BANKS))], folder)
    return sound / (np.sqrt((sound**2).mean()) + 1e-9)


def contour(notes, rng, formant_scale, vibrato):
    """Pitch, loudness, formants (n, 3) and breath at 200 Hz of a singer; None where hardly anything is sung."""
    n = int(SECONDS * CONTOUR_RATE)
    pitch, loud, breath, formants = np.full(n, np.nan), np.zeros(n), np.zeros(n), np.zeros((n, 3))
    for start_s, end_s, midi, velocity in notes:
        i, j = max(0, int((start_s + rng.normal(0.02, 0.02)) * CONTOUR_RATE)), min(n, int(end_s * CONTOUR_RATE))
        if j - i < 8:
            continue
        t = np.arange(j - i) / CONTOUR_RATE
        scoop = -rng.uniform(0.3, 2) * (rng.random() < 0.4) * np.exp(-t / rng.uniform(0.03, 0.09))
        shake = (
            rng.uniform(0, 1)
            * vibrato
            * np.clip((t - 0.15) / 0.3, 0, 1)
            * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * t + rng.uniform(0, 6))
        )
        fall = -rng.uniform(0, 2) * (rng.random() < 0.25) * np.clip((t - t[-1] + 0.15) / 0.15, 0, 1)
        pitch[i:j] = midi + rng.normal(0, 0.08) + scoop + shake + fall
        shape = np.clip(t / rng.uniform(0.015, 0.06), 0, 1) * np.clip(
            (t[-1] - t) / rng.uniform(0.03, 0.12) + 0.02, 0, 1
        )
        loud[i:j] = np.maximum(
            loud[i:j], shape * (0.6 + 0.4 * velocity / 127 * rng.uniform(0.6, 1.2)) * np.exp(-t * rng.uniform(0, 0.8))
        )
        glide = (t / (t[-1] + 1e-3))[:, None] ** 2
        first, then = VOWELS[rng.integers(len(VOWELS), size=2)]
        formants[i:j] = (first * (1 - glide) + then * glide) * formant_scale * rng.uniform(0.93, 1.07)
        if rng.random() < 0.55:  # a consonant
            length = int(rng.uniform(0.02, 0.09) * CONTOUR_RATE)
            at = slice(max(0, i - length // 2), max(0, i - length // 2) + length)
            breath[at], loud[at] = rng.uniform(0.1, 0.7), loud[at] * rng.uniform(0, 0.5)
    sung = ~np.isnan(pitch)
    if sung.sum() < 50:
        return None
    frames = np.arange(n)
    pitch = smoothed(np.interp(frames, frames[sung], pitch[sung]), rng.uniform(2.5, 7))
    drift = np.cumsum(rng.normal(0, 0.02, n))
    pitch = pitch + 0.5 * (drift - smoothed(drift, 60))
    formants = np.stack([smoothed(np.interp(frames, frames[sung], f[sung]), 5) for f in formants.T], axis=1)
    return pitch, smoothed(loud, 1.5), formants, breath


def smoothed(values, width):
    """A Gaussian mean, edges repeated."""
    reach = int(np.ceil(3 * width))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    return np.convolve(np.pad(values, reach, mode="edge"), kernel / kernel.sum(), mode="valid")


def sung(notes, rng, formant_scale, vibrato, tilt):
    """A voice of root mean square 1 where it sings, and its pitch and voicing at 50 Hz."""
    parts = contour(notes, rng, formant_scale, vibrato)
    if parts is None:
        return None
    pitch, loud, formants, breath = parts
    frames, time = np.arange(pitch.size), np.arange(N_SAMPLES) * (CONTOUR_RATE / SR)
    hz = 440 * 2 ** ((pitch - 69) / 12)
    phase = 2 * np.pi * np.cumsum(np.interp(time, frames, hz)) / SR
    width = np.array([80, 110, 160]) * rng.uniform(0.8, 2.2)
    sound = np.zeros(N_SAMPLES)
    for number in range(1, min(50, int(7800 / hz.min())) + 1):
        f = number * hz
        resonance = ((1, 0.7, 0.4) / (1 + ((f[:, None] - formants) / width) ** 2)).sum(axis=1)
        amplitude = loud * (resonance + 0.06 + 0.25 * np.exp(-f / 400)) * (f / 200) ** -tilt * (f < 7600)
        sound += np.interp(time, frames, amplitude) * np.sin(number * phase)
    voiced = loud > 0.08
    sound /= np.sqrt((sound**2).mean() / max(0.05, voiced.mean())) + 1e-9
    hiss = np.diff(rng.normal(size=N_SAMPLES + 1))
    sound += hiss * (
        np.interp(time, frames, breath) * rng.uniform(0.1, 0.5) + np.interp(time, frames, loud) * rng.uniform(0, 0.06)
    )
    return sound, pitch[::4], voiced[::4]


def played(notes, rng, folder):
    """The tune by a solo instrument, and its pitch and voicing at 50 Hz."""
    notes = [(a, max(a + 0.06, b - rng.uniform(0, 0.04)), p, v) for a, b, p, v in notes if p <= 84]
    sound = rendered([(0, rng.choice(LEAD_PROGRAMS), notes, 100, 64)], BANKS[rng.integers(len(BANKS))], folder)
    pitch = np.full(N_FRAMES, np.nan)
    for start, end, midi, _ in notes:
        pitch[int(start * 50) : int(end * 50)] = midi
    on, frames = ~np.isnan(pitch), np.arange(N_FRAMES)
    level = np.sqrt(np.convolve(sound**2, np.ones(800) / 800, mode="same"))[:: SR // 50][:N_FRAMES]
    sound = sound / (np.sqrt((sound**2).mean() / max(0.05, on.mean())) + 1e-9)
    return sound, np.interp(frames, frames[on], pitch[on]), on & (level > 0.03 * level.max())


def reverberated(sound, rng):
    """With a tail of decaying noise."""
    length = int(rng.uniform(0.2, 1.6) * SR)
    tail = rng.normal(size=length) * 10 ** (-3 * np.arange(length) / length)
    wet = fftconvolve(sound, tail / np.sqrt((tail**2).sum()))[: sound.size - 200]
    return sound + 10 ** (rng.uniform(-26, -9) / 20) * np.concatenate([np.zeros(200), wet])


def transform(sound):
    """Complex CQT (84, 2000)."""
    return librosa.cqt(sound.astype(np.float32), sr=SR, hop_length=320, fmin=32.703, n_bins=84)[:, :N_FRAMES].astype(
        np.complex64
    )


def example(pop909, song, *, by_instrument, seed, folder):
    """Forty seconds of one song; None where they hold hardly any melody."""
    rng = np.random.default_rng([seed, song])
    root = Path(pop909) / f"{song:03d}"
    midi = mido.MidiFile(root / f"{song:03d}.mid")
    tracks = {name: track_notes(midi, name) for name in ("MELODY", "BRIDGE", "PIANO")}
    begin = rng.uniform(0, max(1, max(note[1] for note in tracks["MELODY"]) - SECONDS))
    cut = {
        name: [
            (max(0, a - begin), min(SECONDS, b - begin), p, v)
            for a, b, p, v in notes
            if b > begin and a < begin + SECONDS
        ]
        for name, notes in tracks.items()
    }
    if len(cut["MELODY"]) < 15:
        return None
    beats = np.array([float(line.split()[0]) for line in (root / "beat_midi.txt").read_text().splitlines()]) - begin
    sound = accompaniment(cut["BRIDGE"], cut["PIANO"], beats[(beats >= 0) & (beats < SECONDS - 0.1)], rng, folder)
    low = rng.random() < 0.55
    centre = np.median([p for _, _, p, _ in cut["MELODY"]])
    shift = int(
        rng.choice((0, 0, 12, -12))
        if by_instrument
        else 12 * np.round((rng.normal(57 if low else 66, 4) - centre) / 12)
    )
    tune = [(a, b, p + shift, v) for a, b, p, v in cut["MELODY"]]
    scale = rng.uniform(0.95, 1.08) if low else rng.uniform(1.08, 1.22)
    lead = (
        played(tune, rng, folder)
        if by_instrument
        else sung(tune, rng, scale, rng.choice((0, 0.15, 0.3, 0.6)), rng.uniform(0.3, 1.1))
    )
    if lead is None:
        return None
    if rng.random() < 0.3:  # a second voice counts as accompaniment
        steps = rng.choice((-3, -4, -5, 4, -12, 12, 0), size=len(tune))
        second = sung(
            [(a, b, p + s, v) for (a, b, p, v), s in zip(tune, steps, strict=True)],
            rng,
            1.0,
            0.2,
            rng.uniform(0.4, 1.1),
        )
        if second is not None:
            sound = sound + 0.6 * 10 ** (rng.uniform(-16, -5) / 20) * reverberated(second[0], rng)
    voice, pitch, voiced = lead
    return Example(
        transform(sound), transform(reverberated(voice, rng)), pitch[:N_FRAMES], voiced[:N_FRAMES], by_instrument
    )
