"""How much of each layer two keep along what they share: bass, chords, the melody, what moves, onsets.

Everything is read at the moments that answer each other, and set between chance (0: the same two, out of step) and
identity (1). The melody is evaluated crosswise: not whether a tracker picks the same line in both, which depends on
the instruments, but whether the line picked in one is there in the other, though another one may be louder there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import uniform_filter1d

from ..align.passage import shared_passages
from ..features.chroma import factor_to, relative_magnitude, unit_frames, whitened
from ..features.salience import LOWEST, salience
from ..features.spectrum import block_means, folded
from ..types import DoubleArray, Features, FloatArray, IntArray, Passage
from .agreement import STEP_S, aligned_times

LAYERS = ("bass", "middle", "line", "moving", "onsets")
"""Chroma below D3 and around C4, the melody's line, pitches that come and go within a second, and the onsets."""

NEEDED = ("cqt", "melody", "onsets")
"""Features without which nothing is read."""

MIN_S = 10.0
"""Shorter passages together allow no statement."""

BANDS = {"bass": (4, 26), "middle": (24, 42)}  # bins of the transform from C1 on
OCTAVES = (0, -12, 12, -24, 24)
VOICED = 0.3  # where a melody is less sure it does not count
OUT_OF_STEP = np.linspace(0.12, 0.88, 15)  # shares of the length by which the two are moved for chance
ONSET_RATE, ONSET_WINDOW_S, ONSET_REACH = 50.0, 4.0, 6
SMOOTH = np.hanning(9)[1:-1] / np.hanning(9).sum()  # 0.1 s of onset strength

Aligned = tuple[DoubleArray, IntArray]
"""Times ``(n, 2)`` of query and reference, s, and by how much the reference is raised at each, ``(n,)``."""


@dataclass(frozen=True, eq=False, slots=True)
class Lines:
    """What may be a melody: log-probability of each pitch, ``(49, n)`` from C2 on, and the probability of any."""

    pitches: DoubleArray
    voicing: DoubleArray
    rate: float

    @classmethod
    def of(cls, cqt: Features) -> Lines:
        """Those of a constant-Q transform."""
        factor = factor_to(cqt.frame_rate)
        return cls(*salience(block_means(cqt.values, factor)), cqt.frame_rate / factor)

    def classes(self) -> Features:
        """Pitch classes by how likely they are the melody's, ``(12, n)``: chroma of what may be sung."""
        classes = np.zeros((12, self.voicing.size))
        np.add.at(classes, (np.arange(len(self.pitches)) + LOWEST) % 12, np.exp(self.pitches) * self.voicing)
        return Features("lines", unit_frames(classes.astype(np.float32)), self.rate)


def kept_along(query: Mapping[str, Any], reference: Mapping[str, Any], passages: Sequence[Passage]) -> dict[str, float]:
    """How much of each of ``LAYERS`` is kept along shared passages, each from −1 to 1; 0: what chance gives, 1: all.

    Where there are no passages, those of the lines that may be melody are looked for: other chords under the same tune
    share no harmony. Empty where both ways less than ``MIN_S`` is shared, or one of ``NEEDED`` is not at hand.
    """
    sides = (query, reference)
    if any(kind not in side for side in sides for kind in NEEDED):
        return {}
    lines = (Lines.of(query["cqt"]), Lines.of(reference["cqt"]))
    onsets = (query["onsets"], reference["onsets"])
    found = passages or shared_passages(lines[0].classes(), lines[1].classes(), onsets=onsets)
    aligned = _aligned(found)
    if len(aligned[0]) * STEP_S < MIN_S:
        return {}
    kept = _bands(tuple(side["cqt"] for side in sides), aligned)
    kept["line"] = _line(lines, (query["melody"], reference["melody"]), aligned)
    kept["moving"] = _moving(lines, aligned)
    kept["onsets"] = _onsets(onsets, found)
    return kept


def between(value: float, chance: float, identity: float = 1.0) -> float:
    """Where a value lies between chance (0) and identity (1), from −1 to 1; 0 where these two are one.

    >>> between(0.75, 0.5), between(0.3, 0.3, 0.3)
    (0.5, 0.0)
    """
    return float(np.clip((value - chance) / (identity - chance), -1.0, 1.0)) if identity > chance + 1e-9 else 0.0


def _aligned(passages: Sequence[Passage]) -> Aligned:
    times = [aligned_times(p) for p in passages]
    keys = [np.full(len(t), p.transposition) for t, p in zip(times, passages, strict=True)]
    return np.concatenate([np.zeros((0, 2)), *times]), np.concatenate([np.zeros(0, np.int64), *keys]).astype(np.int32)


def _chance(n: int, value: Callable[[int], float]) -> float:
    """The median of what is had out of step; ``value`` gives it for a number of frames."""
    return float(np.median([value(int(lag)) for lag in np.unique(np.round(OUT_OF_STEP * n))]))


def _at(values: FloatArray | DoubleArray, rate: float, times_s: DoubleArray, centre: float = 0.0) -> Any:
    """The frames nearest to times; ``centre``: where in frame 0 lies its middle, in frames."""
    return values[..., np.clip(np.round(times_s * rate - centre).astype(np.int64), 0, values.shape[-1] - 1)]


def _raised(values: Any, keys: IntArray, axis: int) -> Any:
    """Each frame (the last axis) with its pitch classes raised by its key."""
    out = np.empty_like(values)
    for key in np.unique(keys):
        out[..., keys == key] = np.roll(values[..., keys == key], key, axis=axis)
    return out


def _alike(query: Any, reference: Any) -> float:
    """Mean cosine of frames in step, beside that out of step."""
    a, b = (unit_frames(side) for side in (query, reference))
    n = a.shape[1]
    return between(float((a * b).sum()) / n, _chance(n, lambda lag: float((a * np.roll(b, lag, axis=1)).sum()) / n))


