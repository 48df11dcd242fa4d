"""What players and singers do to a melody."""

from __future__ import annotations

import numpy as np

from ..types import FloatArray
from .work import pitch_classes

Rows = FloatArray
"""Notes in quarter notes, ``(n, 4)``: onset, duration, pitch, velocity."""


def with_velocity(notes: FloatArray, rng: np.random.Generator) -> Rows:
    """The notes, each with a velocity; the beats a little louder."""
    if len(notes) == 0:
        return np.zeros((0, 4), np.float32)
    on_beat = np.abs(notes[:, 0] - np.round(notes[:, 0])) < 0.05
    velocity = np.clip(0.68 + 0.1 * on_beat + rng.normal(0, 0.08, len(notes)), 0.2, 1.0)
    return np.column_stack([notes[:, :3], velocity]).astype(np.float32)


def varied(notes: Rows, rng: np.random.Generator, strength: float) -> Rows:
    """A melody as somebody else would sing it.

    Notes left out, shifted against the beat, joined, ornamented with neighbours, now and then another pitch; all the
    more with ``strength`` in [0, 1].
    """
    if strength <= 0 or len(notes) == 0:
        return notes
    out = notes.copy()
    keep = rng.random(len(out)) >= rng.uniform(0, 0.15) * strength
    keep[0] = True
    out = out[keep]
    if rng.random() < 0.6 * strength:
        amount = rng.uniform(0.05, 0.35) * strength
        moved = rng.random(len(out)) < 0.6
        out[:, 0] += moved * np.clip(rng.normal(0.05, amount, len(out)), -0.5, 0.5)
        out[:, 0] = np.maximum(out[:, 0], 0)
    wrong = rng.random(len(out)) < rng.uniform(0, 0.08) * strength
    out[:, 2] += wrong * rng.choice([-3, -2, -1, 1, 2, 3, 4, -5, 5], len(out))
    if rng.random() < 0.5 * strength:
        out = _ornamented(out, rng, rng.uniform(0.05, 0.3))
    if rng.random() < 0.4 * strength:  # legato
        order = np.argsort(out[:, 0], kind="stable")
        out = out[order]
        gaps = np.append(np.diff(out[:, 0]), 1.0)
        out[:, 1] = np.clip(np.minimum(gaps, 2.0), 0.1, None)
    elif rng.random() < 0.3 * strength:
        out[:, 1] *= rng.uniform(0.3, 0.8)
    return out[np.argsort(out[:, 0], kind="stable")]


def _ornamented(notes: Rows, rng: np.random.Generator, share: float) -> Rows:
    chosen = (rng.random(len(notes)) < share) & (notes[:, 1] > 0.3)
    grace = notes[chosen].copy()
    grace[:, 1] = np.minimum(0.15, grace[:, 1] / 3)
    grace[:, 2] += rng.choice([-2, -1, 1, 2], len(grace))
    out = notes.copy()
    out[chosen, 0] += grace[:, 1]
    out[chosen, 1] = np.maximum(out[chosen, 1] - grace[:, 1], 0.1)
    return np.concatenate([out, grace])


def second_voice(notes: Rows, rng: np.random.Generator) -> Rows:
    """A line beside the melody: octaves, or thirds and sixths, or held long notes of it."""
    out = notes.copy()
    out[:, 2] += rng.choice([-12, 12, -4, -3, 3, 4, 7, -5, -9])
    if rng.random() < 0.3:
        out = out[out[:, 1] >= 0.75]
    out[:, 3] *= 0.8
    return out


def without_phrases(
    notes: Rows, rng: np.random.Generator, share: float, bar: float
) -> tuple[Rows, list[tuple[float, float]]]:
    """The melody with phrases left out, and where they were, for a solo to take their place."""
    if share <= 0 or len(notes) == 0:
        return notes, []
    length = 4 * max(bar, 2.0)
    n = int(np.ceil((notes[:, 0].max() + 1e-3) / length))
    gone = rng.random(n) < share
    which = np.minimum((notes[:, 0] // length).astype(int), n - 1)
    return notes[~gone[which]], [(float(i * length), float((i + 1) * length)) for i in np.flatnonzero(gone)]


def improvised(spans: list[tuple[float, float]], chords: FloatArray, rng: np.random.Generator) -> Rows:
    """A solo over the chords: tones of the chord and steps between them, in a register of its own."""
    rows = []
    pitch = float(rng.integers(60, 78))
    for start, end in spans:
        at = start
        while at < end:
            step = float(rng.choice([0.25, 0.5, 0.5, 1.0, 1.5]))
            here = chords[(chords[:, 0] <= at) & (chords[:, 0] + chords[:, 1] > at)]
            if len(here) and rng.random() < 0.85:
                classes = (
                    pitch_classes(here[0, 4])
                    if rng.random() < 0.6
                    else [(int(here[0, 2]) + s) % 12 for s in (0, 3, 5, 7, 10, 2)]
                )
                wanted = pitch + rng.normal(0, 4)
                near = [c + 12 * round((wanted - c) / 12) for c in classes] or [round(wanted)]
                pitch = float(np.clip(near[int(rng.integers(len(near)))], 52, 90))
                rows.append((at, step * rng.uniform(0.5, 1.0), pitch, rng.uniform(0.5, 0.9)))
            at += step
    return np.array(rows, dtype=np.float32).reshape(-1, 4)
