"""The encoder of CoverHunter: a conformer over a transform whose time is shortened four times.

References
----------
Gulati and others, "Conformer: convolution-augmented transformer for speech recognition", Interspeech 2020. Dai and
others, "Transformer-XL: attentive language models beyond a fixed-length context", ACL 2019.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from .settings import CoverHunterSettings


class Encoder(nn.Module):
    """Subsampling, conformer blocks, normalisation."""

    def __init__(self, settings: CoverHunterSettings) -> None:
        super().__init__()
        self.embed = Subsampling(settings.bins, settings.width)
        self.encoders = nn.ModuleList(ConformerBlock(settings) for _ in range(settings.blocks))
        self.after_norm = nn.LayerNorm(settings.width)

    def forward(self, values: Tensor) -> Tensor:  # (batch, frame, bin)
        h = self.embed(values)  # (batch, frame / 4, width)
        positions = sinusoids(h.shape[1], h.shape[2]).to(h)
        h = h * math.sqrt(h.shape[2])
        for block in self.encoders:
            h = block(h, positions)
        return self.after_norm(h)


def sinusoids(n_frames: int, width: int) -> Tensor:
    """Positions ``(n_frames, width)``: sines in even columns, cosines in odd ones."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    angles = torch.arange(n_frames)[:, None] * rates
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)


class Subsampling(nn.Module):
    """Two convolutions of stride 2 over frames and bins, then one linear layer over channels and bins."""

    def __init__(self, bins: int, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(1, width, 3, stride=2), nn.ReLU(), nn.Conv2d(width, width, 3, stride=2), nn.ReLU()
        )
        self.out = nn.Sequential(nn.Linear(width * (((bins - 1) // 2 - 1) // 2), width))

    def forward(self, values: Tensor) -> Tensor:
        h = self.conv(values[:, None])  # (batch, width, frame / 4, bin / 4)
        return self.out(h.transpose(1, 2).flatten(2))


class ConformerBlock(nn.Module):
    """Half a feed-forward layer, attention, convolution, the other half; each normalised before, added after."""

    def __init__(self, settings: CoverHunterSettings) -> None:
        super().__init__()
        width = settings.width
        self.feed_forward_macaron = FeedForward(width, settings.feed_forward)
        self.self_attn = Attention(width, settings.heads)
        self.conv_module = ConvolutionModule(width, settings.kernel)
        self.feed_forward = FeedForward(width, settings.feed_forward)
        self.norm_ff_macaron, self.norm_mha, self.norm_conv, self.norm_ff, self.norm_final = (
            nn.LayerNorm(width) for _ in range(5)
        )

    def forward(self, h: Tensor, positions: Tensor) -> Tensor:  # (batch, frame, width), (frame, width)
        h = h + 0.5 * self.feed_forward_macaron(self.norm_ff_macaron(h))
        h = h + self.self_attn(self.norm_mha(h), positions)
        h = h + self.conv_module(self.norm_conv(h))
        h = h + 0.5 * self.feed_forward(self.norm_ff(h))
        return self.norm_final(h)


class FeedForward(nn.Module):
    """Two linear layers with a swish between."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.w_1, self.w_2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, h: Tensor) -> Tensor:
        return self.w_2(functional.silu(self.w_1(h)))


class Attention(nn.Module):
    """Self-attention with position terms: ``((q + u) · k + (q + v) · p) / √d``, no shift of the positions."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.linear_q, self.linear_k, self.linear_v, self.linear_out = (nn.Linear(width, width) for _ in range(4))
        self.linear_pos = nn.Linear(width, width, bias=False)
        self.pos_bias_u = nn.Parameter(torch.zeros(heads, width // heads))
        self.pos_bias_v = nn.Parameter(torch.zeros(heads, width // heads))

    def forward(self, h: Tensor, positions: Tensor) -> Tensor:
        heads, size = self.pos_bias_u.shape

        def split(x: Tensor) -> Tensor:  # (…, frame, width) to (…, head, frame, size)
            return x.unflatten(-1, (heads, size)).transpose(-3, -2)

        query, key, value = split(self.linear_q(h)), split(self.linear_k(h)), split(self.linear_v(h))
        place = split(self.linear_pos(positions))
        scores = (query + self.pos_bias_u[:, None]) @ key.transpose(-2, -1)
        scores = scores + (query + self.pos_bias_v[:, None]) @ place.transpose(-2, -1)
        weights = torch.softmax(scores / math.sqrt(size), dim=-1)  # (batch, head, frame, frame)
        return self.linear_out((weights @ value).transpose(-3, -2).flatten(-2))


class ConvolutionModule(nn.Module):
    """Gated pointwise convolution, depthwise convolution, batch normalisation, swish, pointwise convolution."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.pointwise_conv1 = nn.Conv1d(width, 2 * width, 1)
        self.depthwise_conv = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.BatchNorm1d(width)
        self.pointwise_conv2 = nn.Conv1d(width, width, 1)

    def forward(self, h: Tensor) -> Tensor:  # (batch, frame, width)
        gated = functional.glu(self.pointwise_conv1(h.transpose(1, 2)), dim=1)
        return self.pointwise_conv2(functional.silu(self.norm(self.depthwise_conv(gated)))).transpose(1, 2)
