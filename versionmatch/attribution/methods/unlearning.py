"""Methods that unlearn the output, and see which items are forgotten with it.

One step of the weights that raises the output's loss by a fixed amount, least where the losses of all else bend most;
then the losses of the items are computed again, under the very noise they were computed under before: what rises with
the output was learned with it. Forward passes only; the weights are a probe's, and are put back bit for bit. The
scheme is that of unlearning by a Newton step [1]_ seen in the mirror [2]_, with EK-FAC as the curvature.

References
----------
.. [1] Wang et al., "Data attribution for text-to-image models by unlearning synthesized images", 2024.
.. [2] Ko et al., "The mirrored influence hypothesis", 2024.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...plugins import Batch
from ...types.attribution import Scores
from ..context import Context
from ..curvature import CurvatureSpec, Preconditioner, fit_diagonal, fit_ekfac
from ..losses import base_losses, batch_losses, losses_now
from ..stepping import Step, rise_by
from ..weights import item_gradient, restored


@dataclass(frozen=True, eq=False, slots=True)
class Fitted:
    """The curvature, the losses of the items, and those of the held-out pieces, before anything is changed."""

    curvature: Preconditioner
    base: Mapping[str, npt.NDArray[np.float64]]
    held_out: float


class _Unlearn:
    """One preconditioned step for a query; see the subclasses for the curvature."""

    name, unit = "", "loss"
    requires = frozenset({"gradients"})

    def __init__(
        self,
        rise: float = 0.3,
        draws: int = 8,
        query_draws: int = 64,
        damping: float = 0.1,
        same_noise: bool = True,
        shared_noise: bool = True,
    ) -> None:
        self.rise, self.draws, self.query_draws = rise, draws, query_draws
        self.spec, self.same_noise, self.shared_noise = CurvatureSpec(damping=damping), same_noise, shared_noise

    @property
    def settings(self) -> Mapping[str, object]:
        return {
            "rise": self.rise,
            "draws": self.draws,
            "query_draws": self.query_draws,
            "curvature": self.spec.settings(),
            "same_noise": self.same_noise,
            "shared_noise": self.shared_noise,
        }

    def curvature(self, context: Context) -> Preconditioner:
        raise NotImplementedError

    def fit(self, context: Context) -> Fitted:
        """The curvature, and the losses of the items as they are."""
        stream = "score" if self.same_noise else "other score"
        base = base_losses(context, context.draws(self.draws, stream, shared=self.shared_noise))
        return Fitted(self.curvature(context), base, held_out_loss(context, self.draws))

    def score(self, context: Context, fitted: Fitted, query: Batch, candidates: Sequence[str]) -> Scores:
        names, draws = context.free_names(), context.draws(self.query_draws, "query")
        direction = fitted.curvature.solve(item_gradient(context.model, query, draws, names, mask_pad=True))
        with restored(context.model, names) as weights:
            step = rise_by(context, weights, direction, query, draws, self.rise)
            after = losses_now(context, candidates, context.draws(self.draws, "score", shared=self.shared_noise))
            by_draw = after - np.stack([fitted.base[item] for item in candidates])
            facts = {**step_facts(step), "collateral": collateral(context, fitted.held_out, self.draws, step.rise)}
        return Scores(by_draw.mean(axis=1), by_draw, facts)


class UnlearnDiagonal(_Unlearn):
    """Unlearning with the diagonal Fisher: works on any network.

    Parameters
    ----------
    rise : float
        By how much the step raises the query's loss, as a share of it: no unit, no learning rate.
    draws : int
        Noise under which the items are scored, the same before and after.
    query_draws : int
        Noise under which the query is unlearned.
    damping : float
        As a multiple of each param's mean curvature.
    same_noise : bool
        False scores with other noise than the base losses have; only to show what that costs.
    shared_noise : bool
        A draw's noise is the same for all items: their ranking then owes less to chance. False: each item has its own.
    """

    name = "unlearn-diag"

    def curvature(self, context: Context) -> Preconditioner:
        return fit_diagonal(context, CurvatureSpec(self.spec.items, 16, "data", self.spec.damping))


class UnlearnEkfac(_Unlearn):
    """Unlearning with EK-FAC, the default; settings as of ``UnlearnDiagonal``. Moves linear layers only."""

    name = "unlearn-ekfac"
    requires = frozenset({"gradients", "linears", "sampling"})

    def curvature(self, context: Context) -> Preconditioner:
        return fit_ekfac(context, self.spec)


def held_out_loss(context: Context, draws: int) -> float:
    """Mean loss of the pieces held out, now; not a number where there are none."""
    rows = [batch_losses(context, batch, context.draws(draws, "score")) for batch in context.held_out]
    return float(np.concatenate(rows).mean()) if rows else float("nan")


def collateral(context: Context, before: float, draws: int, rise: float) -> float:
    """Rise of the held-out pieces' loss since ``before``, as a share of the query's ``rise``."""
    return (held_out_loss(context, draws) - before) / rise if rise > 0 else float("nan")


def step_facts(step: Step) -> dict[str, float]:
    """What is told of a step."""
    return {"rise": step.rise, "step": step.size, "query_forwards": float(step.tries)}
