"""One score of two tunes: what each measure says beyond what unrelated tunes of such lengths would, added up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..types.value import DoubleArray
from .figures import Figures, N, cosine, figures
from .identity import percent_identity
from .passage import NONE, Passage, pitch_passage_score, shared_passage
from .rhythm import ornamented_passage_score
from .statistics import MelodyStatistics, load
from .tune import Tune

UNTIMED = ("identity", "figures", "intervals", "pitches")
TIMED = (*UNTIMED, "timed_figures", "ornamented")


@dataclass(frozen=True, eq=False, slots=True)
class Sketch:
    """A tune and its figures, made once for many comparisons."""

    tune: Tune
    statistics: MelodyStatistics
    made: dict[tuple[bool, bool], Figures] = field(default_factory=dict)

    def figures(self, *, octaves: bool, timed: bool) -> Figures:
        """The figures of the tune: four intervals, or three with their rhythm."""
        key = (octaves, timed)
        if key not in self.made:
            self.made[key] = figures(self.tune, N - timed, octaves=octaves, timed=timed, statistics=self.statistics)
        return self.made[key]


@dataclass(frozen=True, slots=True)
class MelodyScore:
    """How alike two tunes are.

    ``log_odds`` of being related, if every second pair were; ``p_value``: of unrelated pairs as short as this one the
    share that has as much; ``z``: each measure in standard deviations above what unrelated pairs of these lengths
    have; ``raw``: the measures as they are; ``passage``: where their intervals agree best. Without two intervals on
    each side nothing is measured: p is 1.
    """

    log_odds: float
    p_value: float
    z: Mapping[str, float]
    raw: Mapping[str, float]
    passage: Passage = NONE


def sketch(tune: Tune, statistics: MelodyStatistics | None = None) -> Sketch:
    """A tune made ready to be compared with many."""
    return Sketch(tune, statistics or load())


def melody_score(a: Tune | Sketch, b: Tune | Sketch) -> MelodyScore:
    """All measures that both tunes allow, weighed together: those of rhythm count where both have rhythm.

    The same in both orders, but for ties among alignments.

    >>> tune = Tune([67, 67, 69, 67, 72, 71, 67, 67, 69, 67, 74, 72])
    >>> found = melody_score(tune, Tune(tune.pitches + 3))
    >>> found.p_value < 0.01, sorted(found.z)
    (True, ['figures', 'identity', 'intervals', 'pitches'])
    """
    x, y = (s if isinstance(s, Sketch) else sketch(s) for s in (a, b))
    if min(len(x.tune), len(y.tune)) < 3:
        return MelodyScore(-math.inf, 1.0, {}, {})
    passage = shared_passage(x.tune, y.tune)
    raw = measures(x, y, passage)
    fitted = x.statistics.scores["timed" if "ornamented" in raw else "untimed"]
    z = standardised(raw, x.tune, y.tune, fitted["nulls"])
    odds = fitted["intercept"] + sum(fitted["weights"][name] * value for name, value in z.items())
    return MelodyScore(float(odds), null_share(odds, len(x.tune), len(y.tune), fitted["unrelated"]), z, raw, passage)


def measures(x: Sketch, y: Sketch, passage: Passage | None = None) -> dict[str, float]:
    """Every measure that both tunes allow, by name, as it is; ``passage`` is their shared one where it is known."""
    a, b = x.tune, y.tune
    octaves = a.octaves and b.octaves
    ours, theirs = (s.figures(octaves=octaves, timed=False) for s in (x, y))
    found = {
        "identity": percent_identity(a, b),
        "figures": cosine(ours, theirs),
        "intervals": (passage or shared_passage(a, b)).score,
        "pitches": pitch_passage_score(a, b),
    }
    if a.timed and b.timed:
        found["timed_figures"] = cosine(*(s.figures(octaves=octaves, timed=True) for s in (x, y)))
        found["ornamented"] = ornamented_passage_score(a, b)
    return found


def transformed(name: str, value: float) -> float:
    """A measure on a scale on which unrelated pairs spread evenly: square root of what ends at 1, else logarithm."""
    if name == "identity":
        return value / 100.0
    return math.sqrt(value) if name.endswith("figures") else math.log1p(value)


def standardised(raw: Mapping[str, float], a: Tune, b: Tune, nulls: Mapping[str, Any]) -> dict[str, float]:
    """Each measure less what unrelated pairs of these lengths have on average, in their standard deviations."""
    row = lengths(len(a), len(b))
    return {
        name: (transformed(name, value) - float(row @ np.asarray(nulls[name]["mean"]))) / nulls[name]["deviation"]
        for name, value in raw.items()
    }


def lengths(n: int, m: int) -> DoubleArray:
    """What expectations depend on: 1, the logarithm of the shorter length, and of the longer."""
    return np.array([1.0, math.log(min(n, m)), math.log(max(n, m))])


def null_share(odds: float, n: int, m: int, unrelated: Mapping[str, Any]) -> float:
    """(b + 1) / (n + 1): b of n unrelated pairs whose shorter tune is about as short have at least these odds."""
    which = int(np.searchsorted(unrelated["shorter_than"], min(n, m), side="right"))
    quantiles, count = np.asarray(unrelated["quantiles"][which]), int(unrelated["pairs"][which])
    below = int(np.searchsorted(quantiles, odds, side="left"))
    share = 1.0 if below == 0 else 0.0 if below == quantiles.size else 1.0 - (below - 1) / (quantiles.size - 1)
    return (math.ceil(count * share) + 1) / (count + 1)
