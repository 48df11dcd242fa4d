"""What an arrangement hands to a synthesiser: parts of notes in seconds, whoever will play them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import FloatArray

ROLES = (
    "voice",  # a sung lead: glides, vibrato, consonants
    "lead",  # an instrumental lead
    "counter",  # a second line: harmony voice, answer, fill
    "chords",  # struck together
    "strum",  # struck one after another, fast
    "arpeggio",
    "pad",  # sustained
    "power",  # distorted roots and fifths
    "riff",
    "drone",
    "bass",
    "drums",  # pitches are General MIDI drums
)
"""What a part does; a synthesiser chooses its instrument by it."""


@dataclass(frozen=True, eq=False, slots=True)
class Part:
    """Notes of one player.

    ``notes (n, 4) float32``: onset in seconds, duration in seconds, pitch (MIDI number; of drums the General
    MIDI drum), velocity in (0, 1]; sorted by onset. ``gain_db`` is the part's level in the mix.
    """

    role: str
    notes: FloatArray
    gain_db: float = 0.0

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise InputError(f"a part has the role {self.role!r}; there are: {', '.join(ROLES)}")
        notes = np.array(self.notes, dtype=np.float32, order="C").reshape(-1, 4)
        if not np.isfinite(notes).all():
            raise InputError(f"the {self.role} part holds notes that are not finite numbers")
        notes = notes[np.argsort(notes[:, 0], kind="stable")]
        notes.flags.writeable = False
        object.__setattr__(self, "notes", notes)


@dataclass(frozen=True, eq=False, slots=True)
class Performance:
    """One version of a work before it sounds.

    Parameters
    ----------
    work_id : str
        Of which work.
    parts : tuple of Part
    duration_s : float
        Nothing sounds after it but decay.
    changes : mapping of str to float or str
        What was done to the work, by kind of change, for reports by kind.
    positions : (n,) float32
        Where in the work, in quarter notes, the performance is at 0, 0.1, 0.2 … seconds; NaN where it is nowhere.
    """

    work_id: str
    parts: tuple[Part, ...]
    duration_s: float
    changes: dict[str, float | str] = field(default_factory=dict)
    positions: FloatArray = field(default_factory=lambda: np.zeros(0, np.float32))


class Route(Protocol):
    """From notes to the constant-Q transform that the network reads: straight, or through rendered sound."""

    name: str
    tail_s: float
    """How long the sound goes on behind the performance's end; all of it is in the levels."""

    def synthesise(
        self, performance: Performance, rng: np.random.Generator, difficulty: float
    ) -> npt.NDArray[np.uint8]:
        """``(84, n)`` at 10 frames a second: the root of the magnitude in 255 steps of the largest.

        ``difficulty`` in [0, 1] scales how far timbre, room, noise and damage go.
        """
        ...


def as_part(role: str, notes: Iterable[tuple[float, float, float, float]], gain_db: float = 0.0) -> Part | None:
    """The part, or None where it would be empty."""
    array = np.array(list(notes), dtype=np.float32).reshape(-1, 4)
    return Part(role, array, gain_db) if len(array) else None
