"""How much of what two recordings share is new each time, and not a loop, a sample, a tone or a metronome again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import Peaks
from .repeat_kernels import came_before, met_at
from .search import Stretch

LEAST_S, MOST_S = 0.15, 30.0
"""So far back a piece is looked for."""
WRONG_S = (-7.3, -4.1, -2.9, -1.7, 1.3, 2.3, 3.7, 5.9)
"""Wrong offsets, at which chance is counted."""
MOST_PEAKS = 6000
"""Of a stretch no more are looked at, some five minutes from its start."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Of all peaks in the stretches the part that is ``met``; of those met, above chance, the part that is ``new``."""

    met: float
    new: float


def shared(query: Peaks, reference: Peaks, found: Sequence[Stretch]) -> Shared:
    """What is met in the stretches of the same sound, and how much of it did not come half a minute before already.

    Examples
    --------
    >>> from versionmatch.audio import synth
    >>> from versionmatch.fingerprint.landmarks import landmarks
    >>> from versionmatch.fingerprint.pairwise import same_sound
    >>> peaks = landmarks(synth.song(verses=1).audio)
    >>> shared(peaks, peaks, same_sound(peaks, peaks)).met
    1.0
    """
    counts = np.sum([_counts(query, reference, stretch) for stretch in found], axis=0)
    n, n_met, n_new, by_chance = (float(count) for count in counts)
    return Shared(n_met / max(n, 1.0), max(0.0, n_new - by_chance) / max(n_met, 1.0))


def _counts(query: Peaks, reference: Peaks, stretch: Stretch) -> tuple[float, float, float, float]:
    """Peaks, met ones, met ones that are new, and how many of those that are not old chance alone meets."""
    rate = query.frame_rate
    first, last = (int(i) for i in np.searchsorted(query.frames, (stretch.query[0], stretch.query[1] + 1)))
    own = slice(first, min(last, first + MOST_PEAKS))
    frames, bins = query.frames[own].astype(np.float64), query.bins[own].astype(np.float64)
    other = reference.frames.astype(np.float64), reference.bins.astype(np.float64)
    times, heard = stretch.reference[0] + stretch.warp.tempo * (frames - stretch.query[0]), bins / stretch.warp.pitch
    met = met_at(times, heard, *other)
    new = np.ones(frames.size, np.bool_)
    new[met] = ~came_before(frames[met], bins[met], LEAST_S * rate, MOST_S * rate)
    wrong = [met_at(times[new] + s * rate, heard[new], *other).sum() for s in WRONG_S]
    return frames.size, float(met.sum()), float((met & new).sum()), float(np.mean(wrong))
