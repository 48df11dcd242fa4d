"""From many pairs at once to the similarities that rank: each cue alone, and all together key by key.

A cue's rows are ``(…, 13)``: the strength in each of twelve keys, then chance; NaN where nothing could be compared.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..types import DoubleArray
from .calibrate import KEYLESS, LINEAR, Calibration
from .normalise import normalised

ROW = 13


def reversed_rows(rows: DoubleArray) -> DoubleArray:
    """The rows with query and reference exchanged: up a third becomes down a third.

    >>> reversed_rows(np.arange(13.0)).tolist()
    [0.0, 11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 12.0]
    """
    order = np.append((-np.arange(12)) % 12, 12)
    exchanged: DoubleArray = rows[..., order]
    return exchanged


def raw_values(cue: str, rows: DoubleArray) -> DoubleArray:
    """The raw value of each pair, as the cue's evidence has it; 0 where nothing could be compared."""
    return _against(cue, rows, 1.0)


def similarity(cue: str, rows: DoubleArray) -> DoubleArray:
    """What ranks by one cue: the strength over the *root* of chance; 0 where nothing could be compared.

    Chance grows with the lengths, and so do the passages that versions share: among whole recordings the root
    ranks better, while the raw value means the same at all lengths.
    """
    return _against(cue, rows, 0.5)


def _against(cue: str, rows: DoubleArray, power: float) -> DoubleArray:
    strength, chance = rows[..., :12].max(axis=-1), rows[..., 12]
    against = strength if cue in KEYLESS else strength - power * chance
    value = against if cue in KEYLESS or cue in LINEAR else np.exp(against)
    values: DoubleArray = np.where(np.isnan(value), 0.0, value)
    return values


def fused_similarity(
    rows: Mapping[str, DoubleArray], calibration: Calibration, *, left_out: npt.ArrayLike | None = None
) -> tuple[DoubleArray, DoubleArray]:
    """All cues together for ``(n, n, 13)`` rows by cue: as it is, and score-normalised.

    The logarithms of the keyed cues' similarities are added key by key with the calibration's ``ranking`` weights, and
    the best key counts; raw values of cues without a key are added. Nothing to compare counts as the usual pair.
    """
    first = next(iter(rows.values()))
    keyed: DoubleArray = np.zeros((*first.shape[:-1], 12))
    for cue in (c for c in rows if c not in KEYLESS):
        strength, chance = calibration.usual[cue]
        against = rows[cue][..., :12] - rows[cue][..., 12:] / 2.0
        keyed += calibration.ranking[cue] * np.where(np.isnan(against), strength - chance / 2.0, against)
    together = keyed.max(axis=-1)
    for cue in (c for c in rows if c in KEYLESS):
        together = together + calibration.ranking[cue] * raw_values(cue, rows[cue])
    plain = np.exp(together)
    return plain, normalised(plain, left_out=left_out)
