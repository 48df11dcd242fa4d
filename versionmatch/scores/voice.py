"""Which notes of a score are its melody, and its pitch as a track."""

from __future__ import annotations

import re

import numpy as np

from ..errors import InputError
from ..types import DoubleArray, Features, IntArray, Notes
from .score import Score

MELODIC = (
    "melody",
    "melodie",
    "vocal",
    "voice",
    "voix",
    "gesang",
    "canto",
    "cantus",
    "soprano",
    "lead",
    "1st",
    "first",
)
"""A part with one of these words in its name carries the melody; the first word that any part has decides."""

SKYLINE = "the highest notes of all parts"


def melody_part(score: Score, wanted: str = "") -> int | None:
    """The part that carries the melody: the one ``wanted`` by name or number, else by its name; None: the skyline.

    A wanted name may be a piece of the part's, in any case; a number counts parts from 1; ``skyline`` asks for the
    highest notes. Raises InputError, which lists the parts.
    """
    names = [name.casefold() for name in score.parts]
    word = wanted.strip().casefold()
    if word == "skyline":
        return None
    if word:
        if word in names:
            return names.index(word)
        if word.isdigit() and 1 <= int(word) <= len(names):
            return int(word) - 1
        holding = [i for i, name in enumerate(names) if word in name]
        if len(holding) == 1:
            return holding[0]
        there = ", ".join(f"{i} {name!r}" for i, name in enumerate(score.parts, start=1))
        told = "several parts are" if holding else "no part is"
        raise InputError(f"{told} named like {wanted!r}; there are: {there}; or 'skyline' for the highest notes")
    for melodic in MELODIC:
        for i, name in enumerate(names):
            if re.search(rf"\b{melodic}", name):
                return i
    return 0 if len(names) == 1 else None


def melody_notes(score: Score, part: int | None) -> Notes:
    """The melody, one note at a time: of the part, else of all parts, each note that is highest where it begins.

    A note is left out where a higher one of the melody still sounds, and ends where the next begins.

    >>> chorale = Score([0, 0, 1, 1], [1, 2, 1, 1], [72, 60, 71, 55], [0, 1, 0, 1], ("S", "B"), "kern")
    >>> melody_notes(chorale, None).pitch.tolist()
    [72.0, 71.0]
    """
    at = line_of(score, part)
    onset_s = score.onset_s[at]
    end_s = np.minimum(onset_s + score.duration_s[at], np.append(onset_s[1:], np.inf))
    return Notes(onset_s, end_s - onset_s, score.pitch[at], np.ones(at.size))


def line_of(score: Score, part: int | None) -> IntArray:
    """Which notes of a score are the line of a part, else of all parts: those that are highest where they begin.

    A note is left out where a higher one of the line still sounds. Indices, ascending, at least one.
    """
    mine = np.arange(len(score)) if part is None else np.flatnonzero(score.part == part)
    onset, pitch = score.onset_s[mine].tolist(), score.pitch[mine].tolist()
    end = (score.onset_s[mine] + score.duration_s[mine]).tolist()
    line: list[int] = []
    for i in np.lexsort((end, -score.pitch[mine], score.onset_s[mine])).tolist():
        last = line[-1] if line else None
        covered = last is not None and onset[i] < end[last] - 1e-9 and pitch[i] < pitch[last]
        if last is None or not (onset[i] == onset[last] or covered):
            line.append(i)
    found: IntArray = mine[line].astype(np.int32)
    return found


def pitch_track(notes: Notes, n_frames: int, frame_rate: float) -> Features:
    """The notes as a melody extractor gives them, ``(2, n_frames)``: pitch, held through rests, and voicing 0 or 1."""
    times: DoubleArray = np.arange(n_frames) / frame_rate
    which = np.maximum(np.searchsorted(notes.onset_s, times + 0.5 / frame_rate, side="left") - 1, 0)
    inside = (times + 0.5 / frame_rate > notes.onset_s[which]) & (times < (notes.onset_s + notes.duration_s)[which])
    return Features("melody", np.stack([notes.pitch[which], inside]).astype(np.float32), frame_rate)
