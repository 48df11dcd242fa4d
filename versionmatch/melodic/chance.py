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
from ..files import shipped_models
from ..types.value import DoubleArray, IntArray, Value, frozen
from .statistics import DEFAULT

SCHEMA = "versionmatch.melodic-chance/1"
KINDS = ("scores", "mixed", "recordings")
"""Pairs of scores, of a score and a recording, of two recordings: what is heard by machine is noisier."""
NARROWEST = 0.2
"""The least spread that is believed of scores of very short tunes."""


@dataclass(frozen=True, eq=False, slots=True)
class Tail(Value):
    """``strongest``: places that ``ranks`` of ``n_pairs`` unrelated pairs reach, strongest first."""

    n_pairs: int
    ranks: IntArray
    strongest: DoubleArray


@dataclass(frozen=True, eq=False, slots=True)
class Chance(Value):
    """What the best passages of unrelated pairs are like.

    Their scores grow with x = log(n · m), as local alignments do [1]_: ``mean`` and ``spread`` (constant, slope) say
    how. A place is a score less the mean, in units of the spread; ``tails`` hold the places of pairs up to each of
    ``edges`` of x, and beyond.

    References
    ----------
    .. [1] Karlin, Altschul, "Methods for assessing the statistical significance of molecular sequence features", 1990.
    """

    kind: str
    corpus: str
    mean: tuple[float, float]
    spread: tuple[float, float]
    edges: DoubleArray
    tails: tuple[Tail, ...]

    def tail(self, n: int, m: int) -> Tail:
        """Unrelated pairs of about as many notes."""
        return self.tails[int(np.searchsorted(self.edges, math.log(n * m), side="right"))]

    def p_value(self, score: float, n: int, m: int) -> float:
        """(b + 1) / (N + 1): b of N unrelated pairs with about ``n`` and ``m`` notes share as strong a passage.

        >>> known = chances()["scores"]
        >>> known.p_value(0.0, 100, 100), known.p_value(40.0, 100, 100) < 0.001
        (1.0, True)
        """
        if min(n, m) < 1:
            return 1.0
        tail, x = self.tail(n, m), np.array([math.log(n * m)])
        place = float(standard(np.array([score]), x, self.mean, self.spread)[0])
        reached = int(np.searchsorted(-tail.strongest, -place, side="right"))  # ranks whose place is at least this
        below = int(tail.ranks[reached]) - 1 if reached < tail.ranks.size else tail.n_pairs
        return (below + 1) / (tail.n_pairs + 1)

    def least_score(self, p: float, n: int, m: int) -> float:
        """The score above which ``p_value`` is at most ``p``; inf where none is."""
        tail = self.tail(n, m)
        allowed = int(np.searchsorted(tail.ranks, p * (tail.n_pairs + 1), side="right"))
        if allowed == 0:
            return math.inf
        x = math.log(n * m)
        low = float(tail.strongest[allowed - 1])
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
    folder = Path(name) if (Path(name) / "chance.json").is_file() else shipped_models() / name
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
    tails = tuple(
        Tail(int(t["n_pairs"]), frozen(t["ranks"], np.int32), frozen(t["strongest"], np.float64))
        for t in about["tails"]
    )
    return Chance(kind, str(about["corpus"]), mean, spread, frozen(about["edges"], np.float64), tails)
