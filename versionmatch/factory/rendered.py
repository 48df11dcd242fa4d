"""The route through sound: a performance is played by soundfonts and a singing voice, damaged, and transformed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..features.cqt import SR, LibrosaCQT
from ..types import Audio, FloatArray
from .casting import Cast
from .performance import Performance
from .setting import Chain
from .soundfonts import REMEDY
from .synthesiser import synthesiser

POOL = 5  # frames of the transform (50 a second) to one of the route's (10 a second)
TAIL_S = 1.5  # for what still decays after the performance
LOUDEST = 0.9


class RenderedRoute:
    """Versions as they would sound: one soundfont, drawn for each, plays them.

    The same performance, difficulty and state of ``rng`` give the same bytes.

    Parameters
    ----------
    soundfonts : sequence of Path
        Banks to draw from, such as ``training_soundfonts()``.

    Raises
    ------
    InputError
        If there is none, or one of them is not there.
    """

    name = "rendered"
    tail_s = TAIL_S

    def __init__(self, soundfonts: Sequence[Path]) -> None:
        self._soundfonts = [Path(path) for path in soundfonts]
        if not self._soundfonts:
            raise InputError(f"the rendered route was given no soundfont; {REMEDY}")
        for path in self._soundfonts:
            if not path.is_file():
                raise InputError(f"there is no soundfont {path}; {REMEDY}")

    def synthesise(
        self, performance: Performance, rng: np.random.Generator, difficulty: float
    ) -> npt.NDArray[np.uint8]:
        """``(84, n)`` at 10 frames a second: the root of the magnitude in 255 steps of the largest."""
        return pooled_root(self.sound(performance, rng, difficulty))

    def sound(self, performance: Performance, rng: np.random.Generator, difficulty: float) -> Audio:
        """The version as sound at 16 kHz, its peak at ``LOUDEST``; ``difficulty`` in [0, 1] as for ``synthesise``."""
        if not 0.0 <= difficulty <= 1.0:
            raise InputError(f"the difficulty of a version's sound must be from 0 to 1; got {difficulty}")
        mix = self._mix(performance, rng, difficulty)
        heard = Chain(rng, difficulty).applied(mix)
        peak = max(float(np.abs(heard).max()), 1e-6)
        return Audio((heard * np.float32(LOUDEST / peak)).astype(np.float32, copy=False), SR)

    def _mix(self, performance: Performance, rng: np.random.Generator, difficulty: float) -> FloatArray:
        """All players together, before any damage."""
        synth = synthesiser(self._soundfonts[int(rng.integers(len(self._soundfonts)))])
        cast = Cast(synth, rng, difficulty, int((performance.duration_s + TAIL_S) * SR))
        for part in performance.parts:
            cast.add(part)
        return cast.played()


def pooled_root(audio: Audio) -> npt.NDArray[np.uint8]:
    """``(84, n)`` at 10 frames a second: the root of the CQT's mean magnitude in 255 steps of the largest.

    The mean is over five frames of the transform.
    """
    magnitudes = LibrosaCQT(tuning=False).extract({"audio": audio}).values
    n = magnitudes.shape[1] // POOL
    pooled = magnitudes[:, : n * POOL].reshape(len(magnitudes), n, POOL).mean(axis=2)
    largest = max(float(pooled.max(initial=0.0)), 1e-12)
    steps: npt.NDArray[np.uint8] = np.round(255 * np.sqrt(pooled / largest)).astype(np.uint8)
    return steps
