"""What a MIDI synthesiser is told, and when: note on, note off, bend, in blocks of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import DoubleArray, FloatArray, IntArray

NOTE_OFF, BEND, NOTE_ON = 0, 1, 2  # in this order within a block
VOLUME = 64  # of a part at 0 dB; leaves 12 dB above
GLIDE_STEPS = 6
DRUM_BANK = 128
BEND_FULL = 8191


@dataclass(frozen=True, eq=False, slots=True)
class Channel:
    """One MIDI channel of notes.

    Parameters
    ----------
    notes : (n, 4) array
        Onset in seconds, duration in seconds, pitch (may be fractional), velocity in (0, 1].
    program : int
        General MIDI program, 0 to 127; of drums, the kit.
    bank : int
        0, or ``DRUM_BANK``.
    gain_db : float
        Clipped at −72 and +12 dB.
    modulation : int
        The modulation wheel, 0 to 127: vibrato.
    pan : int
        0 left to 127 right.
    glide_s : float
        How long a note takes to leave the pitch of the one before, where the two touch; 0: it does not glide.
        Above 0, or with ``mono``, fractional pitches are bent note by note; else the whole channel is bent once.
    mono : bool
        Whether no two notes are meant to sound together.
    """

    notes: FloatArray
    program: int
    bank: int = 0
    gain_db: float = 0.0
    modulation: int = 0
    pan: int = 64
    glide_s: float = 0.0
    mono: bool = False

    @property
    def volume(self) -> int:
        """Controller 7: FluidSynth's amplitude grows with its square."""
        return int(np.clip(round(VOLUME * 10 ** (self.gain_db / 40)), 1, 127))

    @property
    def bend_range(self) -> int:
        """Semitones that a full bend reaches."""
        return 12 if self.glide_s > 0 else 2


def events_of(
    channels: Sequence[Channel], sr: int, block: int, n_blocks: int, n_channels: int
) -> list[tuple[int, int, int, int, int]]:
    """``(block, kind, channel, value, velocity)`` of all channels, in the order in which to send them.

    ``value`` is a key, or of a bend −8192 to 8191. Events at or after ``n_blocks`` are left out. A key that is
    struck again before it was released is released first.
    """
    tables = [_channel_events(channel, k % n_channels, sr / block) for k, channel in enumerate(channels)]
    if not tables:
        return []
    table = np.concatenate(tables)
    table = table[table[:, 0] < n_blocks]
    order = np.lexsort((table[:, 3], table[:, 2], table[:, 1], table[:, 0]))
    return [(row[0], row[1], row[2], row[3], row[4]) for row in table[order].tolist()]


def _channel_events(channel: Channel, number: int, blocks_per_s: float) -> IntArray:
    onset, duration, pitch, velocity = channel.notes.astype(np.float64).T
    key = np.clip(np.floor(pitch + 0.5), 0, 127)
    start = np.maximum(np.round(onset * blocks_per_s), 0)
    end = _released(start, np.maximum(np.round((onset + duration) * blocks_per_s), start + 1), key)
    strength = np.clip(np.round(1 + 126 * velocity), 1, 127)
    on = _rows(start, NOTE_ON, number, key, strength)
    off = _rows(end, NOTE_OFF, number, key, strength * 0)
    if channel.bank == DRUM_BANK:
        return np.concatenate([on, off])
    return np.concatenate([on, off, _bends(channel, number, blocks_per_s, pitch - key)])


def _released(start: DoubleArray, end: DoubleArray, key: DoubleArray) -> DoubleArray:
    """The ends, no later than the next start of the same key."""
    order = np.lexsort((start, key))
    again = np.full(start.size, np.inf)
    same = key[order][1:] == key[order][:-1]
    again[order[:-1][same]] = start[order[1:][same]]
    sooner: DoubleArray = np.minimum(end, again)
    return sooner


def _bends(channel: Channel, number: int, blocks_per_s: float, cents: DoubleArray) -> IntArray:
    """Bends in semitones ``cents``: once for the channel, or note by note with a glide from the note before."""
    onset, duration, pitch = channel.notes[:, :3].astype(np.float64).T
    full = BEND_FULL / channel.bend_range
    if not (channel.mono or channel.glide_s > 0):
        return _rows(np.zeros(1), BEND, number, np.round(np.median(cents, keepdims=True) * full), np.zeros(1))
    if channel.glide_s <= 0:
        return _rows(np.round(onset * blocks_per_s), BEND, number, np.round(cents * full), cents * 0)
    before = np.concatenate([pitch[:1], pitch[:-1]])
    touching = onset <= np.concatenate([[-1.0], (onset + duration)[:-1]]) + 0.08
    away = np.where(touching, np.clip(before - pitch, -11, 11), 0.0)
    part = np.linspace(0, 1, GLIDE_STEPS + 1)
    values = cents[:, None] + away[:, None] * (0.5 + 0.5 * np.cos(np.pi * part))
    times = onset[:, None] + part * np.minimum(channel.glide_s, 0.8 * duration)[:, None]
    values = np.clip(np.round(values * full), -BEND_FULL, BEND_FULL).ravel()
    return _rows(np.round(times.ravel() * blocks_per_s), BEND, number, values, values * 0)


def _rows(time: DoubleArray, kind: int, number: int, value: DoubleArray, strength: DoubleArray) -> IntArray:
    constant = np.ones(time.size)
    return np.stack([time, constant * kind, constant * number, value, strength], axis=1).astype(np.int32)