def _bands(transforms: Sequence[Features], aligned: Aligned) -> dict[str, float]:
    """The likeness of whitened chroma in each of ``BANDS``."""
    times, keys = aligned
    white = []
    for k, cqt in enumerate(transforms):
        rate = cqt.frame_rate / factor_to(cqt.frame_rate)
        white.append(whitened(_at(relative_magnitude(cqt), rate, times[:, k], 0.5)))
    kept = {}
    for name, (low, high) in BANDS.items():
        a, b = (folded(side.astype(np.float64), low, high) for side in white)
        kept[name] = _alike(a, _raised(b, keys, 0))
    return kept


def _line(lines: tuple[Lines, Lines], melodies: tuple[Features, Features], aligned: Aligned) -> float:
    """How much of the line of the one is there in the other, of the way round in which it is more; 0 without lines."""
    times, keys = aligned
    likely = [_standardised(_at(side.pitches, side.rate, times[:, k], 0.5)) for k, side in enumerate(lines)]
    found = [0.0, 0.0]
    for own, other, way in ((0, 1, keys), (1, 0, -keys)):
        pitch, sure = _at(melodies[own].values.astype(np.float64), melodies[own].frame_rate, times[:, own])
        weights = np.where(sure > VOICED, sure, 0.0)
        if weights.sum() > 0:
            rows = np.round(pitch).astype(np.int64) - LOWEST
            found[own] = _present(rows, weights, likely[own], likely[other], way)
    return max(found)


def _standardised(likely: DoubleArray) -> DoubleArray:
    out: DoubleArray = (likely - likely.mean(axis=0)) / np.maximum(likely.std(axis=0), 1e-9)
    return out


def _present(rows: IntArray, weights: DoubleArray, own: DoubleArray, other: DoubleArray, keys: IntArray) -> float:
    """How far a line of ``rows`` stands out in the other's pitches, ``(49, n)``, in the octave that suits it best.

    Between what it has there out of step and what it has in its own; the other is raised by ``keys``.
    """
    last, frames = len(own) - 1, np.arange(rows.size)
    identity = float(np.average(own[np.clip(rows, 0, last), frames], weights=weights))

    def there(octave: int, lag: int) -> float:
        at = np.roll(rows, lag) - keys - octave
        seen = np.where((at >= 0) & (at <= last), other[np.clip(at, 0, last), frames], other.min())
        return float(np.average(seen, weights=np.roll(weights, lag)))

    def kept(octave: int) -> float:
        return between(there(octave, 0), _chance(rows.size, lambda lag: there(octave, lag)), identity)

    return max(kept(octave) for octave in OCTAVES)


def _moving(lines: tuple[Lines, Lines], aligned: Aligned) -> float:
    """How alike the likely pitches are, less their mean over a second, in the octave in which they are most so."""
    times, keys = aligned
    likely = [np.exp(_at(side.pitches, side.rate, times[:, k], 0.5) / 2) for k, side in enumerate(lines)]
    mine, frames = _less_its_mean(likely[0]), np.arange(len(keys))

    def kept(octave: int) -> float:
        at = np.arange(len(mine))[:, None] - keys - octave
        inside = (at >= 0) & (at < len(mine))
        other = _less_its_mean(np.where(inside, likely[1][np.clip(at, 0, len(mine) - 1), frames], 0.0))
        norm = max(float(np.sqrt((mine**2).sum() * (other**2).sum())), 1e-9)

        def alike(lag: int) -> float:
            return float((mine * np.roll(other, lag, axis=1)).sum()) / norm

        return between(alike(0), _chance(len(keys), alike))

    return max(kept(octave) for octave in OCTAVES[:3])


def _less_its_mean(rows: DoubleArray) -> DoubleArray:
    out: DoubleArray = rows - uniform_filter1d(rows, round(1.0 / STEP_S) | 1, axis=1, mode="nearest")
    return out


def _onsets(onsets: tuple[Features, Features], passages: Sequence[Passage]) -> float:
    """The mean correlation of onset strength over windows, each at its best within a tenth of a second."""
    strength = [np.convolve(side.values[0].astype(np.float64), SMOOTH, "same") for side in onsets]
    read: tuple[list[DoubleArray], list[DoubleArray]] = ([], [])
    for passage in passages:
        start, end = passage.span.query_start_s, passage.span.query_end_s
        mine = np.arange(start, end, 1.0 / ONSET_RATE)
        for k, at in enumerate((mine, np.interp(mine, passage.path_s[:, 0], passage.path_s[:, 1]))):
            read[k].append(np.interp(at, np.arange(strength[k].size) / onsets[k].frame_rate, strength[k]))
    a, b = (np.concatenate(side) for side in read)
    return between(_in_time(a, b), _chance(b.size, lambda lag: _in_time(a, np.roll(b, lag))))


def _in_time(a: DoubleArray, b: DoubleArray) -> float:
    width = round(ONSET_WINDOW_S * ONSET_RATE)
    n = a.size // width
    mine = _centred(a[: n * width].reshape(n, width))
    best = np.full(n, -1.0)
    for lag in range(-ONSET_REACH, ONSET_REACH + 1):
        best = np.maximum(best, (mine * _centred(np.roll(b, lag)[: n * width].reshape(n, width))).sum(axis=1))
    return float(best.mean())


def _centred(rows: DoubleArray) -> DoubleArray:
    """Rows less their means, of length 1 (0 where nothing varies)."""
    less = rows - rows.mean(axis=1, keepdims=True)
    out: DoubleArray = less / np.maximum(np.sqrt((less**2).sum(axis=1, keepdims=True)), 1e-12)
    return out
