"""The tune of a recording or score, as the melodic measures take it, and where each of its notes is heard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..melodic.tune import Tune
from ..plugins import Track
from ..scores.sounding import WRITTEN
from ..types import Annotation, DoubleArray, IntArray, Notes, Span
from ..types.value import Value, frozen

SURE = (WRITTEN, "corrected-")
"""How the settings of notes and beats begin that a score or a person wrote; nothing of those is doubted."""

CONFIDENT = 0.5
"""A machine's notes below that confidence are left out."""
GAP_S = 0.1
"""Two of a machine's notes of one pitch, less than that apart, are one: a pitch tracker breaks off within notes."""
SHORTEST_S = 0.1
"""Of a machine's notes, what is still shorter after that is left out."""
PULSE = 0.3
"""Beats of a tempo confidence below that place no notes; then a quarter is a beat of the tempo throughout."""


@dataclass(frozen=True, eq=False, slots=True)
class Heard(Value):
    """A tune and where it is: ``first`` and ``last (n,)``, the track's notes that each note is made of, and its times.

    ``sure`` says that its notes are written or corrected, not a machine's.
    """

    tune: Tune
    first: IntArray
    last: IntArray
    onset_s: DoubleArray
    end_s: DoubleArray
    sure: bool

    def __len__(self) -> int:
        return len(self.tune)

    def within(self, span: tuple[float, float] | None) -> Heard:
        """Only the notes that begin in these seconds; all of them where there is no ``span``."""
        if span is None:
            return self
        return self.at(np.flatnonzero((self.onset_s >= span[0]) & (self.onset_s < span[1])))

    def at(self, rows: npt.ArrayLike) -> Heard:
        """Only these notes, in their order; each then lasts until the next of them begins or its own end."""
        keep = np.asarray(rows)
        tune = self.tune
        times = (None, None) if tune.onsets is None or tune.durations is None else (tune.onsets, tune.durations)
        onsets, durations = (None if t is None else t[keep] for t in times)
        short = Tune(tune.pitches[keep], onsets, durations, tune.octaves)
        return Heard(short, self.first[keep], self.last[keep], self.onset_s[keep], self.end_s[keep], self.sure)


def tune_of(track: Track) -> Tune:
    """The melody of a recording or score as a tune, in quarter notes where there is a beat; see ``heard``."""
    return heard(track).tune


def heard(track: Track) -> Heard:
    """The melody of a recording or score as a tune, with the way back to the track's ``notes`` and their seconds.

    Notes of a score or a correction are taken as they are. A machine's notes are left out below ``CONFIDENT``, joined
    where one pitch goes on after less than ``GAP_S``, and left out where shorter than ``SHORTEST_S``. Onsets are
    quarter notes along the beats; without beats to rely on, seconds times the tempo; without any tempo the tune has
    no rhythm.
    """
    notes: Notes = track["notes"]
    beats: Annotation = track["beats"]
    sure = notes.settings.startswith(SURE)
    first, last = _cleaned(notes, sure)
    onset_s = notes.onset_s[first]
    end_s = (notes.onset_s + notes.duration_s)[last]
    onsets = in_quarters(onset_s, beats)
    if onsets is not None:
        later = np.append(True, np.diff(onsets) > 1e-6)[: onsets.size]  # of notes that begin together, the first
        first, last, onset_s, end_s, onsets = (x[later] for x in (first, last, onset_s, end_s, onsets))
    pitches = np.floor(notes.pitch[first] + 0.5).astype(np.int32)
    ends = in_quarters(end_s, beats)
    durations = None if ends is None or onsets is None else np.maximum(ends - onsets, 0.0)
    indices = (frozen(first, np.int32), frozen(last, np.int32))
    return Heard(
        Tune(pitches, onsets, durations), *indices, frozen(onset_s, np.float64), frozen(end_s, np.float64), sure
    )


def _cleaned(notes: Notes, sure: bool) -> tuple[IntArray, IntArray]:
    """First and last of the track's notes that make up each note of the tune."""
    if sure:
        everything = np.arange(len(notes), dtype=np.int32)
        return everything, everything
    rows: list[list[int]] = []
    pitches, ends = np.floor(notes.pitch + 0.5), notes.onset_s + notes.duration_s
    for i in np.flatnonzero(notes.confidence >= CONFIDENT).tolist():
        if rows and pitches[rows[-1][1]] == pitches[i] and notes.onset_s[i] - ends[rows[-1][1]] < GAP_S:
            rows[-1][1] = i
        else:
            rows.append([i, i])
    table = np.array(rows, np.int32).reshape(len(rows), 2)
    table = table[ends[table[:, 1]] - notes.onset_s[table[:, 0]] >= SHORTEST_S]
    return table[:, 0], table[:, 1]


