"""Chords as roots and qualities, read from labels of several kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ..errors import InputError
from ..scores.symbols import ROOT, ROOTS, STEPS, harte

TONES = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "maj6": (0, 4, 7, 9),
    "min6": (0, 3, 7, 9),
    "minmaj7": (0, 3, 7, 11),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "hdim7": (0, 3, 6, 10),
    "aug": (0, 4, 8),
    "sus4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "5": (0, 7),
}
"""Quality → semitones above the root; whatever else a chord holds is left out."""

QUALITIES = tuple(TONES)
NO_CHORD = "N"
_FURTHER = {"9": (2, 10), "11": (5, 10), "13": (9, 10), "maj9": (2, 11), "maj11": (5, 11), "maj13": (9, 11)}
SHORTHANDS = {
    **TONES,
    **{name: (0, 4, 7, *more) for name, more in _FURTHER.items()},
    **{f"min{name}": (0, 3, 7, 10) for name in ("9", "11", "13")},
    "1": (0,),
    "6": TONES["maj6"],
}
_DEGREE = re.compile(r"(\*?)([b#]*)(\d{1,2})")
_MAJOR = (0, 2, 4, 5, 7, 9, 11)


@dataclass(frozen=True, slots=True)
class Chord:
    """A root (pitch class, 0 = C) and one of ``QUALITIES``; or no chord: root -1 and the quality ``N``.

    >>> Chord(7, "7").label, Chord.of("Gm").label, Chord.of("N").sounds
    ('G:7', 'G:min', False)
    """

    root: int
    quality: str

    def __post_init__(self) -> None:
        silent = self.root == -1 and self.quality == NO_CHORD
        if not silent and not (0 <= self.root < 12 and self.quality in TONES):
            raise InputError(
                f"a chord has a root of 0 to 11 and one of the qualities {', '.join(QUALITIES)}; "
                f"got {self.root} and {self.quality!r}"
            )

    @property
    def sounds(self) -> bool:
        """Whether it is a chord at all."""
        return self.root >= 0

    @property
    def label(self) -> str:
        """Its name in Harte's syntax."""
        return f"{ROOTS[self.root]}:{self.quality}" if self.sounds else NO_CHORD

    @property
    def tones(self) -> frozenset[int]:
        """Its pitch classes."""
        return frozenset((self.root + step) % 12 for step in TONES[self.quality]) if self.sounds else frozenset()

    @staticmethod
    def of(label: str) -> Chord:
        """What a label names: Harte's syntax [1]_ with its additions, omissions and inversions, or a written symbol.

        The bass is left out; a quality is brought to the nearest of ``QUALITIES``: ``C:9`` is C:7, ``C:min7(*5,b5)``
        is C:hdim7. ``N``, ``X``, ``NC`` and the empty label are no chord. InputError where it is none of these.

        >>> [Chord.of(s).label for s in ("Bb:maj7/3", "F#m7", "C:sus4(b7)", "E", "D:min7(*5,b5)", "A:(1,b3,5)", "X")]
        ['Bb:maj7', 'F#:min7', 'C:sus4', 'E:maj', 'D:hdim7', 'A:min', 'N']

        References
        ----------
        .. [1] Harte et al., "Symbolic representation of musical chords", 2005.
        """
        return _read(label.strip())


SILENT = Chord(-1, NO_CHORD)


@lru_cache(maxsize=4096)
def _read(label: str) -> Chord:
    if label.replace(".", "").upper() in {"", "N", "NC", "X"}:
        return SILENT
    root = ROOT.match(label)
    if root is not None and label[root.end() : root.end() + 1] == ":":
        kind = label[root.end() + 1 :].partition("/")[0]
        quality = _quality(kind)
        if quality is not None:
            alter = sum({"#": 1, "♯": 1, "b": -1, "♭": -1}[sign] for sign in root[2])
            return Chord((STEPS[root[1].upper()] + alter) % 12, quality)
    written = harte(label)
    if written is None or written == NO_CHORD:
        raise InputError(f"{label[:40]!r} names no chord; write such as G:7, Gm or N")
    name, _, quality = written.partition(":")
    return Chord(ROOTS.index(name), quality)


def _quality(kind: str) -> str | None:
    """The quality of what stands after a root's colon: a shorthand, degrees in brackets, or both."""
    shorthand, _, degrees = kind.partition("(")
    changes = _DEGREE.findall(degrees)
    if shorthand not in SHORTHANDS and (shorthand or not changes):
        return None
    steps = set(SHORTHANDS.get(shorthand, ()))
    for left_out, signs, number in changes:
        degree = int(number) - 1
        step = (_MAJOR[degree % 7] + signs.count("#") - signs.count("b")) % 12
        steps = steps - {step} if left_out else steps | {step}
    return quality_of(steps)


def quality_of(steps: Iterable[int]) -> str:
    """The quality nearest to a set of semitones above the root: by its third, then its fifth, then its seventh.

    >>> quality_of({0, 4, 7, 10, 2}), quality_of({0, 3, 6, 10}), quality_of({0, 7, 5})
    ('7', 'hdim7', 'sus4')
    """
    held = {step % 12 for step in steps}
    if 4 in held:
        if 8 in held and not held & {7, 10, 11}:
            return "aug"
        return "7" if 10 in held else "maj7" if 11 in held else "maj6" if 9 in held else "maj"
    if 3 in held:
        if 6 in held and 7 not in held:
            return "hdim7" if 10 in held else "dim7" if 9 in held else "dim"
        return "min7" if 10 in held else "minmaj7" if 11 in held else "min6" if 9 in held else "min"
    return "sus4" if 5 in held else "sus2" if 2 in held else "5"
