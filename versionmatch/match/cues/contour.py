"""Do the two share a line of pitch as it is sung, notes or no notes?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ...align.contour_kernels import contour_passage
from ...features.chroma import factor_to
from ...melodic.stock import in_pairs
from ...plugins import Track
from ...types import DoubleArray, Evidence, Features, IntArray, Span
from ...types.value import Value, frozen
from ...units import signed_semitones
from ..melodic_words import raised_words
from ..phrases import clock_range

UNIT = "seconds in agreement"
RATE = 5.0  # moments a second
PARTS = 3  # of a semitone
SILENT = 12 * PARTS
VOICED = 0.5  # confidence from which there is a melody
HELD_S, SILENT_S = 1.0, 0.4  # what lasts longer says no more: a held note, a rest
TOLERANCE = 0.75  # semitones apart at which a moment counts neither way
WAIT = 0.3
KEYS = 3
FEWEST_S = 4.0


@dataclass(frozen=True, eq=False, slots=True)
class Contour(Value):
    """A line of pitch: ``symbols (n,)``, thirds of semitones from C within the octave or silence; ``times_s (n,)``."""

    symbols: IntArray
    times_s: DoubleArray
    voiced_s: float


def likeness() -> DoubleArray:
    """``(37, 37)``: 1 for the same pitch class down to -1 from 1½ semitones on; silence meets silence for nothing."""
    number = np.arange(SILENT)
    apart = np.abs(number[:, None] - number[None])
    apart = np.minimum(apart, SILENT - apart) / PARTS
    table = np.full((SILENT + 1, SILENT + 1), -0.4)
    table[:SILENT, :SILENT] = np.maximum(1.0 - apart / TOLERANCE, -1.0)
    table[SILENT, SILENT] = 0.0
    return table


ALIKE = likeness()


class ContourCue:
    """The best local alignment of the two pitch contours, in the best of the likeliest keys; seconds in agreement.

    The median pitch of each fifth of a second, without octaves, tuning taken out; vibrato and short slips of the
    tracker are gone with the median, octave errors with the octave.
    Either side may go on alone at a cost, so that tempi may
    differ. Nothing of it rests on notes being found.

    References
    ----------
    .. [1] Salamon, Serrà, Gómez, "Tonal representations for music retrieval: from version identification to
       query-by-humming", 2013.
    """

    name = "contour"
    element = "melody"
    needs = ("melody",)
    settings: ClassVar = {
        "version": 1,
        "rate": RATE,
        "parts": PARTS,
        "voiced": VOICED,
        "held_s": HELD_S,
        "silent_s": SILENT_S,
        "tolerance": TOLERANCE,
        "wait": WAIT,
        "keys": KEYS,
    }

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How long the shared contour is, where, and in which key."""
        a, b = self.sketch(query), self.sketch(reference)
        size = min(a.voiced_s, b.voiced_s)
        if size < FEWEST_S:
            told = ("too little melody to compare in one of the two",)
            return Evidence(self.name, 0.0, UNIT, notes=told, element=self.element)
        score, key, (a0, a1, b0, b1) = best_passage(a, b)
        chance = {"longer": max(a.voiced_s, b.voiced_s), "steps": float(steps(a) @ steps(b))}
        if score <= 0:
            told = ("no stretch of the two contours agrees",)
            return Evidence(self.name, 0.0, UNIT, notes=told, element=self.element, size=size, chance=chance)
        (q0, q1), (r0, r1) = a.times_s[[a0, a1 - 1]].tolist(), b.times_s[[b0, b1 - 1]].tolist()
        span = Span(q0, q1 + 1 / RATE, r0, r1 + 1 / RATE)
        told = (
            f"the contours of A {clock_range(span.query_start_s, span.query_end_s)} and B "
            f"{clock_range(span.reference_start_s, span.reference_end_s)} agree best, {raised_words(key)}",
        )
        where = ((span,), None, signed_semitones(key))
        return Evidence(self.name, score, UNIT, *where, notes=told, element=self.element, size=size, chance=chance)

    def sketch(self, track: Track) -> Contour:
        """What is kept of a recording to compare it with many."""
        return contour_of(track["melody"])

    def by_key(self, query: Contour, reference: Contour) -> DoubleArray:
        """From two sketches, ``(13,)``: the raw value for each key, the same for all, then 0."""
        enough = min(query.voiced_s, reference.voiced_s) >= FEWEST_S
        return np.append(np.full(12, best_passage(query, reference)[0] if enough else 0.0), 0.0)


