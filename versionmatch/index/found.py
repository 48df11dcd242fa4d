"""What a look-up answers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from ..types import Span


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of the query that is the sound of an indexed track.

    Parameters
    ----------
    track : str
        Which track.
    span : Span
        Where in the query, and where in the track, seconds.
    tempo, pitch : float
        Those of the query over those of the track; equal where it only runs faster or slower.
    score : float
        Log-likelihood ratio, nats, above what chance gives the best of all places that were looked at.
    votes : int
        Peaks of the track that were heard in the query,
    asked : int
        of so many that lie in the stretch.
    """

    track: str
    span: Span
    tempo: float
    pitch: float
    score: float
    votes: int
    asked: int

    @property
    def speed(self) -> float:
        """Tempo and pitch as one factor, where both are the same within 1 %; else that of tempo."""
        return math.sqrt(self.tempo * self.pitch) if abs(self.tempo / self.pitch - 1) < 0.01 else self.tempo


class Answers(tuple[Found, ...]):
    """What was found, best first; often nothing. ``complete`` is False where a budget ended the look-up early."""

    complete: bool

    def __new__(cls, found: Iterable[Found] = (), *, complete: bool = True) -> Answers:
        made = super().__new__(cls, found)
        made.complete = complete
        return made