def in_quarters(times_s: DoubleArray, beats: Annotation) -> DoubleArray | None:
    """Times as quarter notes along the beats, beyond them at the pace of the outermost; None without any tempo.

    >>> beats = Annotation("beats", [0, 1, 3], [0] * 3, ("",) * 3, [1] * 3, facts={"tempo_confidence": 1.0})
    >>> in_quarters(np.array([0.5, 2.0, 5.0]), beats).tolist()
    [0.5, 1.5, 3.0]
    """
    quarters = float(beats.facts.get("beat_quarters", 1.0))
    tempo = float(beats.facts.get("tempo_bpm", 0.0))
    known = beats.settings.startswith(SURE) or float(beats.facts.get("tempo_confidence", 0.0)) >= PULSE
    at = np.unique(beats.onset_s)
    if known and at.size >= 2:
        numbers = np.arange(at.size, dtype=np.float64)
        inside = np.interp(times_s, at, numbers)
        before, after = np.minimum(times_s - at[0], 0.0), np.maximum(times_s - at[-1], 0.0)
        along: DoubleArray = inside + before / (at[1] - at[0]) + after / (at[-1] - at[-2])
        return along * quarters
    return times_s * (tempo / 60.0 * quarters) if tempo > 0 else None


def without_repeats(line: Heard) -> Heard:
    """The tune by pitch class, with a note that is struck again at once, or its octave, counted once.

    >>> notes = Notes([0, 1, 2], [1, 1, 1], [60, 60, 62], [1, 1, 1], settings="written")
    >>> beats = Annotation("beats", [0, 1], [0, 0], ("", ""), [1, 1], settings="written")
    >>> without_repeats(heard({"notes": notes, "beats": beats})).first.tolist()
    [0, 2]
    """
    tune = line.tune
    begins = np.flatnonzero(np.append(True, np.diff(tune.pitches) % 12 != 0)[: len(line)])
    ends = np.append(begins[1:], len(line))[: begins.size] - 1
    onsets = durations = None
    if tune.onsets is not None and tune.durations is not None:
        onsets, durations = tune.onsets[begins], tune.onsets[ends] + tune.durations[ends] - tune.onsets[begins]
    short = Tune(tune.pitches[begins], onsets, durations, octaves=False)
    return Heard(short, line.first[begins], line.last[ends], line.onset_s[begins], line.end_s[ends], line.sure)


def comparable(query: Heard, reference: Heard) -> tuple[Heard, Heard]:
    """Both as they are where both are sure; else both without repeats and octaves: a pitch tracker knows neither."""
    if query.sure and reference.sure:
        return query, reference
    return without_repeats(query), without_repeats(reference)


def span_of(query: Heard, reference: Heard, notes: tuple[int, int, int, int]) -> Span:
    """Notes ``a0`` to ``a1`` - 1 of the query and ``b0`` to ``b1`` - 1 of the reference in seconds."""
    a0, a1, b0, b1 = notes
    starts = float(query.onset_s[a0]), float(reference.onset_s[b0])
    return Span(starts[0], float(query.end_s[a1 - 1]), starts[1], float(reference.end_s[b1 - 1]))


def bars_of(track: Track, start_s: float, end_s: float) -> tuple[int, int] | None:
    """First and last bar that a stretch lies in, counted from 1; None where the track's beats tell no bars.

    >>> beats = Annotation("beats", [0, 1, 2, 3], [0] * 4, ("1", "", "2", ""), [1] * 4)
    >>> bars_of({"beats": beats}, 1.5, 3.9), bars_of({"beats": beats}, 0.0, 2.0)
    ((1, 2), (1, 1))
    """
    beats: Annotation = track["beats"]
    named = [(t, int(label)) for t, label in zip(beats.onset_s, beats.labels, strict=True) if label.isdigit()]
    if not named:
        return None
    times, numbers = np.array([t for t, _ in named]), [number for _, number in named]
    low, high = (int(np.searchsorted(times, t, side="right")) - 1 for t in (start_s + 0.02, end_s - 0.02))
    bars = [numbers[i] if i >= 0 else max(1, numbers[0] - 1) for i in (low, max(high, low))]
    return bars[0], bars[1]
