"""How much the estimated shares of a rights holder tell of the true ones, where true ones were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import InputError
from .influence import N_DRAWS, SEED
from .shares import informativeness

NOT_CALIBRATED = "not calibrated"
RANGE = (5.0, 95.0)
LEAST = 3
"""Pairs of an estimate and a truth from which on anything is told."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A party's shares as estimated and as measured, by training without its catalogue, in the same outputs."""

    party: str
    estimates: tuple[float, ...]
    truths: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.estimates) != len(self.truths):
            raise InputError(
                f"the calibration of {self.party} has {len(self.estimates)} estimates and {len(self.truths)} truths; "
                "give one truth for each"
            )


def calibrations_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Calibration]:
    """Party → its calibration; InputError for a row that cannot be used, or a party that comes twice."""
    found: dict[str, Calibration] = {}
    for row in rows:
        try:
            one = Calibration(str(row["party"]), *(tuple(map(float, row[n])) for n in ("estimates", "truths")))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"a calibration needs party, estimates and truths: {error}") from error
        if one.party in found:
            raise InputError(f"there are two calibrations of {one.party!r}; give one")
        found[one.party] = one
    return found


def told(one: Calibration | None) -> str:
    """``I = 0.62 (0.40 to 0.80)``, its 5 to 95 % range over 200 draws of the pairs (seed 440); else not calibrated.

    Below ``LEAST`` pairs, and where the estimates do not vary, nothing can be said.

    >>> told(Calibration("p", (0.1, 0.2, 0.4), (0.1, 0.2, 0.4)))
    'I = 1.00 (1.00 to 1.00), 3 pairs'
    >>> told(None)
    'not calibrated'
    """
    if one is None or len(one.estimates) < LEAST:
        return NOT_CALIBRATED
    value = informativeness(one.estimates, one.truths)
    if value is None:
        return NOT_CALIBRATED
    rng, pairs = np.random.default_rng(SEED), np.array([one.estimates, one.truths])
    drawn = [
        i
        for which in rng.integers(0, pairs.shape[1], (N_DRAWS, pairs.shape[1]))
        if (i := informativeness(*pairs[:, which].tolist())) is not None
    ]
    low, high = np.percentile(drawn, RANGE)
    return f"I = {value:.2f} ({low:.2f} to {high:.2f}), {len(one.estimates)} pairs"
