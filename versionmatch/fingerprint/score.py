"""How much a place speaks for the same sound: a log-likelihood ratio against what chance would give this query there.

Votes only say where to look. There, each of the recording's peaks is found again or not: at the rate at which peaks
survive what happened to the sound, or by chance. How likely chance is, is counted for each peak at wrong offsets, so
that steady tones and loops, which meet themselves everywhere, say nothing; peaks that sound at once are the partials of
few notes and say no more than one moment can. What speaks most is the stretch with the largest sum of logarithms, as in
the search of related sequences [1]_; its natural unit is the nat. The logarithm of the number of places that were
looked at is taken off it.

References
----------
.. [1] Karlin, Altschul, "Methods for assessing the statistical significance of molecular sequence features", 1990.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..types import FloatArray, IntArray, Peaks
from ..types.peaks import BIN_STEPS
from .score_kernels import COLUMNS, Cells, Flags, best_stretch, chances, hits, met, paint
from .table import Table
from .vote import Candidate
from .warp import Warp

SLACK = 1  # half bins
RATES = np.array([[0.08, 0.08], [0.12, 0.25], [0.1, 0.65]])
"""How often peaks are found again as weak ones, and as strong ones: in much noise, in some, in none."""
N_SHIFTS, NEAREST = 36, 4  # wrong offsets that are looked at, and how many frames away at least
FEWEST = 4  # hits
CLOSELY = 10  # candidates of a window that are looked at closely
FURTHEST = 0.01  # the tempo is refined by so much at most
NUDGES = (0.0, 0.00125, -0.00125, 0.0025, -0.0025)
ACCEPTED = 16.0
"""Nats from which on something counts as found; see ``docs/fingerprint.md`` for how often chance reaches it."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A stretch of a query found again in one recording of a table.

    Times are frames: ``query`` (first, last), ``reference`` (first, last) from the recording's start, ``warp`` as
    refined by the peaks found, ``score`` in nats, ``n_hits`` of ``n_peaks`` in the stretch.
    """

    recording: int
    query: tuple[float, float]
    reference: tuple[float, float]
    warp: Warp
    score: float
    n_hits: int
    n_peaks: int
    tried: Warp  # the warp in which it was seen, before it was refined

    def at(self, frame: float) -> float:
        """The frame of the recording that answers one of the query."""
        return self.reference[0] + self.warp.tempo * (frame - self.query[0])

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of the stretch in the query, and its answer."""
        q = (self.query[0] + self.query[1]) / 2
        return q, self.at(q)

    def moved(self, n_frames: int) -> Sighting:
        """The same, that many frames later in the query."""
        return replace(self, query=(self.query[0] + n_frames, self.query[1] + n_frames))


