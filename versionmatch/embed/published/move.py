"""MOVE and Re-MOVE: convolutions on pitch-class profiles, invariant under transposition.

References
----------
Yesiler, Serrà, Gómez, "Accurate and scalable version identification using musically-motivated embeddings", ICASSP
2020; "Less is more: faster and better music version identification with embedding distillation", ISMIR 2020.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...errors import InputError
from .settings import MoveSettings

SR, HOP, EVERY = 44100, 512, 8
"""The profiles' rate; every eighth frame is used, 93 ms apart."""
ROWS = 23
"""The twelve pitch classes twice over, less the last, so that a kernel of twelve meets each transposition once."""
DILATIONS = (1, 20, 1, 13)


def build(network: Mapping[str, object]) -> Move:
    """The network of a ``[network]`` table, its weights not yet loaded."""
    return Move(MoveSettings.of(network))


def prepare(profile: Tensor) -> Tensor:
    """Input ``(1, 23, ceil(frame / 8))`` for one track from its pitch-class profile ``(12, frame)``."""
    if profile.ndim != 2 or profile.shape[0] != 12:
        raise InputError(f"the profile must have shape (12, frame); got {tuple(profile.shape)}")
    return torch.cat((profile, profile))[None, :ROWS, ::EVERY]


class Move(nn.Module):
    """The network of MOVE and Re-MOVE; its embeddings are batch-normalised, not of length 1."""

    architecture = "move-1"
    input = "pcp"
    sample_rate = SR
    segment_s = 1800 * EVERY * HOP / SR

    def __init__(self, settings: MoveSettings) -> None:
        super().__init__()
        self.settings, width = settings, settings.channels
        self.conv1 = nn.Conv2d(1, width, (12, settings.kernel))
        self.conv2, self.conv3, self.conv4, self.conv5 = (
            nn.Conv2d(width, width * (2 if i == 3 else 1), (1, 5), dilation=(1, dilation))
            for i, dilation in enumerate(DILATIONS)
        )
        self.prelu1, self.prelu2, self.prelu3, self.prelu4, self.prelu5 = (nn.PReLU(init=0.01) for _ in range(5))
        self.autopool_p = nn.Parameter(torch.tensor(0.0))
        self.lin1 = nn.Linear(width, settings.dim, bias=False)
        self.lin_bn = nn.BatchNorm1d(settings.dim, affine=False)

    @property
    def shortest(self) -> int:
        """Frames below which the kernels do not fit."""
        return self.settings.kernel + 4 * sum(DILATIONS)

    def forward(self, profile: Tensor) -> Tensor:  # (batch, 23, frame) as ``prepare`` gives them
        if profile.shape[-1] < self.shortest:
            raise InputError(
                f"{self.architecture} needs {self.shortest} frames ({self.shortest * EVERY * HOP / SR:.0f} s) or more; "
                f"got {profile.shape[-1]}"
            )
        h = self.prelu1(self.conv1(profile[:, None])).amax(dim=2, keepdim=True)  # (batch, channel, 1, frame)
        h = self.prelu2(self.conv2(h))
        h = self.prelu3(self.conv3(h))
        h = self.prelu4(self.conv4(h))
        values, logits = self.prelu5(self.conv5(h)).squeeze(2).chunk(2, dim=1)  # (batch, channel, frame) each
        pooled = (values * torch.softmax(self.autopool_p * logits, dim=-1)).sum(dim=-1)
        return self.lin_bn(self.lin1(pooled))  # (batch, dim)
