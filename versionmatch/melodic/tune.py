"""A tune: one voice as notes, with as much of octave and rhythm as is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types.value import DoubleArray, IntArray, Value, frozen

HIGHEST = 1000
"""Semitones beyond which a number is no pitch."""


@dataclass(frozen=True, eq=False, slots=True)
class Tune(Value):
    """The notes of one voice, in their order.

    Parameters
    ----------
    pitches : (n,) int32
        Semitones; only their differences count. Without octaves: pitch classes, taken modulo 12.
    onsets, durations : (n,) float64, optional
        Quarter notes; both or neither. Onsets ascend strictly, no duration is below 0.
    octaves : bool
        False where only pitch classes are known.

    A tune may be empty: every measure of it is then 0. ``of_notes``, ``of_pitch_classes`` and ``of_intervals``
    make tunes of plain lists.

    Examples
    --------
    >>> Tune([60, 62, 64]).intervals.tolist()
    [2, 2]
    """

    pitches: IntArray
    onsets: DoubleArray | None = None
    durations: DoubleArray | None = None
    octaves: bool = True

    def __post_init__(self) -> None:
        pitches = _whole(self.pitches, "pitches")
        object.__setattr__(self, "pitches", frozen(pitches if self.octaves else pitches % 12, np.int32))
        if (self.onsets is None) != (self.durations is None):
            raise InputError("a tune has onsets and durations, or neither; give both, or leave both out")
        if self.onsets is not None and self.durations is not None:
            onsets, durations = (_times(x, pitches.size) for x in (self.onsets, self.durations))
            if (np.diff(onsets) <= 0).any():
                i = int(np.flatnonzero(np.diff(onsets) <= 0)[0])
                raise InputError(
                    f"note {i + 1} of a tune begins at {onsets[i + 1]:g}, not after note {i} at {onsets[i]:g}; "
                    "sort the notes and keep one voice, as Tune.of_notes does"
                )
            if (durations < 0).any():
                i = int((durations < 0).argmax())
                raise InputError(f"note {i} of a tune lasts {durations[i]:g} quarter notes; durations are 0 or more")
            object.__setattr__(self, "onsets", frozen(onsets, np.float64))
            object.__setattr__(self, "durations", frozen(durations, np.float64))

    def __len__(self) -> int:
        return int(self.pitches.size)

    @property
    def timed(self) -> bool:
        """Whether onsets and durations are known."""
        return self.onsets is not None

    @property
    def intervals(self) -> IntArray:
        """``(n - 1,)`` semitones from note to note; of pitch classes the nearest, -5 to 6."""
        steps = np.diff(self.pitches).astype(np.int32)
        return steps if self.octaves else folded(steps)

    @property
    def spans(self) -> DoubleArray:
        """``(n,)`` quarter notes that each note lasts until the next begins; InputError where rhythm is unknown."""
        if self.onsets is None or self.durations is None:
            raise InputError("this measure needs rhythm, and a tune has none; give it onsets and durations")
        gaps = np.append(np.diff(self.onsets), self.durations[-1:])
        result: DoubleArray = gaps[: len(self)]
        return result

    @staticmethod
    def of_notes(notes: Iterable[Sequence[float]]) -> Tune:
        """Of rows ``[onset, duration, pitch]`` in any order; of notes that begin together the highest is kept.

        >>> Tune.of_notes([[1, 1, 62], [0, 1, 60], [0, 1, 48]]).pitches.tolist()
        [60, 62]
        """
        given = list(notes)
        try:
            rows = np.array(given, dtype=np.float64).reshape(len(given), 3)
        except (TypeError, ValueError) as error:
            raise InputError("notes are rows of [onset, duration, pitch], all numbers; some row is not") from error
        if not np.isfinite(rows).all():
            raise InputError(f"note {int((~np.isfinite(rows)).any(axis=1).argmax())} is not finite; leave it out")
        rows = rows[np.lexsort((-rows[:, 2], rows[:, 0]))]
        rows = rows[np.append(True, np.diff(rows[:, 0]) > 1e-6)[: len(rows)]]
        return Tune(np.round(rows[:, 2]).astype(int), rows[:, 0], rows[:, 1])

    @staticmethod
    def of_pitch_classes(classes: Iterable[int]) -> Tune:
        """Of pitch classes, 0 = C to 11 = B; neither octave nor rhythm is known.

        >>> Tune.of_pitch_classes([11, 0]).intervals.tolist()
        [1]
        """
        values = _whole(list(classes), "pitch classes")
        if ((values < 0) | (values > 11)).any():
            bad = int(values[(values < 0) | (values > 11)][0])
            raise InputError(f"{bad} is no pitch class; they go from 0 (C) to 11 (B)")
        return Tune(values, octaves=False)

    @staticmethod
    def of_intervals(intervals: Iterable[int]) -> Tune:
        """Of semitones from note to note, up positive; key and rhythm are not known.

        >>> len(Tune.of_intervals([2, 2, 1]))
        4
        """
        steps = _whole(list(intervals), "intervals")
        return Tune(np.cumsum(np.append(0, steps))) if steps.size else Tune([])  # type: ignore[arg-type]


def folded(intervals: IntArray) -> IntArray:
    """Intervals by pitch class: -5 to 6 semitones."""
    classes: IntArray = ((intervals + 5) % 12 - 5).astype(np.int32)
    return classes


def _whole(values: Any, name: str) -> IntArray:
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} are whole numbers of semitones; some value is no number") from error
    if numbers.ndim != 1:
        raise InputError(f"{name} are one row of numbers; got shape {numbers.shape}")
    bad = ~(np.abs(numbers) <= HIGHEST) | (numbers != np.round(numbers))
    if bad.any():
        i = int(bad.argmax())
        raise InputError(f"{name} are whole numbers of semitones, at most {HIGHEST}; number {i} is {numbers[i]:g}")
    whole: IntArray = numbers.astype(np.int32)
    return whole


def _times(values: npt.ArrayLike, n: int) -> DoubleArray:
    times = np.asarray(values, dtype=np.float64)
    if times.shape != (n,) or not np.isfinite(times).all():
        raise InputError(f"{n} pitches need {n} finite onsets and durations; got shape {times.shape}")
    return times
