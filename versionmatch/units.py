"""Conversions between seconds, frames, pitches and the way people write them down.

>>> seconds_to_frame(1.0, frame_rate=50.0), frame_to_seconds(50, frame_rate=50.0)
(50, 1.0)
>>> round(hz_to_midi(440.0), 6), round(midi_to_hz(60.0), 2)
(69.0, 261.63)
>>> clock(101.26), parse_range("0:41-0:49.5")
('1:41.3', (41.0, 49.5))
"""

from __future__ import annotations

import math
import re

from .errors import ParamsError

PITCH_CLASSES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


def frame_to_seconds(frame: float, *, frame_rate: float) -> float:
    """Time of a frame's centre, in seconds; frame 0 is at 0."""
    return frame / frame_rate


def seconds_to_frame(seconds: float, *, frame_rate: float) -> int:
    """The frame nearest to a time; halves go up."""
    return math.floor(seconds * frame_rate + 0.5)


def hz_to_midi(hz: float) -> float:
    """MIDI pitch number of a frequency above zero; A4 = 440 Hz = 69."""
    return 69.0 + 12.0 * math.log2(hz / 440.0)


def midi_to_hz(midi: float) -> float:
    """Frequency in Hz of a (fractional) MIDI pitch number."""
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))


def note_name(midi: float) -> str:
    """The nearest note's name, scientific pitch notation.

    >>> note_name(60), note_name(70.2)
    ('C4', 'B♭4')
    """
    nearest = math.floor(midi + 0.5)
    return f"{PITCH_CLASSES[nearest % 12]}{nearest // 12 - 1}"


def signed_semitones(transposition: int) -> int:
    """A transposition of 0…11 as the smaller move, -5…+6.

    >>> [signed_semitones(t) for t in (0, 5, 6, 7, 11)]
    [0, 5, 6, -5, -1]
    """
    folded = transposition % 12
    return folded - 12 if folded > 6 else folded


def clock(seconds: float) -> str:
    """Minutes and seconds as a listener reads them; tenths only where there are any.

    >>> clock(9), clock(3725.0)
    ('0:09', '1:02:05')
    """
    tenths = math.floor(seconds * 10 + 0.5)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 10:02d}" + (f".{rest % 10}" if rest % 10 else "")
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)$")


def parse_time(text: str) -> float:
    """Seconds from ``75``, ``1:15``, ``1:15.5`` or ``1:01:15``; raises ParamsError.

    >>> parse_time("1:15.5"), parse_time("75")
    (75.5, 75.0)
    """
    match = _TIME.match(text.strip())
    if match is None:
        raise ParamsError(f"{text!r} is not a time; write seconds or m:ss, such as 75 or 1:15.5")
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds


def parse_range(text: str) -> tuple[float, float]:
    """``(start_s, end_s)`` from ``0:41-0:49``; raises ParamsError unless start < end."""
    start, dash, end = text.partition("-")
    if not dash:
        raise ParamsError(f"{text!r} is not a range; write start-end, such as 0:41-0:49")
    span = parse_time(start), parse_time(end)
    if span[0] >= span[1]:
        raise ParamsError(f"the range {text!r} ends before it starts; write start-end")
    return span
