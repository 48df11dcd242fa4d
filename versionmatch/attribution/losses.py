"""Losses of the corpus before anything is changed: computed once, shard by shard, and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ..plugins import Batch
from .context import Context
from .draws import Draws

CODE = "losses 1"
"""Changes when the same settings give other numbers."""


@torch.no_grad()
def batch_losses(
    context: Context, batch: Batch, draws: Draws, *, mask_pad: bool = False, at_once: int = 256
) -> npt.NDArray[np.float64]:
    """Losses of a batch now, ``(n_items, n_draws)``; at most ``at_once`` items times draws in one forward pass."""
    size = max(1, at_once // max(1, len(batch.ids)))
    parts = [context.model.losses(batch, some, mask_pad=mask_pad) for some in draws.split(size)]
    return np.asarray(torch.cat(parts, 1).double().cpu().numpy())


def losses_now(context: Context, ids: Sequence[str], draws: Draws) -> npt.NDArray[np.float64]:
    """Losses of items of the corpus now, ``(n_ids, n_draws)``, padding as in training."""
    return np.concatenate([batch_losses(context, batch, draws) for batch in context.batches(ids)])


def base_losses(context: Context, draws: Draws) -> dict[str, npt.NDArray[np.float64]]:
    """Id → losses ``(n_draws,)`` with the weights as they are, from the cache where they are there.

    A shard of ``context.shard_size`` items is a file: 4 bytes per item and draw.
    """
    ids = sorted(context.corpus.ids)
    about = [list(draws.numbers), draws.of, draws.seed, draws.stream, draws.shared]
    found: dict[str, npt.NDArray[np.float64]] = {}
    for start in range(0, len(ids), context.shard_size):
        shard = ids[start : start + context.shard_size]

        def make(shard: Sequence[str] = shard) -> Mapping[str, npt.NDArray[Any]]:
            return {"losses": losses_now(context, shard, draws).astype(np.float32)}

        key = context.key(code=CODE, draws=about, first=shard[0], last=shard[-1], count=len(shard))
        rows = context.cache.get("losses", key, make)["losses"].astype(np.float64)
        found.update(zip(shard, rows, strict=True))
        context.progress(f"base losses of {min(start + len(shard), len(ids)):,} of {len(ids):,} items")
    return found
