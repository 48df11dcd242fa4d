"""Tunes of the reference models as notes: written as MIDI or tables, read from any file of notes.

A token is a pitch in semitones from the tonic and a duration. Files have the tonic at ``TONIC``, middle C, unless told
otherwise; a note lasts until the next begins, and each duration is taken for the nearest that the models know.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import InputError
from ...scores.midi_writing import midi_bytes
from ...scores.reading import read_score
from ...scores.score import Score
from ...scores.voice import line_of, melody_part
from ...types import Annotation, Notes
from .melodies import DURATIONS, HIGHEST, LENGTH, LOWEST, Tune, token

TONIC = 60
"""MIDI number of the pitch 0."""
QUARTER_S = 0.5
ENDINGS = (".mid", ".midi", ".musicxml", ".mxl", ".abc", ".krn", ".csv")
"""Files of a folder that are taken for tunes."""


def notes_of(tokens: Sequence[int], *, tonic: int = TONIC) -> list[tuple[float, float, int]]:
    """Onset and duration in quarter notes and MIDI pitch of each note; what is no note is passed over.

    >>> notes_of([token(0, 3), token(7, 5)])
    [(0.0, 1.0, 60), (1.0, 2.0, 67)]
    """
    found, at = [], 0.0
    for each in tokens:
        if each >= 8:
            semitones, number = divmod(each - 8, len(DURATIONS))
            found.append((at, DURATIONS[number], tonic + semitones + LOWEST))
            at += DURATIONS[number]
    return found


def midi_of(tokens: Sequence[int], *, tonic: int = TONIC) -> bytes:
    """The tune as a MIDI file, a quarter in half a second."""
    rows = np.array(notes_of(tokens, tonic=tonic), np.float64).reshape(-1, 3)
    sure = np.ones(len(rows))
    notes = Notes(rows[:, 0] * QUARTER_S, rows[:, 1] * QUARTER_S, rows[:, 2], sure, settings="written")
    n_beats = int(np.ceil(rows[:, :2].sum(axis=1).max(initial=1.0))) + 1
    quarters = np.arange(n_beats, dtype=np.float64) * QUARTER_S
    still = np.zeros(n_beats)
    beats = Annotation("beats", quarters, still, ("",) * n_beats, still + 1, settings="written")
    return midi_bytes(notes, beats)


def tokens_of(notes: Sequence[tuple[float, float, float]], *, name: str, tonic: int = TONIC) -> tuple[int, ...]:
    """Tokens of notes (onset, duration, pitch) in order; the first ``LENGTH`` of them.

    InputError for a note out of range, naming it, and where there is none.

    >>> tokens_of(notes_of([token(0, 3), token(7, 5)]), name="tune") == (token(0, 3), token(7, 5))
    True
    """
    if not notes:
        raise InputError(f"{name} has no notes; the reference models read melodies of one note or more")
    found = []
    for number, (onset, duration, pitch) in enumerate(notes[:LENGTH]):
        span = notes[number + 1][0] - onset if number + 1 < len(notes) else duration
        semitones = round(pitch) - tonic
        if not LOWEST <= semitones <= HIGHEST:
            raise InputError(
                f"{name}: note {number + 1} is MIDI {pitch:g}, {semitones} semitones from the tonic {tonic}; the "
                f"reference models know {LOWEST} to {HIGHEST}: give tonic=, the MIDI number of the tune's tonic"
            )
        octaves = np.abs(np.log2(np.array(DURATIONS) / max(span, 1e-3)))
        found.append(token(semitones, int(octaves.argmin())))
    return tuple(found)


def read_tune(path: str | Path, *, holder: str = "", id: str = "", tonic: int = TONIC) -> Tune:
    """The tune in a file of notes: ABC, MIDI, MusicXML, Humdrum or a table of onset, duration, pitch."""
    score = read_score(path)
    if not isinstance(score, Score):
        raise InputError(f"{path} is no file of notes; the reference models read MIDI, MusicXML, ABC, Humdrum and CSV")
    rows = line_of(score, melody_part(score))
    picked = zip(*(np.asarray(x)[rows].tolist() for x in (score.onset_q, score.duration_q, score.pitch)), strict=True)
    notes = [(float(a), float(b), float(c)) for a, b, c in picked]
    return Tune(id or Path(path).stem, holder, -1, tokens_of(notes, name=str(path), tonic=tonic))


def content_of(tune: Tune) -> str:
    """sha256 of the tune's tokens, as a ``Corpus`` has it."""
    return hashlib.sha256(np.array(tune.tokens, "<i2").tobytes()).hexdigest()
