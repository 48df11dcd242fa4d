"""How common each chord figure is in a corpus, and what unrelated progressions are like: from a model's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..statistics import read_statistics, tables_of
from ..types.value import DoubleArray
from .codes import LONGEST, Codes, codes_of, kind_of, reduced
from .progression import Progression

SCHEMA = "versionmatch.harmony-statistics/1"
DEFAULT = "harmony-statistics-v1"


@dataclass(frozen=True, eq=False, slots=True)
class HarmonyStatistics:
    """Document frequencies of chord figures.

    ``tables``: kind → ascending codes, and the number of the corpus's ``n_works`` that have each; figures in fewer than
    ``least[kind]`` works are not kept. ``chance``: what alignments of unrelated progressions score, by length;
    ``provenance`` says of what.
    """

    id: str
    n_works: int
    tables: Mapping[str, tuple[Codes, npt.NDArray[np.uint16]]]
    least: Mapping[str, int]
    chance: Mapping[str, Any]
    provenance: Mapping[str, Any]

    def works_with(self, n: int, codes: Codes) -> DoubleArray:
        """In how many works each figure of ``n`` chords is; those that are not kept count as half of ``least``."""
        known, counts = self.tables[kind_of(n)]
        place = np.minimum(np.searchsorted(known, codes), known.size - 1)
        unkept = self.least[kind_of(n)] / 2
        found: DoubleArray = np.where(known[place] == codes, counts[place], unkept).astype(np.float64)
        return found

    def idf(self, n: int, codes: Codes) -> DoubleArray:
        """Log of (works + 1) / (works with the figure + ½): above 0, larger for what is rare."""
        rarity: DoubleArray = np.log((self.n_works + 1) / (self.works_with(n, codes) + 0.5))
        return np.maximum(rarity, 1e-3)

    def common(self, progression: Progression) -> tuple[int, int]:
        """How common a progression of 2 to 6 chords is, in any key: works of the corpus that have it, and all works.

        Only roots and thirds count (``codes.CLASSES``): sevenths, sixths and inversions do not. Chords that are then
        equal are one. A longer progression is at most as common as any part of it: see ``rarest``.

        >>> known = load()
        >>> axis, other = (known.common(Progression.of(x.split())) for x in ("C G Am F", "C F# Dm Eb"))
        >>> axis[0] > 100, other[0] < 5, axis[1] == known.n_works
        (True, True, True)
        """
        runs = reduced(progression)
        size = runs[0][0].size if len(runs) == 1 else 0
        if not 2 <= size <= LONGEST:
            told = f"{size} chords" if len(runs) == 1 else f"{len(runs)} stretches"
            raise InputError(f"a figure is one stretch of 2 to {LONGEST} distinct chords in a row; got {told}")
        return int(self.works_with(size, codes_of(progression, size))[0]), self.n_works

    def rarest(self, progression: Progression, n: int = 4) -> tuple[int, int] | None:
        """Works with the least common figure of ``n`` chords, and where it begins, among all its figures.

        None where there is no figure of ``n`` chords. Ties: the first.
        """
        codes = codes_of(progression, n)
        if codes.size == 0:
            return None
        counts = self.works_with(n, codes)
        return int(counts.min()), int(counts.argmin())


@cache
def load(name: str = DEFAULT) -> HarmonyStatistics:
    """The statistics of that name: a model that is shipped, or a folder."""
    about, arrays = read_statistics(name, "figures.safetensors", what="harmony", schema=SCHEMA, default=DEFAULT)
    known = {key: about[key] for key in ("least", "chance", "provenance")}
    return HarmonyStatistics(about["id"], about["n_works"], tables_of(about, arrays), **known)
