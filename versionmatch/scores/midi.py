"""Standard MIDI files as scores: tracks and channels are parts, times are those of the events."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction

from ..errors import InputError
from .score import Score
from .writing import Draft

PERCUSSION = 9  # the channel that MIDI calls 10
MAX_EVENTS = 2_000_000
DATA_BYTES = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
Event = tuple[int, int, bytes]
"""Tick, status (0xFF00 + type for meta events), data."""


def read_midi(data: bytes) -> Score:
    """The score of a MIDI file of type 0 or 1; each channel of each track that sounds is a part.

    A part has its track's name, else ``channel N``. Percussion (channel 10) is left out, so are pedals, bends and
    loudness. With a time code instead of ticks a quarter, a quarter lasts 0.5 s. Raises InputError.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = data[max(0, data.find(b"MThd")) :]
    if data[:4] != b"MThd" or len(data) < 14:
        raise InputError("a MIDI file begins with MThd and 10 more bytes; this one does not: export it again")
    kind, division = int.from_bytes(data[8:10], "big"), int.from_bytes(data[12:14], "big")
    if kind > 1:
        raise InputError(f"this MIDI file is of type {kind}, a set of patterns; save it as type 0 or 1")
    code = division & 0x8000
    ticks = (256 - (division >> 8)) * (division & 0xFF) / 2 if code else division
    if ticks <= 0:
        raise InputError(f"this MIDI file has {ticks:g} ticks to a quarter; more than 0 are needed: export it again")
    draft = Draft("midi")
    for track in _tracks(data):
        _read_track(draft, track, Fraction(ticks), tempi=not code)
    return draft.finish()


def _tracks(data: bytes) -> Iterator[bytes]:
    at = 8 + int.from_bytes(data[4:8], "big")
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"MTrk":
            if at + 8 + length > len(data):
                missing = at + 8 + length - len(data)
                raise InputError(f"this MIDI file is cut: its last track lacks {missing} bytes; export it again")
            yield data[at + 8 : at + 8 + length]
        at += 8 + length


def _read_track(draft: Draft, track: bytes, ticks: Fraction, *, tempi: bool) -> None:
    """Add one track; a note that is begun again while it sounds ends when the first end of it comes."""
    name, parts, sounding, last = "", {}, {}, 0  # type: str, dict[int, int], dict[tuple[int, int], deque[int]], int
    for tick, status, body in _events(track):
        last = tick
        at = Fraction(tick) / ticks
        if status >= 0xFF00:
            name = _meta(draft, at, status & 0xFF, body, tempi=tempi) or name
        elif status >> 4 in {8, 9} and status & 15 != PERCUSSION:
            key = (status & 15, body[0])
            if status >> 4 == 9 and body[1]:
                sounding.setdefault(key, deque()).append(tick)
            elif sounding.get(key):
                _end(draft, parts, key, sounding[key].popleft(), tick, ticks)
    for key, starts in sounding.items():
        for start in starts:
            _end(draft, parts, key, start, last, ticks)
    for channel, part in parts.items():
        draft.parts[part] = name or f"channel {channel + 1}"


def _end(draft: Draft, parts: dict[int, int], key: tuple[int, int], start: int, end: int, ticks: Fraction) -> None:
    channel, pitch = key
    if channel not in parts:
        parts[channel] = draft.new_part("")
    draft.add(start / ticks, (end - start) / ticks, float(pitch), parts[channel])


def _meta(draft: Draft, at: Fraction, kind: int, body: bytes, *, tempi: bool) -> str:
    """Tempo, time and key signatures go to the draft; the track's name is handed back, else nothing."""
    if kind == 0x03:
        return body.decode("utf-8", errors="replace").replace("\0", "").strip()
    if kind == 0x51 and len(body) == 3 and tempi:
        if not any(body):
            raise InputError("a tempo of this MIDI file is 0 microseconds a quarter; export it again")
        draft.tempi[at] = 6e7 / int.from_bytes(body, "big")
    elif kind == 0x58 and len(body) >= 2 and body[0] and body[1] <= 7:
        draft.meters[at] = (body[0], 1 << body[1])
    elif kind == 0x59 and len(body) == 2 and abs(int.from_bytes(body[:1], "big", signed=True)) <= 7:
        fifths = int.from_bytes(body[:1], "big", signed=True)
        if fifths or body[1]:  # C major is what programs write that know no key
            draft.keys[at] = (fifths, "minor" if body[1] else "major")
    return ""


def _events(track: bytes) -> Iterator[Event]:
    """The events of a track with running status; system exclusive ones are passed over."""
    at = tick = running = 0
    for _ in range(MAX_EVENTS):
        if at >= len(track):
            return
        delta, at = _number(track, at)
        tick += delta
        status = _byte(track, at)
        if status in {0xF0, 0xF7, 0xFF}:
            kind = _byte(track, at + 1) if status == 0xFF else 0
            length, at = _number(track, at + (2 if status == 0xFF else 1))
            if status == 0xFF:
                yield tick, 0xFF00 + kind, track[at : at + length]
            at += length
            if kind == 0x2F:
                return
            continue
        if status & 0x80:
            running, at = status, at + 1
        if running >> 4 not in DATA_BYTES:
            raise InputError(f"byte {at} of a track of this MIDI file ({status:#04x}) begins no event; export it again")
        body = track[at : at + DATA_BYTES[running >> 4]]
        if len(body) < DATA_BYTES[running >> 4] or max(body) > 0x7F:
            raise InputError(f"the event at byte {at} of a track of this MIDI file is damaged; export it again")
        yield tick, running, body
        at += len(body)
    raise InputError(f"a track of this MIDI file has more than {MAX_EVENTS:,} events; split it")


def _byte(track: bytes, at: int) -> int:
    if at >= len(track):
        raise InputError("a track of this MIDI file ends within an event; export it again")
    return track[at]


def _number(track: bytes, at: int) -> tuple[int, int]:
    """A number of one to four bytes of seven bits, and where it ends."""
    value = 0
    for i in range(4):
        byte = _byte(track, at + i)
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + i + 1
    raise InputError(f"the number at byte {at} of a track of this MIDI file has more than four bytes; export it again")
