"""Models that predict what was mixed into latents: squared error, of each item under each draw of noise and level.

Formulas are those of the objectives' papers: v [1]_, epsilon [2]_, rectified flow [3]_.

References
----------
.. [1] Salimans, Ho, "Progressive distillation for fast sampling of diffusion models", 2022.
.. [2] Ho, Jain, Abbeel, "Denoising diffusion probabilistic models", 2020.
.. [3] Liu, Gong, Liu, "Flow straight and fast: learning to generate and transfer data with rectified flow", 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ...errors import InputError
from ..draws import Draws
from .base import Adapter
from .pieces import PieceBatch, Stack


@dataclass(frozen=True, eq=False, slots=True)
class Noised:
    """Latents ``(n · draw, …)`` with noise in them, their levels as the network is told them, and what to predict."""

    rows: Tensor
    times: Tensor  # (n · draw,)
    target: Tensor
    counted: Tensor  # (n · draw, frame): frames that the loss is a mean of


class LatentsModel(Adapter):
    """The loss is the mean squared error over channels and the frames that count."""

    main = "latents"
    capabilities = Adapter.capabilities | {"draws"}
    n_channels = 1
    n_axes = 2
    """Of an item's latents: (channel, frame), or with bands (channel, frame, band)."""

    def _times(self, stack: Stack, draws: Draws) -> Tensor:
        """Levels of noise as the network is told them, ``(n, draw)``."""
        return draws.levels(stack.ids)

    def _rates(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """How much of the latents and how much of the noise there is at these times."""
        raise InputError(f"{self.name} does not say how noise is mixed in")

    def _target(self, clean: Tensor, noise: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """What is predicted."""
        return alpha * noise - sigma * clean

    def _denoised(self, noised: Noised, inputs: Mapping[str, Tensor]) -> Tensor:
        """The network's prediction, as ``noised.target``."""
        raise InputError(f"{self.name} does not say how its network is called")

    def _counted(self, stack: Stack, draws: Draws, *, mask_pad: bool) -> Tensor:
        """Which frames count, ``(n, draw, frame)``."""
        rows = stack.valid if mask_pad else torch.ones_like(stack.valid)
        return rows[:, None].expand(-1, len(draws), -1)

    def noised(self, stack: Stack, draws: Draws, *, mask_pad: bool) -> Noised:
        """The items of a stack under each draw."""
        n, k, shape = len(stack.ids), len(draws), stack.main.shape[1:]
        times = self._times(stack, draws).to(self.device).reshape(n * k)
        alpha, sigma = (rate.reshape(n * k, *(1,) * len(shape)) for rate in self._rates(times))
        noise = draws.normal(stack.ids, tuple(shape)).to(self.device).reshape(n * k, *shape)
        clean = stack.main.repeat_interleave(k, 0)
        counted = self._counted(stack, draws, mask_pad=mask_pad).reshape(n * k, -1)
        return Noised(alpha * clean + sigma * noise, times, self._target(clean, noise, alpha, sigma), counted)

    def _found(self, stack: Stack, draws: Draws, *, mask_pad: bool) -> tuple[Tensor, Noised]:
        noised = self.noised(stack, draws, mask_pad=mask_pad)
        inputs = {name: value.repeat_interleave(len(draws), 0) for name, value in stack.inputs.items()}
        return self._denoised(noised, inputs), noised

    def losses(self, batch: PieceBatch, draws: Draws, *, mask_pad: bool) -> Tensor:
        parts = []
        for stack in batch.stacks:
            found, noised = self._found(stack, draws, mask_pad=mask_pad)
            parts.append(frame_mean((found - noised.target).square(), noised.counted).view(-1, len(draws)))
        return batch.in_order(parts)

    def sampled(self, batch: PieceBatch, draws: Draws, seed: int) -> Tensor:
        """Losses of targets drawn from the model itself: its prediction, and noise of variance 1."""
        drawing = Draws(draws.numbers, draws.of, seed, f"{draws.stream} targets")
        parts = []
        for stack in batch.stacks:
            found, noised = self._found(stack, draws, mask_pad=False)
            off = drawing.normal(stack.ids, tuple(stack.main.shape[1:])).to(self.device).reshape(found.shape)
            parts.append(frame_mean((found - found.detach() - off).square(), noised.counted).view(-1, len(draws)))
        return batch.in_order(parts)

    def _checked(self, id: str, main: Tensor) -> Tensor:
        if main.ndim != self.n_axes or main.shape[0] != self.n_channels or main.shape[1] < 1:
            axes = "(channel, frame)" if self.n_axes == 2 else "(channel, frame, band)"
            raise InputError(f"item {id!r}: latents are {axes} of {self.n_channels} channels; got {tuple(main.shape)}")
        if not bool(torch.isfinite(main).all()):
            raise InputError(f"item {id!r}: not all of its latents are finite; encode it again")
        return main.float()


def frame_mean(each: Tensor, counted: Tensor) -> Tensor:
    """``(n, channel, frame[, band])`` → ``(n,)``: the mean over the frames that count.

    >>> each = torch.tensor([[[1.0, 3.0, 50.0], [5.0, 7.0, 50.0]]])
    >>> frame_mean(each, torch.tensor([[True, True, False]])).tolist()
    [4.0]
    """
    frames = each.movedim(2, 1).flatten(2).mean(2)
    weight = counted.to(each.dtype)
    return (frames * weight).sum(1) / weight.sum(1).clamp(min=1)
