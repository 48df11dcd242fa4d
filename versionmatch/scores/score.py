"""A score: what is written, in quarter notes and in seconds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import numpy as np

from ..errors import InputError, LimitError
from ..types import DoubleArray, IntArray
from ..types.value import Value, frozen

BPM = 120.0
"""Quarter notes a minute where no tempo is written, as in MIDI."""

MAX_NOTES = 200_000
MAX_DURATION_S = 3600.0
GRID = 10080  # of a quarter: times nearer than this are the same
DIGEST_NAME = b"versionmatch-score-1"  # another number where notes are sounded in another way
PREFIX = "score-"


@dataclass(frozen=True, slots=True)
class Tempo:
    """From ``onset_q`` on, so many quarter notes a minute."""

    onset_q: float
    quarter_bpm: float


@dataclass(frozen=True, slots=True)
class Meter:
    """From ``onset_q`` on, bars of ``beats`` times a ``1/unit`` note."""

    onset_q: float
    beats: int
    unit: int

    @property
    def beat_q(self) -> float:
        """A beat in quarters; in 6/8, 9/8, 12/8 and their like, three units are one beat.

        >>> Meter(0, 6, 8).beat_q, Meter(0, 3, 4).beat_q
        (1.5, 1.0)
        """
        compound = self.unit >= 8 and self.beats > 3 and self.beats % 3 == 0
        return 4.0 / self.unit * (3 if compound else 1)


@dataclass(frozen=True, slots=True)
class KeySignature:
    """From ``onset_q`` on, so many sharps (flats below 0), as sounded; ``mode`` where it is written, else empty."""

    onset_q: float
    fifths: int
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A chord symbol over the notes, in Harte's notation; it holds until the next one."""

    onset_q: float
    label: str


