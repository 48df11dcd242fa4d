"""The values that travel through the package: frozen, checked once on construction, then trusted.

Arrays in them are read-only. Times are seconds (float64) everywhere; pitches are MIDI numbers.
"""

from __future__ import annotations

from typing import TypeAlias

from .feature import Annotation, Features, Notes
from .finding import ELEMENTS, RELATIONS, Control, ElementScore, Evidence, Manifest, Match, Null
from .keyless import KeylessSegments
from .peaks import Peaks
from .place import Alignment, Common, Passage, Span, spans_of
from .segments import Segments
from .sound import FLAGS, Audio, Recording
from .value import DoubleArray, FloatArray, IntArray

Feature: TypeAlias = Features | Notes | Annotation | Segments | Peaks
"""What an extractor makes of a recording."""

__all__ = [
    "ELEMENTS",
    "FLAGS",
    "RELATIONS",
    "Alignment",
    "Annotation",
    "Audio",
    "Common",
    "Control",
    "DoubleArray",
    "ElementScore",
    "Evidence",
    "Feature",
    "Features",
    "FloatArray",
    "IntArray",
    "KeylessSegments",
    "Manifest",
    "Match",
    "Notes",
    "Null",
    "Passage",
    "Peaks",
    "Recording",
    "Segments",
    "Span",
    "spans_of",
]
