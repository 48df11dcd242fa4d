"""A model's weights as one long vector: gradients, steps along a direction, and the very bits put back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from ..errors import IntegrityError
from ..plugins import AttributableModel, Batch
from .draws import Draws


def gradient(model: AttributableModel, loss: torch.Tensor, names: Sequence[str]) -> torch.Tensor:
    """D loss / d params as one vector ``(n_weights,)`` in the order of ``names``; 0 where a param has no part."""
    params = model.params()
    leaves = [params[name] for name in names]
    found = torch.autograd.grad(loss, leaves, allow_unused=True)
    parts = [torch.zeros_like(p) if g is None else g for g, p in zip(found, leaves, strict=True)]
    return torch.cat([part.reshape(-1) for part in parts]).detach()


def item_gradient(
    model: AttributableModel, batch: Batch, draws: Draws, names: Sequence[str], *, mask_pad: bool, at_once: int = 64
) -> torch.Tensor:
    """Of the mean over draws of a batch of one, ``(n_weights,)``; ``at_once`` draws are held in memory together."""
    total: torch.Tensor | None = None
    for some in draws.split(at_once):
        loss = model.losses(batch, some, mask_pad=mask_pad).sum() / len(draws)
        part = gradient(model, loss, names)
        total = part if total is None else total + part
    if total is None:  # draws are one or more
        raise IntegrityError("no draws were taken; this is an error of the package: please report it")
    return total


def sizes(model: AttributableModel, names: Sequence[str]) -> list[int]:
    """How many weights each param has."""
    params = model.params()
    return [params[name].numel() for name in names]


class Weights:
    """The params of a model that may be moved; made by ``restored``."""

    def __init__(self, model: AttributableModel, names: Sequence[str]) -> None:
        params = model.params()
        self.leaves = [params[name] for name in names]
        self.start = [leaf.detach().clone() for leaf in self.leaves]

    def move(self, direction: torch.Tensor, step: float) -> None:
        """Set the weights to those at the start plus ``step`` times a direction ``(n_weights,)``."""
        with torch.no_grad():
            parts = direction.split([leaf.numel() for leaf in self.leaves])
            for leaf, start, part in zip(self.leaves, self.start, parts, strict=True):
                leaf.copy_(start + step * part.view_as(start))

    def put(self, values: Sequence[torch.Tensor]) -> None:
        """Set the weights to these values."""
        with torch.no_grad():
            for leaf, value in zip(self.leaves, values, strict=True):
                leaf.copy_(value)

    def back(self) -> None:
        """Put the very bits back; IntegrityError where they are not."""
        self.put(self.start)
        if not all(torch.equal(leaf.detach(), start) for leaf, start in zip(self.leaves, self.start, strict=True)):
            raise IntegrityError("the weights could not be put back bit for bit (is one not a number?); load them anew")


@contextmanager
def restored(model: AttributableModel, names: Sequence[str] | None = None) -> Iterator[Weights]:
    """Weights that may be moved inside the block, and are bit for bit as they were after it, whatever happens."""
    weights = Weights(model, tuple(model.params()) if names is None else names)
    try:
        yield weights
    finally:
        weights.back()
