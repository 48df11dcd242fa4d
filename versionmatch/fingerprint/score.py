"""How much a place speaks for the same sound: a log-likelihood ratio against what chance would give this query there.

Votes only say where to look. There, each of the recording's peaks is found again or not: at the rate at which peaks
survive what happened to the sound, or by chance. How likely chance is, is counted for each peak at wrong offsets, so
that steady tones and loops, which meet themselves everywhere, say nothing; peaks that sound at once are the partials of
few notes and say no more than one moment can. What speaks most is the stretch with the largest sum of logarithms, as in
the search of related sequences [1]_; its natural unit is the nat. The logarithm of the number of places that were
looked at is taken off it.

Music of one beat or key meets other such music more often than single peaks tell: where a place is one of many, it must
also stand out among the offsets around it, of which only one is right.

References
----------
.. [1] Karlin, Altschul, "Methods for assessing the statistical significance of molecular sequence features", 1990.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..types import DoubleArray, FloatArray, IntArray, Peaks
from ..types.peaks import BIN_STEPS
from .place import Place, longest
from .score_kernels import COLUMNS, Cells, Flags, best_stretch, chances, closest, heard, hits_at, met, paint, standing
from .table import Table
from .vote import Candidate
from .warp import Warp

SLACK = 1  # half bins
RATES = np.array([[0.08, 0.08], [0.12, 0.25], [0.1, 0.65]])
"""How often peaks are found again as weak ones, and as strong ones: in much noise, in some, in none."""
N_SHIFTS, N_AROUND, NEAREST = 36, 100, 4  # wrong offsets, for each peak and for all, how many frames away at least
PER_DEVIATION, BY_CHANCE = 3.0, 4.0
"""Nats that a place gains for each standard deviation that it stands out further than chance makes the best of many."""
BELIEVED, UNBELIEVED, IN_DOUBT = 6.0, 2.0, 20.0
"""Nats that are believed for each deviation beyond the second; of more than that, all but ``IN_DOUBT``: loops say much
and stand out little, but drums of one sample library reach 31."""
FEWEST = 4  # hits
CLOSELY = 10  # candidates of a window that are looked at closely
FURTHEST = 0.01  # the tempo is refined by so much at most
NUDGES = 1.0 + np.array([0.0, 0.00125, -0.00125, 0.0025, -0.0025])
ACCEPTED = 17.0
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
        self.weights = _ranks(peaks.levels)
        self.cells: Cells = paint(peaks.frames, _halves(peaks.bins), self.n_frames, SLACK)
        self.fill = float(np.count_nonzero(self.cells[::7]) / max(self.cells[::7].size, 1)) * 2.0  # half of it is empty
        self.shifts, self.around = _shifts(N_SHIFTS, self.n_frames), _shifts(N_AROUND, self.n_frames)

    def sightings(
        self,
        table: Table,
        near: Sequence[Candidate],
        *,
        n_tried: float,
        least: float = -math.inf,
        among_many: bool = False,
    ) -> list[Sighting]:
        """What the peaks say, ``least`` nats or more, at the ``CLOSELY`` candidates where most of them are met.

        ``n_tried`` is the number of places and warps among which the candidates were the best. With ``among_many``,
        how far a place stands out counts, too.
        """
        if len(near) > CLOSELY:
            first = self._met(table, near)
            near = [near[i] for i in np.argsort(-first, kind="stable")[:CLOSELY]]
        searched = math.log(max(n_tried, 1.0)) + math.log(len(RATES))
        seen = (self._sighting(Place(table, c, self.n_frames), searched, least, among_many) for c in near)
        return [s for s in seen if s is not None]

    def _met(self, table: Table, near: Sequence[Candidate]) -> DoubleArray:
        """Hits at each place beyond those of peaks anywhere, in their standard deviations."""
        rows = np.array([c.recording for c in near])
        owned = np.stack([table.peaks_from[rows], table.peaks_from[rows + 1]], axis=1)
        offsets = np.array([c.offset for c in near], np.int64)
        warps = np.array([(c.warp.tempo, c.warp.pitch) for c in near])
        ends = offsets + longest(self.n_frames, warps[:, 0]).astype(np.int64)
        counts = hits_at(self.cells, table.frames, table.bins, owned, offsets, ends, warps, BIN_STEPS)
        expected = np.maximum(counts[:, 1] * self.fill, 1.0)
        beyond: DoubleArray = (counts[:, 0] - expected) / np.sqrt(expected)
        return beyond

    def _closest(self, place: Place, nudges: DoubleArray) -> tuple[int, Warp, int]:
        """Hits, and the nudged warp and step with the most of them."""
        old = place.warp
        tempi, pitches = old.tempo * nudges, old.pitch * (nudges if old.pitch != 1.0 else np.ones(nudges.size))
        n, which, step = closest(self.cells, place.from_start, place.bins, tempi, pitches)
        return n, Warp(float(tempi[which]), float(pitches[which])), step

    def _sighting(self, place: Place, searched: float, least: float, among_many: bool) -> Sighting | None:
        """What the peaks say at a place; None where they say less than ``least``."""
        n, warp, step = self._closest(place, NUDGES)
        if n < FEWEST or self.shifts.size == 0:
            return None
        frames, halves = heard(place.from_start, place.bins, warp.tempo, warp.pitch)
        inside = np.flatnonzero((frames + step >= 0) & (frames + step < self.n_frames))
        frames, halves = (frames[inside] + step).astype(np.int32), halves[inside]
        chance = chances(self.cells, self.strong, frames, halves, self.shifts)
        score, first, last, n_hits = best_stretch(self.cells, self.strong, frames, halves, chance, RATES)
        if n_hits < FEWEST:
            return None
        score -= searched
        if among_many:
            stands = standing(self.cells, self.weights, frames, halves, self.around)
            score = believed(score, stands)
        if score < least:
            return None
        part, own = slice(first, last + 1), inside[first : last + 1]
        answers = met(self.cells, frames[part], halves[part])
        hit = answers >= 0
        refined, start = self._fitted(place, own[hit], answers[hit], warp, place.start - warp.tempo * step)
        reference = float(place.frames[own[0]]), float(place.frames[own[-1]])
        low, high = (min(max((r - start) / refined.tempo, 0.0), float(self.n_frames)) for r in reference)
        return Sighting(place.recording, (low, high), reference, refined, score, n_hits, own.size, place.warp)

    def _fitted(self, place: Place, own: IntArray, heard: IntArray, warp: Warp, start: float) -> tuple[Warp, float]:
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


def believed(nats: float, stands: float) -> float:
    """What single peaks say, in the light of how many standard deviations the place stands out."""
    gained = nats + PER_DEVIATION * (stands - BY_CHANCE)
    return max(min(gained, BELIEVED * (stands - UNBELIEVED)), nats - IN_DOUBT)


def _shifts(most: int, n_frames: int) -> IntArray:
    """Wrong offsets all over a window, up to so many."""
    away = np.arange(1, most + 1) * n_frames // (most + 1)
    return np.unique(away[(away >= NEAREST) & (away <= n_frames - NEAREST)]).astype(np.int32)


def _ranks(levels: FloatArray) -> FloatArray:
    """The place of each level among all: above 0, and 1 for the highest."""
    places = np.empty(levels.size, np.float32)
    places[np.argsort(levels, kind="stable")] = np.arange(1, levels.size + 1, dtype=np.float32)
    return places / np.float32(max(levels.size, 1))


def _halves(bins: FloatArray) -> IntArray:
    halves: IntArray = np.minimum(np.floor(2 * bins + np.float32(0.5)), COLUMNS - 1).astype(np.int32)
    return halves
