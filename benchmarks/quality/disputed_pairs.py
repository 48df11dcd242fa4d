"""The melodies of the disputed pairs, from their MIDI files: one track, its highest notes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

NAMES = ("melody", "voice", "vocal", "lead", "solo")
DRUMS = 9


def disputed(folder: Path) -> dict[str, list[list[float]]]:
    """File name without ending → rows of onset, duration (quarter notes) and pitch, by name."""
    return {path.stem: melody_of(path) for path in sorted(folder.glob("case*.mid"))}


def melody_of(path: Path) -> list[list[float]]:
    """The track whose name says that it sings; else the highest on average of those that are not much emptier."""
    import mido

    score = mido.MidiFile(path)
    tracks = [(track.name.lower(), notes_of(track, score.ticks_per_beat)) for track in score.tracks]
    tracks = [(name, notes) for name, notes in tracks if notes]
    named = [notes for name, notes in tracks if any(word in name for word in NAMES)]
    most = max(len(notes) for _, notes in tracks)
    full = named or [notes for _, notes in tracks if 4 * len(notes) >= most]
    return max(full, key=lambda notes: float(np.mean([pitch for _, _, pitch in notes])))


def notes_of(track: object, ticks: int) -> list[list[float]]:
    """All notes of a track but those of drums."""
    now, sounding, notes = 0, {}, []
    for message in track:  # type: ignore[attr-defined]
        now += message.time
        if message.type == "note_on" and message.velocity > 0 and message.channel != DRUMS:
            sounding[message.note] = now
        elif message.type in {"note_on", "note_off"} and message.note in sounding:
            start = sounding.pop(message.note)
            notes.append([start / ticks, max(now - start, 1) / ticks, float(message.note)])
    return sorted(notes)
