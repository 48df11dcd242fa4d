"""Warps: where a query's peaks would lie had it been played at another speed, tempo or pitch.

Peaks are a few numbers a second, so that a hundred warps of them cost less than one more look at the sound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..types import FloatArray, IntArray, Peaks
from .landmarks import N_BINS


@dataclass(frozen=True, slots=True)
class Warp:
    """The query's ``tempo`` and ``pitch`` over those of what it is looked up in; both 1.02 for 2 % more speed.

    Examples
    --------
    >>> peaks = Peaks([0, 100], [50.0, 102.0], [9, 9], 101, 43.0, 10.8, "landmark-v1")
    >>> [column.tolist() for column in Warp(1.02, 1.02)(peaks)[:2]]
    [[0, 102], [49.01960754394531, 100.0]]
    """

    tempo: float = 1.0
    pitch: float = 1.0

    def __post_init__(self) -> None:
        if not (0.25 <= self.tempo <= 4.0 and 0.25 <= self.pitch <= 4.0):
            raise InputError(f"a warp changes tempo and pitch by a factor of 0.25 to 4; got {self}")

    def __call__(self, peaks: Peaks) -> tuple[IntArray, FloatArray, IntArray]:
        """Frames and bins of the peaks in what they are looked up in, sorted, and which peak each is.

        Peaks that would lie outside the spectrum are left out.
        """
        frames = np.floor(peaks.frames * self.tempo + 0.5).astype(np.int32)
        bins = peaks.bins / np.float32(self.pitch)
        inside = np.flatnonzero(bins < N_BINS - 0.5)
        order = inside[np.lexsort((bins[inside], frames[inside]))].astype(np.int32)
        return frames[order], bins[order], order


def speeds(furthest: float, step: float) -> tuple[Warp, ...]:
    """Tempo and pitch together, as a turntable changes them: from ``-furthest`` to ``furthest``, nearest first."""
    n = round(furthest / step)
    return tuple(Warp(1 + k * step, 1 + k * step) for k in sorted(range(-n, n + 1), key=lambda k: (abs(k), k)))


def grid(tempi: tuple[float, ...], semitones: tuple[float, ...]) -> tuple[Warp, ...]:
    """Every tempo with every pitch."""
    return tuple(Warp(tempo, 2 ** (s / 12)) for tempo in tempi for s in semitones)


SAME = Warp()
_SPEEDS = speeds(0.05, 0.005)
_TEMPI = (1.0, 0.96, 1.04, 0.92, 1.08, 0.88, 1.12, 0.84, 1.16)
_SEMITONES = (0.0, -0.5, 0.5, -1.0, 1.0, -1.5, 1.5, -2.0, 2.0)
WARPS: dict[str, tuple[Warp, ...]] = {
    "none": (SAME,),
    "speed": _SPEEDS,
    "single": tuple(dict.fromkeys((*_SPEEDS, *grid(_TEMPI, (0.0,)), *grid((1.0,), _SEMITONES)))),
    "full": tuple(dict.fromkeys((*_SPEEDS, *grid(_TEMPI, _SEMITONES)))),
}
"""What may be tried, by name: nothing; any speed within 5 %; also a tempo within 18 % or a pitch within 2 semitones,
one of the three at a time; or tempo and pitch together."""


def warps_named(name: str) -> tuple[Warp, ...]:
    """The warps of that name; InputError with the known names on another."""
    if name not in WARPS:
        raise InputError(f"there are no warps {name!r}; there are: {', '.join(WARPS)}")
    return WARPS[name]
