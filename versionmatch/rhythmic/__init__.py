"""Rhythms: how alike the bars of two recordings and the rhythms of two melodies are, where, and how unusual that is."""

from .bars import Bars, SharedBars, bars_of, every_reading, shared_bars
from .grid import BeatPatterns, fold
from .metre import metre_difference, syncopation
from .shared import SharedRhythm, figure_likeness, rarest, shared_rhythm
from .statistics import RhythmStatistics, load
from .tune import MelodyRhythm

__all__ = [
    "Bars",
    "BeatPatterns",
    "MelodyRhythm",
    "RhythmStatistics",
    "SharedBars",
    "SharedRhythm",
    "bars_of",
    "every_reading",
    "figure_likeness",
    "fold",
    "load",
    "metre_difference",
    "rarest",
    "shared_bars",
    "shared_rhythm",
    "syncopation",
]
