"""Variants of a melody as tradition, arrangers and borrowers make them: notes in, other notes out.

Rows are onset and duration in quarter notes and pitch. Every variant is in another key; what else changes, and how
much, is drawn for each.
"""

from __future__ import annotations

import numpy as np

from versionmatch.types import DoubleArray


def variant(notes: DoubleArray, rng: np.random.Generator, strength: float) -> DoubleArray:
    """The whole tune once more: in another key, notation and order of parts, ornamented and altered.

    ``strength`` 0 to 1: the share of notes that change, roughly.
    """
    rows = parts_changed(notes, rng) if rng.random() < strength else notes
    for change in rng.permutation(np.array([merged, split, repitched, retimed, left_out], dtype=object)):
        rows = change(rows, rng, strength * rng.uniform(0, 0.35))
    return in_another_key(rows, rng)


def borrowing(notes: DoubleArray, other: DoubleArray, rng: np.random.Generator, strength: float) -> DoubleArray:
    """Another tune into which 8 to 32 notes of this one are set, once or twice, altered."""
    n = min(int(rng.integers(8, 33)), len(notes))
    first = int(rng.integers(0, len(notes) - n + 1))
    phrase = variant(notes[first : first + n], rng, strength)
    phrase[:, 2] -= phrase[:, 2].mean().round() - other[:, 2].mean().round()
    at = int(rng.integers(0, len(other)))
    pieces = [other[:at], phrase, other[at:]] + ([phrase] if rng.random() < 0.3 else [])
    return in_another_key(joined(pieces), rng)


def joined(pieces: list[DoubleArray]) -> DoubleArray:
    """One after the other."""
    rows, now = [], 0.0
    for piece in pieces:
        if len(piece):
            moved = piece.copy()
            moved[:, 0] += now - piece[0, 0]
            rows.append(moved)
            now = float(moved[-1, 0] + moved[-1, 1])
    return np.vstack(rows)


def in_another_key(notes: DoubleArray, rng: np.random.Generator) -> DoubleArray:
    """Transposed, and in halves, the same or doubles."""
    rows = notes.copy()
    rows[:, 2] += rng.integers(-6, 7)
    rows[:, :2] *= rng.choice([0.5, 1.0, 1.0, 1.0, 2.0])
    return rows


def parts_changed(notes: DoubleArray, rng: np.random.Generator) -> DoubleArray:
    """A part is missing, comes twice, or two change places."""
    cuts = np.sort(rng.choice(np.arange(1, max(len(notes), 5)), size=3, replace=False))
    parts = [p for p in np.split(notes, np.minimum(cuts, len(notes))) if len(p)]
    i = int(rng.integers(len(parts)))
    what = rng.integers(3)
    if what == 0 and len(parts) > 1:
        parts.pop(i)
    elif what == 1:
        parts.insert(i, parts[i])
    else:
        parts.append(parts.pop(i))
    return joined(parts)


def split(notes: DoubleArray, rng: np.random.Generator, share: float) -> DoubleArray:
    """Some notes become two to four: repeated, or with a neighbour between."""
    rows = []
    for onset, duration, pitch in notes:
        n = int(rng.choice([2, 2, 3, 4])) if rng.random() < share and duration >= 0.25 else 1
        for k in range(n):
            step = 0 if k % 2 == 0 else int(rng.choice([0, 2, -2, 1, -1, 3, -3]))
            rows.append([onset + k * duration / n, duration / n, pitch + step])
    return np.array(rows)


def merged(notes: DoubleArray, rng: np.random.Generator, share: float) -> DoubleArray:
    """Some notes swallow the next."""
    rows: list[list[float]] = []
    for onset, duration, pitch in notes:
        if rows and rng.random() < share and onset - rows[-1][0] < 1.5:
            rows[-1][1] = onset + duration - rows[-1][0]
        else:
            rows.append([onset, duration, pitch])
    return np.array(rows)


def left_out(notes: DoubleArray, rng: np.random.Generator, share: float) -> DoubleArray:
    """Some notes are missing, and what follows moves up."""
    keep = rng.random(len(notes)) >= share / 2
    keep[0] = True
    return joined([notes[i : i + 1] for i in np.flatnonzero(keep)])


def repitched(notes: DoubleArray, rng: np.random.Generator, share: float) -> DoubleArray:
    """Some notes a step, a third or an octave off, or any note of the scale."""
    rows = notes.copy()
    changed = rng.random(len(rows)) < share
    rows[changed, 2] += rng.choice([1, -1, 2, -2, 2, -2, 3, -3, 4, -4, 5, -5, 7, 12, -12], size=int(changed.sum()))
    return rows


def retimed(notes: DoubleArray, rng: np.random.Generator, share: float) -> DoubleArray:
    """Some pairs of notes become dotted or even."""
    rows = notes.copy()
    for i in range(len(rows) - 1):
        gap = rows[i + 1, 0] - rows[i, 0]
        if rng.random() < share and gap > 0:
            after = rows[i + 2, 0] if i + 2 < len(rows) else rows[i + 1, 0] + rows[i + 1, 1]
            rows[i + 1, 0] = rows[i, 0] + (after - rows[i, 0]) * rng.choice([0.5, 0.75, 2 / 3])
            rows[i, 1] = rows[i + 1, 0] - rows[i, 0]
            rows[i + 1, 1] = after - rows[i + 1, 0]
    return rows
