"""Chords as degrees of their key, by time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..harmonic import numerals as analysed
from .plot import feature

Numeral = tuple[float, float, str, str]
"""Start and end in seconds, chord, numeral."""


def numerals(track: Mapping[str, Any]) -> list[Numeral]:
    """The numerals of a recording; none where chords, beats or key are not to be had, or it has no harmony."""
    if any(feature(track, kind) is None for kind in ("key", "chords", "beats")):
        return []
    return [(n.start_s, n.end_s, n.label, n.numeral) for n in analysed(track)]


def numeral_at(found: Sequence[Numeral], time_s: float) -> str:
    """The numeral that holds at a time; empty where none does."""
    at = int(np.searchsorted([n[0] for n in found], time_s, side="right")) - 1
    return found[at][3] if at >= 0 and time_s < found[at][1] else ""
