"""The network: exactly equivariant to a rotation of the twelve pitch classes, small enough for a CPU.

Every layer treats the twelve pitch classes alike, so that a transposed recording gives the same vectors rotated; two
recordings are compared in all twelve rotations, and the best one is the transposition between them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import InputError
from .front import FrontEnd

STRIDE = 16
"""Frames of the input for one moment of the output."""
STEM, STEM_STRIDE = 8, 4
"""Frames that the first layer sees at once (0.8 s), and from one look to the next."""


def rotation_basis() -> Tensor:
    """The real Fourier basis of twelve pitch classes, ``(12, 12)``, rows orthonormal: 0, 6, then cosines and sines."""
    n = torch.arange(12, dtype=torch.float64)
    rows = [torch.full((12,), 12**-0.5, dtype=torch.float64), (1 - 2 * (n % 2)) / 12**0.5]
    for k in range(1, 6):
        rows += [torch.cos(2 * math.pi * k * n / 12) / 6**0.5, torch.sin(2 * math.pi * k * n / 12) / 6**0.5]
    return torch.stack(rows).to(torch.float32)


class PitchClassConv(nn.Module):
    """Circular convolution over the pitch classes, all twelve intervals; ``(12, batch, frame, channel)``.

    Done in the Fourier domain, where it is one matrix for each of seven frequencies: a sixth of the work.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.register_buffer("basis", rotation_basis(), persistent=False)
        scale = (2.0 / n_in) ** 0.5
        self.real = nn.Parameter(torch.randn(2, n_in, n_out) * scale)
        self.cosine = nn.Parameter(torch.randn(5, n_in, n_out) * scale * 0.7)
        self.sine = nn.Parameter(torch.randn(5, n_in, n_out) * scale * 0.7)

    def forward(self, x: Tensor) -> Tensor:
        _, batch, frames, n_in = x.shape
        n = batch * frames
        spectrum = (self.basis @ x.reshape(12, -1)).view(12, n, n_in)
        flat = torch.bmm(spectrum[:2], self.real)
        pairs = spectrum[2:].view(5, 2, n, n_in)
        a, b = pairs[:, 0], pairs[:, 1]
        both = torch.cat([a, b], dim=2)  # (5, n, 2 n_in)
        turn = torch.cat([torch.cat([self.cosine, self.sine], 2), torch.cat([-self.sine, self.cosine], 2)], 1)
        turned = torch.bmm(both, turn).view(5, n, 2, -1).transpose(1, 2).reshape(10, n, -1)
        out: Tensor = (self.basis.T @ torch.cat([flat, turned]).view(12, -1)).view(12, batch, frames, -1)
        return out


