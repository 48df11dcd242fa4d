"""How sharply the losses bend: diagonal Fisher and EK-FAC [1]_, [2]_, and what a gradient is divided by them.

Gradients are taken item by item and squared before they are averaged; targets are drawn from the model itself for the
Kronecker factors (the Fisher proper), or are the data's (the empirical one).

References
----------
.. [1] Martens, Grosse, "Optimizing neural networks with Kronecker-factored approximate curvature", 2015.
.. [2] George et al., "Fast approximate natural gradient descent in a Kronecker-factored eigenbasis", 2018; for
   influence Grosse et al., "Studying large language model generalization with influence functions", 2023.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..plugins import AttributableModel, Batch
from .context import Context
from .draws import Draws
from .layers import Tape, linears
from .weights import gradient, sizes

CODE = "curvature 1"
"""Changes when the same settings give other numbers."""


class Preconditioner(Protocol):
    """What divides a gradient by curvature; vectors ``(n_weights,)`` in the order of its names."""

    def solve(self, vector: Tensor) -> Tensor: ...


@dataclass(frozen=True, eq=False, slots=True)
class Diagonal:
    """Each weight by itself: g / (F + damping · mean F of its param)."""

    inverse: Tensor  # (n_weights,)

    def solve(self, vector: Tensor) -> Tensor:
        return vector * self.inverse


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """One linear layer's curvature: eigenvectors of inputs and of output gradients, and the squares in that basis."""

    weight: str
    bias: str | None
    inputs: Tensor  # (n_in [+ 1], n_in [+ 1]), eigenvectors in columns; the last input is the bias's 1
    outputs: Tensor  # (n_out, n_out)
    squares: Tensor  # (n_out, n_in [+ 1])

    def solve(self, matrix: Tensor, damping: float) -> Tensor:  # (n_out, n_in [+ 1]), the bias's column last
        turned = self.outputs.T @ matrix @ self.inputs
        return self.outputs @ (turned / (self.squares + damping * self.squares.mean())) @ self.inputs.T


@dataclass(frozen=True, eq=False, slots=True)
class Ekfac:
    """Layer by layer; weights that are of no linear layer (embeddings, norms) get 0: they are not moved."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    layers: tuple[Layer, ...]
    damping: float

    def solve(self, vector: Tensor) -> Tensor:
        parts = vector.split([int(np.prod(shape)) for shape in self.shapes])
        given = {n: p.view(s) for n, p, s in zip(self.names, parts, self.shapes, strict=True)}
        found = {name: torch.zeros_like(part) for name, part in given.items()}
        for layer in self.layers:
            matrix = given[layer.weight]
            if layer.bias is not None:
                matrix = torch.cat([matrix, given[layer.bias][:, None]], 1)
            solved = layer.solve(matrix, self.damping)
            found[layer.weight] = solved[:, : given[layer.weight].shape[1]]
            if layer.bias is not None:
                found[layer.bias] = solved[:, -1]
        return torch.cat([found[name].reshape(-1) for name in self.names])


@dataclass(frozen=True, slots=True)
class CurvatureSpec:
    """What is averaged: how many items (all where there are fewer), draws of each, whose targets, how damped."""

    items: int = 2000
    draws: int = 4
    targets: str = "model"
    damping: float = 0.1

    def settings(self) -> dict[str, object]:
        return {"items": self.items, "draws": self.draws, "targets": self.targets, "damping": self.damping}


def some_items(context: Context, count: int) -> tuple[str, ...]:
    """At most ``count`` ids of the corpus, sorted; which ones depends on the seed and the ids."""
    ids = sorted(context.corpus.ids)
    if len(ids) <= count:
        return tuple(ids)
    chosen = np.random.default_rng([context.seed, 17]).choice(len(ids), size=count, replace=False)
    return tuple(ids[i] for i in sorted(chosen))


def _losses(context: Context, spec: CurvatureSpec) -> Callable[[Batch, Draws], Tensor]:
    model: Any = context.model
    if spec.targets == "model" and "sampling" in model.capabilities:
        return lambda batch, draws: model.sampled(batch, draws, context.seed)
    return lambda batch, draws: model.losses(batch, draws, mask_pad=True)


def fit_diagonal(context: Context, spec: CurvatureSpec) -> Diagonal:
    """Mean over items of the square of an item's gradient (its mean over draws), kept in the cache."""
    names = context.free_names()
    ids, draws, losses = some_items(context, spec.items), context.draws(spec.draws, "fisher"), _losses(context, spec)
    key = context.key(code=CODE, names=list(names), spec=spec.settings())

    def make() -> Mapping[str, npt.NDArray[Any]]:
        total = torch.zeros(sum(sizes(context.model, names)), dtype=torch.float64)
        for batch in context.batches(ids, 1):
            total += gradient(context.model, losses(batch, draws).mean(), names).double().cpu().square()
        return {"squares": (total / len(ids)).float().numpy()}

    squares = torch.from_numpy(context.cache.get("fisher", key, make)["squares"].copy())
    damped = [part + spec.damping * part.mean() + 1e-20 for part in squares.split(sizes(context.model, names))]
    return Diagonal(_like_params(context.model, 1 / torch.cat(damped)))


