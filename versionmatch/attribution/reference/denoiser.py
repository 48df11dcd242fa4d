"""A small diffusion model of tunes as latents: a residual network, the v-objective [1]_, its training, its sampling.

References
----------
.. [1] Salimans, Ho, "Progressive distillation for fast sampling of diffusion models", 2022.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...params import Params, check
from ..draws import Draws
from .melodies import DURATIONS, HIGHEST, LENGTH, LOWEST, token

DIM = 2 * LENGTH
"""Of a latent: pitch and duration of each note."""
_TIME = 32
_BEATS = np.log2(np.array(DURATIONS))


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiserParams(Params):
    """Settings of ``TuneDenoiser`` and of its training.

    Parameters
    ----------
    width, blocks : int
        Of the network; the defaults give 267,328 weights.
    steps, batch, learning_rate, weight_decay, warm_up : int, int, float, float, int
        AdamW's, with a cosine to 2 %.
    checkpoints : tuple of int
        Steps after which the weights are kept as well.
    """

    width: int = 224
    blocks: int = 2
    steps: int = 1600
    batch: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warm_up: int = 50
    checkpoints: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "checkpoints", tuple(self.checkpoints))
        check(self.steps >= 1, "steps", self.steps, "1 or more")


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner, self.outer = nn.Linear(width + _TIME, width), nn.Linear(width, width)

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        return x + self.outer(functional.silu(self.inner(torch.cat([self.norm(x), time], -1))))


class TuneDenoiser(nn.Module):
    """Noised latents ``(n, DIM)`` and noise levels ``(n,)`` from 0 to 1 in, v ``(n, DIM)`` out."""

    def __init__(self, params: DenoiserParams) -> None:
        super().__init__()
        self.entry = nn.Linear(DIM + _TIME, params.width)
        self.blocks = nn.ModuleList(_Residual(params.width) for _ in range(params.blocks))
        self.exit = nn.Linear(params.width, DIM)
        frequencies = torch.exp(torch.linspace(0, math.log(1000), _TIME // 2))
        self.register_buffer("frequencies", frequencies, persistent=False)

    def states(self, noised: Tensor, level: Tensor) -> Tensor:  # (n, DIM), (n,) → (n, width)
        angle = level[:, None] * self.frequencies
        time = torch.cat([angle.sin(), angle.cos()], 1)  # (n, 32)
        x = self.entry(torch.cat([noised, time], 1))
        for block in self.blocks:
            x = block(x, time)
        return x

    def forward(self, noised: Tensor, level: Tensor) -> Tensor:
        return self.exit(functional.silu(self.states(noised, level)))


def noised(latents: Tensor, level: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
    """The noised latents and the target v, both ``(n, DIM)``: α x + σ n and α n − σ x, with α = cos(π t / 2)."""
    alpha, sigma = torch.cos(level * math.pi / 2)[:, None], torch.sin(level * math.pi / 2)[:, None]
    return alpha * latents + sigma * noise, alpha * noise - sigma * latents


def latent(tokens: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Tokens ``(n, LENGTH)`` of whole tunes as latents ``(n, DIM)``: pitch and duration note by note, about 0 ± 1."""
    semitones = (tokens - 8) // len(DURATIONS) + LOWEST
    beats = _BEATS[(tokens - 8) % len(DURATIONS)]
    pairs = np.stack([(semitones - 4.0) / 5.0, beats / 1.2], axis=-1)
    return pairs.reshape(len(tokens), DIM).astype(np.float32)


def tune_of(values: npt.NDArray[np.float32]) -> tuple[int, ...]:
    """The tune nearest to a latent ``(DIM,)``; ``tune_of(latent(tokens)[0])`` is ``tokens``."""
    pairs = values.reshape(LENGTH, 2)
    semitones = np.clip(np.round(pairs[:, 0] * 5.0 + 4.0), LOWEST, HIGHEST).astype(int)
    durations = np.abs(pairs[:, 1:] * 1.2 - _BEATS[None, :]).argmin(1)
    return tuple(token(int(s), int(d)) for s, d in zip(semitones, durations, strict=True))


def train_denoiser(
    latents: npt.NDArray[np.float32], params: DenoiserParams, *, seed: int
) -> tuple[TuneDenoiser, dict[str, dict[str, Tensor]]]:
    """The network trained on latents ``(n, DIM)``, and its weights after each of ``params.checkpoints`` steps."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = TuneDenoiser(params)
    optimiser = torch.optim.AdamW(
        net.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay, betas=(0.9, 0.99)
    )
    data, generator, kept = torch.from_numpy(latents), torch.Generator().manual_seed(seed + 7), {}
    for step in range(params.steps):
        chosen = data[torch.randint(0, len(data), (params.batch,), generator=generator)]
        level = torch.rand(params.batch, generator=generator)
        entry, target = noised(chosen, level, torch.randn(chosen.shape, generator=generator))
        fall = 0.5 * (1 + math.cos(math.pi * step / params.steps))
        for group in optimiser.param_groups:
            group["lr"] = params.learning_rate * min(1.0, (step + 1) / params.warm_up) * (0.98 * fall + 0.02)
        loss = (net(entry, level) - target).square().mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if step + 1 in params.checkpoints:
            kept[str(step + 1)] = {name: value.detach().clone() for name, value in net.named_parameters()}
    return net.eval(), kept


@torch.no_grad()
def sample_latents(net: TuneDenoiser, count: int, *, seed: int, steps: int = 50) -> npt.NDArray[np.float32]:
    """Latents ``(count, DIM)`` that the model makes from noise by deterministic steps (DDIM)."""
    x = torch.randn(count, DIM, generator=torch.Generator().manual_seed(seed))
    levels = torch.linspace(1, 0, steps + 1)
    for now, then in itertools.pairwise(levels):
        v = net(x, now.expand(count))
        alpha, sigma = math.cos(now * math.pi / 2), math.sin(now * math.pi / 2)
        clean, noise = alpha * x - sigma * v, sigma * x + alpha * v
        x = math.cos(then * math.pi / 2) * clean + math.sin(then * math.pi / 2) * noise
    return np.asarray(x.numpy())


def draw_losses(net: TuneDenoiser, latents: Tensor, ids: tuple[str, ...], draws: Draws) -> Tensor:
    """The v-objective, mean square over DIM, of each latent under each draw, ``(n, n_draws)``."""
    n, k = len(latents), len(draws)
    level, noise = draws.levels(ids).reshape(n * k), draws.normal(ids, (DIM,)).reshape(n * k, DIM)
    entry, target = noised(latents.repeat_interleave(k, 0), level, noise)
    return (net(entry, level) - target).square().mean(1).view(n, k)


def mean_loss(net: TuneDenoiser, latents: npt.NDArray[np.float32], *, draws: int = 128) -> npt.NDArray[np.float64]:
    """Loss of each latent over the same draws, ``(n,)``: the truth that retraining gives."""
    with torch.no_grad():
        ids = tuple(str(i) for i in range(len(latents)))
        these = Draws.first(draws, stream="truth", shared=True)
        return np.asarray(draw_losses(net, torch.from_numpy(latents), ids, these).mean(1).double().numpy())
