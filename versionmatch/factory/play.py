"""A piece as sound: by a soundfont where there is one, else by plain tones."""

from __future__ import annotations

import numpy as np

from ..audio import synth
from ..types import Audio, FloatArray
from .casting import EVENED, ROLE_DB
from .events import DRUM_BANK, Channel
from .piece import Piece, Voice
from .soundfonts import soundfonts_named
from .synthesiser import Synthesiser, synthesiser

SR = 16000
TAIL_S = 1.0
LOUDEST = 0.8
LEAD_DB = 4.0
TONES = ("flute", "reed", "voice", "pluck")
_TONE_GAINS = {"lead": 1.0, "bass": 0.6, "drums": 0.25}


def sounded(piece: Piece) -> Audio:
    """Mono at 16 kHz, its peak at ``LOUDEST``, a second longer than the piece for what still rings.

    Played by the soundfont that the piece names, in FluidSynth; where it names none, in additive tones, each part in a
    timbre that its program chooses. InputError where the soundfont is not on this machine.
    """
    mix = _tones(piece) if not piece.soundfont else _banked(piece, synthesiser(soundfonts_named([piece.soundfont])[0]))
    peak = max(float(np.abs(mix).max(initial=0.0)), 1e-6)
    return Audio((mix * np.float32(LOUDEST / peak)).astype(np.float32), SR)


def _banked(piece: Piece, bank: Synthesiser) -> FloatArray:
    return bank.render([_channel(piece, voice, bank) for voice in piece.voices], _n_samples(piece))


def _channel(piece: Piece, voice: Voice, bank: Synthesiser) -> Channel:
    notes = voice.notes.copy()
    notes[:, :2] *= np.float32(60.0 / piece.bpm)
    gain_db = ROLE_DB.get(voice.role, 0.0) + (LEAD_DB if voice.role == "lead" else 0.0)
    if voice.role == "drums":
        return Channel(notes, voice.program, DRUM_BANK, gain_db)
    middle = float(np.median(notes[:, 2])) if len(notes) else 60.0
    return Channel(notes, voice.program, gain_db=gain_db - EVENED * bank.loudness_db(voice.program, middle))


def _tones(piece: Piece) -> FloatArray:
    mix = np.zeros(_n_samples(piece))
    for voice in piece.voices:
        if len(voice.notes) == 0:
            continue
        sound = _beaten(piece, voice) if voice.role == "drums" else _toned(piece, voice)
        mix += _TONE_GAINS.get(voice.role, 0.5) * sound
    return mix.astype(np.float32)


def _toned(piece: Piece, voice: Voice) -> FloatArray:
    rows = [(p, piece.seconds(t), piece.seconds(d)) for t, d, p, _ in voice.notes.tolist()]
    timbre = TONES[voice.program % len(TONES)]
    return synth.melody(rows, sr=SR, timbre=timbre, duration_s=_n_samples(piece) / SR).samples


def _beaten(piece: Piece, voice: Voice) -> FloatArray:
    """A short burst of noise for each stroke, the higher drums shorter."""
    rng, sound = np.random.default_rng(440), np.zeros(_n_samples(piece), np.float32)
    time = np.arange(round(0.08 * SR)) / SR
    for onset, _, pitch, velocity in voice.notes.tolist():
        burst = velocity * rng.standard_normal(time.size) * np.exp(-time / (0.03 if pitch < 40 else 0.012))
        start = round(piece.seconds(onset) * SR)
        sound[start : start + burst.size] += burst[: max(0, sound.size - start)].astype(np.float32)
    return sound / max(float(np.abs(sound).max()), 1e-6)


def _n_samples(piece: Piece) -> int:
    return round((piece.duration_s + TAIL_S) * SR)
