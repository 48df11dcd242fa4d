"""Chords for a tune that has none: the likeliest path through the triads of its key."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..types import DoubleArray, FloatArray
from .work import chord_mask

_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""Krumhansl and Kessler's ratings of the twelve pitch classes in a major and a minor key, from the tonic."""

_IN_MAJOR = ((0, 4, 7), (7, 11, 2), (5, 9, 0), (9, 0, 4), (2, 5, 9), (4, 7, 11), (10, 2, 5))
_IN_MINOR = ((0, 3, 7), (7, 11, 2), (10, 2, 5), (3, 7, 10), (8, 0, 3), (5, 8, 0), (7, 10, 2))
_PREFERENCE = (0.5, 0.3, 0.2, 0.0, 0.0, -0.4, -0.2)
_CHANGE = 0.35  # cost of changing the chord


def harmonised(
    melody: FloatArray | DoubleArray, step: float, rng: np.random.Generator | None = None, freedom: float = 0.0
) -> FloatArray:
    """One triad for every ``step`` quarter notes, ``(m, 5)`` as in ``Work.chords``.

    The key is the best of the 24 by Krumhansl's profiles; the chords are the path through seven triads of it that
    holds most of the melody's time, with a liking for tonic and dominant and a price on changes (Viterbi).

    Parameters
    ----------
    melody : (n, 3)
        Onset and duration in quarter notes, MIDI pitch.
    step : float
        Quarter notes a chord lasts at least.
    rng, freedom : Generator, float
        With a generator, how well each triad is liked is drawn anew, ``freedom`` wide: another arranger's taste.
    """
    classes = melody[:, 2].astype(int) % 12
    tonic, minor = _key(np.bincount(classes, weights=melody[:, 1], minlength=12))
    triads = [tuple((tonic + c) % 12 for c in t) for t in (_IN_MINOR if minor else _IN_MAJOR)]
    n = max(1, math.ceil(float(melody[:, :2].sum(axis=1).max()) / step - 1e-6))
    held = np.zeros((n, 12))
    for (onset, duration, _), c in zip(melody, classes, strict=True):
        for i in range(int(onset // step), min(n, math.ceil((onset + duration) / step))):
            held[i, c] += max(0.0, min(onset + duration, (i + 1) * step) - max(onset, i * step)) / step
    fit = np.array([[row[list(t)].sum() + 0.3 * row[t[0]] for t in triads] for row in held]) + _PREFERENCE
    if rng is not None:
        fit += rng.normal(0, freedom, 7) + rng.normal(0, freedom, fit.shape)
    fit[-1, 0] += 1.0
    path = _best_path(fit)
    starts = [i for i in range(n) if i == 0 or path[i] != path[i - 1]]
    ends = [*starts[1:], n]
    rows = [
        (s * step, (e - s) * step, triads[path[s]][0], triads[path[s]][0], chord_mask(triads[path[s]]))
        for s, e in zip(starts, ends, strict=True)
    ]
    return np.array(rows, dtype=np.float32)


def _key(weights: npt.NDArray[np.number]) -> tuple[int, bool]:
    found = [
        (float(np.corrcoef(np.roll(profile, tonic), weights)[0, 1]), tonic, minor)
        for minor, profile in ((False, _MAJOR), (True, _MINOR))
        for tonic in range(12)
    ]
    _, tonic, minor = max(found, key=lambda entry: entry[0])
    return tonic, minor


def _best_path(fit: DoubleArray) -> list[int]:
    n, states = fit.shape
    total, back = fit[0], np.zeros((n, states), dtype=int)
    for i in range(1, n):
        change = total[:, None] - _CHANGE * (1 - np.eye(states))
        back[i] = change.argmax(axis=0)
        total = change.max(axis=0) + fit[i]
    path = [int(total.argmax())]
    for i in range(n - 1, 0, -1):
        path.append(int(back[i, path[-1]]))
    return path[::-1]
