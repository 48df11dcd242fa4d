"""Who plays a part, how loud, and how: a singer, an instrument, two of them, or a guitar through an amplifier."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..types import FloatArray
from .damage import decibels, distort
from .events import DRUM_BANK, Channel
from .instruments import GLIDING, ONE_AT_A_TIME, RINGING, draw_program
from .performance import Part
from .synthesiser import NOTE_RMS, Synthesiser
from .voice import Singer, sing

SUNG = 0.72  # how often a voice part is sung; else an instrument plays it
TWICE = 0.2  # how often a singer sings the part once more over the first take
DOUBLED = 0.35  # how often a second instrument plays along
AMPLIFIED = 0.5  # how often distorted guitars are clean ones through an amplifier
CLEAN_GUITAR = 27
EVENED = 0.75  # how much of the difference in loudness between instruments is taken back, in dB of dB
VOICE_DB = (3.0, 2.5)  # a singer over the other players: mean and standard deviation
ROLE_DB = {
    "drums": 7.0,
    "bass": 8.0,
    "chords": -2.0,
    "pad": -3.0,
}  # over a note of the same velocity, as records have it


@dataclass(slots=True)
class Cast:
    """The players of one version, and what the singers among them have sung."""

    synth: Synthesiser
    rng: np.random.Generator
    difficulty: float
    n_samples: int
    clean: list[Channel] = field(default_factory=list)
    driven: list[Channel] = field(default_factory=list)
    sung: list[FloatArray] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Find somebody for the part; a part without notes needs nobody."""
        if len(part.notes) == 0:
            return
        gain_db = part.gain_db + ROLE_DB.get(part.role, 0.0) + self.rng.normal(0, 2 * self.difficulty)
        if part.role == "drums":
            self.clean.append(Channel(part.notes, draw_program(part.role, self.rng), DRUM_BANK, gain_db))
        elif part.role == "voice" and self.rng.random() < SUNG:
            self._sing(part, gain_db)
        elif part.role == "power" and self.rng.random() < AMPLIFIED:
            self.driven.append(Channel(part.notes, CLEAN_GUITAR, gain_db=gain_db))
        else:
            self.clean.append(self._player(part, gain_db))
            if part.role != "bass" and self.rng.random() < DOUBLED:
                self.clean.append(self._companion(part, gain_db))

    def played(self) -> FloatArray:
        """All together, ``(n_samples,)``."""
        mix = self.synth.render(self.clean, self.n_samples)
        if self.driven:
            guitars = self.synth.render(self.driven, self.n_samples)
            mix = mix + distort(guitars, self.rng.uniform(12, 32), self.rng.uniform(0, 0.5))
        for voice in self.sung:
            mix = mix + voice
        return mix

    def _sing(self, part: Part, gain_db: float) -> None:
        singer = Singer.draw(self.rng, self.difficulty)
        level = np.float32(NOTE_RMS) * decibels(gain_db + self.rng.normal(*VOICE_DB))
        self.sung.append(sing(part.notes, self.n_samples, singer, self.rng) * level)
        if self.rng.random() < TWICE:
            late = part.notes.copy()
            late[:, 0] += self.rng.normal(0, 0.015, len(late)).astype(np.float32)
            again = sing(late[np.argsort(late[:, 0], kind="stable")], self.n_samples, singer, self.rng)
            self.sung.append(again * level * decibels(self.rng.uniform(-8, 0)))

    def _player(self, part: Part, gain_db: float) -> Channel:
        """An instrument that suits the part's role."""
        program, line = draw_program(part.role, self.rng), part.role in ONE_AT_A_TIME
        notes = part.notes
        if program in RINGING and self.rng.random() < 0.4:
            notes = notes.copy()
            notes[:, 1] *= np.float32(self.rng.uniform(1.0, 2.5))
        expressive = line and program in GLIDING
        return Channel(
            notes,
            program,
            gain_db=gain_db - EVENED * self.synth.loudness_db(program, float(np.median(part.notes[:, 2]))),
            modulation=int(self.rng.integers(0, 90)) if expressive and self.rng.random() < 0.6 else 0,
            glide_s=float(self.rng.uniform(0.03, 0.12)) if expressive and self.rng.random() < 0.5 else 0.0,
            mono=line,
        )

    def _companion(self, part: Part, gain_db: float) -> Channel:
        """A second instrument: softer, a little late, 4 to 14 cents off, sometimes an octave higher."""
        other = self._player(part, gain_db - self.rng.uniform(2, 9))
        notes = other.notes.copy()
        notes[:, 0] += np.float32(self.rng.uniform(0.0, 0.025))
        notes[:, 2] += np.float32(self.rng.choice([-1, 1]) * self.rng.uniform(0.04, 0.14))
        notes[:, 2] += np.float32(12 * (self.rng.random() < 0.2))
        return replace(other, notes=notes)
