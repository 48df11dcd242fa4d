"""How common each figure is in a corpus of tunes, and what unrelated tunes are like: read from a model's folder."""

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
from .codes import Codes, codes_of, kind_of
from .tune import Tune

SCHEMA = "versionmatch.melody-statistics/1"
DEFAULT = "melody-statistics-v1"


@dataclass(frozen=True, eq=False, slots=True)
class MelodyStatistics:
    """Document frequencies of figures.

    ``tables`` kind → ascending codes and the number of the corpus's ``n_tunes`` that have each; figures in fewer than
    ``least[kind]`` tunes are not kept. ``scores`` is what ``score`` is fitted with; ``provenance`` says of what.
    """

    id: str
    n_tunes: int
    tables: Mapping[str, tuple[Codes, npt.NDArray[np.uint16]]]
    least: Mapping[str, int]
    scores: Mapping[str, Any]
    provenance: Mapping[str, Any]

    def tunes_with(self, kind: str, codes: Codes) -> DoubleArray:
        """In how many tunes of the corpus each figure is; those that are not kept count as half of ``least``."""
        if kind not in self.tables:
            raise InputError(f"{self.id} has no figures {kind!r}; it has {', '.join(sorted(self.tables))}")
        known, counts = self.tables[kind]
        place = np.minimum(np.searchsorted(known, codes), known.size - 1)
        found: DoubleArray = np.where(known[place] == codes, counts[place], self.least[kind] / 2).astype(np.float64)
        return found

    def idf(self, kind: str, codes: Codes) -> DoubleArray:
        """Log of (tunes + 1) / (tunes with the figure + ½): above 0, larger for what is rare."""
        rarity: DoubleArray = np.log((self.n_tunes + 1) / (self.tunes_with(kind, codes) + 0.5))
        return np.maximum(rarity, 1e-3)

    def common(self, figure: Tune, *, octaves: bool = True) -> tuple[int, int]:
        """How common one figure of 2 to 6 intervals is: tunes of the corpus that have it, and all tunes.

        >>> known = load()
        >>> scale, leaps = known.common(Tune([60, 62, 64, 65])), known.common(Tune([60, 71, 62, 73]))
        >>> scale[0] > 1000, leaps[0] < 10, scale[1] == known.n_tunes
        (True, True, True)
        """
        kind = kind_of(len(figure) - 1, octaves=octaves and figure.octaves, timed=False)
        return int(self.tunes_with(kind, codes_of(figure, kind))[0]), self.n_tunes


@cache
def load(name: str = DEFAULT) -> MelodyStatistics:
    """The statistics of that name: a model that is shipped, or a folder."""
    about, arrays = read_statistics(name, "figures.safetensors", what="melody", schema=SCHEMA, default=DEFAULT)
    known = {key: about[key] for key in ("least", "scores", "provenance")}
    return MelodyStatistics(about["id"], about["n_tunes"], tables_of(about, arrays), **known)
