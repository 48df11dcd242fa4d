"""The rhythm of a melody alone: when its notes begin, on its beats where there are any, as ratios from note to note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types import Annotation, DoubleArray, IntArray, Notes
from ..types.value import Value, frozen
from .statistics import BEATS, Codes

N_RATIOS = 13
RUN = 4
"""Ratios in a run: five notes' lengths."""
PLACES = np.array([0, 3, 4, 6, 8, 9, 12]) / 12
"""Where in a beat notes may begin: quarters and thirds."""
LONGEST = 8.0  # beats or seconds: a longer wait ends a phrase


@dataclass(frozen=True, eq=False, slots=True)
class MelodyRhythm(Value):
    """When the notes of a melody begin: ``onset_s (n,)`` seconds, rising, and ``onset_beats (n,)``; NaN: off the beats.

    Of scores and works without seconds, give the beats twice.
    """

    onset_s: DoubleArray
    onset_beats: DoubleArray

    def __post_init__(self) -> None:
        times, beats = frozen(self.onset_s, np.float64), np.array(self.onset_beats, dtype=np.float64)
        if times.ndim != 1 or beats.shape != times.shape or (np.diff(times) <= 0).any():
            raise InputError(f"notes begin one after the other, in seconds and beats; got {times.shape}, {beats.shape}")
        beats.flags.writeable = False
        object.__setattr__(self, "onset_s", times)
        object.__setattr__(self, "onset_beats", beats)

    def __len__(self) -> int:
        return int(self.onset_s.size)

    @property
    def on_beats(self) -> bool:
        """Whether nearly all notes lie between the first and the last beat, so that ratios can be read from beats."""
        return len(self) > 0 and bool(np.isfinite(self.onset_beats).mean() >= 0.9)

    @staticmethod
    def of_beats(onsets: Sequence[float] | DoubleArray) -> MelodyRhythm:
        """Of onsets in beats, as a score has them; equal ones count once.

        >>> len(MelodyRhythm.of_beats([0, 1, 1, 1.5]))
        3
        """
        beats = np.unique(np.asarray(onsets, dtype=np.float64))
        return MelodyRhythm(beats, beats)

    @staticmethod
    def of_notes(notes: Notes, beats: Annotation) -> MelodyRhythm:
        """Of a recording's notes on its beats; a beat before the first and after the last still counts."""
        onsets = np.unique(notes.onset_s)
        times = np.unique(beats.onset_s)
        if times.size < 2:
            return MelodyRhythm(onsets, np.full(onsets.size, np.nan))
        first, last = times[1] - times[0], times[-1] - times[-2]
        wide = np.concatenate([[times[0] - first], times, [times[-1] + last]])
        place = np.interp(onsets, wide, np.arange(-1, times.size + 1), left=np.nan, right=np.nan)
        return MelodyRhythm(onsets, place)


def on_places(beats: DoubleArray) -> DoubleArray:
    """Beats moved to the nearest quarter or third of a beat.

    >>> on_places(np.array([0.02, 0.31, 0.52, 1.97])).round(3).tolist()
    [0.0, 0.333, 0.5, 2.0]
    """
    whole = np.floor(beats)
    nearest: DoubleArray = whole + PLACES[np.abs((beats - whole)[:, None] - PLACES).argmin(axis=1)]
    return nearest


def ratios(rhythm: MelodyRhythm) -> tuple[IntArray, IntArray]:
    """Each wait for the next note over the wait before it, and the notes in the middle of them: ``(n - 2,)`` each.

    Log2 in half steps, -6 to 6, counted from 0 (6: equally long; 8: twice as long; 7: half as long again). The same at
    any tempo. Waits are read in twelfths of the beat where the notes lie on beats, else in seconds. Notes that fall on
    one place count once.

    >>> codes, notes = ratios(MelodyRhythm.of_beats([0, 1, 2, 4, 4.5]))
    >>> codes.tolist(), notes.tolist()
    ([6, 8, 2], [1, 2, 3])
    """
    notes = np.arange(len(rhythm), dtype=np.int32)
    times = rhythm.onset_s
    if rhythm.on_beats:
        notes = notes[np.isfinite(rhythm.onset_beats)]
        times = np.round(12 * rhythm.onset_beats[notes]) / 12
        own = np.append(True, np.diff(times) > 1e-6)[: times.size]
        notes, times = notes[own], times[own]
    if times.size < 3:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    waits = np.log2(np.clip(np.diff(times), 1 / 16, LONGEST))
    codes = np.clip(np.round(2 * np.diff(waits)), -6, 6).astype(np.int32) + 6
    return codes, notes[1:-1]


def runs_of(codes: IntArray) -> npt.NDArray[np.int64]:
    """Each run of four ratios as a number below 13⁴, ``(n - 3,)``.

    >>> runs_of(np.array([0, 0, 1, 2, 3], np.int32)).tolist()
    [15, 198]
    """
    count = max(0, codes.size - RUN + 1)
    found = np.zeros(count, np.int64)
    for i in range(RUN):
        found = found * N_RATIOS + codes[i : i + count]
    return found


def windows_of(rhythm: MelodyRhythm, beats: int = 4) -> tuple[Codes, npt.NDArray[np.int64]]:
    """The rhythm of ``beats`` beats from each beat on, coded as ``code_of`` does, and the beat each begins on.

    Only windows with a note. None where the notes do not lie on beats.

    >>> codes, starts = windows_of(MelodyRhythm.of_beats([0, 1.5, 2]), 2)
    >>> codes.tolist(), starts.tolist()
    ([262145, 4160, 1], [0, 1, 2])
    """
    if beats not in BEATS:
        raise InputError(f"rhythms of {BEATS[0]} or {BEATS[1]} beats are counted; got {beats}")
    if not rhythm.on_beats:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    places = on_places(rhythm.onset_beats[np.isfinite(rhythm.onset_beats)])
    at = np.unique(np.round(12 * places).astype(np.int64))
    low, high = int(at[0]) // 12, int(at[-1]) // 12
    bits = np.zeros(high - low + beats, np.uint64)
    for place in at.tolist():
        bits[place // 12 - low] |= np.uint64(1 << (place % 12))
    codes = np.zeros(high - low + 1, np.uint64)
    for i in range(beats):
        codes |= bits[i : i + codes.size] << np.uint64(12 * i)
    kept = np.flatnonzero(codes)
    return codes[kept], kept + low
