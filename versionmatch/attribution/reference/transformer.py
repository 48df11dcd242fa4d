"""A small autoregressive model of tunes: a transformer of 65 thousand weights [1]_, its training, its sampling.

References
----------
.. [1] Vaswani et al., "Attention is all you need", 2017; pre-norm as in Radford et al., 2019.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...params import Params, check
from .melodies import LENGTH, PAD, VOCABULARY


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerParams(Params):
    """Settings of ``TuneTransformer`` and of its training.

    Parameters
    ----------
    dim, layers, heads, inner : int
        Of the network; the defaults give 64,960 weights.
    steps, batch, learning_rate, weight_decay, warm_up : int, int, float, float, int
        AdamW's, with a cosine to 5 %.
    checkpoints : tuple of int
        Steps after which the weights are kept as well.
    """

    dim: int = 48
    layers: int = 2
    heads: int = 4
    inner: int = 128
    steps: int = 320
    batch: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warm_up: int = 20
    checkpoints: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "checkpoints", tuple(self.checkpoints))
        check(self.dim % self.heads == 0, "dim", self.dim, f"a multiple of heads = {self.heads}")
        check(self.steps >= 1, "steps", self.steps, "1 or more")


class _Block(nn.Module):
    def __init__(self, params: TransformerParams) -> None:
        super().__init__()
        dim, self.heads = params.dim, params.heads
        self.norm_in, self.norm_out = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention_in, self.attention_out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.mlp_in, self.mlp_out = nn.Linear(dim, params.inner), nn.Linear(params.inner, dim)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:  # (batch, token, dim)
        n, t, dim = x.shape
        split = self.attention_in(self.norm_in(x)).view(n, t, 3, self.heads, dim // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # (batch, head, token, dim / heads) each
        weight = (query @ key.transpose(-1, -2) / math.sqrt(dim // self.heads) + mask[:t, :t]).softmax(-1)
        x = x + self.attention_out((weight @ value).transpose(1, 2).reshape(n, t, dim))
        return x + self.mlp_out(functional.gelu(self.mlp_in(self.norm_out(x))))


class TuneTransformer(nn.Module):
    """Tokens ``(batch, token)`` in, logits ``(batch, token, VOCABULARY)`` of each, given those before, out."""

    def __init__(self, params: TransformerParams) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, params.dim)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.place = nn.Parameter(torch.randn(LENGTH, params.dim) * 0.02)
        self.blocks = nn.ModuleList(_Block(params) for _ in range(params.layers))
        self.norm = nn.LayerNorm(params.dim)
        self.head = nn.Linear(params.dim, VOCABULARY, bias=False)
        self.register_buffer("mask", torch.full((LENGTH, LENGTH), -math.inf).triu(1), persistent=False)

    def states(self, tokens: Tensor) -> Tensor:  # (batch, token) → (batch, token, dim)
        before = functional.pad(tokens[:, :-1], (1, 0), value=PAD)
        x = self.embedding(before) + self.place[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x, self.mask)
        return self.norm(x)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.states(tokens))


def token_losses(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy in nats of each token, ``(batch, token)``."""
    return functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none")


def rate_at(step: int, params: TransformerParams) -> float:
    """The learning rate of a step."""
    fall = 0.5 * (1 + math.cos(math.pi * step / params.steps))
    return params.learning_rate * min(1.0, (step + 1) / params.warm_up) * (0.95 * fall + 0.05)


def train_transformer(
    rows: npt.NDArray[np.int64], params: TransformerParams, *, seed: int
) -> tuple[TuneTransformer, dict[str, dict[str, Tensor]]]:
    """The network trained on tokens ``(n, LENGTH)``, and its weights after each of ``params.checkpoints`` steps.

    The same rows, settings and seed give the same weights on one machine.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = TuneTransformer(params)
    optimiser = torch.optim.AdamW(
        net.parameters(), lr=params.learning_rate, weight_decay=params.weight_decay, betas=(0.9, 0.98)
    )
    data, rng = torch.from_numpy(rows), np.random.default_rng([seed, 4])
    order: npt.NDArray[np.int64] = rng.permutation(len(rows))
    kept, batch = {}, min(params.batch, len(rows))
    for step in range(params.steps):
        if len(order) < batch:
            order = rng.permutation(len(rows))
        chosen, order = data[order[:batch].copy()], order[batch:]
        for group in optimiser.param_groups:
            group["lr"] = rate_at(step, params)
        loss = token_losses(net(chosen), chosen).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        if step + 1 in params.checkpoints:
            kept[str(step + 1)] = {name: value.detach().clone() for name, value in net.named_parameters()}
    return net.eval(), kept


@torch.no_grad()
def sample_tunes(net: TuneTransformer, count: int, *, seed: int, temperature: float = 0.9) -> list[tuple[int, ...]]:
    """Tunes that the model makes, token by token."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.zeros(count, LENGTH, dtype=torch.int64)
    for t in range(LENGTH):
        odds = (net(tokens[:, : t + 1])[:, t] / temperature).softmax(-1)
        odds[:, : PAD + 8] = 0  # what is no note is not drawn
        tokens[:, t] = torch.multinomial(odds, 1, generator=generator)[:, 0]
    return [tuple(int(v) for v in row) for row in tokens]


def mean_loss(net: TuneTransformer, rows: Sequence[Sequence[int]] | npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Loss of each tune in nats per token, ``(n,)``: the truth that retraining gives."""
    with torch.no_grad():
        data = torch.as_tensor(np.asarray(rows, np.int64))
        return np.asarray(token_losses(net(data), data).mean(1).double().numpy())
