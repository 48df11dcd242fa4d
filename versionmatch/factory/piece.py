"""A piece that is ready to be played or written down: parts in quarter notes, players, one tempo throughout."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..errors import InputError
from ..types import FloatArray
from .instruments import FAMILIES, draw_program
from .performance import ROLES

DRUM_CHANNEL = 9
TICKS = 480  # a quarter note
_NAMES = {"lead": "melody", "voice": "melody"}


@dataclass(frozen=True, eq=False, slots=True)
class Voice:
    """What one player has: ``notes (n, 4) float32``, onset and duration in quarters, pitch, velocity in (0, 1].

    ``role`` is one of ``performance.ROLES``; ``program`` its General MIDI instrument, of drums the kit.
    """

    role: str
    notes: FloatArray
    program: int = 0

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise InputError(f"a part has the role {self.role!r}; there are: {', '.join(ROLES)}")
        notes = np.array(self.notes, np.float32).reshape(-1, 4)
        notes = notes[np.lexsort((notes[:, 2], notes[:, 0]))]
        notes.flags.writeable = False
        object.__setattr__(self, "notes", notes)


@dataclass(frozen=True, eq=False, slots=True)
class Piece:
    """Parts of quarter notes at ``bpm`` quarters a minute, ``length`` quarters long."""

    name: str
    bpm: float
    length: float
    voices: tuple[Voice, ...]
    soundfont: str = ""
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """Seconds."""
        return self.length * 60.0 / self.bpm

    def seconds(self, quarters: float) -> float:
        """When a place sounds."""
        return quarters * 60.0 / self.bpm

    def voice(self, role: str) -> Voice:
        """The first part with that role; KeyError where there is none."""
        for part in self.voices:
            if part.role == role:
                return part
        raise KeyError(f"{self.name} has no part {role!r}; there are: {', '.join(v.role for v in self.voices)}")


def players(rng: np.random.Generator, roles: tuple[str, ...], avoid: dict[str, int] | None = None) -> dict[str, int]:
    """A program for each role; where ``avoid`` names those of another piece, none of any of its families.

    >>> one = players(np.random.default_rng(1), ("lead", "bass", "chords"))
    >>> other = players(np.random.default_rng(2), ("lead", "bass", "chords"), avoid=one)
    >>> {p // 8 for p in one.values()} & {p // 8 for r, p in other.items() if r != "bass"}
    set()
    """
    taken = {program // 8 for role, program in (avoid or {}).items() if role != "drums"}
    found = {}
    for role in roles:
        forbidden = taken if role not in {"bass", "drums"} else set()
        free = [p for family in FAMILIES.get(role, ()) for p in family if p // 8 not in forbidden]
        program = draw_program(role, rng) if role == "drums" or not free else int(rng.choice(free))
        if avoid and role == "bass":
            others = [p for p in free if p != avoid.get(role)]
            program = int(rng.choice(others))
        found[role] = program
    return found


def midi_of(piece: Piece) -> bytes:
    """The piece as a Standard MIDI File of type 1, a track for each part; the lead's track is named ``melody``."""
    tempo = round(6e7 / piece.bpm)
    head = b"\x00\xff\x51\x03" + tempo.to_bytes(3, "big") + b"\x00\xff\x58\x04\x04\x02\x18\x08"
    tracks = [head, *(_track(voice, number) for number, voice in enumerate(piece.voices))]
    body = b"".join(_chunk(b"MTrk", track + b"\x00\xff\x2f\x00") for track in tracks)
    return _chunk(b"MThd", b"\x00\x01" + len(tracks).to_bytes(2, "big") + TICKS.to_bytes(2, "big")) + body


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "big") + body


def _track(voice: Voice, number: int) -> bytes:
    """Name, program and notes; of notes on one key that touch, the first ends before the second begins."""
    pitched = [c for c in range(16) if c != DRUM_CHANNEL]
    channel = DRUM_CHANNEL if voice.role == "drums" else pitched[number % len(pitched)]
    name = _NAMES.get(voice.role, voice.role).encode()
    out = [b"\x00\xff\x03" + _number(len(name)) + name, bytes([0, 0xC0 | channel, voice.program])]
    events = []
    for onset, duration, pitch, velocity in voice.notes.tolist():
        start = round(onset * TICKS)
        end = max(start + 1, round((onset + duration) * TICKS))
        key, loud = min(127, max(0, round(pitch))), min(127, max(1, round(127 * velocity)))
        events += [(start, 1, bytes([0x90 | channel, key, loud])), (end, 0, bytes([0x80 | channel, key, 0]))]
    at = 0
    for tick, _, message in sorted(events):
        out.append(_number(tick - at) + message)
        at = tick
    return b"".join(out)


def _number(value: int) -> bytes:
    r"""A whole number in groups of seven bits, the last without the top bit.

    >>> _number(0), _number(200)
    (b'\x00', b'\x81H')
    """
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))
