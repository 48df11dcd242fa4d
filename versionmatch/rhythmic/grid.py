"""Onsets folded on the beats: what happens at which twelfth of each beat, whatever the tempo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..types import Annotation, DoubleArray, Features
from ..types.value import Value, frozen

POSITIONS = 12
"""Places in a beat: quarters and thirds of it, and their halves, all lie on one."""

READINGS = {
    "as tracked": (1.0, 0.0),
    "between the beats": (1.0, 0.5),
    "twice the tempo": (0.5, 0.0),
    "half the tempo": (2.0, 0.0),
    "half the tempo, one beat later": (2.0, 1.0),
    "three beats for two": (2 / 3, 0.0),
    "three beats for two, later": (2 / 3, 1 / 3),
    "two beats for three": (1.5, 0.0),
    "two beats for three, half a beat later": (1.5, 0.5),
    "two beats for three, one beat later": (1.5, 1.0),
}
"""How beats may be read: name → length of a new beat and place of the first, both in tracked beats.

A comparison takes the best of these, on the reference's side; so does each unrelated pair that it is set beside.
"""
AS_TRACKED = "as tracked"


@dataclass(frozen=True, eq=False, slots=True)
class BeatPatterns(Value):
    """What happens in each beat: ``values (n, bands, 12)``, onset strength gathered at each twelfth of it, 0 or more.

    ``times_s (n + 1,)``, seconds, rising: where each beat begins, and where the last ends.
    """

    values: DoubleArray
    times_s: DoubleArray

    def __post_init__(self) -> None:
        values, times = frozen(self.values, np.float64), frozen(self.times_s, np.float64)
        if values.ndim != 3 or values.shape[2] != POSITIONS or times.shape != (values.shape[0] + 1,):
            raise InputError(
                f"patterns of n beats are (n, bands, {POSITIONS}) values and n + 1 times; "
                f"got {values.shape} and {times.shape}"
            )
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "times_s", times)

    def __len__(self) -> int:
        return int(self.values.shape[0])


def read_beats(times_s: DoubleArray, reading: str) -> DoubleArray:
    """Beat times in another of the ``READINGS``.

    >>> read_beats(np.array([0.0, 1.0, 2.0, 3.0]), "twice the tempo").tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    >>> read_beats(np.array([0.0, 1.0, 2.0, 3.0]), "half the tempo, one beat later").tolist()
    [1.0, 3.0]
    """
    if reading not in READINGS:
        raise InputError(f"{reading!r} is no reading of beats; there are: {', '.join(READINGS)}")
    length, first = READINGS[reading]
    last = times_s.size - 1
    places = np.arange(first, last + 1e-9, length) if last >= first else np.zeros(0)
    times: DoubleArray = np.interp(places, np.arange(times_s.size), times_s) if places.size else np.zeros(0)
    return times


def fold(onsets: Features, beats: Annotation, reading: str = AS_TRACKED) -> BeatPatterns:
    """Onset strength ``(bands, n_frames)`` gathered at twelve places in each beat.

    Each place gathers what lies nearer to it than to its neighbours, so that the same music at another tempo gives
    the same numbers; where a beat is shorter than twelve frames, they are shared out evenly within a frame. What
    lies before the first beat and after the last is left out. No beats, or one: no patterns. Where beats were tracked
    wrongly the patterns are of other stretches than beats; those of right beats are not touched.

    >>> clicks = np.zeros((1, 100)); clicks[0, [0, 25, 50, 75]] = 1.0
    >>> beats = Annotation("beats", [0.0, 1.0, 1.98], [0] * 3, ("",) * 3, [1] * 3)
    >>> np.flatnonzero(fold(Features("onsets", clicks, frame_rate=50.0), beats).values[0, 0] > 0.9).tolist()
    [0, 6]
    """
    times = read_beats(np.unique(beats.onset_s), reading)
    if times.size < 2:
        return BeatPatterns(np.zeros((0, onsets.values.shape[0], POSITIONS)), times[:1] if times.size else np.zeros(1))
    strength = onsets.values.astype(np.float64)
    place = (np.arange((times.size - 1) * POSITIONS + 1) - 0.5) / POSITIONS
    edges_s = np.interp(place, np.arange(times.size), times)
    edges_s[0] = times[0] - (times[1] - times[0]) / (2 * POSITIONS)
    gathered = np.concatenate([np.zeros((strength.shape[0], 1)), np.cumsum(strength, axis=1)], axis=1)
    frames = np.arange(gathered.shape[1]) - 0.5  # frame i lies from half a frame before its centre to half a one after
    at = np.stack([np.interp(edges_s * onsets.frame_rate, frames, row) for row in gathered])
    cells = np.diff(at, axis=1).reshape(strength.shape[0], times.size - 1, POSITIONS)
    return BeatPatterns(np.ascontiguousarray(cells.transpose(1, 0, 2)), times)
