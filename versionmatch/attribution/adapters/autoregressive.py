"""Models that predict codes of several codebooks: cross entropy per codebook, over the codes that count."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ...errors import InputError
from ..draws import Draws
from .base import Adapter
from .pieces import PieceBatch, Stack


@dataclass(frozen=True, eq=False, slots=True)
class Predicted:
    """What a language model says of some items' codes.

    ``logits`` ``(n, codebook, place, code)``; ``targets``, ``counted`` and ``music`` ``(n, codebook, place)``: the
    codes, whether a place is predicted at all, and whether it is music rather than padding.
    """

    logits: Tensor
    targets: Tensor
    counted: Tensor
    music: Tensor


class CodesModel(Adapter):
    """The loss is the mean over codebooks of each one's mean cross entropy over its places, in nats."""

    main = "codes"
    loss_unit = "nats per token"
    capabilities = Adapter.capabilities | {"tokens"}
    n_codebooks = 1
    n_codes = 2

    def _predicted(self, stack: Stack) -> Predicted:
        raise InputError(f"{self.name} does not say how codes are predicted")

    def losses(self, batch: PieceBatch, draws: Draws, *, mask_pad: bool) -> Tensor:
        found = []
        for stack in batch.stacks:
            seen = self._predicted(stack)
            counted = seen.counted & seen.music if mask_pad else seen.counted
            found.append(codebook_mean(cross_entropy(seen.logits, seen.targets), counted))
        return batch.in_order(found)[:, None].expand(-1, len(draws))

    def sampled(self, batch: PieceBatch, draws: Draws, seed: int) -> Tensor:
        """Losses of codes drawn from the model itself, padding as in training."""
        drawing = Draws(draws.numbers, draws.of, seed, f"{draws.stream} targets")
        found = []
        for stack in batch.stacks:
            seen = self._predicted(stack)
            odds = seen.logits.detach().softmax(-1).cumsum(-1)
            where = drawing.uniform(stack.ids, tuple(seen.targets.shape[1:])).to(odds.device)
            columns = []
            for k in range(len(draws)):
                drawn = torch.searchsorted(odds, where[:, k, ..., None].contiguous()).squeeze(-1)
                drawn = drawn.clamp(max=odds.shape[-1] - 1)
                columns.append(codebook_mean(cross_entropy(seen.logits, drawn), seen.counted))
            found.append(torch.stack(columns, 1))
        return batch.in_order(found)

    def tokens(self, batch: PieceBatch) -> list[list[int]]:
        """The first codebook's codes, padding left out."""
        rows = {
            at: [int(code) for code in main[0][valid]]
            for stack in batch.stacks
            for at, main, valid in zip(stack.at, stack.main, stack.valid, strict=True)
        }
        return [rows[at] for at in range(len(batch.ids))]

    def _checked(self, id: str, main: Tensor) -> Tensor:
        if main.ndim != 2 or main.is_floating_point() or main.shape[0] != self.n_codebooks or main.shape[1] < 1:
            raise InputError(
                f"item {id!r}: codes are whole numbers (codebook, frame) of {self.n_codebooks} codebooks; got "
                f"{main.dtype} {tuple(main.shape)}"
            )
        if int(main.min()) < 0 or int(main.max()) >= self.n_codes:
            raise InputError(
                f"item {id!r}: codes are 0 to {self.n_codes - 1}; got {int(main.min())} to {int(main.max())}"
            )
        return main.long()


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """−log of each target's probability, ``(…)``; logits ``(…, code)``."""
    flat = functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1), reduction="none")
    return flat.view(targets.shape)


def codebook_mean(each: Tensor, counted: Tensor) -> Tensor:
    """``(n, codebook, place)`` → ``(n,)``: the mean over codebooks of their means over the places that count.

    >>> each = torch.tensor([[[1.0, 3.0], [5.0, 100.0]]])
    >>> codebook_mean(each, torch.tensor([[[True, True], [True, False]]])).tolist()
    [3.5]
    """
    weight = counted.to(each.dtype)
    return ((each * weight).sum(-1) / weight.sum(-1).clamp(min=1)).mean(1)
