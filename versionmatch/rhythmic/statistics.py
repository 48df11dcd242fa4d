"""What rhythms are usual: counts over a corpus of tunes, and the mean bar of recordings; read from a model's folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..statistics import read_statistics
from ..types.value import DoubleArray

SCHEMA = "versionmatch.rhythm-statistics/1"
DEFAULT = "rhythm-statistics-v1"
BEATS = (2, 4)
"""Lengths of the rhythms that are counted, beats."""
Codes: TypeAlias = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False, slots=True)
class RhythmStatistics:
    """How many of ``n_works`` tunes have each rhythm, and what bars of recordings usually are.

    ``arrays``: ``beats-2`` and ``beats-4``, ascending codes (``code_of``) with counts beside them; ``runs``, the number
    of works with each run of four ratios; ``steps``, how often each ratio follows each; ``mean`` and ``turn`` of bars.
    Rhythms in fewer than ``least`` works are not kept.
    """

    id: str
    n_works: int
    least: int
    arrays: Mapping[str, npt.NDArray[Any]]
    provenance: Mapping[str, Any]

    def common(self, pattern: Sequence[float], beats: int = 4) -> tuple[int, int]:
        """How common a melody rhythm is: works of the corpus that have it from some beat on, and all works.

        ``pattern``: where notes begin, in beats from 0 up to below ``beats`` (2 or 4), to the nearest twelfth. A
        rhythm that too few works have to be kept counts as 0. InputError for places outside.

        >>> known = load()
        >>> even, odd = known.common([0, 1, 2, 3]), known.common([0, 1 / 3, 1.25, 2.75])
        >>> even[0] > 500, odd[0] < 5, even[1] == known.n_works
        (True, True, True)
        """
        return int(self.works_with(np.array([code_of(pattern, beats)], np.uint64), beats)[0]), self.n_works

    def works_with(self, codes: Codes, beats: int = 4) -> npt.NDArray[np.int64]:
        """In how many works each coded rhythm is; 0 for those that are not kept."""
        known, counts = self.arrays[f"beats-{beats}.codes"], self.arrays[f"beats-{beats}.counts"]
        place = np.minimum(np.searchsorted(known, codes), known.size - 1)
        found: npt.NDArray[np.int64] = np.where(known[place] == codes, counts[place], 0).astype(np.int64)
        return found

    def idf(self, runs: npt.NDArray[np.int64]) -> DoubleArray:
        """Log of (works + 1) / (works with the run of ratios + ½), above 0."""
        rarity: DoubleArray = np.log((self.n_works + 1) / (self.arrays["runs"][runs] + 0.5))
        return np.maximum(rarity, 1e-3)

    def usual(self, kind: str, width: int) -> tuple[DoubleArray, DoubleArray]:
        """The mean bar ``(width,)`` and the whitening ``(width, n)`` of recordings; ``whole`` or ``drums``."""
        if f"{kind}.mean" not in self.arrays:
            raise InputError(f"{self.id} knows no bars {kind!r}; it knows whole and drums")
        mean, turn = self.arrays[f"{kind}.mean"], self.arrays[f"{kind}.turn"]
        if mean.shape != (width,):
            raise InputError(f"bars {kind!r} have {mean.size} places (bands · 48); got {width}")
        return mean.astype(np.float64), turn.astype(np.float64)


def code_of(pattern: Sequence[float], beats: int) -> int:
    """A rhythm as a number: bit ``k`` is set where a note begins ``k`` twelfths after the first beat.

    >>> code_of([0, 0.25], 2)
    9
    """
    if beats not in BEATS:
        raise InputError(f"rhythms of {BEATS[0]} or {BEATS[1]} beats are counted; got {beats}")
    places = np.round(12 * np.asarray(pattern, dtype=np.float64))
    if places.size == 0 or not np.isfinite(places).all() or (places < 0).any() or (places >= 12 * beats).any():
        raise InputError(
            f"a rhythm of {beats} beats has notes that begin at 0 or later and before {beats}; got {pattern}"
        )
    return sum(1 << int(k) for k in set(places.tolist()))


@cache
def load(name: str = DEFAULT) -> RhythmStatistics:
    """The statistics of that name: a model that is shipped, or a folder."""
    about, arrays = read_statistics(name, "rhythms.safetensors", what="rhythm", schema=SCHEMA, default=DEFAULT)
    return RhythmStatistics(about["id"], about["n_works"], about["least"], arrays, about["provenance"])
