"""Written notes and rests cut into what notation can show: bars, beats, triplets, dots and beams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from .quantised import UNITS, Written

BAR = 4 * UNITS
STRAIGHT = {
    96: ("whole", 0),
    72: ("half", 1),
    48: ("half", 0),
    36: ("quarter", 1),
    24: ("quarter", 0),
    18: ("eighth", 1),
    12: ("eighth", 0),
    6: ("16th", 0),
    3: ("32nd", 0),
}
TRIPLET = {16: ("quarter", 0), 8: ("eighth", 0), 4: ("16th", 0), 2: ("32nd", 0)}
TRIPLE_GRIDS = (3, 6, 12)
FLAGS = {"eighth": 1, "16th": 2, "32nd": 3}


@dataclass(frozen=True, slots=True)
class Piece:
    """A sign: a note or rest (``pitch`` None) of one value, in 24ths of a quarter.

    ``note`` is its place among the written notes, ``nth`` its place among the signs of that note, which are tied.
    ``beams`` say of each beam, from the outermost on, ``begin``, ``continue``, ``end`` or a hook.
    """

    start: int
    length: int
    pitch: int | None = None
    note: int = -1
    nth: int = 0
    last: bool = True
    triplet: bool = False
    beams: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        """Where the next sign begins."""
        return self.start + self.length

    @property
    def value(self) -> tuple[str, int]:
        """Name of its value and number of dots."""
        return TRIPLET[self.length] if self.triplet else STRAIGHT[self.length]


def bars(written: Written, n_bars: int, *, pickup: int = 0) -> list[list[Piece]]:
    """The signs of each bar of four quarters, rests included; the first one has ``pickup`` 24ths if there are any."""
    edges = [0, *([pickup] if pickup else []), *(pickup + BAR * (i + 1) for i in range(n_bars - (pickup > 0)))]
    spans: list[tuple[int, int, int]] = []
    at = 0
    for i, (start, length) in enumerate(zip(written.onset.tolist(), written.duration.tolist(), strict=True)):
        if start > at:
            spans.append((at, start, -1))
        spans.append((start, start + length, i))
        at = start + length
    if at < edges[-1]:
        spans.append((at, edges[-1], -1))
    out: list[list[Piece]] = [[] for _ in edges[1:]]
    for start, end, note in spans:
        nth = 0
        for number, (low, high) in enumerate(pairwise(edges)):
            for length, place, triplet in _cut(max(start, low), min(end, high), written.grids):
                pitch = None if note < 0 else int(written.pitch[note])
                out[number].append(Piece(place, length, pitch, note, nth, place + length == end, triplet))
                nth += 1
    return [_beamed(bar) for bar in out]


def _cut(start: int, end: int, grids: Mapping[int, int]) -> list[tuple[int, int, bool]]:
    """Length, place and whether it is of a triplet, of each sign of a stretch within one bar."""
    out = []
    at = start
    while at < end:
        beat = at // UNITS
        whole = at % UNITS == 0 and end >= (beat + 1) * UNITS
        triplet = grids.get(beat, 4) in TRIPLE_GRIDS and not whole
        if triplet:
            room = min(end, (beat + 1) * UNITS) - at
            length = next(v for v in TRIPLET if v <= room)
        elif at % UNITS:
            room = min(end, (beat + 1) * UNITS) - at
            length = next(v for v in STRAIGHT if v <= room)
        else:
            room = _straight_end(at, end, grids) - at
            length = next(v for v in STRAIGHT if v <= room)
        out.append((length, at, triplet))
        at += length
    return out


def _straight_end(at: int, end: int, grids: Mapping[int, int]) -> int:
    """Up to where straight values can be written from the beat ``at`` on."""
    beat = at // UNITS
    while (beat + 1) * UNITS <= end:
        beat += 1
    return beat * UNITS if end % UNITS and grids.get(beat, 4) in TRIPLE_GRIDS and beat * UNITS > at else end


def _beamed(bar: Sequence[Piece]) -> list[Piece]:
    """The same bar with the notes of each beat joined by beams."""
    out = list(bar)
    at = 0
    while at < len(out):
        stop = at
        while stop < len(out) and _flags(out[stop]) and out[stop].start // UNITS == out[at].start // UNITS:
            stop += 1
        if stop - at > 1:
            levels = [_flags(piece) for piece in out[at:stop]]
            for i in range(stop - at):
                out[at + i] = replace(out[at + i], beams=_beams(levels, i))
        at = max(stop, at + 1)
    return out


def _flags(piece: Piece) -> int:
    return 0 if piece.pitch is None else FLAGS.get(piece.value[0], 0)


def _beams(levels: Sequence[int], i: int) -> tuple[str, ...]:
    """What each beam does at the i-th of some joined notes, whose numbers of flags are ``levels``.

    >>> _beams([2, 2, 1], 0), _beams([2, 2, 1], 1), _beams([1, 2], 1)
    (('begin', 'begin'), ('continue', 'end'), ('end', 'backward hook'))
    """
    said = []
    for level in range(1, levels[i] + 1):
        before = i > 0 and levels[i - 1] >= level
        after = i + 1 < len(levels) and levels[i + 1] >= level
        if before or after:
            said.append("continue" if before and after else "end" if before else "begin")
        else:
            said.append("backward hook" if i > 0 else "forward hook")
    return tuple(said)
