"""Gradients of the items, whole or as sparse Johnson-Lindenstrauss sketches [1]_, computed once and kept by shard.

References
----------
.. [1] Kane, Nelson, "Sparser Johnson-Lindenstrauss transforms", Journal of the ACM 61, 2014.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..errors import LimitError
from ..plugins import Batch
from .context import Context
from .draws import Draws
from .weights import item_gradient, sizes

CODE = "sketch 1"
"""Changes when the same settings give other numbers."""
NONZEROS = 4


@dataclass(frozen=True, eq=False, slots=True)
class Projection:
    """A random map of ``(n_weights,)`` to ``(dim,)`` that keeps products on average: four places for each weight."""

    dim: int
    places: Tensor  # (NONZEROS, n_weights), int64
    signs: Tensor  # (NONZEROS, n_weights)

    @classmethod
    def made(cls, n_weights: int, dim: int, seed: int) -> Projection:
        """The map of a seed."""
        rng = np.random.default_rng([seed, 23])
        places = rng.integers(0, dim, size=(NONZEROS, n_weights))
        signs = rng.integers(0, 2, size=(NONZEROS, n_weights)).astype(np.float32) * 2 - 1
        return cls(dim, torch.from_numpy(places), torch.from_numpy(signs / np.sqrt(NONZEROS, dtype=np.float32)))

    def apply(self, vector: Tensor) -> Tensor:
        """``(n_weights,)`` → ``(dim,)``."""
        found = torch.zeros(self.dim)
        for places, signs in zip(self.places, self.signs, strict=True):
            found.index_add_(0, places, vector.cpu() * signs)
        return found


@dataclass(frozen=True, slots=True)
class SketchSpec:
    """How gradients are taken: ``dim`` 0 keeps them whole; ``max_gib`` is what may be held of whole ones,
    ``shared``: a draw's noise is the same for all items.
    """

    dim: int = 0
    draws: int = 16
    max_gib: float = 4.0
    checkpoint: str = ""
    shared: bool = True

    def settings(self) -> dict[str, object]:
        return {"dim": self.dim, "draws": self.draws, "checkpoint": self.checkpoint, "shared": self.shared}


class Gradients:
    """Gradients of the corpus as rows, and those of queries in the same coordinates."""

    def __init__(self, context: Context, spec: SketchSpec) -> None:
        self.context, self.spec, self.names = context, spec, context.free_names()
        count = sum(sizes(context.model, self.names))
        need = 4 * count * len(context.corpus) / 2**30
        if not spec.dim and need > spec.max_gib:
            raise LimitError(
                f"gradients of {len(context.corpus):,} items with {count:,} weights (or give dim: sketches)",
                limit="max_gib",
                found=np.ceil(need),
                allowed=spec.max_gib,
                unit="GiB",
            )
        self._projection = Projection.made(count, spec.dim, context.seed) if spec.dim else None
        self.draws = context.draws(spec.draws, "gradient", shared=spec.shared)

    def of(self, batch: Batch, draws: Draws | None = None, *, mask_pad: bool = False) -> Tensor:
        """Of a batch of one, with the weights as they are now: ``(n_weights,)``, or ``(dim,)``."""
        found = item_gradient(self.context.model, batch, draws or self.draws, self.names, mask_pad=mask_pad)
        return found if self._projection is None else self._projection.apply(found.float())

    def rows(self) -> tuple[dict[str, int], npt.NDArray[np.float32]]:
        """Where each item's row is, and the rows ``(n_items, n_weights or dim)``."""
        ids = sorted(self.context.corpus.ids)
        size = self.context.shard_size
        parts = [self._shard(ids[start : start + size]) for start in range(0, len(ids), size)]
        return {item: i for i, item in enumerate(ids)}, np.concatenate(parts) if len(parts) > 1 else parts[0]

    def _shard(self, shard: Sequence[str]) -> npt.NDArray[np.float32]:
        def make() -> Mapping[str, npt.NDArray[Any]]:
            rows = [self.of(batch).cpu().numpy() for batch in self.context.batches(shard, 1)]
            return {"rows": np.stack(rows)}

        about = {"first": shard[0], "last": shard[-1], "count": len(shard), "names": list(self.names)}
        key = self.context.key(code=CODE, spec=self.spec.settings(), **about)
        found: npt.NDArray[np.float32] = self.context.cache.get("gradients", key, make)["rows"]
        return found
