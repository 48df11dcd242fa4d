"""Do the two share a rhythmic pattern, whatever their tempo?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import uniform_filter1d

from ...features.chroma import factor_to, pooled
from ...plugins import Track
from ...types import DoubleArray, Evidence, Features

UNIT = "correlation"
FRAME_RATE = 10.0
LAGS_S = np.geomspace(0.25, 8.0, 100)  # evenly spaced in the logarithm: a tempo change is a shift
FURTHEST = 8  # steps of 3.6 %: tempi up to a third apart
MIN_S = 16.0  # two of the longest lag


class RhythmCue:
    """How alike the periodicities of the onsets are, tempo differences of up to a third taken out.

    The autocorrelation of the onset strength over lags of 0.25 to 8 s, beats to phrases, on a logarithmic
    axis, where another tempo is a shift [1]_. ``raw`` is the largest correlation over the shifts, -1…1. Related
    rhythms are common among unrelated songs: weak evidence, of use beside other cues.

    References
    ----------
    .. [1] Holzapfel, Stylianou, "Scale transform in rhythmic similarity of music", 2011.
    """

    name = "rhythm"
    element = "rhythm"
    needs = ("onsets",)
    settings: ClassVar = {"version": 1, "rate": FRAME_RATE, "lags": LAGS_S.size, "furthest": FURTHEST, "min_s": MIN_S}

    def compare(self, query: Track, reference: Track) -> Evidence:
        """How alike the rhythmic patterns are, and at which ratio of tempi."""
        sides = [rhythm_profile(side["onsets"]) for side in (query, reference)]
        if sides[0] is None or sides[1] is None:
            told = ("too few onsets to speak of a rhythm in one of the two",)
            return Evidence(self.name, 0.0, UNIT, notes=told, element=self.name)
        raw, ratio = profile_likeness(sides[0], sides[1])
        kind = "alike" if raw > 0.6 else "somewhat alike" if raw > 0.3 else "not alike"
        notes = (f"the rhythmic patterns are {kind}, most so with A at {ratio:.2f} times the tempo of B",)
        size = min(side["onsets"].n_frames / side["onsets"].frame_rate for side in (query, reference))
        details = {"tempo_ratio": ratio}
        return Evidence(self.name, raw, UNIT, notes=notes, details=details, element=self.name, size=size)

    def sketch(self, track: Track) -> DoubleArray | None:
        """What is kept of a recording to compare it with many."""
        return rhythm_profile(track["onsets"])

    def by_key(self, query: DoubleArray | None, reference: DoubleArray | None) -> DoubleArray | None:
        """From two sketches, ``(13,)``: the raw value for each key, the same for all, then 0; None without onsets."""
        if query is None or reference is None:
            return None
        return np.append(np.full(12, profile_likeness(query, reference)[0]), 0.0)


def rhythm_profile(onsets: Features) -> DoubleArray | None:
    """Autocorrelation of the onset strength at ``LAGS_S``, ``(100,)``; None for too short or even a sound."""
    factor = factor_to(onsets.frame_rate, FRAME_RATE)
    rate = onsets.frame_rate / factor
    strength = pooled(onsets.values, factor)[0].astype(np.float64)
    if strength.size < MIN_S * rate:
        return None
    strength = strength - uniform_filter1d(strength, int(4 * rate))
    power = float(strength @ strength)
    if power <= 1e-6 * strength.size:
        return None
    size = next_fast_len(2 * strength.size, real=True)
    correlation = irfft(np.abs(rfft(strength, size)) ** 2, size)[: strength.size] / power
    profile: DoubleArray = np.interp(LAGS_S * rate, np.arange(strength.size), correlation)
    return profile


def profile_likeness(query: DoubleArray, reference: DoubleArray) -> tuple[float, float]:
    """The best correlation of two profiles over shifts, and the query's tempo over the reference's there."""
    best, at = -1.0, 0
    for shift in sorted(range(-FURTHEST, FURTHEST + 1), key=abs):
        a = query[max(0, shift) : query.size + min(0, shift)]
        b = reference[max(0, -shift) : reference.size + min(0, -shift)]
        a, b = a - a.mean(), b - b.mean()
        scale = float(np.sqrt((a @ a) * (b @ b)))
        value = float(a @ b) / scale if scale > 0 else 0.0
        if value > best + 1e-12:
            best, at = value, shift
    step = LAGS_S[1] / LAGS_S[0]
    return best, float(step ** (-at))  # the query's lags are longer where its tempo is slower
