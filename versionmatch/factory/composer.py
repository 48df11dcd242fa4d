"""Works out of nothing: tunes over functional harmony, in phrases and sections, drawn by chance.

Nobody's music, so that sets made of it may be given away. Deterministic by the generator that is handed in.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..types import DoubleArray, FloatArray
from .work import Work, chord_mask, pitch_classes

BAR = 4.0
SECTION = 8
"""Bars in a section."""

FORMS = ("AABA", "ABAC", "ABCB", "AABC", "ABCA")
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
TRIADS = {"maj": (0, 4, 7), "min": (0, 3, 7)}

_DEGREES: dict[str, tuple[tuple[int, str], ...]] = {
    "major": ((0, "maj"), (2, "min"), (4, "min"), (5, "maj"), (7, "maj"), (9, "min"),
              (10, "maj"), (2, "maj"), (5, "min")),
    "minor": ((0, "min"), (3, "maj"), (5, "min"), (7, "maj"), (8, "maj"), (10, "maj"),
              (7, "min"), (1, "maj"), (5, "maj")),
}  # fmt: skip
_COMMON = np.array([3.0, 2.0, 1.5, 3.0, 3.0, 2.5, 0.7, 0.7, 0.7])

BAR_RHYTHMS: tuple[tuple[float, ...], ...] = (
    (1, 1, 1, 1),
    (2, 1, 1),
    (1, 1, 2),
    (1.5, 0.5, 1, 1),
    (0.5, 0.5, 1, 0.5, 0.5, 1),
    (1, 0.5, 0.5, 2),
    (3, 0.5, 0.5),
    (0.5, 0.5, 0.5, 0.5, 1, 1),
    (1.5, 1.5, 1),
    (2, 2),
    (0.5, 1, 0.5, 1, 1),
)
"""Durations that fill a bar of four quarters."""

LOWEST, HIGHEST = 57, 81


def composed(name: str, rng: np.random.Generator, *, sections: int = 4) -> Work:
    """A work of so many sections of eight bars, in a key, a mode, a form and a tempo of its own.

    >>> work = composed("made/1", np.random.default_rng(440))
    >>> work.length, len(work.chords) >= 32, bool((work.melody[:, 0] < work.length).all())
    (128.0, True, True)
    """
    tonic, mode = int(rng.integers(12)), str(rng.choice(["major", "minor"], p=[0.6, 0.4]))
    form = FORMS[int(rng.integers(len(FORMS)))]
    made: dict[str, tuple[FloatArray, FloatArray]] = {}
    melody: list[FloatArray] = []
    chords: list[FloatArray] = []
    for number in range(sections):
        letter = form[number % len(form)]
        if letter not in made:
            harmony = _progression(rng, tonic, mode)
            made[letter] = (_tune(rng, harmony, tonic, mode), harmony)
        for rows, out in zip(made[letter], (melody, chords), strict=True):
            placed = rows.copy()
            placed[:, 0] += number * SECTION * BAR
            out.append(placed)
    length = sections * SECTION * BAR
    bpm = float(np.round(np.exp(rng.uniform(np.log(80), np.log(136)))))
    return Work(name, "composed", bpm, length, BAR, np.concatenate(melody), np.concatenate(chords))


def chord_row(onset: float, duration: float, root: int, tones: Sequence[int]) -> tuple[float, ...]:
    """A row of ``Work.chords``: a triad on its root."""
    return (onset, duration, root % 12, root % 12, chord_mask(root + t for t in tones))


def _progression(rng: np.random.Generator, tonic: int, mode: str) -> FloatArray:
    """Eight bars, one chord each, some two; no chord follows itself; the last leads or comes home."""
    degrees, rows, before = _DEGREES[mode], [], -1
    for bar in range(SECTION):
        halves = 2 if rng.random() < 0.25 else 1
        for half in range(halves):
            weights = _COMMON.copy()
            if before >= 0:
                weights[before] = 0.0
            if bar == SECTION - 1 and half == halves - 1:
                weights *= np.where(np.isin(np.arange(len(degrees)), (0, 3, 4)), 6.0, 1.0)
            before = int(rng.choice(len(degrees), p=weights / weights.sum()))
            root, kind = degrees[before]
            rows.append(chord_row(BAR * bar + half * BAR / 2, BAR / halves, tonic + root, TRIADS[kind]))
    return np.array(rows, np.float32)


def _tune(rng: np.random.Generator, chords: FloatArray, tonic: int, mode: str) -> FloatArray:
    """A melody over a section: a rhythm of two bars that comes back, pitches drawn anew."""
    motif = [BAR_RHYTHMS[int(i)] for i in rng.integers(len(BAR_RHYTHMS), size=4)]
    onsets, durations = [], []
    for bar in range(SECTION):
        rhythm = motif[bar % 2 + (2 if bar in {3, 6, 7} else 0)]
        at = BAR * bar
        for length in rhythm:
            onsets.append(at)
            durations.append(length)
            at += length
    times = np.array(onsets)
    scale = [(tonic + s) % 12 for s in (MAJOR if mode == "major" else MINOR)]
    pitches = tune_over(rng, times, chords, scale)
    return np.column_stack([times, durations, pitches]).astype(np.float32)


def tune_over(
    rng: np.random.Generator, onsets: DoubleArray, chords: FloatArray, scale: Sequence[int], *, start: float = 0.0
) -> DoubleArray:
    """Pitches for notes at those quarter notes: tones of the chord on the beat, steps of the scale between.

    ``chords`` as in ``Work``; where none sounds, any tone of the scale. ``start`` is the pitch to begin near; 0: drawn.
    """
    here = start or float(rng.integers(LOWEST + 6, HIGHEST - 6))
    found = np.empty(onsets.size)
    for i, at in enumerate(onsets):
        held = chords[(chords[:, 0] <= at + 1e-6) & (chords[:, 0] + chords[:, 1] > at + 1e-6)]
        strong = abs(at - round(float(at))) < 1e-6
        classes = pitch_classes(held[0, 4]) if len(held) and strong else list(scale)
        wanted = here + rng.normal(0.0, 4.0 if strong else 2.0)
        wanted += 0.15 * ((LOWEST + HIGHEST) / 2 - here)
        near = [c + 12 * round((wanted - c) / 12) for c in classes]
        here = float(min(near, key=lambda p: abs(p - wanted)))
        here += 12.0 * ((here < LOWEST - 6) - (here > HIGHEST + 6))
        found[i] = here
    return found


def scale_of(work: Work) -> list[int]:
    """The seven pitch classes that melody and chords of a work use most, by time."""
    weight = np.zeros(12)
    np.add.at(weight, work.melody[:, 2].astype(int) % 12, work.melody[:, 1])
    for chord in work.chords:
        weight[pitch_classes(chord[4])] += chord[1]
    return sorted(int(c) for c in np.argsort(-weight, kind="stable")[:7])
