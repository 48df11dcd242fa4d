"""Batches of pairs: two versions of each of many works, cut where they play the same, then disturbed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..factory.pool import Version
from ..types import DoubleArray, FloatArray

FRAME_RATE = 5.0
N_BINS = 84


@dataclass(frozen=True, slots=True, kw_only=True)
class CropPlan:
    """How long the two sides of a batch are.

    ``lengths_s``: crop lengths, one drawn for each side of each step, with ``shares``; ``frames``: about so many
    frames a batch holds, which sets how many works; at most ``most_works``.
    """

    lengths_s: tuple[float, ...] = (15.0, 25.0, 45.0, 80.0, 120.0)
    shares: tuple[float, ...] = (0.15, 0.2, 0.25, 0.25, 0.15)
    frames: int = 28_000
    most_works: int = 64


_COLLECTION_SHARES = {"pop909": 1.0, "openewld": 0.5, "nottingham": 0.5, "cre": 0.4}
"""How often works of each collection are drawn, whatever its size; collections not named here count 1."""


class Material:
    """Versions by work, and real recordings that are their own only version.

    Parameters
    ----------
    pools : mapping of str to sequence of Version
    recordings : sequence of (84, n) uint8
        Unlabelled real music; a pair is one stretch of it, disturbed twice.
    """

    def __init__(self, pools: Mapping[str, Sequence[Version]], recordings: Sequence[npt.NDArray[np.uint8]]) -> None:
        self.recordings = list(recordings)
        self.by_work: dict[str, dict[str, list[Version]]] = {}
        for name, versions in pools.items():
            for v in versions:
                if v.levels.shape[1] >= 60:
                    self.by_work.setdefault(v.work_id, {}).setdefault(name, []).append(v)
        self.works = sorted(self.by_work)
        collections = [work.partition("/")[0] for work in self.works]
        size = {name: collections.count(name) for name in set(collections)}
        share = {name: _COLLECTION_SHARES.get(name, 1.0) / n for name, n in size.items()}
        weights = np.array([share[name] for name in collections])
        self.weights = weights / weights.sum()

    def drawn(self, rng: np.random.Generator, n: int, pools: Mapping[str, float]) -> list[str]:
        """``n`` different works that have versions in the named pools, by the shares of their collections."""
        have = np.array([any(name in self.by_work[work] for name in pools) for work in self.works])
        weights = np.where(have, self.weights, 0.0)
        chosen = rng.choice(len(self.works), min(n, int(have.sum())), replace=False, p=weights / weights.sum())
        return [self.works[i] for i in chosen]

    def candidates(self, work: str, shares: Mapping[str, float]) -> tuple[list[Version], DoubleArray]:
        """The versions of a work in the named pools, and how likely each is drawn."""
        found, weights = [], []
        for name, share in shares.items():
            versions = self.by_work[work].get(name, [])
            found += versions
            weights += [share / max(1, len(versions))] * len(versions)
        total = np.array(weights, dtype=np.float64)
        return found, (total / total.sum()).astype(np.float64)


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """Two sides, each ``(n, 84, frames)`` float32 in [0, 1]; row ``i`` of both is one work."""

    first: FloatArray
    second: FloatArray


def draw(
    material: Material,
    rng: np.random.Generator,
    shares: Mapping[str, float],
    plan: CropPlan,
    *,
    real: float,
    disturbance: float,
) -> Batch:
    """One batch: ``real`` of the pairs from unlabelled recordings, the others two versions of a work each."""
    lengths = [int(rng.choice(plan.lengths_s, p=plan.shares) * FRAME_RATE) for _ in range(2)]
    n = int(np.clip(plan.frames // sum(lengths), 8, plan.most_works))
    n_real = int(rng.binomial(n, real)) if material.recordings else 0
    works = material.drawn(rng, n - n_real, shares)
    heard = rng.permutation(len(material.recordings))[:n_real]
    pairs = [_versions(material, work, rng, shares, lengths) for work in works]
    pairs += [_recording(material.recordings[i], rng, lengths) for i in heard]
    sides: list[FloatArray] = []
    for side in range(2):
        crops = [disturbed(pair[side], lengths[side], rng, disturbance) for pair in pairs]
        mixed = np.stack(crops)
        if rng.random() < 0.3 * disturbance:  # something else is heard behind it
            shape = (len(mixed), 1, 1)
            level = rng.uniform(0.05, 0.35, shape).astype(np.float32) * (rng.random(shape) < 0.4)
            mixed = np.maximum(mixed, level * np.roll(mixed, 1, axis=0))
        sides.append(np.ascontiguousarray(mixed, dtype=np.float32))
    return Batch(*sides)


def _versions(
    material: Material, work: str, rng: np.random.Generator, shares: Mapping[str, float], lengths: list[int]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    versions, weights = material.candidates(work, shares)
    chosen = rng.choice(len(versions), 2, replace=len(versions) < 2, p=weights if len(versions) > 1 else None)
    a, b = versions[chosen[0]], versions[chosen[1]]
    wanted = [int(length * 1.35) for length in lengths]
    start_a = int(rng.integers(0, max(1, a.levels.shape[1] - wanted[0] + 1)))
    heard = a.positions[start_a : start_a + wanted[0]]
    heard = heard[np.isfinite(heard)]
    start_b = int(rng.integers(0, max(1, b.levels.shape[1] - wanted[1] + 1)))
    if len(heard):
        there = np.flatnonzero(np.abs(b.positions - heard[int(rng.integers(len(heard)))]) < 2.0)
        if len(there):
            middle = int(there[int(rng.integers(len(there)))]) - int(rng.uniform(0.2, 0.8) * wanted[1])
            start_b = int(np.clip(middle, 0, max(0, b.levels.shape[1] - wanted[1])))
    return a.levels[:, start_a : start_a + wanted[0]], b.levels[:, start_b : start_b + wanted[1]]


def _recording(
    levels: npt.NDArray[np.uint8], rng: np.random.Generator, lengths: list[int]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    longest = int(max(lengths) * 1.35)
    start = int(rng.integers(0, max(1, levels.shape[1] - longest + 1)))
    pieces = []
    for length in lengths:
        wanted = int(length * 1.35)
        at = start + int(rng.integers(0, longest - wanted + 1))
        at = int(np.clip(at, 0, max(0, levels.shape[1] - wanted)))
        pieces.append(levels[:, at : at + wanted])
    return pieces[0], pieces[1]


def disturbed(levels: npt.NDArray[np.uint8], n_frames: int, rng: np.random.Generator, strength: float) -> FloatArray:
    """A crop of ``n_frames``, stretched, moved in key, equalised, masked and made noisy; ``(84, n_frames)``.

    A crop that is too short is repeated. ``strength`` 0 leaves everything but the length as it is.
    """
    x = levels.astype(np.float32) / 255.0
    ratio = float(np.exp(rng.uniform(-0.25, 0.25) * strength))
    x = _stretched(x, ratio, n_frames)
    if x.shape[1] < n_frames:
        x = np.tile(x, (1, -(-n_frames // x.shape[1])))[:, :n_frames]
    shift = round(float(rng.uniform(-6.49, 6.49)))
    x = _shifted(x, shift)
    if strength > 0:
        x = _coloured(x, rng, strength)
        x = _masked(x, rng, strength)
    top = float(x.max())
    scaled: FloatArray = x / top if top > 0 else x
    return scaled


def _stretched(x: FloatArray, ratio: float, n_frames: int) -> FloatArray:
    at = np.arange(min(n_frames, int((x.shape[1] - 1) / ratio))) * ratio
    if len(at) < 8:
        at = np.arange(x.shape[1]).astype(np.float64)
    low = at.astype(int)
    high = np.minimum(low + 1, x.shape[1] - 1)
    share = (at - low).astype(np.float32)
    mixed: FloatArray = x[:, low] * (1 - share) + x[:, high] * share
    return mixed


def _shifted(x: FloatArray, semitones: int) -> FloatArray:
    if semitones == 0:
        return x
    out = np.zeros_like(x)
    if semitones > 0:
        out[semitones:] = x[:-semitones]
    else:
        out[:semitones] = x[-semitones:]
    return out


def _coloured(x: FloatArray, rng: np.random.Generator, strength: float) -> FloatArray:
    knots = np.interp(np.linspace(0, 7, N_BINS), np.arange(8), rng.normal(0, 0.25 * strength, 8))
    x = x * np.exp(knots).astype(np.float32)[:, None]
    x = x ** np.float32(np.exp(rng.uniform(-0.35, 0.35) * strength))
    if rng.random() < 0.5 * strength:
        floor = np.float32(rng.uniform(0, 0.12))
        x = np.maximum(x, floor * rng.random(x.shape, dtype=np.float32))
    if rng.random() < 0.25 * strength:
        keep = np.float32(rng.uniform(0.1, 0.5))
        x[:, 1:] = (1 - keep) * x[:, 1:] + keep * x[:, :-1]
    if rng.random() < 0.2 * strength:
        edge = int(rng.integers(4, 26))
        if rng.random() < 0.5:
            x[:edge] *= 0.1
        else:
            x[N_BINS - edge :] *= 0.1
    return x


def _masked(x: FloatArray, rng: np.random.Generator, strength: float) -> FloatArray:
    n = x.shape[1]
    for _ in range(int(rng.integers(0, 3) * strength + 0.5)):
        start, length = int(rng.integers(0, n)), int(rng.integers(2, max(3, n // 12)))
        x[:, start : start + length] *= 0.1
    if rng.random() < 0.3 * strength:  # blows that are not in the piece
        hits = (rng.random((1, n)) < rng.uniform(0.02, 0.25)).astype(np.float32)
        shape = np.exp(-(((np.arange(N_BINS) - rng.uniform(0, 84)) / rng.uniform(8, 40)) ** 2)).astype(np.float32)
        x = np.maximum(x, np.float32(rng.uniform(0.2, 0.7)) * shape[:, None] * hits)
    return x.astype(np.float32, copy=False)