def contour_of(melody: Features) -> Contour:
    """The pitch line of a melody track ``(2, n)``, held notes and rests cut short."""
    factor = factor_to(melody.frame_rate, RATE)
    rate = melody.frame_rate / factor
    n = melody.n_frames // factor
    pitch, voicing = (row[: n * factor].reshape(n, factor).astype(np.float64) for row in melody.values)
    sung = voicing >= VOICED
    voiced = sung.sum(axis=1) * 2 >= factor
    middle = np.array([np.median(p[s]) if v else 0.0 for p, s, v in zip(pitch, sung, voiced, strict=True)])
    if voiced.any():  # the tuning: where within the semitone the pitches lie, on a circle
        offset = np.angle(np.exp(2j * np.pi * middle[voiced]).sum()) / (2 * np.pi)
        middle = middle - offset
    symbols = np.where(voiced, np.floor(middle * PARTS + 0.5).astype(np.int64) % SILENT, SILENT)
    changes = np.append(True, np.diff(symbols) != 0)[:n]
    begins = np.flatnonzero(changes)
    held = np.arange(n) - (begins[np.cumsum(changes) - 1] if n else 0)
    keep = held < np.where(symbols == SILENT, round(SILENT_S * rate), round(HELD_S * rate))
    times = np.arange(n) / rate
    return Contour(frozen(symbols[keep], np.int32), frozen(times[keep], np.float64), float(voiced.sum() / rate))


def steps(line: Contour) -> DoubleArray:
    """How large a part of a line's pairs of moves each is, ``(144,)``, in whole semitones by pitch class."""
    heard = line.symbols[line.symbols != SILENT]
    turns = heard[np.append(True, np.diff(heard) != 0)[: heard.size]]
    moves = np.floor(np.diff(turns) / PARTS + 0.5).astype(np.int32) % 12
    return in_pairs(moves, 12)


def best_passage(a: Contour, b: Contour) -> tuple[float, int, tuple[int, int, int, int]]:
    """Seconds in agreement, by how many semitones ``b`` is raised (0 to 11), and moments a0, a1, b0, b1."""
    best: tuple[float, int, tuple[int, int, int, int]] = (0.0, 0, (0, 0, 0, 0))
    mine = a.symbols.astype(np.uint8)
    for key in _likely_keys(a, b):
        raised = np.where(b.symbols == SILENT, SILENT, (b.symbols + PARTS * key) % SILENT).astype(np.uint8)
        score, *place = contour_passage(mine, raised, ALIKE, WAIT)
        if score / RATE > best[0]:
            best = (score / RATE, key, (place[0], place[1], place[2], place[3]))
    return best


def _likely_keys(a: Contour, b: Contour) -> list[int]:
    """The keys in which the two use their pitches most alike; ties: the smallest."""
    counts = [np.bincount(side.symbols, minlength=SILENT + 1)[:SILENT].astype(np.float64) for side in (a, b)]
    smooth = [c + 0.5 * (np.roll(c, 1) + np.roll(c, -1)) for c in counts]
    overlap = [float(np.sqrt(smooth[0] * np.roll(smooth[1], PARTS * key)).sum()) for key in range(12)]
    keys: list[int] = np.argsort(-np.asarray(overlap), kind="stable")[:KEYS].tolist()
    return keys