def fit_ekfac(context: Context, spec: CurvatureSpec) -> Ekfac:
    """Factors of all linear layers that may be moved, kept in the cache."""
    names = context.free_names()
    params = context.model.params()
    layers = {name: layer for name, layer in linears(context.model).items() if name in names}
    key = context.key(code=CODE, names=list(names), spec=spec.settings())
    arrays = context.cache.get("ekfac", key, lambda: _factors(context, spec, layers))
    biases = bias_names(context.model, layers, names)
    found = tuple(
        Layer(
            name,
            biases[name],
            *(_like_params(context.model, torch.from_numpy(arrays[f"{name}|{part}"].copy())) for part in PARTS),
        )
        for name in layers
    )
    return Ekfac(names, tuple(tuple(params[name].shape) for name in names), found, spec.damping)


PARTS = ("inputs", "outputs", "squares")


def bias_names(
    model: AttributableModel, layers: Mapping[str, nn.Linear], names: Sequence[str]
) -> dict[str, str | None]:
    """The param that is each layer's bias, by its weight's name; None where there is none that may be moved."""
    known = {id(value): name for name, value in model.params().items() if name in set(names)}
    return {name: known.get(id(layer.bias)) for name, layer in layers.items()}


def _factors(context: Context, spec: CurvatureSpec, layers: Mapping[str, nn.Linear]) -> dict[str, npt.NDArray[Any]]:
    ids, draws, losses = some_items(context, spec.items), context.draws(spec.draws, "fisher"), _losses(context, spec)
    biased = {name: bias is not None for name, bias in bias_names(context.model, layers, context.free_names()).items()}
    tape = Tape(layers, biased)
    inputs: dict[str, Tensor] = {}
    outputs: dict[str, Tensor] = {}
    for batch in context.batches(ids, 32):  # a size of its own: factors depend on no other
        with tape:
            gradient(context.model, losses(batch, draws).sum(), context.free_names())
        for name in layers:
            entering, leaving = tape.rows(name)
            inputs[name] = inputs.get(name, 0) + entering.T @ entering
            outputs[name] = outputs.get(name, 0) + leaving.T @ leaving
    bases = {n: (torch.linalg.eigh(inputs[n].double())[1], torch.linalg.eigh(outputs[n].double())[1]) for n in layers}
    turned = {n: (_like_params(context.model, a), _like_params(context.model, g)) for n, (a, g) in bases.items()}
    squares = _squares(context, tape, turned, ids, draws, losses)
    found = {f"{n}|inputs": turned[n][0].cpu().numpy() for n in layers}
    found |= {f"{n}|outputs": turned[n][1].cpu().numpy() for n in layers}
    return found | {f"{n}|squares": squares[n].cpu().numpy() for n in layers}


def _squares(
    context: Context,
    tape: Tape,
    bases: Mapping[str, tuple[Tensor, Tensor]],
    ids: Sequence[str],
    draws: Draws,
    losses: Callable[[Batch, Draws], Tensor],
) -> dict[str, Tensor]:
    """Mean over items and draws of the square of one's gradient in the eigenbasis.

    Many at once where the layers' rows are the items' (which is tried on the first few), else one by one.
    """

    def passed(batch: Batch, some: Draws) -> None:
        with tape:
            gradient(context.model, losses(batch, some).sum(), context.free_names())

    def one_by_one(batches: Iterable[Batch]) -> Iterator[dict[str, Tensor] | None]:
        for batch in batches:
            for draw in draws.split(1):
                passed(batch, draw)
                yield {
                    n: ((tape.rows(n)[1] @ g).T @ (tape.rows(n)[0] @ a)).double().square()
                    for n, (a, g) in bases.items()
                }

    def together(batches: Iterable[Batch]) -> Iterator[dict[str, Tensor] | None]:
        for batch in batches:
            passed(batch, draws)
            examples = len(batch.ids) * len(draws)
            found = {name: tape.squares(name, examples, a, g) for name, (a, g) in bases.items()}
            yield None if any(value is None for value in found.values()) else found

    few = ids[:3]
    slow = _added(one_by_one(context.batches(few, 1)))
    fast = _added(together(context.batches(few, len(few))))
    alike = fast is not None and slow is not None and all(_close(fast[name], slow[name]) for name in bases)
    total = _added(together(context.batches(ids, 32))) if alike else _added(one_by_one(context.batches(ids, 1)))
    return {name: value / (len(ids) * len(draws)) for name, value in (total or {}).items()}


def _added(parts: Iterable[dict[str, Tensor] | None]) -> dict[str, Tensor] | None:
    total: dict[str, Tensor] = {}
    for part in parts:
        if part is None:
            return None
        total = {name: total[name] + value if name in total else value for name, value in part.items()}
    return total


def _close(a: Tensor, b: Tensor) -> bool:
    return bool((a - b).abs().max() <= 1e-3 * b.abs().max())


def _like_params(model: AttributableModel, values: Tensor) -> Tensor:
    """On the params' device, in their precision."""
    found: Tensor = values.to(next(iter(model.params().values())))
    return found
