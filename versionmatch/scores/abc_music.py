"""A line of ABC's music: notes, rests, chords, tuplets, broken rhythm, ties and bars."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import zip_longest
from typing import Protocol

from ..errors import InputError
from .symbols import STEPS, harte
from .writing import Draft, later, whole

ACCIDENTAL = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
TOKEN = re.compile(
    r'(?P<text>"[^"]{0,400}")'  # bounded, so that no line takes more than a time in proportion to its length
    r"|(?P<inline>\[[A-Za-z]:[^\]]{0,200}\])"
    r"|(?P<grace>\{[^}]{0,200}\})"
    r"|(?P<decoration>![^!|\s]{0,40}!|\+[a-zA-Z0-9.]{1,40}\+)"
    r"|(?P<tuplet>\(\d(?::\d*){0,2})"
    r"|(?P<chord>\[(?=[\^_=A-Ga-gxz\"!])[^\]]{0,200}\])(?P<chordlength>\d*/*\d*)(?P<chordtie>-?)"
    r"|(?P<bar>[:|\[\]]{0,4}\|[:|\]]{0,4}(?:\s*\[?\d[\d,.-]*)?|::|\[\d[\d,.-]*|\[\|)"
    r"|(?P<note>(?:\^\^|__|[\^_=])?[A-Ga-g][,']*)(?P<length>\d*/*\d*)(?P<tie>-?)"
    r"|(?P<rest>[xz])(?P<restlength>\d*/*\d*)"
    r"|(?P<bars>[XZ])(?P<nbars>\d*)"
    r"|(?P<broken>>+|<+)"
    r"|(?P<overlay>&)"
)
NOTE = re.compile(r"((?:\^\^|__|[\^_=])?)([A-Ga-g])([,']*)(\d*/*\d*)(-?)")
TUPLET_TIME = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
Sounding = list[tuple[float, Fraction, bool]]
"""Pitch, written length in quarters, whether it is tied on; of the notes that begin together."""


@dataclass(slots=True)
class Voice:
    """One voice: where it stands, and what shapes its next note."""

    part: int
    signature: dict[str, int]
    at: Fraction = Fraction(0)
    bar_at: Fraction = Fraction(0)
    inflected: dict[str, int] = field(default_factory=dict)  # accidentals within the bar
    tuplet: tuple[Fraction, int] = (Fraction(1), 0)  # factor, notes left
    broken: Fraction = Fraction(1)  # factor of the next note, from > and <


class Reader(Protocol):
    """What a line needs to know of its tune."""

    draft: Draft
    meter: tuple[int, int] | None

    @property
    def here(self) -> Voice: ...

    @property
    def length(self) -> Fraction: ...

    def field(self, name: str, value: str) -> None: ...


def read_music(tune: Reader, line: str) -> None:
    """Add the notes of a line to the voice that is being read; what is not known is passed over."""
    found = list(TOKEN.finditer(line))
    for token, after in zip_longest(found, found[1:]):
        voice = tune.here
        if token["note"] or token["chord"]:
            _sound(tune, voice, _chord(tune, voice, token), _factor(after))
        elif token["rest"]:
            length = tune.length * _times(token["restlength"])
            _advance(voice, length * _factor(after))
        elif token["bars"]:
            bar = 4 * Fraction(*(tune.meter or (4, 4)))
            count = whole(token["nbars"] or "1", "the bars of a rest", low=1, high=9999)
            voice.at = later(voice.at, bar * count)
        elif token["bar"]:
            voice.inflected, voice.bar_at = {}, voice.at
        elif token["overlay"]:
            voice.at, voice.inflected = voice.bar_at, {}
        elif token["tuplet"]:
            voice.tuplet = _tuplet(tune, token["tuplet"])
        elif token["broken"]:
            n = min(3, len(token["broken"]))
            small = Fraction(1, 2**n)
            voice.broken = small if token["broken"][0] == ">" else 2 - small
        elif token["inline"]:
            tune.field(token["inline"][1], token["inline"][3:-1].strip())
        elif token["text"] and token["text"][1:2] not in {"^", "_", "<", ">", "@"}:
            symbol = harte(token["text"][1:-1])
            if symbol is not None:
                tune.draft.symbols[voice.at] = symbol


def _factor(after: re.Match[str] | None) -> Fraction:
    """What a ``>`` or ``<`` behind a note makes of its length."""
    if after is None or not after["broken"]:
        return Fraction(1)
    small = Fraction(1, 2 ** min(3, len(after["broken"])))
    return 2 - small if after["broken"][0] == ">" else small


def _chord(tune: Reader, voice: Voice, token: re.Match[str]) -> Sounding:
    """The notes of a token: one, or those of a chord with its own length and tie."""
    text, outer, tie = token["note"], Fraction(1), False
    if token["chord"]:
        text = re.sub(r'"[^"]*"|![^!]*!', "", token["chord"][1:-1])
        outer, tie = _times(token["chordlength"]), bool(token["chordtie"])
    else:
        text += token["length"] + token["tie"]
    return [
        (_pitch(voice, *found.groups()[:3]), tune.length * _times(found[4]) * outer, tie or bool(found[5]))
        for found in NOTE.finditer(text)
    ]


def _pitch(voice: Voice, sign: str, letter: str, marks: str) -> float:
    """An accidental holds for its letter in all octaves to the end of the bar, as the ABC standard 2.1 says."""
    name = letter.upper()
    if sign:
        voice.inflected[name] = ACCIDENTAL[sign]
    alter = voice.inflected.get(name, voice.signature.get(name, 0))
    octave = (5 if letter.islower() else 4) + marks.count("'") - marks.count(",")
    return float(12 * (octave + 1) + STEPS[name] + alter)


def _sound(tune: Reader, voice: Voice, notes: Sounding, broken: Fraction) -> None:
    if not notes:
        return
    scale = broken * voice.broken * voice.tuplet[0]
    for pitch, length, ties in notes:
        tune.draft.add(voice.at, length * scale, pitch, voice.part, ties=ties)
    _advance(voice, notes[0][1] * broken)


def _advance(voice: Voice, length: Fraction) -> None:
    """Past a note or a rest of a written length: tuplets and broken rhythm are counted down."""
    factor, left = voice.tuplet
    voice.at = later(voice.at, length * factor * voice.broken)
    voice.broken = Fraction(1)
    voice.tuplet = (factor, left - 1) if left > 1 else (Fraction(1), 0)


def _tuplet(tune: Reader, text: str) -> tuple[Fraction, int]:
    """``(p:q:r``: p notes in the time of q, for the next r of them."""
    numbers = [*text[1:].split(":"), "", ""][:3]
    p = whole(numbers[0], "a tuplet", low=2, high=9)
    compound = tune.meter is not None and tune.meter[1] >= 8 and tune.meter[0] % 3 == 0
    q = whole(numbers[1], "a tuplet", low=1, high=9) if numbers[1] else TUPLET_TIME.get(p, 3 if compound else 2)
    return Fraction(q, p), whole(numbers[2], "a tuplet", low=1, high=9) if numbers[2] else p


def _times(text: str) -> Fraction:
    """A length such as ``3``, ``/``, ``//``, ``3/2`` or ``/4`` of the unit length.

    >>> [str(_times(t)) for t in ("", "3", "/", "//", "3/2", "/4")]
    ['1', '3', '1/2', '1/4', '3/2', '1/4']
    """
    above, slashes, below = re.fullmatch(r"(\d*)(/*)(\d*)", text).groups()  # type: ignore[union-attr]
    if len(above) > 4 or len(below) > 4 or len(slashes) > 8 or (below and not int(below)):
        raise InputError(f"the length {text[:20]!r} of an ABC note cannot be read; write such as 3, /2 or 3/2")
    divisor = int(below) if below else 2 ** len(slashes)
    if below and len(slashes) > 1:
        raise InputError(f"the length {text[:20]!r} of an ABC note cannot be read; write such as 3, /2 or 3/2")
    return Fraction(int(above or 1), divisor)
