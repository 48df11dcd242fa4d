"""The passage that is looked for: notes of a score, or of a recording's melody, as one line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..audio.source import label_of
from ..errors import InputError, LimitError
from ..features.view import Track
from ..melodic.rarity import LENGTHS
from ..melodic.tune import Tune
from ..scores.reading import read_score
from ..scores.score import Score
from ..scores.voice import SKYLINE, line_of, melody_part
from ..scores.written import bars_of
from ..types import DoubleArray, IntArray, Notes
from .opening import Source, excerpt, open_track

LEAST_NOTES = 3
MAX_NOTES = LENGTHS[-1]
"""Notes of a passage; what is longer is no passage but a tune, of which a part can be named."""


@dataclass(frozen=True, eq=False, slots=True)
class Wanted:
    """A passage and where it was taken from: ``source``, its ``part`` and the seconds from ``start_s`` to ``end_s``.

    ``machine`` where the notes were found in sound by a machine, not written.
    """

    tune: Tune
    source: str = ""
    part: str = ""
    start_s: float | None = None
    end_s: float | None = None
    machine: bool = False

    def __post_init__(self) -> None:
        what, n = self.source or "this passage", len(self.tune)
        if n < LEAST_NOTES:
            raise InputError(f"{what}: a passage has at least {LEAST_NOTES} notes, found {n}; name a longer one")
        if n > MAX_NOTES:
            raise LimitError(what, limit="MAX_NOTES", found=n, allowed=MAX_NOTES, unit="notes of a passage")


def passage_of(
    source: Source,
    *,
    span: tuple[float, float] | None = None,
    bars: tuple[int, int] | None = None,
    part: str = "",
) -> Wanted:
    r"""The notes of a score or a recording that begin within ``span`` (seconds) or ``bars`` (from, to, both included).

    Of a score, the part ``part`` (name or number, or ``skyline``), by default its melody; of a recording, the melody as
    it is transcribed, brought to its own tuning. Raises InputError where no notes are there, LimitError for more than
    ``MAX_NOTES``.

    >>> passage_of(b"X:1\nM:2/4\nL:1/4\nK:C\nCD|EF|GA|", bars=(2, 3)).tune.pitches.tolist()
    [64, 65, 67, 69]
    """
    score = None if isinstance(source, Track) else read_score(source)
    label = source.recording.label if isinstance(source, Track) else label_of(source)
    if score is not None:
        return _of_score(score, label, span, bars, part)
    if bars is not None or part:
        raise InputError(f"{label} is no score: it has no bars and no parts; name a range of seconds")
    track = open_track(source)
    start = span[0] if span else 0.0
    notes = (excerpt(track, *span) if span else track)["notes"]
    if not isinstance(notes, Notes):
        raise InputError(f"{label} has no notes; name another extractor")
    tune = Tune(in_tune(notes.pitch), notes.onset_s + start, notes.duration_s)
    where = (start, start + track.recording.duration_s) if span is None else span
    return Wanted(tune, label, "the melody, transcribed by machine", *where, machine=True)


def _of_score(
    score: Score, label: str, span: tuple[float, float] | None, bars: tuple[int, int] | None, part: str
) -> Wanted:
    chosen = melody_part(score, part)
    at = line_of(score, chosen)
    if span is not None:
        at = at[(score.onset_s[at] >= span[0] - 1e-6) & (score.onset_s[at] < span[1] - 1e-6)]
    if bars is not None:
        numbers = bars_of(score, score.onset_q[at])
        if not numbers.any():
            raise InputError(f"{label} has no time signature, so that its bars are not known; name a range of seconds")
        at = at[(numbers >= bars[0]) & (numbers <= bars[1])]
    onset = score.onset_q[at]
    length = np.minimum(score.duration_q[at], np.append(np.diff(onset), np.inf)[: at.size])
    tune = Tune(np.round(score.pitch[at]).astype(np.int32), onset, length)
    name = SKYLINE if chosen is None else score.parts[chosen]
    if not at.size:
        raise InputError(f"{label}: no note of {name!r} begins there; name another range or part")
    end_s = float((score.onset_s[at] + score.duration_s[at]).max())
    return Wanted(tune, label, name, float(score.onset_s[at[0]]), end_s)


def in_tune(pitch: DoubleArray) -> IntArray:
    """Pitches as whole semitones, once the deviation that they have in common is taken off.

    >>> in_tune(np.array([60.4, 62.45, 64.6])).tolist()
    [60, 62, 64]
    """
    if not pitch.size:
        return np.zeros(0, np.int32)
    common = float(np.angle(np.exp(2j * np.pi * pitch).mean())) / (2 * np.pi)
    result: IntArray = np.round(pitch - common).astype(np.int32)
    return result