@dataclass(frozen=True, eq=False, slots=True)
class Score(Value):
    """Notes with their parts, and what is written around them; sorted by onset, then part, then pitch.

    ``onset_q``, ``duration_q`` in quarter notes; ``pitch`` as it sounds, MIDI (may be fractional); ``part`` an index
    into ``parts``: ``(n,)`` each, n at least 1. Ties are joined, grace notes and percussion left out, repeats stand
    once. ``onset_s`` and ``duration_s`` follow from ``tempi``; before the first a quarter lasts 0.5 s. ``date`` is that
    of composition, which only kern has a field for.
    """

    onset_q: DoubleArray
    duration_q: DoubleArray
    pitch: DoubleArray
    part: IntArray
    parts: tuple[str, ...]
    format: str
    tempi: tuple[Tempo, ...] = ()
    meters: tuple[Meter, ...] = ()
    keys: tuple[KeySignature, ...] = ()
    symbols: tuple[Symbol, ...] = ()
    title: str | None = None
    composer: str | None = None
    date: str | None = None
    onset_s: DoubleArray = field(init=False, repr=False)
    duration_s: DoubleArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        columns = [np.asarray(getattr(self, name), np.float64) for name in ("onset_q", "duration_q", "pitch")]
        part = np.asarray(self.part, np.int32)
        _check(columns, part, self.parts, self.format)
        for name in ("tempi", "meters", "keys", "symbols"):
            if len(getattr(self, name)) > MAX_NOTES:
                what, found = f"this {self.format} score", len(getattr(self, name))
                raise LimitError(what, limit="MAX_NOTES", found=found, allowed=MAX_NOTES, unit=name)
            object.__setattr__(self, name, tuple(sorted(getattr(self, name), key=lambda item: item.onset_q)))
        if any(not 1.0 <= tempo.quarter_bpm <= 2000.0 for tempo in self.tempi):
            slow = next(t.quarter_bpm for t in self.tempi if not 1.0 <= t.quarter_bpm <= 2000.0)
            raise InputError(
                f"this {self.format} score has a tempo of {slow:g} quarters a minute; 1 to 2000 can be read"
            )
        order = np.lexsort((columns[2], part, columns[0]))
        for name, column in zip(("onset_q", "duration_q", "pitch"), columns, strict=True):
            object.__setattr__(self, name, frozen(column[order], np.float64))
        object.__setattr__(self, "part", frozen(part[order], np.int32))
        object.__setattr__(self, "parts", tuple(self.parts))
        onset_s = self.seconds(self.onset_q)
        object.__setattr__(self, "onset_s", frozen(onset_s, np.float64))
        end_s = self.seconds(self.onset_q + self.duration_q)
        object.__setattr__(self, "duration_s", frozen(end_s - onset_s, np.float64))
        if self.end_s > MAX_DURATION_S:
            raise LimitError(
                f"this {self.format} score",
                limit="MAX_DURATION_S",
                found=self.end_s,
                allowed=MAX_DURATION_S,
                unit="seconds",
            )

    def __len__(self) -> int:
        return int(self.onset_q.size)

    def __reduce__(self) -> tuple[object, ...]:
        names = [name for name in self.__slots__ if name not in {"onset_s", "duration_s"}]
        return type(self), tuple(getattr(self, name) for name in names)

    @property
    def end_s(self) -> float:
        """When the last note ends."""
        return float((self.onset_s + self.duration_s).max())

    @property
    def end_q(self) -> float:
        """The same in quarters."""
        return float((self.onset_q + self.duration_q).max())

    @property
    def single_line(self) -> bool:
        """One voice and no chord symbols: notes lie over each other for a twentieth of the time at most.

        >>> Score([0, 1], [1, 1], [60, 62], [0, 1], ("a", "b"), "midi").single_line
        True
        """
        if self.symbols:
            return False
        ends = np.maximum.accumulate(self.onset_q + self.duration_q)
        covered = float((ends - np.maximum(self.onset_q, np.append(0.0, ends[:-1]))).sum())
        return float(self.duration_q.sum()) <= 1.05 * covered

    def seconds(self, quarters: DoubleArray) -> DoubleArray:
        """When these places of the score sound, by its tempi.

        >>> score = Score([0, 1], [1, 1], [60, 62], [0, 0], ("",), "midi", tempi=(Tempo(1.0, 60.0),))
        >>> score.seconds(np.array([0.0, 1.0, 2.0])).tolist()
        [0.0, 0.5, 1.5]
        """
        steps = {0.0: BPM, **{max(0.0, tempo.onset_q): tempo.quarter_bpm for tempo in self.tempi}}
        at, spq = np.array([*steps]), 60.0 / np.array([*steps.values()])
        start_s = np.concatenate([[0.0], np.cumsum(np.diff(at) * spq[:-1])])
        which = np.maximum(np.searchsorted(at, quarters, side="right") - 1, 0)
        out: DoubleArray = start_s[which] + (quarters - at[which]) * spq[which]
        return out

    @property
    def id(self) -> str:
        """``score-`` and a sha256 of notes, parts, tempi and chord symbols: one for a tune, whatever its format."""
        digest = hashlib.sha256(DIGEST_NAME)
        for values in (self.onset_q * GRID, self.duration_q * GRID, self.pitch * 100, self.part):
            digest.update(np.rint(values).astype("<i8").tobytes())
        tempi = [round(v) for t in self.tempi for v in (t.onset_q * GRID, 6e7 / t.quarter_bpm)]
        digest.update(np.array(tempi or [0, round(6e7 / BPM)], "<i8").tobytes())
        for symbol in self.symbols:
            digest.update(f"{round(symbol.onset_q * GRID)} {symbol.label}\n".encode())
        return PREFIX + digest.hexdigest()


def _check(columns: list[DoubleArray], part: IntArray, parts: tuple[str, ...], format_: str) -> None:
    shapes = [*(c.shape for c in columns), part.shape]
    if columns[0].ndim != 1 or len(set(shapes)) != 1:
        raise InputError(f"a score needs four columns of one length; got {shapes}")
    if not columns[0].size:
        raise InputError(f"this {format_} score has no notes that could be sounded; name a file with pitched notes")
    if columns[0].size > MAX_NOTES:
        what = f"this {format_} score"
        raise LimitError(what, limit="MAX_NOTES", found=columns[0].size, allowed=MAX_NOTES, unit="notes")
    onset, duration, pitch = columns
    if not all(np.isfinite(c).all() for c in columns) or (onset < 0).any() or (duration <= 0).any():
        raise InputError(f"the notes of this {format_} score must begin at 0 or later and last longer than 0")
    outside = (pitch < 0) | (pitch > 127)
    if outside.any():
        raise InputError(
            f"a note of this {format_} score has the MIDI pitch {pitch[outside][0]:g}; 0 to 127 can be read"
        )
    if (part < 0).any() or (part >= len(parts)).any():
        raise InputError(f"a note of this {format_} score belongs to part {part.max()}, and there are {len(parts)}")
