"""CoverHunter: a conformer and attentive statistics pooling over 135 s of a constant-Q transform.

Written from the papers and the names and shapes of its state; the published code has no licence and was not used.
What the two leave open is stated at ``CoverHunter``.

References
----------
Liu, Tuo, Xu, Han, "CoverHunter: cover song identification with refined attention and alignments", ICME 2023.
Okabe, Koshinaka, Shinoda, "Attentive statistics pooling for deep speaker embedding", Interspeech 2018.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import InputError
from .conformer import Encoder
from .settings import CoverHunterSettings

SR = 16000
STEP_S = 0.04
CHUNK, POOL = 3375, 3
"""Frames of 40 ms in a chunk of 135 s; three are averaged to one."""
SILENCE_DB = -100.0


def build(network: Mapping[str, object]) -> CoverHunter:
    """The network of a ``[network]`` table, its weights not yet loaded."""
    return CoverHunter(CoverHunterSettings.of(network))


def prepare(magnitude: Tensor) -> Tensor:
    """Chunks of one track ``(chunk, bin, 1125)``, in decibels below its loudest value.

    ``magnitude`` is ``(bin, frame)``: 96 bins from 32 Hz, 12 per octave, every 40 ms. The last chunk is filled up
    with -100 dB.
    """
    if magnitude.ndim != 2 or not magnitude.shape[1]:
        raise InputError(f"the transform must have shape (bin, frame) and a frame; got {tuple(magnitude.shape)}")
    values = magnitude + 1e-9
    decibels = 20 * torch.log10(values / values.max())
    decibels = functional.pad(decibels, (0, -decibels.shape[1] % CHUNK), value=SILENCE_DB)
    return decibels.unflatten(1, (-1, CHUNK // POOL, POOL)).mean(dim=-1).transpose(0, 1)


class _Linear(nn.Module):
    """A linear layer under the name that the published state gives it."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear_layer = nn.Linear(inputs, outputs)


class _Pointwise(nn.Module):
    """A convolution of width 1 under the name that the published state gives it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 1)


class AttentivePooling(nn.Module):
    """Mean and deviation over time, weighted by an attention that sees the unweighted ones."""

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self._linear = _Linear(3 * width, width)
        self._conv = _Pointwise(width)
        self._final_layer = nn.Linear(2 * width, dim, bias=False)

    def forward(self, h: Tensor) -> Tensor:  # (batch, frame, width)
        flat = torch.full_like(h, 1.0 / h.shape[1])
        context = torch.cat([h, *(x[:, None].expand_as(h) for x in moments(h, flat))], dim=-1)
        hidden = torch.tanh(self._linear.linear_layer(context))
        weights = torch.softmax(self._conv.conv(hidden.transpose(1, 2)), dim=-1).transpose(1, 2)
        return self._final_layer(torch.cat(moments(h, weights), dim=-1))  # (batch, dim)


def moments(h: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean and deviation over frames of ``(batch, frame, width)``; the weights add up to 1 over frames."""
    mean = (weights * h).sum(dim=1)
    variance = (weights * (h - mean[:, None]).square()).sum(dim=1)
    return mean, variance.clamp(min=1e-12).sqrt()


class CoverHunter(nn.Module):
    """CoverHunter's network; deterministic.

    Left open by the facts, and chosen here: the embedding is taken behind ``_bottleneck``; the pooling has a tanh
    and no other non-linearity between its two layers; layers are normalised with 1e-5; the conformer's activations
    are swish.
    """

    architecture = "coverhunter-1"
    input = "cqt"
    sample_rate = SR
    segment_s = CHUNK * STEP_S

    def __init__(self, settings: CoverHunterSettings) -> None:
        super().__init__()
        self.settings = settings
        self._global_cmvn = nn.BatchNorm1d(settings.bins)
        self._encoder = Encoder(settings)
        self._pool_layer = AttentivePooling(settings.width, settings.dim)
        self._bottleneck = nn.BatchNorm1d(settings.dim)

    def forward(self, values: Tensor) -> Tensor:  # (batch, bin, frame) as ``prepare`` gives them
        h = self._encoder(self._global_cmvn(values).transpose(1, 2))  # (batch, frame / 4, width)
        return self._bottleneck(self._pool_layer(h))  # (batch, dim)
