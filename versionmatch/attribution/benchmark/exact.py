"""Where the truth is known without retraining: a linear model, random weights, doubles and mash-ups."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ...plugins import Attributor
from ...types.attribution import Corpus
from ..context import Context
from ..curvature import CurvatureSpec
from ..draws import Draws
from ..methods.gradients import EkfacInfluence
from ..methods.unlearning import UnlearnEkfac
from ..metrics import lds, spearman, top_overlap
from ..reference.melodies import Tune, edited, mash_up
from ..reference.stored import Trained
from .measure import scored
from .shipped import Question, model_of


@dataclass(frozen=True, eq=False, slots=True)
class Rows:
    """Rows of numbers and their targets."""

    ids: tuple[str, ...]
    x: Tensor  # (n, d)
    y: Tensor  # (n,)


class Ridge:
    """Ridge regression as an adapter, in float64; its losses are squared errors.

    Its draws do nothing but give the curvature more drawn targets.
    """

    name, loss_unit = "ridge", "squared error"
    capabilities = frozenset({"gradients", "linears", "sampling", "draws"})

    def __init__(self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], penalty: float) -> None:
        self.net = nn.Linear(x.shape[1], 1, bias=False).double()
        w = np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)
        with torch.no_grad():
            self.net.weight.copy_(torch.from_numpy(w)[None])
        self._rows = {f"row {i:03d}": np.append(a, b) for i, (a, b) in enumerate(zip(x, y, strict=True))}

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.net.weight.detach().numpy().tobytes()).hexdigest()

    def module(self) -> nn.Module:
        return self.net

    def params(self) -> Mapping[str, Tensor]:
        return dict(self.net.named_parameters())

    def groups(self) -> Mapping[str, Sequence[str]]:
        return {"all": tuple(self.params())}

    def item_ids(self) -> Sequence[str]:
        return tuple(self._rows)

    def load(self, ids: Sequence[str]) -> Rows:
        return self.read({i: self._rows[i] for i in ids})

    def read(self, sources: Mapping[str, Any]) -> Rows:
        """Sources are rows, the target behind."""
        rows = torch.from_numpy(np.stack([np.asarray(s, np.float64) for s in sources.values()]))
        return Rows(tuple(sources), rows[:, :-1], rows[:, -1])

    def losses(self, batch: Rows, draws: Draws, *, mask_pad: bool) -> Tensor:
        return (self.net(batch.x)[:, 0] - batch.y).square()[:, None].expand(-1, len(draws))

    def sampled(self, batch: Rows, draws: Draws, seed: int) -> Tensor:
        found = self.net(batch.x).expand(-1, len(draws))
        off = Draws(draws.numbers, draws.of, seed, "targets").normal(batch.ids, ()).double()
        return (found - found.detach() - off).square()


def ridge_agreement(*, n: int = 300, d: int = 5, seed: int = 440) -> dict[str, float]:
    """Rank correlation of scores with leaving each row out and fitting anew, by method."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) * np.linspace(0.5, 2.0, d)
    y = x @ rng.normal(size=d) + rng.normal(size=n)
    damping = 0.1
    penalty = damping * float(np.trace(x.T @ x)) / d  # the damping of EK-FAC is this ridge
    model: Any = Ridge(x, y, penalty)
    query = np.append(rng.normal(size=d), 2.5)
    context = Context(model, Corpus(tuple(model.item_ids()), ("nobody",) * n))
    truth = _left_out(x, y, penalty, query)
    found = {}
    step, influence = UnlearnEkfac(rise=1e-4, damping=damping), EkfacInfluence(damping=damping)
    step.spec = influence.spec = CurvatureSpec(draws=32, damping=damping)
    methods: tuple[Attributor, ...] = (step, influence)
    for method in methods:
        scores = method.score(context, method.fit(context), model.read({"query": query}), context.corpus.ids).values
        found[method.name] = float(spearman(scores[:, None], truth[:, None])[0])
    return found


def _left_out(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], penalty: float, query: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Rise of the query's squared error without each row, by fitting without it."""

    def error(keep: npt.NDArray[np.bool_]) -> float:
        w = np.linalg.solve(x[keep].T @ x[keep] + penalty * np.eye(x.shape[1]), x[keep].T @ y[keep])
        return float((query[-1] - query[:-1] @ w) ** 2)

    every = np.ones(len(x), bool)
    return np.array([error(np.arange(len(x)) != i) - error(every) for i in range(len(x))])


def with_random_weights(trained: Trained, seed: int) -> Trained:
    """The same network before it has learned anything."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net: Any = type(trained.net)(trained.params)  # type: ignore[arg-type]
    return Trained(net.eval(), trained.params, trained.tunes, seed, {})


def randomised(context: Context, method: Attributor, question: Question) -> dict[str, float]:
    """What is left of a method's scores and of their LDS where the weights are random: it should be less."""
    trained: Trained = context.model.trained  # type: ignore[attr-defined]
    other: Any = model_of(with_random_weights(trained, 500_000))
    again = replace(context, model=other, corpus=other.trained.corpus)
    mine, theirs = (scored(where, method, question.batches(where.model)).scores for where in (context, again))
    return {
        "spearman": float(spearman(mine.T, theirs.T).mean()),
        "top_10_overlap": float(top_overlap(mine, theirs).mean()),
        "top_10_overlap_by_chance": 10 / len(trained.tunes),
        "lds": lds(mine, question.truth),
        "lds_with_random_weights": lds(theirs, question.truth),
    }


def doubles(context: Context, method: Attributor, *, count: int = 20) -> dict[str, float]:
    """Mean rank of the source among all items, of doubles, edited doubles and mash-ups (two sources: 1.5 at best)."""
    these: tuple[Tune, ...] = context.model.trained.tunes  # type: ignore[attr-defined]
    place = {item: i for i, item in enumerate(context.corpus.ids)}
    fitted = method.fit(context)

    def ranks(piece: Tune, sources: Sequence[Tune]) -> list[int]:
        batch = context.model.read({piece.id: piece})
        values = method.score(context, fitted, batch, context.corpus.ids).values
        return [int((values > values[place[s.id]]).sum()) + 1 for s in sources]

    found = {}
    for share in (0.0, 0.15, 0.4):
        rows = [ranks(edited(these[7 * i], share, id=f"edited {i}", seed=i), [these[7 * i]]) for i in range(count)]
        found[f"edited {share:g}"] = float(np.mean(rows))
    pairs = [(these[5 * i], these[11 * i + 3]) for i in range(1, count + 1)]
    rows = [ranks(mash_up(a, b, id=f"mash-up {i}"), (a, b)) for i, (a, b) in enumerate(pairs)]
    return {**found, "mash-up": float(np.mean(rows))}
