"""Many lines of notes laid end to end, and one short passage looked for in all of them, in any key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..types.value import DoubleArray, IntArray, frozen
from .corpus_kernels import placed, profile_of, scores_of_lines
from .passage import ALIKE, LEFT_OUT, classes_of
from .tune import Tune

LongArray = npt.NDArray[np.int64]

TENTHS = 10
"""Scores are whole tenths while they are added up, so that equal ones are equal."""
_ALIKE = np.round(TENTHS * ALIKE)
_LEFT_OUT = float(round(TENTHS * LEFT_OUT))


@dataclass(frozen=True, eq=False, slots=True)
class Lines:
    """Pitches of many lines: line i is ``pitches[starts[i]:starts[i + 1]]``.

    ``pitches`` (n,) int32 in semitones, ``starts`` (n_lines + 1,) int64, ascending from 0 to n.

    >>> lines = Lines.of([Tune([60, 62, 64]), Tune([67, 65])])
    >>> lines.tune(1).pitches.tolist(), len(lines)
    ([67, 65], 2)
    """

    pitches: IntArray
    starts: LongArray

    def __post_init__(self) -> None:
        object.__setattr__(self, "pitches", frozen(self.pitches, np.int32))
        object.__setattr__(self, "starts", frozen(self.starts, np.int64))
        whole = self.starts.ndim == 1 and self.starts.size > 0 and self.starts[0] == 0
        if not whole or self.starts[-1] != self.pitches.size or (np.diff(self.starts) < 0).any():
            raise InputError("the starts of lines ascend from 0 to the number of notes; these do not")

    def __len__(self) -> int:
        return int(self.starts.size) - 1

    @staticmethod
    def of(tunes: Iterable[Tune]) -> Lines:
        """The tunes end to end."""
        pitches = [tune.pitches for tune in tunes]
        starts = np.cumsum([0, *(p.size for p in pitches)])
        return Lines(np.concatenate([np.zeros(0, np.int32), *pitches]), starts)

    @property
    def lengths(self) -> LongArray:
        """Notes of each line, ``(n_lines,)``."""
        result: LongArray = np.diff(self.starts)
        return result

    def tune(self, line: int) -> Tune:
        """One line, without its rhythm."""
        return Tune(self.pitches[self.starts[line] : self.starts[line + 1]])

    @property
    def classes(self) -> npt.NDArray[np.int8]:
        """Pitch classes of all notes."""
        result: npt.NDArray[np.int8] = (self.pitches % 12).astype(np.int8)
        return result


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line holds a passage best: notes ``a_start`` to ``a_end`` - 1 of the passage, ``b_start`` … of the line.

    ``identical`` of the notes are the same in the line raised by ``key`` semitones (0 to 11); ``score`` as in
    ``pitch_passage``.
    """

    score: float
    key: int
    a_start: int
    a_end: int
    b_start: int
    b_end: int
    identical: int


def line_scores(
    passage: Tune, classes: npt.NDArray[np.int8], starts: LongArray, lines: LongArray
) -> tuple[DoubleArray, IntArray]:
    """How well each of ``lines`` holds the passage, as ``pitch_passage`` scores it, and how far the line is raised.

    ``classes`` and ``starts`` as ``Lines`` has them. The work is the passage's notes times the lines'.

    >>> lines = Lines.of([Tune([67, 69, 71]), Tune([60, 60, 60])])
    >>> score, key = line_scores(Tune([60, 62, 64]), lines.classes, lines.starts, np.arange(2))
    >>> score.tolist(), key.tolist()
    ([3.0, 1.0], [5, 0])
    """
    profile = profile_of(classes_of(passage).astype(np.int8), _ALIKE.astype(np.float32))
    score, key = scores_of_lines(profile, _LEFT_OUT, classes, starts, lines)
    return score.astype(np.float64) / TENTHS, key.astype(np.int32)


def place_in(passage: Tune, line: Tune, key: int) -> Place:
    """The best place of a passage in a line that is raised by ``key`` semitones.

    >>> place_in(Tune([60, 62, 64]), Tune([50, 67, 69, 71]), 5)
    Place(score=3.0, key=5, a_start=0, a_end=3, b_start=1, b_end=4, identical=3)
    """
    raised = ((classes_of(line) + key) % 12).astype(np.int8)
    score, a_start, a_end, b_start, b_end, same = placed(classes_of(passage).astype(np.int8), raised, _ALIKE, _LEFT_OUT)
    return Place(float(score) / TENTHS, key, int(a_start), int(a_end), int(b_start), int(b_end), int(same))
