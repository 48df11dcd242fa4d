"""The course of a version: which stretches of the work are played in which order, and how fast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import DoubleArray, FloatArray
from .work import Work

LONGEST_S = 240.0
USUAL_S = 170.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Quarter notes ``start`` to ``end`` of the work, played from quarter note ``at`` on, in a ``scene``."""

    start: float
    end: float
    at: float
    scene: int

    @property
    def length(self) -> float:
        """Quarter notes."""
        return self.end - self.start


def plan(work: Work, rng: np.random.Generator, strength: float, bpm: float) -> tuple[Stretch, ...]:
    """The stretches of a version, in order.

    A short tune is repeated until it is about as long as a recording. Else, the stronger, the likelier are sections
    left out, repeated or moved, and an excerpt or an introduction that takes the melody's place.
    """
    usual = USUAL_S * bpm / 60.0
    if work.length < 0.6 * usual:
        times = (
            int(rng.integers(2, 5))
            if work.length > 0.2 * usual
            else int(np.ceil(usual / work.length * rng.uniform(0.5, 1)))
        )
        sections = [(0.0, work.length)] * max(1, times)
    elif rng.random() >= 0.75 * strength:
        sections = [(0.0, work.length)]
    else:
        sections = _edited(work, rng, strength)
    lead_in = float(rng.choice([0, 1, 2, 4])) * _phrase(work) / 4 if rng.random() < 0.6 * strength else 0.0
    at, out = lead_in, []
    if lead_in:
        out.append(Stretch(0.0, lead_in, 0.0, -1))
    for number, (start, end) in enumerate(sections):
        if at >= LONGEST_S * bpm / 60.0:
            break
        out.append(Stretch(start, end, at, number % 2))
        at += end - start
    return tuple(out)


def _phrase(work: Work) -> float:
    bar = work.bar if work.bar > 1.5 else 2 * work.bar
    return 4.0 * bar


def _edited(work: Work, rng: np.random.Generator, strength: float) -> list[tuple[float, float]]:
    length = _phrase(work) * float(rng.integers(1, 3))
    starts = np.arange(0.0, work.length, length)
    sections = [(float(s), float(min(s + length, work.length))) for s in starts]
    drop, repeat = rng.uniform(0, 0.35) * strength, rng.uniform(0, 0.2) * strength
    kept = []
    for section in sections:
        if rng.random() >= drop:
            kept += [section] * (2 if rng.random() < repeat else 1)
    if rng.random() < 0.3 * strength and len(kept) > 4:
        turn = int(rng.integers(1, len(kept)))
        kept = kept[turn:] + kept[:turn]
    if rng.random() < 0.15 * strength and len(kept) > 6:
        first = int(rng.integers(0, len(kept) // 2))
        kept = kept[first : first + len(kept) // 2]
    return kept or sections


def placed(notes: FloatArray, stretches: tuple[Stretch, ...], scene: int | None = None) -> FloatArray:
    """Notes ``(n, ≥2)`` of the work, onset and duration first, as they come in the version.

    Only in the stretches of that scene, where one is given; what sounds over a stretch's end is cut there.
    """
    out = []
    for s in stretches:
        if s.scene < 0 or (scene is not None and s.scene != scene):
            continue
        inside = notes[(notes[:, 0] >= s.start) & (notes[:, 0] < s.end)].copy()
        inside[:, 1] = np.minimum(inside[:, 1], s.end - inside[:, 0])
        inside[:, 0] += s.at - s.start
        out.append(inside)
    return np.concatenate(out) if out else notes[:0]


@dataclass(frozen=True, eq=False, slots=True)
class TempoMap:
    """From quarter notes to seconds: ``seconds[i]`` is when quarter note ``i`` sounds."""

    seconds: DoubleArray

    def at(self, beats: FloatArray | DoubleArray) -> DoubleArray:
        """Seconds of any positions in quarter notes; the last tempo goes on behind the end."""
        steps = np.arange(len(self.seconds))
        found: DoubleArray = np.interp(beats, steps, self.seconds)
        beyond = np.asarray(beats) > steps[-1]
        last = self.seconds[-1] - self.seconds[-2]
        return np.where(beyond, self.seconds[-1] + (np.asarray(beats) - steps[-1]) * last, found)

    @property
    def duration_s(self) -> float:
        """When the last quarter note ends."""
        return float(self.seconds[-1])


def tempo_map(n_beats: float, bpm: float, rng: np.random.Generator, strength: float) -> TempoMap:
    """A tempo that drifts, and, the stronger, breathes: rubato over phrases and a slowing at the end."""
    n = int(np.ceil(n_beats)) + 1
    step = np.full(n, 60.0 / bpm)
    knots = max(2, n // 32)
    drift = rng.normal(0, 0.03 * strength, knots)
    step *= np.exp(np.interp(np.linspace(0, knots - 1, n), np.arange(knots), drift))
    if rng.random() < 0.3 * strength:
        depth, period = rng.uniform(0.03, 0.15), float(rng.choice([4, 8, 16]))
        step *= 1 + depth * np.sin(2 * np.pi * np.arange(n) / period + rng.uniform(0, 6))
        step *= np.exp(rng.normal(0, 0.04, n))
    if rng.random() < 0.3 * strength:
        tail = min(8, n)
        step[-tail:] *= np.linspace(1, rng.uniform(1.2, 1.8), tail)
    return TempoMap(np.concatenate([[0.0], np.cumsum(step)]))


def positions(stretches: tuple[Stretch, ...], times: TempoMap, frame_rate: float) -> FloatArray:
    """Where in the work each frame is, in quarter notes; NaN in an introduction. ``(n,)``, from 0 s to the end."""
    seconds = np.arange(int(times.duration_s * frame_rate) + 1) / frame_rate
    beats = np.interp(seconds, times.seconds, np.arange(len(times.seconds)))
    out = np.full(len(seconds), np.nan, np.float32)
    for s in stretches:
        if s.scene >= 0:
            inside = (beats >= s.at) & (beats < s.at + s.length)
            out[inside] = beats[inside] - s.at + s.start
    return out
