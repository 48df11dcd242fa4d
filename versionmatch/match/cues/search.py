"""Where two pitch-class sequences agree most: every key tried, several tempi, Qmax as the measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...align import cue_kernels as kernels
from ...align.local import qmax
from ...align.recurrence import neighbours
from ...features.chroma import factor_to, pooled, unit_frames
from ...types import Alignment, DoubleArray, Features, FloatArray, Span

FRAME_RATE = 2.0  # moments a second at which sequences are compared
EMBEDDING = 9  # moments that must agree together: 4.5 s
KAPPAS = (0.06, 0.095)  # shares of moments that count as near; the second is Serrà's
TEMPI = (0.8, 1.25)  # besides 1: by how much the reference is stretched
LIKELY_KEYS = 3  # keys in which the other tempi are tried
MIN_SOUNDING_S = 5.0  # less sound than this allows no statement
MIN_CHANGE = 0.01  # mean 1 - cosine of sounding moments to their average; a held tone has almost 0
_FLOOR = 1  # of 16384: moments without any likeness are never near

SETTINGS = {
    "version": 1,
    "frame_rate": FRAME_RATE,
    "embedding": EMBEDDING,
    "kappas": list(KAPPAS),
    "tempi": list(TEMPI),
    "likely_keys": LIKELY_KEYS,
    "min_sounding_s": MIN_SOUNDING_S,
    "min_change": MIN_CHANGE,
}
"""Everything that shapes a raw value; a change of it calls for another calibration."""


@dataclass(frozen=True, slots=True)
class Found:
    """The best key and tempo of a pair, and how it stands out.

    ``score`` is the best key's Qmax over the root of the median of all keys (the pair's own null);
    ``transposition`` 0…11 raises the reference to the query; ``stretch`` is by how much the reference was
    stretched; ``longest`` the best Qmax, ``chance`` the median of the keys.
    """

    score: float
    transposition: int
    stretch: float
    longest: float
    chance: float


NOTHING = Found(0.0, 0, 1.0, 0.0, 0.0)


def moments(features: Features, frame_rate: float = FRAME_RATE) -> Features:
    """The sequence at about ``frame_rate``, frames of length 1 (0 in silence)."""
    factor = factor_to(features.frame_rate, frame_rate)
    return Features(features.kind, unit_frames(pooled(features.values, factor)), features.frame_rate / factor)


def telling(values: FloatArray, frame_rate: float = FRAME_RATE) -> bool:
    """Whether there is enough sound, and any change in it, to speak of a sequence."""
    sounding = values[:, values.any(axis=0)].astype(np.float64)
    if sounding.shape[1] < MIN_SOUNDING_S * frame_rate:
        return False
    average = sounding.mean(axis=1)
    return bool(1.0 - (average @ sounding).mean() / np.linalg.norm(average) >= MIN_CHANGE)


def stretched(values: FloatArray, ratio: float) -> FloatArray:
    """The sequence made ``ratio`` times as long, by linear interpolation between frames of length 1."""
    if ratio == 1.0:
        return values
    at = np.minimum(np.arange(math.floor(values.shape[1] * ratio)) / ratio, values.shape[1] - 1)
    low = at.astype(np.int64)
    high = np.minimum(low + 1, values.shape[1] - 1)
    share = (at - low).astype(np.float32)
    return unit_frames(values[:, low] * (1 - share) + values[:, high] * share)


def qmax_by_key(query: FloatArray, reference: FloatArray, keys: Sequence[int]) -> DoubleArray:
    """Qmax with the reference raised by each of ``keys``, the mean over ``KAPPAS``; ``(n_keys,)``."""
    found = np.zeros(len(keys))
    for at, key in enumerate(keys):
        similarity = kernels.embed_similarity(query.T @ np.roll(reference, key, axis=0), EMBEDDING)
        rows = _thresholds(similarity)
        columns = _thresholds(np.ascontiguousarray(similarity.T))
        found[at] = sum(kernels.mutual_qmax(similarity, r, c, _FLOOR) for r, c in zip(rows, columns, strict=True))
    return found / len(KAPPAS)


def _thresholds(similarity: npt.NDArray[np.int16]) -> list[npt.NDArray[np.int16]]:
    """For each of ``KAPPAS``, the similarity that this share of each row's cells reaches."""
    m = similarity.shape[1]
    at = [m - neighbours(m, kappa) for kappa in KAPPAS]
    ranked = np.partition(similarity, at, axis=1)
    return [np.ascontiguousarray(ranked[:, k]) for k in at]


def search(query: FloatArray, reference: FloatArray) -> Found:
    """The key and tempo at which two sequences of moments ``(12, n)`` agree most.

    All twelve keys are tried at the given tempo; the other tempi only in the likeliest keys. ``NOTHING``
    where one of the two is too short, silent or without any change.
    """
    shortest = min(query.shape[1], math.floor(reference.shape[1] * min((1.0, *TEMPI))))
    if shortest < EMBEDDING or not (telling(query) and telling(reference)):
        return NOTHING
    scores = qmax_by_key(query, reference, range(12))
    chance = float(np.median(scores))
    key, longest, ratio = int(np.argmax(scores)), float(scores.max()), 1.0
    likely = np.argsort(-scores, kind="stable")[:LIKELY_KEYS].tolist()
    for tempo in TEMPI:
        other = qmax_by_key(query, stretched(reference, tempo), likely)
        if other.max() > longest:
            key, longest, ratio = likely[int(np.argmax(other))], float(other.max()), tempo
    return Found(longest / math.sqrt(chance + 2.0), key, ratio, longest, chance)


def path(query: Features, reference: Features, found: Found) -> tuple[tuple[Span, ...], Alignment | None]:
    """The shared passage of a found key and tempo: its span and its path."""
    values = stretched(reference.values, found.stretch)
    local = qmax(
        query,
        Features(reference.kind, values, reference.frame_rate * found.stretch),
        embedding=EMBEDDING,
        kappa=KAPPAS[-1],
        transposition=found.transposition,
    )
    return ((), None) if local.alignment is None else ((local.alignment.span,), local.alignment)
