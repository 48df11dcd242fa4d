"""Unlearning a rights holder at a time, and seeing how much of the output is forgotten with them.

The unit that is paid, and the more stable one. Each holder's items are unlearned together by one step, to the same
rise of their own mean loss; the score is the rise of the output's loss, shared evenly among the holder's items, so that
holders' sums are what was measured. After Murata et al., 2026 (GUDA), with a Newton step for the many of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...plugins import Batch
from ...types.attribution import Scores
from ..context import Context
from ..curvature import CurvatureSpec, Preconditioner, fit_ekfac
from ..losses import batch_losses, losses_now
from ..stepping import rise_of
from ..weights import gradient, restored

CODE = "groups 1"
"""Changes when the same settings give other numbers."""


@dataclass(frozen=True, eq=False, slots=True)
class GroupFitted:
    """How far to go for each holder, and which way."""

    curvature: Preconditioner
    steps: Mapping[str, tuple[float, torch.Tensor]]


class GroupUnlearn:
    """Scores of holders, evenly among their items.

    Parameters
    ----------
    rise : float
        Of a holder's mean loss, as a share of it.
    draws, query_draws : int
        Noise under which a holder is unlearned, and the query is scored.
    per_holder : int
        At most so many items of each are used, chosen by the seed.
    damping : float
        As a multiple of each layer's mean curvature.
    """

    name, unit = "group-unlearn", "loss"
    requires = frozenset({"gradients", "linears", "sampling"})

    def __init__(
        self,
        rise: float = 0.05,
        draws: int = 8,
        query_draws: int = 64,
        per_holder: int = 256,
        damping: float = 0.1,
    ) -> None:
        self.rise, self.draws, self.query_draws, self.per_holder = rise, draws, query_draws, per_holder
        self.spec = CurvatureSpec(damping=damping)

    @property
    def settings(self) -> Mapping[str, object]:
        own = {"rise": self.rise, "draws": self.draws, "query_draws": self.query_draws, "per_holder": self.per_holder}
        return {**own, "curvature": self.spec.settings()}

    def fit(self, context: Context) -> GroupFitted:
        """A step per holder; kept in the cache one by one."""
        curvature = fit_ekfac(context, self.spec)
        steps = {}
        for holder, ids in context.corpus.of_holders().items():
            key = context.key(
                code=CODE, holder=holder, ids=list(ids), **self.settings, names=list(context.free_names())
            )
            found = context.cache.get("holders", key, lambda ids=ids: self._step(context, curvature, ids))  # type: ignore[misc]
            steps[holder] = (float(found["size"][0]), torch.from_numpy(found["direction"].copy()))
        return GroupFitted(curvature, steps)

    def _step(self, context: Context, curvature: Preconditioner, ids: Sequence[str]) -> dict[str, npt.NDArray[Any]]:
        chosen = np.random.default_rng([context.seed, 29]).permutation(len(ids))[: self.per_holder]
        these, names, draws = [ids[i] for i in sorted(chosen)], context.free_names(), context.draws(self.draws, "query")
        mean: Any = 0
        for batch in context.batches(these, 32):  # a size of its own: the step depends on no other
            loss = context.model.losses(batch, draws, mask_pad=True).mean(1).sum() / len(these)
            mean = mean + gradient(context.model, loss, names)
        direction = curvature.solve(mean)
        with restored(context.model, names) as weights:
            step = rise_of(lambda: float(losses_now(context, these, draws).mean()), weights, direction, self.rise)
        return {"size": np.array([step.size]), "direction": direction.cpu().numpy()}

    def score(self, context: Context, fitted: GroupFitted, query: Batch, candidates: Sequence[str]) -> Scores:
        draws, names = context.draws(self.query_draws, "score"), context.free_names()
        before = batch_losses(context, query, draws)[0]
        rows = {}
        with restored(context.model, names) as weights:
            for holder, (size, direction) in fitted.steps.items():
                weights.move(direction, size)
                rows[holder] = batch_losses(context, query, draws)[0] - before
        holder_of, sizes = context.corpus.holder_of(), {h: len(ids) for h, ids in context.corpus.of_holders().items()}
        by_draw = np.stack([rows[holder_of[item]] / sizes[holder_of[item]] for item in candidates])
        return Scores(by_draw.mean(axis=1), by_draw)
