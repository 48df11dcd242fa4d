"""Figures as numbers: n intervals in a row are the digits of one code."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from .tune import Tune, folded

Codes: TypeAlias = npt.NDArray[np.uint32]

WIDEST = 12  # semitones; a wider interval counts as an octave
SYMBOLS = {"intervals": 2 * WIDEST + 1, "classes": 12, "timed": 3 * (2 * WIDEST + 1), "timed-classes": 36}
LONGEST = {"intervals": 6, "classes": 6, "timed": 4, "timed-classes": 4}
LONGER = 1.2  # times as long is longer


def kind_of(n: int, *, octaves: bool, timed: bool) -> str:
    """The name of a kind of figures, such as ``"intervals-4"``; InputError for a length that is not kept.

    >>> kind_of(4, octaves=False, timed=False)
    'classes-4'
    """
    name = ("timed" if octaves else "timed-classes") if timed else ("intervals" if octaves else "classes")
    if not 1 <= n <= LONGEST[name]:
        raise InputError(f"figures of {name} have 1 to {LONGEST[name]} intervals; got {n}")
    return f"{name}-{n}"


def codes_of(tune: Tune, kind: str) -> Codes:
    """The code of each figure in a tune, in its order.

    >>> codes_of(Tune([60, 60, 61]), "classes-2").tolist()
    [66]
    """
    name, _, digits = kind.rpartition("-")
    n, base = int(digits), SYMBOLS[name]
    symbols = _symbols(tune, name)
    count = max(symbols.size - n + 1, 0)
    codes = np.zeros(count, np.uint32)
    for k in range(n):
        codes = codes * np.uint32(base) + symbols[k : k + count]
    return codes


def _symbols(tune: Tune, name: str) -> Codes:
    steps = tune.intervals
    wide = np.clip(steps, -WIDEST, WIDEST) + WIDEST
    digits = folded(steps) + 5 if name.endswith("classes") else wide
    if name.startswith("timed"):
        spans = np.maximum(tune.spans, 1e-6)
        ratio = spans[1:] / spans[:-1]
        digits = digits * 3 + np.where(ratio > LONGER, 2, np.where(ratio < 1 / LONGER, 0, 1))
    return digits.astype(np.uint32)
