"""Discogs-VINet: ten convolutions on the constant-Q transform of a whole track.

References
----------
Araz, Serra, Bogdanov, "Discogs-VINet: a dataset and baseline for musical version identification" (Discogs-VI),
ISMIR 2024. Yu, Xu, Chen, Yang, "Learning a representation for cover song identification using convolutional neural
network" (CQT-Net), ICASSP 2020.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional

from ...errors import InputError
from .manifests import KERNELS, WIDENING
from .settings import VINetSettings

SR, HOP = 22050, 512
BLOCK = 20
"""Frames that are averaged to one of 0.464 s."""


def build(network: Mapping[str, object]) -> VINet:
    """The network of a ``[network]`` table, its weights not yet loaded."""
    return VINet(VINetSettings.of(network))


def prepare(magnitude: Tensor, frames: int) -> Tensor:
    """Input of the network for one track.

    Parameters
    ----------
    magnitude : (bin, frame)
        Magnitudes of ``librosa.cqt`` at 22.05 kHz, hop 512, 84 bins, 12 per octave.
    frames : int
        Frames that are looked at: the first of a longer track; a shorter one is followed by zeros.

    Returns
    -------
    Tensor ``(1, bin, frames // 20)``
        Means of 20 frames over the largest of them, after rounding to half precision as published.
    """
    if magnitude.ndim != 2:
        raise InputError(f"the transform must have shape (bin, frame); got {tuple(magnitude.shape)}")
    values = magnitude.half().float()[:, :frames]
    values = functional.pad(values, (0, frames - values.shape[1]))[:, : frames // BLOCK * BLOCK]
    means = values.unflatten(1, (-1, BLOCK)).mean(dim=-1).clamp(min=0)
    return (means / (means.max() + 1e-6))[None]


class VINet(nn.Module):
    """Discogs-VINet in either published size, and the network of DVINet+; embeddings have length 1."""

    architecture = "discogs-vinet-1"
    input = "cqt"
    sample_rate = SR

    def __init__(self, settings: VINetSettings) -> None:
        super().__init__()
        self.settings = settings
        self.segment_s = settings.frames * HOP / SR
        layers: list[nn.Module] = []
        inputs = 1
        for i, (kernel, times) in enumerate(zip(KERNELS, WIDENING, strict=True)):
            outputs = times * settings.channels
            dilation, padding = (1, 1 + i % 2), (6, 0) if i == 0 else (0, 0)
            layers += [
                nn.Conv2d(inputs, outputs, kernel, dilation=dilation, padding=padding, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
            if i % 2 and i < len(KERNELS) - 1:
                layers.append(nn.MaxPool2d((1, 2), stride=(1, 2), padding=(0, 1)))
            inputs = outputs
        self.features = nn.Sequential(*layers)
        self.proj = nn.Sequential(nn.Linear(inputs, settings.dim, bias=bool(settings.bias)))

    def forward(self, values: Tensor) -> Tensor:  # (batch, bin, frame) as ``prepare`` gives them
        h = self.features(values[:, None]).amax(dim=(-2, -1))  # (batch, channel)
        return functional.normalize(self.proj(h), dim=-1)  # (batch, dim)
