"""Methods that compare the gradient of the output with the gradients of the items.

A gradient of the loss of an item says how it pulled the weights; where it points as the output's does, training on the
item lowered the output's loss. Plain products [1]_, over the time of training [2]_, through a sketch of the items'
covariance [3]_, or through the curvature [4]_.

References
----------
.. [1] Charpiat et al., "Input similarity from the neural network perspective", 2019.
.. [2] Pruthi et al., "Estimating training data influence by tracing gradient descent", 2020.
.. [3] Park et al., "TRAK: attributing model behavior at scale", 2023; with a ridge, as its covariance is singular else.
.. [4] Koh, Liang, "Understanding black-box predictions via influence functions", 2017; Grosse et al., 2023.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.linalg import cho_factor, cho_solve

from ...plugins import Batch
from ...types.attribution import Scores
from ..context import Context
from ..curvature import CurvatureSpec, fit_ekfac
from ..sketch import Gradients, SketchSpec
from ..weights import restored

Rows = tuple[Gradients, dict[str, int], npt.NDArray[np.float32]]


def _query(context: Context, gradients: Gradients, query: Batch, draws: int) -> npt.NDArray[np.float64]:
    found = gradients.of(query, context.draws(draws, "query"), mask_pad=True)
    return np.asarray(found.double().cpu().numpy())


class _Plain:
    """What ``graddot`` and ``gradcos`` have in common."""

    name, unit = "", ""
    requires = frozenset({"gradients"})

    def __init__(self, dim: int = 0, draws: int = 16, query_draws: int = 64) -> None:
        self.spec, self.query_draws = SketchSpec(dim, draws), query_draws

    @property
    def settings(self) -> Mapping[str, object]:
        return {**self.spec.settings(), "query_draws": self.query_draws}

    def fit(self, context: Context) -> Rows:
        """Gradients of the items."""
        gradients = Gradients(context, self.spec)
        return (gradients, *gradients.rows())


class GradDot(_Plain):
    """Product of the gradients.

    Parameters
    ----------
    dim : int
        Of a sketch of the gradients; 0: they are kept whole.
    draws, query_draws : int
        Over which an item's, and the query's, gradient is a mean.
    """

    name, unit = "graddot", "squared loss per squared weight"

    def score(self, context: Context, fitted: Rows, query: Batch, candidates: Sequence[str]) -> Scores:
        gradients, where, rows = fitted
        mine = _query(context, gradients, query, self.query_draws)
        return Scores(_products(rows, where, candidates, mine))


class GradCos(_Plain):
    """Cosine of the gradients; settings as of ``GradDot``."""

    name, unit = "gradcos", "cosine"

    def fit(self, context: Context) -> Any:
        """Gradients of the items, and their lengths."""
        found = super().fit(context)
        return found, _lengths(found[2])

    def score(self, context: Context, fitted: Any, query: Batch, candidates: Sequence[str]) -> Scores:
        (gradients, where, rows), lengths = fitted
        mine = _query(context, gradients, query, self.query_draws)
        mine = mine / (np.linalg.norm(mine) or 1.0)
        theirs = lengths[[where[item] for item in candidates]]
        return Scores(_products(rows, where, candidates, mine) / theirs)


class TracIn:
    """Products of gradients at earlier weights, weighted by the learning rate there and added up.

    Parameters
    ----------
    dim : int
        Of the sketches; 0: whole gradients.
    draws, query_draws : int
        Over which an item's, and the query's, gradient is a mean.
    """

    name, unit = "tracin", "squared loss"
    requires = frozenset({"gradients", "checkpoints"})

    def __init__(self, dim: int = 4096, draws: int = 16, query_draws: int = 64) -> None:
        self.dim, self.draws, self.query_draws = dim, draws, query_draws

    @property
    def settings(self) -> Mapping[str, object]:
        return {"dim": self.dim, "draws": self.draws, "query_draws": self.query_draws}

    def fit(self, context: Context) -> list[tuple[str, float, Rows]]:
        """Sketches at each checkpoint."""
        model: Any = context.model
        found = []
        for name, rate in model.checkpoints().items():
            with restored(model) as weights:
                weights.put(values_at(model, name))
                gradients = Gradients(context, SketchSpec(self.dim, self.draws, checkpoint=name))
                found.append((name, float(rate), (gradients, *gradients.rows())))
        return found

    def score(self, context: Context, fitted: Any, query: Batch, candidates: Sequence[str]) -> Scores:
        model: Any = context.model
        total = np.zeros(len(candidates))
        for name, rate, (gradients, where, rows) in fitted:
            with restored(model) as weights:
                weights.put(values_at(model, name))
                mine = _query(context, gradients, query, self.query_draws)
            total += rate * _products(rows, where, candidates, mine)
        return Scores(total)


class Trak:
    """Sketches of gradients, divided by their covariance plus a ridge: g_q (Gᵀ G + λ)⁻¹ g_i.

    Parameters
    ----------
    dim : int
        Of the sketches.
    ridge : float
        λ as a multiple of the mean eigenvalue of Gᵀ G; with none a sketch wider than the corpus says nothing.
    draws, query_draws : int
        Over which an item's, and the query's, gradient is a mean.
    """

    name, unit = "trak", "none"
    requires = frozenset({"gradients"})

    def __init__(self, dim: int = 2048, ridge: float = 1.0, draws: int = 16, query_draws: int = 64) -> None:
        self.dim, self.ridge, self.draws, self.query_draws = dim, ridge, draws, query_draws

    @property
    def settings(self) -> Mapping[str, object]:
        return {"dim": self.dim, "ridge": self.ridge, "draws": self.draws, "query_draws": self.query_draws}

    def fit(self, context: Context) -> tuple[Rows, Any]:
        """The sketches, and the factor of their covariance with its ridge."""
        gradients = Gradients(context, SketchSpec(self.dim, self.draws))
        where, rows = gradients.rows()
        covariance = rows.T.astype(np.float64) @ rows
        ridge = max(self.ridge * float(np.trace(covariance)) / self.dim, 1e-30)
        return (gradients, where, rows), cho_factor(covariance + ridge * np.eye(self.dim))

    def score(self, context: Context, fitted: Any, query: Batch, candidates: Sequence[str]) -> Scores:
        (gradients, where, rows), factor = fitted
        mine = _query(context, gradients, query, self.query_draws)
        return Scores(_products(rows, where, candidates, cho_solve(factor, mine)))


class EkfacInfluence:
    """Influence function with EK-FAC curvature: g_q F⁻¹ g_i, of the linear layers.

    Parameters
    ----------
    damping : float
        As a multiple of each layer's mean curvature.
    draws, query_draws : int
        Over which an item's, and the query's, gradient is a mean.
    """

    name, unit = "ekfac-influence", "loss times corpus size"
    requires = frozenset({"gradients", "linears", "sampling"})

    def __init__(self, damping: float = 0.1, draws: int = 16, query_draws: int = 64) -> None:
        self.spec, self.sketch, self.query_draws = CurvatureSpec(damping=damping), SketchSpec(0, draws), query_draws

    @property
    def settings(self) -> Mapping[str, object]:
        return {"curvature": self.spec.settings(), "draws": self.sketch.draws, "query_draws": self.query_draws}

    def fit(self, context: Context) -> tuple[Rows, Any]:
        """Gradients of the items, and the curvature."""
        gradients = Gradients(context, self.sketch)
        return (gradients, *gradients.rows()), fit_ekfac(context, self.spec)

    def score(self, context: Context, fitted: Any, query: Batch, candidates: Sequence[str]) -> Scores:
        (gradients, where, rows), curvature = fitted
        mine = gradients.of(query, context.draws(self.query_draws, "query"), mask_pad=True)
        solved = curvature.solve(mine).double().cpu().numpy()
        return Scores(_products(rows, where, candidates, solved))


def values_at(model: Any, checkpoint: str) -> list[torch.Tensor]:
    """The values of all params at a checkpoint, in the order of the params."""
    then = model.checkpoint(checkpoint)
    return [then[name] for name in model.params()]


def _products(
    rows: npt.NDArray[np.float32], where: Mapping[str, int], candidates: Sequence[str], mine: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Of the candidates' rows with a vector, in float64, some rows at a time."""
    at = [where[item] for item in candidates]
    return np.concatenate([rows[at[i : i + 64]].astype(np.float64) @ mine for i in range(0, len(at), 64)])


def _lengths(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    found = [np.linalg.norm(rows[i : i + 64].astype(np.float64), axis=1) for i in range(0, len(rows), 64)]
    lengths = np.concatenate(found)
    return np.where(lengths > 0, lengths, 1.0)
