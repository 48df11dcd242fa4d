"""How often two unrelated works share a passage as strong as one that was found, given how many notes they have."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, IntegrityError
from ..types.value import DoubleArray, IntArray, Value, frozen
from .statistics import DEFAULT, models

SCHEMA = "versionmatch.melodic-chance/1"
KINDS = ("scores", "mixed", "recordings")
"""Pairs of scores, of a score and a recording, of two recordings: what is heard by machine is noisier."""
NARROWEST = 0.2
"""The least spread that is believed of scores of very short tunes."""


@dataclass(frozen=True, eq=False, slots=True)
class Chance(Value):
    """The best passages of ``n_pairs`` unrelated pairs.

    Their scores grow with x = log(n · m), as local alignments do [1]_: ``mean`` and ``spread`` (constant, slope) say
    how. ``strongest`` are the scores less the mean, in units of the spread, that ``ranks`` of the pairs reach,
    strongest first.

    References
    ----------
    .. [1] Karlin, Altschul, "Methods for assessing the statistical significance of molecular sequence features", 1990.
    """

    kind: str
    corpus: str
    n_pairs: int
    mean: tuple[float, float]
    spread: tuple[float, float]
    ranks: IntArray
    strongest: DoubleArray

    def p_value(self, score: float, n: int, m: int) -> float:
        """(b + 1) / (``n_pairs`` + 1): b unrelated pairs with ``n`` and ``m`` notes share as strong a passage.

        >>> known = chances()["scores"]
        >>> known.p_value(0.0, 100, 100), known.p_value(40.0, 100, 100) < 0.001
        (1.0, True)
        """
        if min(n, m) < 1:
            return 1.0
        place = float(standard(np.array([score]), np.array([math.log(n * m)]), self.mean, self.spread)[0])
        reached = int(np.searchsorted(-self.strongest, -place, side="right"))  # ranks whose score is at least this
        below = int(self.ranks[reached]) - 1 if reached < self.ranks.size else self.n_pairs
        return (below + 1) / (self.n_pairs + 1)

    def least_score(self, p: float, n: int, m: int) -> float:
        """The score from which on ``p_value`` is at most ``p``; inf where none is."""
        allowed = self.ranks[self.ranks <= p * (self.n_pairs + 1)]
        if not allowed.size or min(n, m) < 1:
            return math.inf
        x = math.log(n * m)
        low = float(self.strongest[allowed.size - 1])
        return line_at(self.mean, x) + low * max(line_at(self.spread, x), NARROWEST)


def line_at(coefficients: tuple[float, float], x: float) -> float:
    """Constant and slope at ``x``."""
    return coefficients[0] + coefficients[1] * x


def standard(
    scores: DoubleArray, x: DoubleArray, mean: tuple[float, float], spread: tuple[float, float]
) -> DoubleArray:
    """Scores of pairs with x = log(n · m), less the mean and in units of the spread there."""
    found: DoubleArray = (scores - (mean[0] + mean[1] * x)) / np.maximum(spread[0] + spread[1] * x, NARROWEST)
    return found


@cache
def chances(name: str = DEFAULT) -> Mapping[str, Chance]:
    """What unrelated pairs of each of ``KINDS`` share, from a model's folder; InputError or IntegrityError."""
    folder = Path(name) if (Path(name) / "chance.json").is_file() else models() / name
    try:
        about: dict[str, Any] = json.loads((folder / "chance.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(f"no melodic chances {name!r}; the shipped ones are {DEFAULT!r}") from error
    except ValueError as error:
        raise IntegrityError(f"the melodic chances {name!r} cannot be read: {error}; install them again") from error
    if about.get("schema") != SCHEMA:
        raise IntegrityError(f"{name} has the schema {about.get('schema')!r}, this version reads {SCHEMA}")
    return {kind: _chance(kind, about["chances"][kind]) for kind in KINDS}


def _chance(kind: str, about: Mapping[str, Any]) -> Chance:
    mean, spread = ((float(about[name][0]), float(about[name][1])) for name in ("mean", "spread"))
    ranks, strongest = frozen(about["ranks"], np.int32), frozen(about["strongest"], np.float64)
    return Chance(kind, str(about["corpus"]), int(about["n_pairs"]), mean, spread, ranks, strongest)
