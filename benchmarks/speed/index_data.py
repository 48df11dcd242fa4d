"""Synthetic vectors of a catalogue: works with versions, in any key where vectors have keys; made in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

LATENT = 64
VERSIONS = 100
"""Vectors of a work, on average."""
OWN, AMBIENT = 0.6, 0.2
"""How far a vector lies from its work, within the latent space, and outside of it, as shares of the work's length."""
BLOCK = 20_000


@dataclass(frozen=True, slots=True)
class Clustered:
    """Unit vectors ``(n, width)``: a work is a point of a 64-dimensional space, a vector lies around its work.

    Block i is drawn from a generator of its own, so that any block can be made alone. With ``dim`` given vectors are
    ``(dim, 12)``, laid out flat, without a mean over the pitch classes, and each is turned to a key of its own.
    """

    n: int
    width: int
    dim: int = 0
    seed: int = 440

    def blocks(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All vectors with their ids, some at a time."""
        for first in range(0, self.n, BLOCK):
            count = min(BLOCK, self.n - first)
            yield self._drawn(count, 1 + first // BLOCK), np.arange(first, first + count)

    def queries(self, count: int) -> np.ndarray:
        """Other vectors of the same works."""
        return self._drawn(count, 0)

    def _drawn(self, count: int, part: int) -> np.ndarray:
        rng = np.random.default_rng(self.seed)
        basis = np.linalg.qr(rng.standard_normal((self.width, LATENT)))[0].astype(np.float32)
        works = rng.standard_normal((max(1, self.n // VERSIONS), LATENT), dtype=np.float32)
        rng = np.random.default_rng([self.seed, part])
        latent = works[rng.integers(0, len(works), count)] + OWN * rng.standard_normal((count, LATENT), np.float32)
        noise = rng.standard_normal((count, self.width), dtype=np.float32) * (AMBIENT * (LATENT / self.width) ** 0.5)
        vectors = latent @ basis.T + noise
        if self.dim:
            by_pitch = vectors.reshape(count, self.dim, 12)
            by_pitch -= by_pitch.mean(axis=2, keepdims=True)
            keys = (np.arange(12) - rng.integers(0, 12, count)[:, None]) % 12
            vectors = np.take_along_axis(by_pitch, keys[:, None, :], axis=2).reshape(count, self.width)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors
