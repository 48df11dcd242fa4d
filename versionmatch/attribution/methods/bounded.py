"""Unlearning in many small steps, while a batch of the corpus is held on to, until the output has risen enough.

No curvature is needed: the retained batch does its work, at the price of a training step per step. Bounded: the
output's loss is pushed no further than the rise asked for. After Serrà et al., 2026; the stop is ours,
a rise in place of a share of an untrained model's loss, which poorly modelled outputs reach at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ...plugins import Batch
from ...types.attribution import Scores
from ..context import Context
from ..draws import Draws
from ..losses import base_losses, batch_losses, losses_now
from ..weights import Weights, restored
from .unlearning import collateral, held_out_loss


@dataclass(frozen=True, eq=False, slots=True)
class BoundedFitted:
    """The losses of the items and of the held-out pieces before anything is changed."""

    base: Mapping[str, npt.NDArray[np.float64]]
    held_out: float


class UnlearnBounded:
    """Adam's steps up the query's loss and down a retained batch's.

    Parameters
    ----------
    rise : float
        At which it stops, as a share of the query's loss.
    rate : float
        Of Adam; a tenth of the model's own is a good start.
    weight : float
        Of the query's loss against the retained batch's.
    retain : int
        Items of the corpus in a step's batch, drawn by seed, query and step.
    max_steps : int
    draws, step_draws, query_draws : int
        Noise of the scores, of a step, and of the measured rise.
    """

    name, unit = "unlearn-bounded", "loss"
    requires = frozenset({"gradients"})

    def __init__(
        self,
        rise: float = 0.15,
        rate: float = 2e-4,
        weight: float = 0.2,
        retain: int = 32,
        max_steps: int = 60,
        draws: int = 8,
        step_draws: int = 16,
        query_draws: int = 64,
    ) -> None:
        self.rise, self.rate, self.weight, self.retain, self.max_steps = rise, rate, weight, retain, max_steps
        self.draws, self.step_draws, self.query_draws = draws, step_draws, query_draws

    @property
    def settings(self) -> Mapping[str, object]:
        return dict(vars(self))

    def fit(self, context: Context) -> BoundedFitted:
        """The losses as they are."""
        base = base_losses(context, context.draws(self.draws, "score", shared=True))
        return BoundedFitted(base, held_out_loss(context, self.draws))

    def score(self, context: Context, fitted: BoundedFitted, query: Batch, candidates: Sequence[str]) -> Scores:
        names = context.free_names()
        with restored(context.model, names) as weights:
            rise, steps = self._climb(context, weights, query)
            after = losses_now(context, candidates, context.draws(self.draws, "score", shared=True))
            moved = collateral(context, fitted.held_out, self.draws, rise)
        by_draw = after - np.stack([fitted.base[item] for item in candidates])
        return Scores(by_draw.mean(axis=1), by_draw, {"rise": rise, "steps": float(steps), "collateral": moved})

    def _climb(self, context: Context, weights: Weights, query: Batch) -> tuple[float, int]:
        measure = context.draws(self.query_draws, "query")
        start = float(batch_losses(context, query, measure, mask_pad=True).mean())
        optimiser = torch.optim.Adam(weights.leaves, lr=self.rate)
        ids, rise = sorted(context.corpus.ids), 0.0
        for step in range(self.max_steps):
            loss = self._loss(context, query, ids, step)
            found = torch.autograd.grad(loss, weights.leaves, allow_unused=True)
            for leaf, part in zip(weights.leaves, found, strict=True):
                leaf.grad = part
            optimiser.step()
            rise = float(batch_losses(context, query, measure, mask_pad=True).mean()) - start
            if rise >= self.rise * start:
                break
        for leaf in weights.leaves:
            leaf.grad = None
        return rise, step + 1

    def _loss(self, context: Context, query: Batch, ids: Sequence[str], step: int) -> torch.Tensor:
        model, stream = context.model, f"climb {step} of {query.ids[0]}"
        ranks = Draws((0,), 1, context.seed, stream).uniform(ids)[:, 0]
        chosen = [ids[int(i)] for i in torch.argsort(ranks)[: self.retain]]
        kept = model.losses(model.load(chosen), context.draws(1, stream), mask_pad=False).mean()
        forgotten = model.losses(query, context.draws(self.step_draws, stream), mask_pad=True).mean()
        return kept - self.weight * forgotten
