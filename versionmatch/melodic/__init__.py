"""Melodies as notes: how alike two tunes are, where, and how unusual that is."""

from .figures import figure_cosine, shares, tversky
from .identity import percent_identity
from .null import null_p
from .passage import Passage, pitch_passage, shared_passage
from .rhythm import ornamented_passage, rhythm_passage
from .score import melody_score
from .tune import Tune

__all__ = [
    "Passage",
    "Tune",
    "figure_cosine",
    "melody_score",
    "null_p",
    "ornamented_passage",
    "percent_identity",
    "pitch_passage",
    "rhythm_passage",
    "shared_passage",
    "shares",
    "tversky",
]
