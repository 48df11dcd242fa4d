"""From a network's moments to vectors of segments and of the whole; silence counts nowhere."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .front import whitened
from .levels import MOMENT
from .net import Ensemble, VersionNet

AUDIBLE = 0.01
"""Levels below this, 80 dB under the recording's loudest, are silence."""
TELLING = 0.05
"""A frame in which no whitened level reaches this holds nothing that stands out in pitch."""
AT_ONCE = 64
"""Windows that are pooled at once, so that hours of sound need little memory."""


def sounding(levels: Tensor) -> Tensor:
    """Which moments hold sound, ``(batch, 84, frame)`` to ``(batch, moment)``, 1 or 0."""
    told = (levels.amax(dim=1) >= AUDIBLE) & (whitened(levels).amax(dim=1) >= TELLING)
    padded = F.pad(told.to(levels.dtype), (0, -told.shape[1] % MOMENT))
    return padded.unflatten(1, (-1, MOMENT)).amax(dim=2)


def starts(n_frames: int, segment: int, hop: int) -> tuple[list[int], int]:
    """First moments of a recording's segments, and how many moments each has.

    Segments lie ``hop`` moments apart and inside the recording; what is left at its end, less than a hop and a
    moment, is heard in the whole's vector only. A recording shorter than a segment is one shorter segment.

    >>> starts(1000, 13, 3)[0][-1], starts(40, 13, 3)
    (48, ([0], 3))
    """
    complete = n_frames // MOMENT
    if complete < segment:
        return [0], -(-n_frames // MOMENT)
    return list(range(0, complete - segment + 1, hop)), segment


def pooled_windows(
    net: Ensemble | VersionNet, moments: Tensor, weights: Tensor, first: list[int], length: int
) -> Tensor:
    """Vectors of the windows of ``length`` moments that begin at ``first``: ``(batch, n, dim, 12)``.

    ``moments (batch, moment, dim, 12)``; ``weights (batch, moment)``, how much each counts; 0 where none does.
    """
    parts = []
    for at in range(0, len(first), AT_ONCE):
        index = torch.tensor(first[at : at + AT_ONCE])[:, None] + torch.arange(length)
        index = index.to(moments.device)
        parts.append(_pooled(net, moments[:, index], weights[:, index]))
    return torch.cat(parts, dim=1)


def pooled_whole(net: Ensemble | VersionNet, moments: Tensor, weights: Tensor) -> Tensor:
    """The vector of all moments together, ``(batch, dim, 12)``; 0 where none counts."""
    return _pooled(net, moments, weights)


def _pooled(net: Ensemble | VersionNet, moments: Tensor, weights: Tensor) -> Tensor:
    heard = weights.sum(dim=-1) > 0
    share = torch.where(heard[..., None], weights, torch.ones_like(weights))  # so that no gradient is divided by 0
    return net.pooled(moments, share) * heard[..., None, None].to(moments.dtype)
