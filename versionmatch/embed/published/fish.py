"""The unified track and version identification model ("fish"): CLEWS with finer bins, its embeddings of length 1.

References
----------
Araz, Serrà, Mitsufuji, Serra, Bogdanov, "Unified track and version identification", ISMIR 2026.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional

from .clews import POOL, Compression, ConstantQ, GeneralisedMean, blocks, front
from .cqt import SR
from .settings import FishSettings


def build(network: Mapping[str, object]) -> Fish:
    """The network of a ``[network]`` table, its weights not yet loaded."""
    return Fish(FishSettings.of(network))


class _Trunk(nn.Module):
    """From processed magnitudes to the embedding before it is normalised."""

    def __init__(self, settings: FishSettings) -> None:
        super().__init__()
        last = settings.channels[-1]
        self.front_end = nn.Sequential(*front(settings, stride=(1, 2)))
        self.back_end = nn.Sequential(*blocks(settings), GeneralisedMean(softplus=False))
        self.projection = nn.Sequential(nn.BatchNorm1d(last), nn.Linear(last, settings.dim, bias=False))

    def forward(self, h: Tensor) -> Tensor:  # (batch, 1, 84, 200)
        return self.projection(self.back_end(self.front_end(h)))  # (batch, dim)


class Fish(nn.Module):
    """The unified model; deterministic (the published forward adds noise of 1e-6 to its input, ours does not).

    Embeddings have length 1. Shorter sound than a window is filled with silence by the published code.
    """

    architecture = "fish-1"
    input = "audio"
    sample_rate = SR
    segment_s = 20.0

    def __init__(self, settings: FishSettings) -> None:
        super().__init__()
        self.settings = settings
        self.feature_extractor = ConstantQ(settings.bins, settings.kernel)
        self.pool = nn.AvgPool1d(POOL)
        self.feature_processor = Compression()
        self.model = _Trunk(settings)

    def forward(self, sound: Tensor) -> Tensor:  # (batch, sample) at 16 kHz, 320 000 of them as published
        magnitude = self.pool(self.feature_extractor(sound))  # (batch, 84, 200)
        return functional.normalize(self.model(self.feature_processor(magnitude)[:, None]), dim=-1)  # (batch, dim)