class ChannelNorm(nn.BatchNorm1d):
    """Batch normalisation of the last axis, over all others: the pitch classes share it."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.reshape(-1, x.shape[-1])).view(x.shape)


class Block(nn.Module):
    """Intervals, then time: a pitch-class convolution, a dilated one of three frames, a shortcut around both."""

    def __init__(self, n_in: int, n_out: int, *, stride: int = 1, dilation: int = 1) -> None:
        super().__init__()
        self.stride, self.dilation = stride, dilation
        self.intervals, self.norm_intervals = PitchClassConv(n_in, n_out), ChannelNorm(n_out)
        self.time, self.norm_time = nn.Linear(3 * n_out, n_out, bias=False), ChannelNorm(n_out)
        self.shortcut = nn.Linear(n_in, n_out, bias=False) if n_in != n_out or stride != 1 else None

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.norm_intervals(self.intervals(x)))
        h = self.norm_time(self.time(_taps(h, self.dilation, self.stride)))
        around = x if self.shortcut is None else self.shortcut(_every(x, self.stride))
        return F.relu(h + around)


def _taps(x: Tensor, dilation: int, stride: int) -> Tensor:
    """Each frame with those ``dilation`` before and behind it side by side, every ``stride``-th; 0 beyond the ends."""
    frames = x.shape[2]
    padded = F.pad(x, (0, 0, dilation, dilation))
    return torch.cat([padded[:, :, k * dilation : k * dilation + frames : stride] for k in range(3)], dim=3)


def _every(x: Tensor, stride: int) -> Tensor:
    """The mean of ``stride`` frames each; an incomplete last group over what there is."""
    if stride == 1:
        return x
    short = -x.shape[2] % stride
    padded = torch.cat([x, x[:, :, -1:].expand(-1, -1, short, -1)], dim=2) if short else x
    return padded.unflatten(2, (-1, stride)).mean(dim=3)


class VersionNet(nn.Module):
    """Levels of a recording to one matrix of ``dim`` features by 12 pitch classes for every 1.6 s.

    Intervals are heard from the first block on, two and a half times a second; the farther up, the slower.

    Parameters
    ----------
    width : int
        Channels of the first blocks; the last have twice as many.
    dim : int
        Features of a vector; a whole vector has ``12 * dim`` numbers.
    learned : int
        Maps that the front end learns; 0: only the fixed, whitened one.
    """

    def __init__(self, width: int = 64, dim: int = 96, learned: int = 7) -> None:
        super().__init__()
        self.dim = dim
        self.front = FrontEnd(learned)
        self.stem = nn.Linear(STEM * self.front.channels, width, bias=False)
        self.norm_stem = ChannelNorm(width)
        self.blocks = nn.Sequential(
            Block(width, width, stride=2),
            Block(width, width, dilation=2),
            Block(width, 2 * width, stride=2),
            Block(2 * width, 2 * width, dilation=2),
            Block(2 * width, 2 * width, dilation=4),
        )
        self.head = nn.Linear(2 * width, dim)
        self.power = nn.Parameter(torch.tensor(2.0))

    stride = STRIDE

    def forward(self, levels: Tensor) -> Tensor:
        """``(batch, 84, frame)`` at 10 frames a second, in [0, 1], to ``(batch, moment, dim, 12)``, positive."""
        return self.trunk(self.front(levels))

    def trunk(self, x: Tensor) -> Tensor:
        """From pitch-class maps ``(12, batch, frame, channel)`` to moments; exactly equivariant to their rotation."""
        short = -x.shape[2] % STRIDE
        before = (STEM - STEM_STRIDE) // 2
        padded = F.pad(x, (0, 0, before, STEM - STEM_STRIDE - before + short))
        frames = (x.shape[2] + short) // STEM_STRIDE
        seen = [padded[:, :, k : k + STEM_STRIDE * frames : STEM_STRIDE][:, :, :frames] for k in range(STEM)]
        h = F.relu(self.norm_stem(self.stem(torch.cat(seen, dim=3))))
        h = F.softplus(self.head(self.blocks(h)))
        return h.permute(1, 2, 3, 0)

    def pooled(self, moments: Tensor, weights: Tensor | None = None) -> Tensor:
        """Moments ``(…, moment, dim, 12)`` to one vector ``(…, dim, 12)`` of length 1.

        The generalised mean over time; the mean over the pitch classes, which no key distinguishes, is taken off.
        ``weights (…, moment)`` says how much each moment counts; the same for all where None.
        """
        p = 1 + F.softplus(self.power)
        powers = moments.clamp(min=1e-4).pow(p)
        if weights is None:
            mean = powers.mean(dim=-3)
        else:
            share = weights / weights.sum(dim=-1, keepdim=True).clamp(min=1e-6)
            mean = (powers * share[..., None, None]).sum(dim=-3)
        return centred(mean.pow(1 / p))


def centred(vectors: Tensor) -> Tensor:
    """Vectors ``(…, dim, 12)`` without their mean over the pitch classes, of length 1 over both axes."""
    off = vectors - vectors.mean(dim=-1, keepdim=True)
    return off / off.flatten(-2).norm(dim=-1).clamp(min=1e-9)[..., None, None]


class Ensemble(nn.Module):
    """Networks that were trained apart, side by side: their vectors one after another, each with an equal share.

    The interface is that of ``VersionNet``; ``dim`` is the sum of the members'.
    """

    stride = STRIDE

    def __init__(self, members: Sequence[VersionNet]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.dim = sum(member.dim for member in members)

    def forward(self, levels: Tensor) -> Tensor:
        """``(batch, 84, frame)`` to ``(batch, moment, dim, 12)``."""
        return torch.cat([member(levels) for member in self.members], dim=2)

    def pooled(self, moments: Tensor, weights: Tensor | None = None) -> Tensor:
        """Moments ``(…, moment, dim, 12)`` to one vector ``(…, dim, 12)`` of length 1; see ``VersionNet.pooled``."""
        parts = moments.split([member.dim for member in self.members], dim=-2)
        vectors = [member.pooled(part, weights) for member, part in zip(self.members, parts, strict=True)]
        return torch.cat(vectors, dim=-2) / len(vectors) ** 0.5


def build(network: Mapping[str, object]) -> Ensemble:
    """The network of a model's ``[network]`` table.

    ``members`` (1) counts the networks; ``width``, ``dim`` and ``learned`` are those of ``VersionNet``, each one number
    for all members or a list of one for each. InputError names a setting that is not known or does not fit.
    """
    return Ensemble([VersionNet(**settings) for settings in settings_of(network)])


def settings_of(network: Mapping[str, object]) -> list[dict[str, int]]:
    """The settings of each member of a ``[network]`` table."""
    known = {"members", "width", "dim", "learned"}
    unknown = set(network) - known
    if unknown:
        raise InputError(f"the network has no setting {min(unknown)!r}; there are: {', '.join(sorted(known))}")
    count = int(str(network.get("members", 1)))
    found: list[dict[str, int]] = [{} for _ in range(count)]
    for name, value in network.items():
        values = value if isinstance(value, (list, tuple)) else [value] * count
        if len(values) != count:
            raise InputError(f"{name} of the network must be one number or {count}, one a member; found {value!r}")
        for settings, one in zip(found, values, strict=True):
            settings[name] = int(str(one))
    return [{name: value for name, value in settings.items() if name != "members"} for settings in found]


def joined(networks: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """The ``[network]`` table of several networks side by side."""
    each = [settings for network in networks for settings in settings_of(network)]
    names = sorted({name for settings in each for name in settings})
    if any(set(settings) != set(names) for settings in each):
        raise InputError(f"networks that are put side by side must all have {', '.join(names)}")
    found: dict[str, object] = {"members": len(each)}
    for name in names:
        values = [settings[name] for settings in each]
        found[name] = values[0] if len(set(values)) == 1 else values
    return found
