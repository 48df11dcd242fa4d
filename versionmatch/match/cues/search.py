"""Where two pitch-class sequences agree most: every key tried, several tempi, Qmax as the measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...align import cue_kernels as kernels
from ...align.local import qmax
from ...features.chroma import factor_to, pooled, unit_frames
from ...types import Alignment, DoubleArray, Features, FloatArray, Span

FRAME_RATE = 2.0  # moments a second at which sequences are compared
EMBEDDING = 9  # moments that must agree together: 4.5 s
KAPPAS = (0.06, 0.095)  # shares of moments that count as near; the second is Serrà's
TEMPI = (0.8, 1.25)  # besides 1: the reference is played this much slower, faster
MIN_SOUNDING_S = 5.0  # less sound than this allows no statement
MIN_CHANGE = 0.02  # mean distance (1 - cosine) of sounding moments to their average; a held tone has almost 0
_FLOOR = 1  # of 16384: moments without any likeness are never near


@dataclass(frozen=True, slots=True)
class Found:
    """The best key and tempo of a pair, and how it stands out.

    ``score`` is the best key's Qmax over the root of the median of all keys (the pair's own null);
    ``transposition`` 0…11 raises the reference to the query; ``stretch`` is by how much the reference was
    stretched; ``chance`` the median Qmax of the keys.
    """

    score: float
    transposition: int
    stretch: float
    longest: float
    chance: float


def moments(features: Features, frame_rate: float = FRAME_RATE) -> Features:
    """The sequence at about ``frame_rate``, frames of length 1, silence at both ends kept."""
    factor = factor_to(features.frame_rate, frame_rate)
    return Features(features.kind, unit_frames(pooled(features.values, factor)), features.frame_rate / factor)


def sounding_s(moments: Features) -> float:
    """Seconds that are not silent."""
    return float(moments.values.any(axis=0).sum() / moments.frame_rate)


def change(moments: Features) -> float:
    """How far the sounding moments lie from their average, mean of 1 - cosine; 0 for one held chord."""
    sounding = moments.values[:, moments.values.any(axis=0)].astype(np.float64)
    if sounding.shape[1] == 0:
        return 0.0
    average = sounding.mean(axis=1)
    return float(1.0 - (average @ sounding).mean() / max(float(np.linalg.norm(average)), 1e-12))


def stretched(features: Features, ratio: float) -> Features:
    """The sequence made ``ratio`` times as long, by linear interpolation between frames."""
    if ratio == 1.0:
        return features
    n = max(1, math.floor(features.n_frames * ratio))
    at = np.minimum(np.arange(n) / ratio, features.n_frames - 1)
    low = at.astype(np.int64)
    share = (at - low).astype(np.float32)
    high = np.minimum(low + 1, features.n_frames - 1)
    values = features.values[:, low] * (1 - share) + features.values[:, high] * share
    return Features(features.kind, unit_frames(values), features.frame_rate * ratio)


def qmax_by_key(query: FloatArray, reference: FloatArray, keys: Sequence[int]) -> DoubleArray:
    """Qmax with the reference raised by each of ``keys``, the mean over ``KAPPAS``; ``(n_keys,)``."""
    found = np.zeros(len(keys))
    for at, key in enumerate(keys):
        similarity = kernels.embed_similarity(query.T @ np.roll(reference, key, axis=0), EMBEDDING)
        n, m = similarity.shape
        for kappa in KAPPAS:
            rows = kernels.row_thresholds(similarity, max(1, int(kappa * m)))
            columns = kernels.column_thresholds(similarity, max(1, int(kappa * n)))
            found[at] += kernels.mutual_qmax(similarity, rows, columns, _FLOOR) / len(KAPPAS)
    return found


def search(query: Features, reference: Features) -> Found | None:
    """The key and tempo at which two sequences of ``moments`` agree most; None where one is too short.

    All twelve keys are tried at the given tempo; the tempi only in the likeliest keys.
    """
    if min(query.n_frames, math.floor(reference.n_frames * min(TEMPI))) < EMBEDDING:
        return None
    scores = qmax_by_key(query.values, reference.values, range(12))
    chance = float(np.median(scores))
    key, longest, ratio = int(np.argmax(scores)), float(scores.max()), 1.0
    likely = np.argsort(-scores, kind="stable")[:3].tolist()
    for tempo in TEMPI:
        other = qmax_by_key(query.values, stretched(reference, tempo).values, likely)
        if other.max() > longest:
            key, longest, ratio = likely[int(np.argmax(other))], float(other.max()), tempo
    return Found(longest / math.sqrt(chance + 2.0), key, ratio, longest, chance)


def path(query: Features, reference: Features, found: Found) -> tuple[tuple[Span, ...], Alignment | None]:
    """The shared passage of a found key and tempo: its span and its path."""
    local = qmax(
        query,
        stretched(reference, found.stretch),
        embedding=EMBEDDING,
        kappa=KAPPAS[-1],
        transposition=found.transposition,
    )
    if local.alignment is None:
        return (), None
    return (local.alignment.span,), local.alignment
