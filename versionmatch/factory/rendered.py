"""The route through sound: a performance is played by soundfonts and a singing voice, damaged, and transformed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..features.cqt import SR, LibrosaCQT
from ..types import Audio, FloatArray
from .damage import distort
from .events import DRUM_BANK, Channel
from .instruments import GLIDING, ONE_AT_A_TIME, RINGING, draw_program
from .performance import Part, Performance
from .setting import Chain
from .soundfonts import REMEDY
from .synthesiser import NOTE_RMS, Synthesiser, synthesiser
from .voice import Singer, sing

POOL = 10  # frames of the transform (50 a second) to one of the route's (5 a second)
TAIL_S = 1.5  # for what still decays after the performance
SUNG = 0.72  # how often a voice part is sung; else an instrument plays it
AMPLIFIED = 0.5  # how often distorted guitars are clean ones through an amplifier
CLEAN_GUITAR = 27
EVENED = 0.75  # how much of the difference in loudness between instruments is taken back, in dB of dB
VOICE_DB = (3.0, 2.5)  # a singer over the other players: mean and standard deviation
LOUDEST = 0.9


class RenderedRoute:
    """Versions as they would sound: one soundfont, drawn for each, plays them.

    The same performance, difficulty and state of ``rng`` give the same bytes.

    Parameters
    ----------
    soundfonts : sequence of Path
        Banks to draw from, such as ``training_soundfonts()``.

    Raises
    ------
    InputError
        If there is none, or one of them is not there.
    """

    name = "rendered"

    def __init__(self, soundfonts: Sequence[Path]) -> None:
        self._soundfonts = [Path(path) for path in soundfonts]
        if not self._soundfonts:
            raise InputError(f"the rendered route was given no soundfont; {REMEDY}")
        for path in self._soundfonts:
            if not path.is_file():
                raise InputError(f"there is no soundfont {path}; {REMEDY}")

    def synthesise(
        self, performance: Performance, rng: np.random.Generator, difficulty: float
    ) -> npt.NDArray[np.uint8]:
        """``(84, n)`` at 5 frames a second: the root of the magnitude in 255 steps of the largest."""
        return pooled_root(self.sound(performance, rng, difficulty))

    def sound(self, performance: Performance, rng: np.random.Generator, difficulty: float) -> Audio:
        """The version as sound at 16 kHz, its peak at ``LOUDEST``; ``difficulty`` in [0, 1] as for ``synthesise``."""
        mix = self._mix(performance, rng, difficulty)
        heard = Chain(rng, difficulty).applied(mix)
        peak = max(float(np.abs(heard).max()), 1e-6)
        return Audio((heard * np.float32(LOUDEST / peak)).astype(np.float32, copy=False), SR)

    def _mix(self, performance: Performance, rng: np.random.Generator, difficulty: float) -> FloatArray:
        """All players together, before any damage."""
        synth = synthesiser(self._soundfonts[int(rng.integers(len(self._soundfonts)))])
        n_samples = int((performance.duration_s + TAIL_S) * SR)
        clean, driven, sung = [], [], []
        for part in performance.parts:
            if len(part.notes) == 0:
                continue
            gain_db = part.gain_db + rng.normal(0, 2 * difficulty)
            if part.role == "voice" and rng.random() < SUNG:
                sung.append(_sung(part, gain_db, n_samples, rng, difficulty))
            elif part.role == "power" and rng.random() < AMPLIFIED:
                driven.append(Channel(part.notes, CLEAN_GUITAR, gain_db=gain_db))
            else:
                clean.append(_channel(synth, part, gain_db, rng))
        mix = synth.render(clean, n_samples)
        if driven:
            mix = mix + distort(synth.render(driven, n_samples), rng.uniform(12, 32), rng.uniform(0, 0.5))
        for voice in sung:
            mix = mix + voice
        return mix


def _sung(part: Part, gain_db: float, n_samples: int, rng: np.random.Generator, difficulty: float) -> FloatArray:
    """The part sung, at the level of the other players."""
    level = NOTE_RMS * 10 ** ((gain_db + rng.normal(*VOICE_DB)) / 20)
    return sing(part.notes, n_samples, Singer.draw(rng, difficulty), rng) * np.float32(level)


def _channel(synth: Synthesiser, part: Part, gain_db: float, rng: np.random.Generator) -> Channel:
    """The part on an instrument that suits its role."""
    program = draw_program(part.role, rng)
    if part.role == "drums":
        return Channel(part.notes, program, DRUM_BANK, gain_db)
    notes = part.notes
    if program in RINGING and rng.random() < 0.4:
        notes = notes.copy()
        notes[:, 1] *= np.float32(rng.uniform(1.0, 2.5))
    line = part.role in ONE_AT_A_TIME
    slides = line and program in GLIDING and rng.random() < 0.5
    return Channel(
        notes,
        program,
        gain_db=gain_db - EVENED * synth.loudness_db(program, float(np.median(part.notes[:, 2]))),
        modulation=int(rng.integers(0, 90)) if line and program in GLIDING and rng.random() < 0.6 else 0,
        glide_s=float(rng.uniform(0.03, 0.12)) if slides else 0.0,
        mono=line,
    )


def pooled_root(audio: Audio) -> npt.NDArray[np.uint8]:
    """``(84, n)`` at 5 frames a second: the root of the CQT's mean magnitude in 255 steps of the largest.

    The mean is over ten frames of the transform; that is also what the root mean square of pairs of roots at ten
    frames a second comes to.
    """
    magnitudes = LibrosaCQT(tuning=False).extract({"audio": audio}).values
    n = magnitudes.shape[1] // POOL
    pooled = magnitudes[:, : n * POOL].reshape(len(magnitudes), n, POOL).mean(axis=2)
    largest = max(float(pooled.max(initial=0.0)), 1e-12)
    steps: npt.NDArray[np.uint8] = np.round(255 * np.sqrt(pooled / largest)).astype(np.uint8)
    return steps
