"""CLEWS: an embedding of each 20 s window, by a residual network on a constant-Q transform.

References
----------
Serrà, Araz, Bogdanov, Mitsufuji, "Supervised contrastive learning from weakly-labeled audio segments for musical
version matching", ICML 2025.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from .cqt import HOP, SR
from .manifests import block_widths
from .settings import ClewsSettings

EPS = 1e-6
POOL = 5
"""Frames of 20 ms that are averaged to one of 0.1 s."""


def build(network: Mapping[str, object]) -> Clews:
    """The network of a ``[network]`` table, its weights not yet loaded."""
    return Clews(ClewsSettings.of(network))


class ConstantQ(nn.Module):
    """Magnitudes of a constant-Q transform whose filters are part of the state."""

    def __init__(self, bins: int, kernel: int) -> None:
        super().__init__()
        self.register_buffer("lenghts", torch.ones(bins))
        self.register_buffer("cqt_kernels_real", torch.zeros(bins, 1, kernel))
        self.register_buffer("cqt_kernels_imag", torch.zeros(bins, 1, kernel))

    def forward(self, sound: Tensor) -> Tensor:  # (batch, sample)
        margin = self.cqt_kernels_real.shape[-1] // 2
        sound = functional.pad(sound[:, None], (margin, margin), mode="reflect")
        real = functional.conv1d(sound, self.cqt_kernels_real, stride=HOP)
        imaginary = functional.conv1d(sound, self.cqt_kernels_imag, stride=HOP)  # (batch, bin, frame)
        return (real.square() + imaginary.square()).sqrt() * self.lenghts[:, None].sqrt()


class Compression(nn.Module):
    """Square root, then each window stretched to 0 … 1, then one gain and one bias.

    The published code adds noise of 1e-6 between two such stretchings, at inference too; ours adds none, so that
    the same sound always has the same embedding.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, magnitude: Tensor) -> Tensor:  # (batch, bin, frame)
        values = magnitude.clamp(min=0).sqrt()
        for _ in range(2):
            values = stretched(values)
        return self.gain * values + self.bias


def stretched(values: Tensor) -> Tensor:
    """Each window of the batch ``(batch, bin, frame)`` moved and scaled to 0 … 1."""
    lowest = values.amin(dim=(1, 2), keepdim=True)
    return (values - lowest) / (values.amax(dim=(1, 2), keepdim=True) - lowest + EPS)


class Convolution(nn.Module):
    """3 × 3 without bias, padded by one on each side."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)

    def forward(self, h: Tensor) -> Tensor:
        return self.conv(h)


class SplitNorm(nn.Module):
    """Batch normalisation of the first half of the channels, instance normalisation of the second."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.half = channels // 2
        self.bn = nn.BatchNorm2d(self.half)
        self.inst = nn.InstanceNorm2d(channels - self.half, affine=True)

    def forward(self, h: Tensor) -> Tensor:
        return torch.cat((self.bn(h[:, : self.half]), self.inst(h[:, self.half :])), dim=1)


class ResidualBlock(nn.Module):
    """``gain · convs(h) + skip(h)``, with normalisation before each convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        middle = max(inputs, outputs) // 2
        self.gain = nn.Parameter(torch.zeros(1))
        self.convs = nn.Sequential(
            SplitNorm(inputs),
            nn.ReLU(),
            Convolution(inputs, middle, stride),
            nn.BatchNorm2d(middle),
            nn.ReLU(),
            Convolution(middle, outputs),
        )
        self.skip = nn.Identity()
        if inputs != outputs or stride != 1:
            self.skip = nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(), Convolution(inputs, outputs, stride))

    def forward(self, h: Tensor) -> Tensor:  # (batch, channel, bin, frame)
        return self.gain * self.convs(h) + self.skip(h)


class GeneralisedMean(nn.Module):
    """The mean over bins and frames at ``p = 1``, towards the maximum above.

    ``softplus``: the exponent is ``1 + softplus(p)`` (CLEWS), else ``p`` itself (the unified model).
    """

    def __init__(self, *, softplus: bool) -> None:
        super().__init__()
        self.softplus = softplus
        self.p = nn.Parameter(torch.full((1, 1, 1), 1.8546 if softplus else 3.0))

    def forward(self, h: Tensor) -> Tensor:  # (batch, channel, bin, frame)
        p = 1 + functional.softplus(self.p) if self.softplus else self.p
        mean = h.flatten(2).clamp(min=EPS).pow(p).mean(dim=-1, keepdim=True)
        return mean.pow(1 / p).squeeze(-1)  # (batch, channel)


def front(settings: ClewsSettings, stride: tuple[int, int]) -> list[nn.Module]:
    """Two convolutions over an octave each, the second with the given stride over bins and frames."""
    return [
        nn.Conv2d(1, settings.front_channels, (12, 3), stride=(1, 2), bias=False),
        nn.BatchNorm2d(settings.front_channels),
        nn.ReLU(),
        nn.Conv2d(settings.front_channels, settings.channels[0], (12, 3), stride=stride, bias=False),
    ]


def blocks(settings: ClewsSettings) -> list[nn.Module]:
    """The residual blocks of all stages."""
    return [ResidualBlock(*widths) for widths in block_widths(settings)]


class Clews(nn.Module):
    """CLEWS; deterministic (the published forward adds noise of 1e-6 to its input, ours does not).

    Not normalised: the published distance is the squared Euclidean one over the number of dimensions.
    """

    architecture = "clews-1"
    input = "audio"
    sample_rate = SR
    segment_s = 20.0

    def __init__(self, settings: ClewsSettings) -> None:
        super().__init__()
        self.settings = settings
        self.cqt = nn.Sequential(ConstantQ(settings.bins, settings.kernel), nn.AvgPool1d(POOL))
        self.frontend = nn.Sequential(Compression(), *front(settings, stride=(2, 2)))
        self.backbone = nn.Sequential(*blocks(settings))
        self.pool = GeneralisedMean(softplus=True)
        last = settings.channels[-1]
        self.proj = nn.Sequential(nn.BatchNorm1d(last), nn.Linear(last, settings.dim, bias=False))

    def forward(self, sound: Tensor) -> Tensor:  # (batch, sample) at 16 kHz, 320 000 of them as published
        magnitude = self.cqt(sound)  # (batch, 84, 200)
        compression, *convolutions = self.frontend
        h = compression(magnitude)[:, None]
        for layer in convolutions:
            h = layer(h)  # (batch, 256, 31, 49)
        return self.proj(self.pool(self.backbone(h)))  # (batch, dim)
