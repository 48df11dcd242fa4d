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
LIKELY_KEYS = 2  # keys in which the other tempi are tried
MIN_SOUNDING_S = 5.0  # less sound than this allows no statement
MIN_CHANGE = 0.01  # mean 1 - cosine of sounding moments to their average; a held tone has almost 0
_FLOOR = 1  # of 16384: moments without any likeness are never near

SETTINGS = {
    "version": 2,
    "frame_rate": FRAME_RATE,
    "embedding": EMBEDDING,
    "kappas": list(KAPPAS),
    "tempi": list(TEMPI),
    "likely_keys": LIKELY_KEYS,
    "min_sounding_s": MIN_SOUNDING_S,
    "min_change": MIN_CHANGE,
}
"""Everything that shapes a raw value; a change of it calls for another calibration."""


@dataclass(frozen=True, eq=False, slots=True)
class KeyProfile:
    """How much two sequences agree in each key, and how much they would by chance.

    ``strengths (12,)``: log(Qmax + ½) with the reference raised by 0…11 semitones, at the best tempo;
    ``stretches (12,)``: by how much the reference was stretched there; ``chance``: log(median of the keys + 2),
    the pair's own null: unrelated sequences agree somewhat in every key, versions in one.
    """

    strengths: DoubleArray
    stretches: DoubleArray
    chance: float

    @property
    def key(self) -> int:
        """The key that agrees most, 0…11; ties: the smallest."""
        return int(np.argmax(self.strengths))

    @property
    def raw(self) -> float:
        """How many times chance the best key's Qmax is."""
        return math.exp(float(self.strengths.max()) - self.chance)

    def with_part(self, other: KeyProfile | None, weight: float) -> KeyProfile:
        """Key by key joined with another part's profile: a version has one key for all its parts."""
        if other is None:
            return self
        strengths = (self.strengths + weight * other.strengths) / (1.0 + weight)
        return KeyProfile(strengths, self.stretches, (self.chance + weight * other.chance) / (1.0 + weight))

    def details(self) -> dict[str, float]:
        """What evidence keeps of it, so that cues can be added key by key."""
        by_key = {f"key_{k}": float(v) for k, v in enumerate(self.strengths)}
        return {"chance": self.chance, "stretch": float(self.stretches[self.key]), **by_key}


def moments(features: Features, frame_rate: float = FRAME_RATE) -> Features:
    """The sequence at about ``frame_rate``, frames of length 1 (0 in silence)."""
    factor = factor_to(features.frame_rate, frame_rate)
    return Features(features.kind, unit_frames(pooled(features.values, factor)), features.frame_rate / factor)


def shorter_s(query: Features, reference: Features) -> float:
    """The length of the shorter of two sequences, seconds."""
    return min(query.n_frames / query.frame_rate, reference.n_frames / reference.frame_rate)


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


def qmax_by_key(
    query: FloatArray, reference: FloatArray, keys: Sequence[int], embedding: int = EMBEDDING
) -> DoubleArray:
    """Qmax with the reference raised by each of ``keys``, the mean over ``KAPPAS``; ``(n_keys,)``."""
    found = np.zeros(len(keys))
    for at, key in enumerate(keys):
        similarity = kernels.embed_similarity(query.T @ np.roll(reference, key, axis=0), embedding)
        rows = _thresholds(similarity)
        columns = _thresholds(np.ascontiguousarray(similarity.T))
        found[at] = sum(kernels.mutual_qmax(similarity, r, c, _FLOOR) for r, c in zip(rows, columns, strict=True))
    return found / len(KAPPAS)


def _thresholds(similarity: npt.NDArray[np.int16]) -> list[npt.NDArray[np.int16]]:
    """For each of ``KAPPAS``, the similarity that this share of each row's cells reaches.

    One rank at a time, the larger share first: numpy's fast selection knows no several ranks at once.
    """
    found = {}
    rest = similarity
    for kappa in sorted(KAPPAS, reverse=True):
        rank = rest.shape[1] - neighbours(similarity.shape[1], kappa)
        rest = np.partition(rest, rank, axis=1)[:, rank:]
        found[kappa] = np.ascontiguousarray(rest[:, 0])
    return [found[kappa] for kappa in KAPPAS]


def profile(
    query: FloatArray, reference: FloatArray, *, frame_rate: float = FRAME_RATE, tempi: Sequence[float] = TEMPI
) -> KeyProfile | None:
    """How much two sequences of moments ``(12, n)`` agree in each key.

    All twelve keys are tried at the given tempo, other tempi only in the likeliest keys. None where one of the
    two is too short, silent or without any change.
    """
    shortest = min(query.shape[1], math.floor(reference.shape[1] * min((1.0, *tempi))))
    embedding = embedding_at(frame_rate)
    if shortest < embedding or not (telling(query, frame_rate) and telling(reference, frame_rate)):
        return None
    scores = qmax_by_key(query, reference, range(12), embedding)
    chance = math.log(float(np.median(scores)) + 2.0)
    stretches = np.ones(12)
    likely = np.argsort(-scores, kind="stable")[:LIKELY_KEYS].tolist()
    for tempo in tempi:
        other = qmax_by_key(query, stretched(reference, tempo), likely, embedding)
        for key, score in zip(likely, other, strict=True):
            if score > scores[key]:
                scores[key], stretches[key] = score, tempo
    return KeyProfile(np.log(scores + 0.5), stretches, chance)


def as_row(found: KeyProfile | None) -> DoubleArray | None:
    """A profile as ``(13,)``: its strengths, then chance."""
    return None if found is None else np.append(found.strengths, found.chance)


def embedding_at(frame_rate: float) -> int:
    """How many moments must agree together at another rate: as many seconds as nine at two a second."""
    return max(2, round(EMBEDDING * frame_rate / FRAME_RATE))


def path(
    query: Features, reference: Features, key: int, stretch: float
) -> tuple[tuple[Span, ...], Alignment | None, float]:
    """The shared passage at a key and tempo: its span, its path, and how many seconds of it agree."""
    values = stretched(reference.values, stretch)
    local = qmax(
        query,
        Features(reference.kind, values, reference.frame_rate * stretch),
        embedding=embedding_at(query.frame_rate),
        kappa=KAPPAS[-1],
        transposition=key,
    )
    if local.alignment is None:
        return (), None, 0.0
    agreeing = (1.0 - local.alignment.cost) * len(local.alignment.path) / query.frame_rate
    return (local.alignment.span,), local.alignment, agreeing
