"""Chords as degrees of their key. The one place to change where another analysis of harmony is to be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..match.agreement import triad
from ..units import PITCH_CLASSES
from .plot import feature

Numeral = tuple[float, float, str, str]
"""Start and end in seconds, chord, numeral."""

ANALYSIS = "versionmatch.harmonic"
"""Where that package is there and has ``numerals(track)``, its numerals are shown instead of those made here."""

MAJOR = ("I", "♭II", "II", "♭III", "III", "IV", "♯IV", "V", "♭VI", "VI", "♭VII", "VII")
MINOR = ("I", "♭II", "II", "III", "♯III", "IV", "♯IV", "V", "VI", "♯VI", "VII", "♯VII")
SUFFIXES = {"7": "7", "maj7": "maj7", "min7": "7", "dim": "°", "aug": "+", "sus4": "sus4", "5": "5"}


def numerals(track: Mapping[str, Any]) -> list[Numeral]:
    """The numerals of a recording, by time; none where chords or key are not to be had."""
    if find_spec(ANALYSIS) is not None:
        analysis = getattr(import_module(ANALYSIS), "numerals", None)
        if analysis is not None:
            return [(float(s), float(e), str(label), str(name)) for s, e, label, name in analysis(track)]
    key, chords = feature(track, "key"), feature(track, "chords")
    if key is None or chords is None or not len(key):
        return []
    rows = zip(chords.onset_s.tolist(), chords.duration_s.tolist(), chords.labels, strict=True)
    return [(start, start + length, label, numeral(label, key.labels[0])) for start, length, label in rows]


def numeral(label: str, key: str) -> str:
    """The degree of a key that a chord in Harte's notation stands on; empty for no chord or no key.

    Capitals are major triads, small letters minor and diminished ones; one key for the whole recording.

    >>> [numeral(c, "C major") for c in ("G:7", "A:min", "Bb:maj", "B:dim", "N")]
    ['V7', 'vi', '♭VII', 'vii°', '']
    >>> numeral("E:maj", "A minor"), numeral("F:maj7", "A minor")
    ('V', 'VImaj7')
    """
    found = triad(label)
    tonic, _, mode = key.partition(" ")
    if found is None or tonic not in PITCH_CLASSES:
        return ""
    degree = (MINOR if mode == "minor" else MAJOR)[(found[0] - PITCH_CLASSES.index(tonic)) % 12]
    quality = label.partition(":")[2]
    small = found[1] or quality == "dim"
    return (degree.lower() if small else degree) + SUFFIXES.get(quality, "")


def numeral_at(found: Sequence[Numeral], time_s: float) -> str:
    """The numeral that holds at a time; empty where none does."""
    at = int(np.searchsorted([n[0] for n in found], time_s, side="right")) - 1
    return found[at][3] if at >= 0 and time_s < found[at][1] else ""
