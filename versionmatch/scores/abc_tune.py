"""ABC notation as scores: the fields of a tune, and which tune of a file is meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from ..errors import InputError
from .abc_music import Voice, read_music
from .score import Score
from .writing import Draft, fraction, meter

FIELD = re.compile(r"([A-Za-z]):(.*)")
MODES = {"maj": 0, "ion": 0, "mix": -1, "dor": -2, "m": -3, "min": -3, "aeo": -3, "phr": -4, "loc": -5, "lyd": 1}
LETTERS = "FCGDAEB"
TEMPO = re.compile(r'(?:"[^"]*")?\s*(\d{1,4}/\d{1,4}(?:\s+\d{1,4}/\d{1,4}){0,7})\s*=\s*(\d+(?:\.\d+)?)')


def read_abc(text: str, number: int | None = None) -> Score:
    r"""The score of one tune of an ABC file: that with ``X:number``, by default its only one.

    Each voice is a part. Raises InputError, which lists the tunes there are where it is not said which.

    >>> read_abc("X:1\nL:1/4\nK:D\nDEFG|").pitch.tolist()
    [62.0, 64.0, 66.0, 67.0]
    """
    tunes, preface = _tunes(text)
    if not tunes:
        raise InputError("this ABC file has no tune: a line X:1 begins one, and a line K: ends its head")
    if number is None and len(tunes) > 1:
        shown = ", ".join(map(str, list(tunes)[:20]))
        raise InputError(f"this ABC file has {len(tunes)} tunes; name one, such as file.abc#{min(tunes)} (X: {shown})")
    chosen = min(tunes) if number is None else number
    if chosen not in tunes:
        shown = ", ".join(map(str, list(tunes)[:20]))
        raise InputError(f"this ABC file has no tune X:{chosen}; there are: {shown}")
    return Tune().read([*preface, *tunes[chosen]])


def read_abc_book(text: str) -> Iterator[tuple[int, Score | InputError]]:
    r"""Number and score of each tune of an ABC file, in its order; the error in place of one that cannot be read.

    >>> [(n, len(tune)) for n, tune in read_abc_book("X:1\nK:C\nCDE\n\nX:2\nK:G\nGA\n")]
    [(1, 3), (2, 2)]
    """
    tunes, preface = _tunes(text)
    for number, lines in tunes.items():
        try:
            yield number, Tune().read([*preface, *lines])
        except InputError as error:
            yield number, error


def _tunes(text: str) -> tuple[dict[int, list[str]], list[str]]:
    """The lines of each tune by its number, and those before the first; an empty line ends a tune."""
    tunes: dict[int, list[str]] = {}
    preface: list[str] = []
    lines: list[str] | None = preface
    for line in text.splitlines():
        start = re.match(r"X:\s*(\d{1,9})", line)
        if start:
            lines = tunes.setdefault(int(start[1]), [])
        elif not line.strip():
            lines = preface if not tunes else None
        elif lines is not None:
            lines.append(re.split(r"(?<!\\)%", line)[0].rstrip())
    return tunes, [line for line in preface if re.match(r"[LMQ]:", line)]


class Tune:
    """One tune while it is read."""

    def __init__(self) -> None:
        self.draft = Draft("abc")
        self.unit: Fraction | None = None
        self.meter: tuple[int, int] | None = None
        self.signature: dict[str, int] = {}
        self.voices: dict[str, Voice] = {}
        self.voice = ""
        self.body = False

    def read(self, lines: list[str]) -> Score:
        """The score of the tune's lines, comments taken off."""
        for line in lines:
            found = FIELD.match(line)
            if found and not (self.body and found[1] in "dhsvxyz" and found[1].islower()):
                self.field(found[1], found[2].strip())
            elif self.body:
                read_music(self, line)
        return self.draft.finish()

    @property
    def here(self) -> Voice:
        """The voice that is being read."""
        if self.voice not in self.voices:
            self.voices[self.voice] = Voice(self.draft.new_part(self.voice), dict(self.signature))
        return self.voices[self.voice]

    @property
    def length(self) -> Fraction:
        """What a note without a length lasts, in quarters: as L: says, else an eighth, in short bars a sixteenth."""
        if self.unit is not None:
            return 4 * self.unit
        short = self.meter is not None and Fraction(*self.meter) < Fraction(3, 4)
        return Fraction(1, 4) if short else Fraction(1, 2)

    def field(self, name: str, value: str) -> None:
        """A field of the head, of the body, or within a line."""
        if name == "T" and not self.draft.title:
            self.draft.title = value
        elif name == "C" and not self.draft.composer:
            self.draft.composer = value
        elif name == "L":
            self.unit = fraction(value, "L:", most=4)
            if self.unit <= 0:
                raise InputError(f"L: is {value!r}; a length above 0, such as 1/8, is expected there")
        elif name == "M":
            self._meter(value)
        elif name == "Q":
            self._tempo(value)
        elif name == "V":
            self._voice(value)
        elif name == "K":
            self._key(value)
            self.body = True

    def _at(self) -> Fraction:
        return self.here.at if self.body else Fraction(0)

    def _meter(self, value: str) -> None:
        text = {"C": "4/4", "C|": "2/2"}.get(value, value).strip("()").replace(")", "").replace("(", "")
        beats, slash, unit = text.partition("/")
        if slash:
            self.meter = meter(beats.strip(), unit.strip(), "M:")
            self.draft.meters[self._at()] = self.meter

    def _tempo(self, value: str) -> None:
        """``1/4=120``, also with several lengths or a text; a bare number counts unit lengths."""
        found = TEMPO.match(value)
        if found:
            beat = 4 * sum((fraction(part, "Q:", most=8) for part in found[1].split()), Fraction(0))
            self.draft.tempi[self._at()] = float(beat * fraction(found[2], "Q:", most=10**5))
        elif re.fullmatch(r"(?:C=)?\d+", value):
            self.draft.tempi[self._at()] = float(self.length * fraction(value.removeprefix("C="), "Q:", most=10**5))

    def _voice(self, value: str) -> None:
        self.voice = value.split(maxsplit=1)[0] if value.strip() else ""
        named = re.search(r'\b(?:name|nm)="([^"]*)"', value)
        if named:
            self.draft.parts[self.here.part] = named[1]

    def _key(self, value: str) -> None:
        """A key with mode and accidentals of its own, such as ``Edor`` or ``D =c``; clefs are passed over."""
        found = re.match(r"([A-G])([#b]?)\s*([A-Za-z]*)", value)
        if not found:
            if value[:4].lower() == "none" or value[:2] in {"HP", "Hp"}:
                self._sign(2 if value[:2] in {"HP", "Hp"} else 0, "")
            elif not self.body:
                self._sign(0, "")
            return
        mode = found[3].lower()
        shift = MODES.get(mode if mode == "m" else mode[:3], 0)
        fifths = LETTERS.index(found[1]) - 1 + {"#": 7, "b": -7}.get(found[2], 0) + shift
        self._sign(fifths, {0: "major", -3: "minor"}.get(shift, ""), value)

    def _sign(self, fifths: int, mode: str, value: str = "") -> None:
        sharp, flat = LETTERS[: max(0, fifths)], LETTERS[::-1][: max(0, -fifths)]
        self.signature = {**dict.fromkeys(sharp, 1), **dict.fromkeys(flat, -1)}
        for sign, letter in re.findall(r"(?<!\S)(\^\^|__|[\^_=])([A-Ga-g])(?!\w)", value):
            self.signature[letter.upper()] = {"^": 1, "_": -1, "=": 0, "^^": 2, "__": -2}[sign]
        self.draft.keys[self._at()] = (fifths, mode)
        for voice in [self.here] if self.body else self.voices.values():
            voice.signature = dict(self.signature)
