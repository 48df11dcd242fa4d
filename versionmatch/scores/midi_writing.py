"""A melody and its beats as a standard MIDI file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import Annotation, Notes
from .beat_grid import BeatGrid
from .spelling import key_signature

TICKS = 960  # of a quarter
VELOCITY = 80
Event = tuple[int, int, bytes]
"""Tick, rank among the events of that tick, bytes."""


def midi_bytes(
    notes: Notes | None, beats: Annotation | None, *, key: str = "", chords: Annotation | None = None
) -> bytes:
    """A MIDI file of type 1, 960 ticks to a quarter: the tempi of the beats, and the melody as the part ``Melody``.

    Each beat is a quarter, so times come back to half a millisecond; pitches are rounded to semitones. ``key`` such as
    ``"G major"``; chords stand as markers.
    """
    grid = BeatGrid.of(beats)
    return b"MThd" + (6).to_bytes(4, "big") + _words(1, 2, TICKS) + _conductor(grid, key, chords) + _melody(notes, grid)


def _words(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


def _conductor(grid: BeatGrid, key: str, chords: Annotation | None) -> bytes:
    events: list[Event] = [(0, 0, _meta(0x58, bytes([4, 2, 24, 8])))]
    signature = key_signature(key)
    if signature is not None:
        fifths, mode = signature
        events.append((0, 1, _meta(0x59, (fifths & 0xFF).to_bytes(1, "big") + bytes([mode == "minor"]))))
    micros = np.rint(grid.times_s * 1e6).astype(int)
    for quarter, length in enumerate(np.diff(micros).tolist()):
        events.append((quarter * TICKS, 2, _meta(0x51, int(length).to_bytes(3, "big"))))
    if chords is not None:
        ticks = np.rint(grid.quarters(chords.onset_s) * TICKS).astype(int)
        for tick, label in zip(ticks.tolist(), chords.labels, strict=True):
            events.append((tick, 3, _meta(0x06, label.encode("utf-8")[:127])))
    return _track(events)


def _melody(notes: Notes | None, grid: BeatGrid) -> bytes:
    events: list[Event] = [(0, 0, _meta(0x03, b"Melody"))]
    if notes is not None:
        starts = np.rint(grid.quarters(notes.onset_s) * TICKS).astype(int)
        ends = np.maximum(np.rint(grid.quarters(notes.onset_s + notes.duration_s) * TICKS).astype(int), starts + 1)
        pitches = np.clip(np.floor(notes.pitch + 0.5), 0, 127).astype(int)
        for start, end, pitch in zip(starts.tolist(), ends.tolist(), pitches.tolist(), strict=True):
            events += [(start, 2, bytes([0x90, pitch, VELOCITY])), (end, 1, bytes([0x80, pitch, 0]))]
    return _track(events)


def _track(events: Sequence[Event]) -> bytes:
    body, last = bytearray(), 0
    for tick, _, data in sorted(events, key=lambda event: event[:2]):
        body += _number(tick - last) + data
        last = tick
    body += b"\x00" + _meta(0x2F, b"")
    return b"MTrk" + len(body).to_bytes(4, "big") + bytes(body)


def _meta(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + _number(len(data)) + data


def _number(value: int) -> bytes:
    r"""A number in bytes of seven bits, the highest first.

    >>> _number(0), _number(200)
    (b'\x00', b'\x81H')
    """
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(0x80 | value & 0x7F)
    return bytes(reversed(out))
