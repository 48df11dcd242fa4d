"""What readers write notes into: times as fractions, ties joined, then one checked ``Score``."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from ..errors import InputError, LimitError
from .score import MAX_NOTES, KeySignature, Meter, Score, Symbol, Tempo

Quarters = Fraction

MAX_QUARTERS = 200_000
"""Nothing lies later in a score; an hour at a quarter of 18 ms."""


FINEST = 10**12
"""Parts of a quarter; lengths whose common measure is finer are no music, and cost without bound to add up."""


@dataclass(slots=True)
class Draft:
    """A score while it is read."""

    format: str
    parts: list[str] = field(default_factory=list)
    notes: list[tuple[Quarters, Quarters, float, int]] = field(default_factory=list)  # onset, duration, pitch, part
    tempi: dict[Quarters, float] = field(default_factory=dict)
    meters: dict[Quarters, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Quarters, tuple[int, str]] = field(default_factory=dict)
    symbols: dict[Quarters, str] = field(default_factory=dict)
    title: str | None = None
    composer: str | None = None
    date: str | None = None
    _open: dict[tuple[int, float], int] = field(default_factory=dict)

    def new_part(self, name: str) -> int:
        """The index of a part added at the end."""
        self.parts.append(" ".join(name.split())[:200])
        return len(self.parts) - 1

    def add(self, onset: Quarters, duration: Quarters, pitch: float, part: int, *, ties: bool = False) -> None:
        """One note; it prolongs one of its pitch and part that ``ties`` on and ends where it begins."""
        if duration <= 0:
            return
        if onset + duration > MAX_QUARTERS:
            raise LimitError(
                f"this {self.format} score",
                limit="MAX_QUARTERS",
                found=float(onset + duration),
                allowed=MAX_QUARTERS,
                unit="quarter notes",
            )
        if len(self.notes) >= MAX_NOTES:
            what = f"this {self.format} score"
            raise LimitError(what, limit="MAX_NOTES", found=len(self.notes) + 1, allowed=MAX_NOTES, unit="notes")
        at = self._open.get((part, pitch))
        if at is not None and self.notes[at][0] + self.notes[at][1] == onset:
            self.notes[at] = (self.notes[at][0], self.notes[at][1] + duration, pitch, part)
            del self._open[part, pitch]
        else:
            at = len(self.notes)
            self.notes.append((onset, duration, pitch, part))
        if ties:
            self._open[part, pitch] = at

    def finish(self) -> Score:
        """The score; parts without notes are left out. Raises InputError where it has none at all."""
        used = sorted({part for *_, part in self.notes})
        place = {part: at for at, part in enumerate(used)}
        columns = list(zip(*self.notes, strict=True)) or [(), (), (), ()]
        return Score(
            np.array([float(v) for v in columns[0]]),
            np.array([float(v) for v in columns[1]]),
            np.array(columns[2], np.float64),
            np.array([place[p] for p in columns[3]], np.int32),
            tuple(self.parts[part] or f"part {place[part] + 1}" for part in used),
            self.format,
            tuple(Tempo(float(at), bpm) for at, bpm in self.tempi.items()),
            tuple(Meter(float(at), *meter) for at, meter in self.meters.items()),
            tuple(KeySignature(float(at), *key) for at, key in self.keys.items()),
            tuple(Symbol(float(at), label) for at, label in self.symbols.items()),
            self.title or None,
            self.composer or None,
            self.date or None,
        )


def later(at: Quarters, length: Quarters) -> Quarters:
    """The place ``length`` after ``at``; raises InputError where that is no length that music has."""
    place = at + length
    if place.denominator > FINEST or abs(place) > MAX_QUARTERS:
        raise InputError(
            f"a place {float(place):g} quarters into the score cannot be written in {FINEST:,} parts of a quarter, or "
            f"lies after {MAX_QUARTERS:,} quarters; mend the lengths before it"
        )
    return place


def fraction(text: str, what: str, *, most: int = MAX_QUARTERS) -> Fraction:
    """A number of a score, such as ``3``, ``3/2`` or ``0.5``; raises InputError that names ``what``.

    >>> fraction("3/2", "a length")
    Fraction(3, 2)
    """
    cleaned = text.strip()
    try:
        value = Fraction(cleaned) if 0 < len(cleaned) <= 24 and "e" not in cleaned.lower() else None
    except (ValueError, ZeroDivisionError):
        value = None
    if value is None or abs(value) > most or value.denominator > 10**9:
        raise InputError(f"{what} is {text[:40]!r}; a number up to {most} is expected there")
    return value


def whole(text: str, what: str, *, low: int = -(10**6), high: int = 10**6) -> int:
    """A whole number in bounds; raises InputError that names ``what``."""
    cleaned = text.strip()
    if not cleaned.lstrip("+-").isdigit() or len(cleaned) > 9 or not low <= int(cleaned) <= high:
        raise InputError(f"{what} is {text[:40]!r}; a whole number from {low} to {high} is expected there")
    return int(cleaned)


def meter(beats: str, unit: str, what: str) -> tuple[int, int]:
    """A time signature as written, such as ``("6", "8")`` or ``("3+2", "8")``; raises InputError."""
    total = sum(whole(part, what, low=1, high=999) for part in beats.split("+"))
    below = whole(unit, what, low=1, high=128)
    if below & (below - 1):
        raise InputError(f"{what} has {unit!r} below; 1, 2, 4 … 128 can be read")
    return total, below
