"""How sharply losses bend: Fisher matrices, their diagonals and Kronecker factors."""

from __future__ import annotations

from torch import nn

from ..plugins import AttributableModel


def linears(model: AttributableModel) -> dict[str, nn.Linear]:
    """The linear layers of ``model.module()`` whose weights are params, by the param's name of the weight."""
    names = {id(value): name for name, value in model.params().items()}
    module: nn.Module = model.module()  # type: ignore[attr-defined]
    found = ((names.get(id(layer.weight)), layer) for layer in module.modules() if isinstance(layer, nn.Linear))
    return {name: layer for name, layer in found if name is not None}