class Picture:
    """A window of a query, ready to be compared with places of a table; which of its peaks are strong, ``(n,)``."""

    def __init__(self, peaks: Peaks, strong: Flags) -> None:
        self.peaks, self.strong = peaks, strong
        self.n_frames = max(1, peaks.n_frames)
        self.cells: Cells = paint(peaks.frames, _halves(peaks.bins), self.n_frames, SLACK)
        self.fill = float(np.count_nonzero(self.cells[::7]) / max(self.cells[::7].size, 1)) * 2.0  # half of it is empty
        away = np.arange(1, N_SHIFTS + 1) * self.n_frames // (N_SHIFTS + 1)
        self.shifts = away[(away >= NEAREST) & (away <= self.n_frames - NEAREST)].astype(np.int32)

    def sightings(self, table: Table, near: Sequence[Candidate], *, n_tried: float) -> list[Sighting]:
        """What the peaks say at the ``CLOSELY`` candidates where most of them are met; others are not looked at."""
        if len(near) > CLOSELY:
            first = np.array([self._met(table, c) for c in near])
            near = [near[i] for i in np.argsort(-first, kind="stable")[:CLOSELY]]
        seen = (self.sighting(table, c, n_tried=n_tried) for c in near)
        return [s for s in seen if s is not None]

    def _met(self, table: Table, candidate: Candidate) -> float:
        """Hits at a candidate's place beyond those of peaks anywhere, in their standard deviations."""
        frames, halves = _Place(table, candidate, self.n_frames).heard(candidate.warp)
        expected = max(frames.size * self.fill, 1.0)
        return float(max(hits(self.cells, frames, halves, step) for step in (-1, 0, 1)) - expected) / math.sqrt(
            expected
        )

    def sighting(self, table: Table, candidate: Candidate, *, n_tried: float) -> Sighting | None:
        """What the peaks say at a candidate's place; None where nothing speaks for it.

        ``n_tried`` is the number of places and warps among which the candidate was the best.
        """
        place = _Place(table, candidate, self.n_frames)
        best: tuple[int, Warp, int] | None = None
        for nudge in NUDGES:
            old = candidate.warp
            warp = Warp(old.tempo * (1 + nudge), old.pitch * (1 + nudge if old.pitch != 1.0 else 1.0))
            frames, halves = place.heard(warp)
            for step in (0, -1, 1):
                n = hits(self.cells, frames, halves, step)
                if best is None or n > best[0]:
                    best = n, warp, step
        if best is None or best[0] < FEWEST or self.shifts.size == 0:
            return None
        return self._judged(place, candidate.warp, best[1], best[2], math.log(max(n_tried, 1.0)) + math.log(len(RATES)))

    def _judged(self, place: _Place, tried: Warp, warp: Warp, step: int, searched: float) -> Sighting | None:
        frames, halves = place.heard(warp)
        inside = np.flatnonzero((frames + step >= 0) & (frames + step < self.n_frames))
        frames, halves = (frames[inside] + step).astype(np.int32), halves[inside]
        chance = chances(self.cells, self.strong, frames, halves, self.shifts)
        score, first, last, n_hits = best_stretch(self.cells, self.strong, frames, halves, chance, RATES)
        if n_hits < FEWEST:
            return None
        score -= searched
        answers = met(self.cells, frames[first : last + 1], halves[first : last + 1])
        own = inside[first : last + 1]
        refined, start = self._fitted(
            place, own[answers >= 0], answers[answers >= 0], warp, place.start - warp.tempo * step
        )
        reference = float(place.frames[own[0]]), float(place.frames[own[-1]])
        query = tuple(min(max((r - start) / refined.tempo, 0.0), float(self.n_frames)) for r in reference)
        return Sighting(place.recording, (query[0], query[1]), reference, refined, score, n_hits, own.size, tried)

    def _fitted(self, place: _Place, own: IntArray, heard: IntArray, warp: Warp, start: float) -> tuple[Warp, float]:
        """Tempo and pitch by the peaks that were met, and the frame of the recording where the window would begin."""
        q, r = self.peaks.frames[heard].astype(np.float64), place.frames[own].astype(np.float64)
        spread = float(np.sum((q - q.mean()) ** 2))
        tempo = float(((q - q.mean()) @ (r - r.mean())) / spread) if spread > 0 else warp.tempo
        if abs(tempo / warp.tempo - 1) > FURTHEST or own.size < 8:
            tempo = warp.tempo
        else:
            start = float(r.mean() - tempo * q.mean())
        pitch = float(np.median(self.peaks.bins[heard].astype(np.float64) / place.bins[own]))
        return Warp(tempo, pitch), start


class _Place:
    """The part of a recording that a window of a query may be: its peaks, frames counted from the recording's start."""

    def __init__(self, table: Table, candidate: Candidate, n_frames: int) -> None:
        self.recording = candidate.recording
        begin = int(table.starts[candidate.recording])
        self.start = candidate.offset - begin
        longest = round(n_frames * candidate.warp.tempo * 1.003) + 2
        owned = slice(*table.peaks_from[candidate.recording : candidate.recording + 2])
        low, high = max(0, candidate.offset - 2), candidate.offset + longest
        part = slice(*np.searchsorted(table.frames[owned], np.array([low, high], dtype=np.uint32)))
        self.frames = table.frames[owned][part].astype(np.int64) - begin
        self.bins: FloatArray = table.bins[owned][part].astype(np.float32) / np.float32(BIN_STEPS)

    def heard(self, warp: Warp) -> tuple[IntArray, IntArray]:
        """Where its peaks would be in the query, in frames and half bins."""
        frames = np.floor((self.frames - self.start) / warp.tempo + 0.5).astype(np.int32)
        return frames, _halves(self.bins * np.float32(warp.pitch))


def _halves(bins: FloatArray) -> IntArray:
    halves: IntArray = np.minimum(np.floor(2 * bins + np.float32(0.5)), COLUMNS - 1).astype(np.int32)
    return halves
