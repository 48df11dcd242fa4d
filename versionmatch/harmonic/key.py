"""A key, and how it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import InputError
from ..scores.symbols import STEPS
from ..units import PITCH_CLASSES

MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
MINOR_SCALE = (0, 2, 3, 5, 7, 8, 10)  # natural
_WRITTEN = re.compile(r"([A-Ga-g])\s*([#b♯♭]?)\s*:?\s*(major|minor|maj|min|m|)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic (pitch class, 0 = C) and whether it is minor.

    >>> Key.of("F♯ minor"), Key.of("Bb").label, Key.of("e").label
    (Key(tonic=6, minor=True), 'B♭ major', 'E minor')
    """

    tonic: int
    minor: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.tonic < 12:
            raise InputError(f"a tonic is a pitch class, 0 (C) to 11 (B); got {self.tonic}")

    @property
    def label(self) -> str:
        """Such as ``G major``."""
        return f"{PITCH_CLASSES[self.tonic]} {'minor' if self.minor else 'major'}"

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes from the tonic up; in minor the natural scale."""
        return tuple((self.tonic + step) % 12 for step in (MINOR_SCALE if self.minor else MAJOR_SCALE))

    @property
    def signature(self) -> int:
        """Sharps of its signature, modulo 12.

        >>> Key.of("A minor").signature, Key.of("D major").signature
        (0, 2)
        """
        return 7 * (self.tonic + (3 if self.minor else 0)) % 12

    def transposed(self, semitones: int) -> Key:
        """The same mode, so many semitones higher."""
        return Key((self.tonic + semitones) % 12, self.minor)

    @staticmethod
    def of(text: str) -> Key:
        """Of such as ``G major``, ``F# minor``, ``Bbm``, ``e``; InputError else."""
        found = _WRITTEN.fullmatch(text.strip())
        if found is None:
            raise InputError(f"the key {text[:40]!r} cannot be read; write such as 'G major' or 'F# minor'")
        letter, sign, mode = found.groups()
        tonic = (STEPS[letter.upper()] + {"#": 1, "♯": 1, "b": -1, "♭": -1}.get(sign, 0)) % 12
        named = mode == "m" or mode.lower().startswith("min")
        return Key(tonic, named or (not mode and letter.islower()))
