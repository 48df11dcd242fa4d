"""The network over recordings of any length: part by part, with the result of the whole."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from .levels import MOMENT
from .net import Ensemble, VersionNet

PART = 4096
"""Frames of the input that are heard at once, 6.8 minutes; whole moments."""
HALO = 512
"""Frames heard on either side beside them, 51.2 s: more than the network looks around a moment."""


def moments_of(net: Ensemble | VersionNet, levels: Tensor) -> Tensor:
    """What ``net(levels)`` gives, ``(batch, 84, frame)`` to ``(batch, moment, dim, 12)``, in bounded memory.

    Every layer is local in time, so that a part with its surroundings is heard as in the whole; the result differs
    from that of the whole by rounding only.
    """
    frames = levels.shape[2]
    if frames <= PART + 2 * HALO:
        whole: Tensor = net(levels)
        return whole
    found = []
    for low, high, skip, own in _parts(frames):
        first = skip // MOMENT
        found.append(net(levels[..., low:high])[:, first : first + -(-own // MOMENT)])
    return torch.cat(found, dim=1)


def _parts(frames: int) -> Iterator[tuple[int, int, int, int]]:
    """First and last frame heard of each part, how many to skip of them, and how many are its own."""
    for start in range(0, frames, PART):
        low, high = max(0, start - HALO), min(frames, start + PART + HALO)
        yield low, high, start - low, min(PART, frames - start)
