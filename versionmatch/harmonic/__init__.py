"""Harmony as chords: how alike two progressions are, where, in which degrees, and how unusual that is."""

from .alignment import ChordPassage, chord_passages, chord_scores
from .chance import above_chance
from .chord import Chord
from .figures import chord_figures
from .key import Key
from .progression import Progression, has_harmony, of_track, progression_of
from .roman import Numeral, numerals, roman, romans
from .substitution import worth
from .tonal_space import StepDistance, chord_distance, step_distance, tonal_centre

__all__ = [
    "Chord",
    "ChordPassage",
    "Key",
    "Numeral",
    "Progression",
    "StepDistance",
    "above_chance",
    "chord_distance",
    "chord_figures",
    "chord_passages",
    "chord_scores",
    "has_harmony",
    "numerals",
    "of_track",
    "progression_of",
    "roman",
    "romans",
    "step_distance",
    "tonal_centre",
    "worth",
]
