"""Other chords for the same tune: fewer, richer, exchanged for their relatives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..types import FloatArray
from .harmonise import harmonised
from .work import Work, chord_mask, pitch_classes

KINDS = ("as written", "triads", "power", "sevenths", "substituted", "sparse")


def reharmonised(chords: FloatArray, rng: np.random.Generator, strength: float) -> tuple[FloatArray, str]:
    """The chords another arranger would write, and the kind of change.

    ``strength`` in [0, 1] is how likely anything is changed, and of substitutions how many.
    """
    if len(chords) == 0 or rng.random() >= 0.75 * strength:
        return chords, KINDS[0]
    kind = str(rng.choice(KINDS[1:], p=[0.36, 0.1, 0.2, 0.22, 0.12]))
    out = chords.copy()
    if kind == "sparse":
        out = _sparse(out, rng)
    else:
        share = rng.uniform(0.1, 0.45) * strength
        for row in out:
            row[2:] = _changed(kind, row, rng, share)
    if rng.random() < 0.2 * strength:  # inversions, or a bass that stays
        out[:, 3] = out[0, 2] if rng.random() < 0.2 else out[:, 2]
    return out, kind


def harmonised_anew(work: Work, rng: np.random.Generator) -> Work:
    """The work with chords that know its melody alone, and without its further parts, as another tradition has it."""
    bar = work.bar if work.bar > 1.5 else 2 * work.bar
    step = bar * float(rng.choice([0.5, 1.0, 1.0, 2.0]))
    return replace(work, chords=harmonised(work.melody, step, rng, float(rng.uniform(0.1, 0.6))), parts={})


def _changed(kind: str, row: FloatArray, rng: np.random.Generator, share: float) -> tuple[float, float, float]:
    root, bass, classes = int(row[2]), int(row[3]), pitch_classes(row[4])
    minor = (root + 3) % 12 in classes and (root + 4) % 12 not in classes
    if kind == "triads":
        kept = [c for c in classes if (c - root) % 12 in (0, 3, 4, 5, 6, 7)]
        return root, bass, chord_mask(kept or classes)
    if kind == "power":
        return root, root, chord_mask([root, root + 7])
    if kind == "sevenths":
        extra = rng.choice([10, 10, 2]) if minor else rng.choice([10, 11, 2, 9])
        return root, bass, chord_mask([*classes, root + int(extra)])
    if rng.random() >= share:
        return root, bass, float(row[4])
    move = int(rng.integers(0, 4))
    if move == 0:  # the relative
        new = root + (3 if minor else 9)
        return new % 12, new % 12, chord_mask([new, new + (4 if minor else 3), new + 7])
    if move == 1:  # the tritone's dominant
        new = root + 6
        return new % 12, new % 12, chord_mask([new, new + 4, new + 7, new + 10])
    if move == 2:  # the mediant
        new = root + 4 if not minor else root + 8
        return new % 12, new % 12, chord_mask([new, new + (4 if minor else 3), new + 7])
    return root, bass, chord_mask([root, root + 5, root + 7])  # suspended


def _sparse(chords: FloatArray, rng: np.random.Generator) -> FloatArray:
    keep = rng.random(len(chords)) >= 0.3
    keep[0] = True
    out = chords[keep]
    ends = np.append(out[1:, 0], chords[-1, 0] + chords[-1, 1])
    out[:, 1] = ends - out[:, 0]
    return out
