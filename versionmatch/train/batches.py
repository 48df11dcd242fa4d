"""Batches of pairs: two versions of each of many works, cut where they play the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..embed.levels import FRAME_RATE, N_BINS
from ..factory.pool import Version
from ..types import DoubleArray
from .disturb import Disturbance, drawn

Crop = npt.NDArray[np.uint8]
LONGER = 1.35
"""Of a crop more is cut than is heard, so that it can be hastened."""


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

    def __init__(self, pools: Mapping[str, Sequence[Version]], recordings: Sequence[Crop]) -> None:
        self.recordings = list(recordings)
        self.by_work: dict[str, dict[str, list[Version]]] = {}
        for name, versions in pools.items():
            for v in versions:
                if v.levels.shape[1] >= 120:
                    self.by_work.setdefault(v.work_id, {}).setdefault(name, []).append(v)
        self.works = sorted(self.by_work)
        collections = [work.partition("/")[0] for work in self.works]
        size = {name: collections.count(name) for name in set(collections)}
        share = {name: _COLLECTION_SHARES.get(name, 1.0) / n for name, n in size.items()}
        self.weights = np.array([share[name] for name in collections])
        self._likely: dict[tuple[str, ...], DoubleArray] = {}

    def drawn(self, rng: np.random.Generator, n: int, pools: Mapping[str, float]) -> list[str]:
        """``n`` different works that have versions in the named pools, by the shares of their collections."""
        weights = self._of_pools(tuple(pools))
        most = int(np.count_nonzero(weights))
        chosen = rng.choice(len(self.works), min(n, most), replace=False, p=weights)
        return [self.works[i] for i in chosen]

    def _of_pools(self, names: tuple[str, ...]) -> DoubleArray:
        """How likely each work is drawn; 0 where none of the pools has a version of it."""
        if names not in self._likely:
            have = np.array([any(name in self.by_work[work] for name in names) for work in self.works])
            weights = np.where(have, self.weights, 0.0)
            self._likely[names] = weights / weights.sum()
        return self._likely[names]

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
class Side:
    """One version of each work of a batch.

    The crops ``(n, frame, 84)`` uint8, their ``lengths (n,)`` int64 in frames, how many frames are to be heard of each,
    what is to be done to them, and the seed of the noise.
    """

    crops: Tensor
    lengths: Tensor
    n_frames: int
    how: Disturbance
    seed: int


@dataclass(frozen=True, eq=False, slots=True)
class Batch:
    """Two sides; row ``i`` of both is one work."""

    first: Side
    second: Side


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
    heard = [int(rng.choice(plan.lengths_s, p=plan.shares) * FRAME_RATE) for _ in range(2)]
    n = int(np.clip(plan.frames // sum(heard), 8, plan.most_works))
    n_real = int(rng.binomial(n, real)) if material.recordings else 0
    works = material.drawn(rng, n - n_real, shares)
    chosen = rng.permutation(len(material.recordings))[:n_real]
    wanted = [int(length * LONGER) for length in heard]
    pairs = [_versions(material, work, rng, shares, wanted) for work in works]
    pairs += [_recording(material.recordings[i], rng, wanted) for i in chosen]
    return Batch(*(_side([pair[k] for pair in pairs], heard[k], wanted[k], rng, disturbance) for k in range(2)))


def _side(crops: Sequence[Crop], n_frames: int, longest: int, rng: np.random.Generator, strength: float) -> Side:
    lengths = torch.tensor([crop.shape[1] for crop in crops])
    together = np.zeros((len(crops), longest, N_BINS), np.uint8)
    for row, crop in zip(together, crops, strict=True):
        row[: crop.shape[1]] = crop.T
    how = drawn(rng, len(crops), n_frames, strength)
    return Side(torch.from_numpy(together), lengths, n_frames, how, int(rng.integers(2**63)))


def _versions(
    material: Material, work: str, rng: np.random.Generator, shares: Mapping[str, float], wanted: Sequence[int]
) -> tuple[Crop, Crop]:
    versions, weights = material.candidates(work, shares)
    chosen = rng.choice(len(versions), 2, replace=len(versions) < 2, p=weights if len(versions) > 1 else None)
    a, b = versions[chosen[0]], versions[chosen[1]]
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


def _recording(levels: Crop, rng: np.random.Generator, wanted: Sequence[int]) -> tuple[Crop, Crop]:
    longest = max(wanted)
    start = int(rng.integers(0, max(1, levels.shape[1] - longest + 1)))
    pieces = []
    for length in wanted:
        at = start + int(rng.integers(0, longest - length + 1))
        at = int(np.clip(at, 0, max(0, levels.shape[1] - length)))
        pieces.append(levels[:, at : at + length])
    return pieces[0], pieces[1]
