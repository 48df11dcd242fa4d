"""Notes of the predominant melody, from its pitch track."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import median_filter

from ..errors import InputError
from ..plugins import Track
from ..types import DoubleArray, Features, Notes


class MelodyNotes:
    """The melody as notes, monophonic: onset, duration, median pitch (fractional MIDI), mean voicing confidence.

    Voicing is read with hysteresis: a stretch begins where the confidence passes ``voice_on`` and ends where
    it falls below ``voice_off``. Inside a stretch, a new note begins where the pitch, smoothed over ``smooth_s``
    (longer than half a vibrato cycle), leaves the running note's median by more than ``step`` semitones for good.
    Notes shorter than ``shortest_s`` join the neighbour nearest in pitch, or are dropped where they have none.

    Examples
    --------
    >>> track = np.array([[60.0] * 20 + [62.1] * 20 + [62.0] * 10, [0.9] * 40 + [0.0] * 10])
    >>> notes = MelodyNotes().extract({"melody": Features("melody", track, frame_rate=50.0)})
    >>> notes.onset_s.tolist(), notes.duration_s.round(2).tolist(), notes.pitch.round(1).tolist()
    ([0.0, 0.4], [0.4, 0.4], [60.0, 62.1])
    """

    name, kind, needs = "notes", "notes", ("melody",)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that shapes the result."""
        return {"version": 1, "voice_on": 0.5, "voice_off": 0.3, "smooth_s": 0.12, "step": 0.7, "shortest_s": 0.08}

    def extract(self, track: Track) -> Notes:
        melody: Features = track["melody"]
        if melody.values.shape[0] != 2:
            raise InputError(f"a melody has two rows, pitch and voicing; got {melody.values.shape}")
        pitch, voicing = melody.values.astype(np.float64)
        settings, rate = self.settings, melody.frame_rate
        smooth = median_filter(pitch, 2 * round(settings["smooth_s"] * rate / 2) + 1, mode="nearest")
        least = max(1, round(settings["shortest_s"] * rate))
        bounds: list[tuple[int, int]] = []
        for start, end in voiced_stretches(voicing, settings["voice_on"], settings["voice_off"]):
            bounds += _merged(smooth, _splits(smooth, start, end, settings["step"]), least)
        starts, ends = (np.array([b[i] for b in bounds], dtype=np.float64) for i in (0, 1))
        return Notes(
            starts / rate,
            (ends - starts) / rate,
            np.array([np.median(pitch[s:e]) for s, e in bounds]),
            np.array([voicing[s:e].mean() for s, e in bounds]),
        )


def voiced_stretches(voicing: DoubleArray, on: float, off: float) -> list[tuple[int, int]]:
    """Frames ``[start, end)`` of the stretches that stay above ``off`` and somewhere pass ``on``.

    >>> voiced_stretches(np.array([0.4, 0.6, 0.4, 0.1, 0.4, 0.1]), on=0.5, off=0.3)
    [(0, 3)]
    """
    edges = np.flatnonzero(np.diff(voicing > off, prepend=False, append=False))
    stretches = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return [(start, end) for start, end in stretches if voicing[start:end].max() > on]


def _splits(pitch: DoubleArray, start: int, end: int, step: float) -> list[tuple[int, int]]:
    """The stretch cut where the pitch leaves the running note by more than ``step``."""
    bounds = [start]
    total, count = pitch[start], 1
    for frame in range(start + 1, end):
        if abs(pitch[frame] - total / count) > step:
            bounds.append(frame)
            total, count = 0.0, 0
        total, count = total + pitch[frame], count + 1
    return list(zip(bounds, [*bounds[1:], end], strict=True))


def _merged(pitch: DoubleArray, notes: list[tuple[int, int]], least: int) -> list[tuple[int, int]]:
    """Notes below ``least`` frames given to the neighbour nearest in pitch, shortest first; a lone one is dropped."""
    notes = list(notes)
    while notes:
        i = min(range(len(notes)), key=lambda k: notes[k][1] - notes[k][0])
        start, end = notes[i]
        if end - start >= least:
            break
        centre = float(np.median(pitch[start:end]))
        beside = [k for k in (i - 1, i + 1) if 0 <= k < len(notes)]
        if not beside:
            return []
        j = min(beside, key=lambda k: abs(float(np.median(pitch[slice(*notes[k])])) - centre))
        notes[min(i, j) : max(i, j) + 1] = [(notes[min(i, j)][0], notes[max(i, j)][1])]
    return notes
