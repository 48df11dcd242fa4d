"""What goes into the linear layers and what comes back: inputs and output gradients, caught by hooks."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from ..plugins import AttributableModel


def linears(model: AttributableModel) -> dict[str, nn.Linear]:
    """The linear layers of ``model.module()`` whose weights are params, by the weight's name, in the params' order."""
    names = {id(value): name for name, value in model.params().items()}
    module: nn.Module = model.module()  # type: ignore[attr-defined]
    found = {names.get(id(layer.weight)): layer for layer in module.modules() if isinstance(layer, nn.Linear)}
    return {name: found[name] for name in model.params() if name in found}


AT_ONCE = 2**23
"""Numbers of examples' gradients that are held at once."""


class Tape:
    """Records one forward and backward pass inside ``with``; ``rows`` tells what passed a layer then."""

    def __init__(self, layers: Mapping[str, nn.Linear], biased: Mapping[str, bool]) -> None:
        self._layers, self._biased = layers, biased
        self._hooks: list[Any] = []
        self._passed: dict[str, list[tuple[Tensor, Tensor]]] = {}

    def __enter__(self) -> Tape:
        self._passed = {name: [] for name in self._layers}
        self._hooks = [layer.register_forward_hook(self._caught(name)) for name, layer in self._layers.items()]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for hook in self._hooks:
            hook.remove()

    def _caught(self, name: str) -> Any:
        def forward(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            entering = inputs[0].detach()
            if output.requires_grad:
                output.register_hook(lambda leaving: self._passed[name].append((entering, leaving.detach())))

        return forward

    def rows(self, name: str) -> tuple[Tensor, Tensor]:
        """Inputs ``(rows, n_in [+ 1])``, a 1 behind where there is a bias, and output gradients ``(rows, n_out)``."""
        layer, passed = self._layers[name], self._passed[name]
        if not passed:  # the layer had no part in this pass
            entering, leaving = (
                layer.weight.new_zeros(0, layer.in_features),
                layer.weight.new_zeros(0, layer.out_features),
            )
        else:
            entering = torch.cat([a.reshape(-1, layer.in_features) for a, _ in passed])
            leaving = torch.cat([g.reshape(-1, layer.out_features) for _, g in passed])
        return self._with_ones(name, entering), leaving

    def squares(self, name: str, examples: int, inputs: Tensor, outputs: Tensor) -> Tensor | None:
        """Sum of the squares of each example's gradient, turned by eigenvectors of inputs and outputs.

        None where the layer was passed more than once, or its first axis is not that of the examples.
        """
        passed = self._passed[name]
        if len(passed) != 1 or passed[0][0].shape[0] != examples:
            return None
        entering = self._with_ones(name, passed[0][0].reshape(examples, -1, passed[0][0].shape[-1])) @ inputs
        leaving = passed[0][1].reshape(examples, -1, passed[0][1].shape[-1]) @ outputs
        total = torch.zeros(len(outputs), len(inputs), dtype=torch.float64, device=inputs.device)
        size = max(1, AT_ONCE // total.numel())
        for a, g in zip(entering.split(size), leaving.split(size), strict=True):
            total += torch.einsum("eto,eti->eoi", g, a).double().square().sum(0)
        return total

    def _with_ones(self, name: str, entering: Tensor) -> Tensor:
        if not self._biased[name]:
            return entering
        return torch.cat([entering, entering.new_ones(*entering.shape[:-1], 1)], -1)
