"""Losses that draw versions of a work together, on similarities that already stand at the best of twelve keys."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..embed.net import Ensemble
from ..embed.similarity import by_key
from ..errors import InputError

Loss = Callable[[Tensor, Tensor, float], Tensor]


def nt_xent(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """The other side's row ``i`` told from everything else in the batch [1]_; ``(n, dim, 12)`` vectors of length 1.

    References
    ----------
    .. [1] Chen, Kornblith, Norouzi, Hinton, "A simple framework for contrastive learning", 2020.
    """
    n = len(first)
    similarity = _all_pairs(first, second) / temperature
    similarity = similarity.masked_fill(torch.eye(2 * n, dtype=torch.bool, device=first.device), -1e9)
    target = torch.arange(2 * n, device=first.device).roll(n)
    return F.cross_entropy(similarity, target)


def triplet(first: Tensor, second: Tensor, margin: float) -> Tensor:
    """The hardest other work at least ``margin`` further than the version, in squared distance."""
    n = len(first)
    distance = 2 - 2 * _all_pairs(first, second)
    here = torch.arange(2 * n, device=first.device)
    positive = distance[here, here.roll(n)]
    same = torch.eye(n, dtype=torch.bool, device=first.device).repeat(2, 2)
    negative = distance.masked_fill(same, 9.0).amin(dim=1)
    return F.relu(positive - negative + margin).mean()


def clews(first: Tensor, second: Tensor, gamma: float) -> Tensor:
    """CLEWS' decoupled contrast [1]_: near versions, and the uniformity of all else by a Gaussian potential.

    With the published constants (gamma 5, epsilon 1e-6) nothing is learned on vectors of length 1, whose squared
    distances are at most 4; ``gamma`` is therefore a setting.

    References
    ----------
    .. [1] Serrà, Araz, Bogdanov, Mitsufuji, "Supervised contrastive learning from weakly-labeled audio segments for
       musical version matching", ICML 2025.
    """
    n = len(first)
    distance = 2 - 2 * _all_pairs(first, second)
    here = torch.arange(2 * n, device=first.device)
    same = torch.eye(n, dtype=torch.bool, device=first.device).repeat(2, 2)
    away = torch.exp(-gamma * distance).masked_fill(same, 0.0).sum(dim=1) / (2 * n - 2)
    return distance[here, here.roll(n)].mean() + torch.log(away + 1e-6).mean() / gamma


def _all_pairs(first: Tensor, second: Tensor) -> Tensor:
    """``(2n, 2n)``: the similarity at the best of twelve keys."""
    both = torch.cat([first, second])
    return by_key(both, both).amax(dim=2)


SEGMENT, SEGMENT_HOP = 13, 8
"""Moments of a segment (20.8 s), and from one to the next, where segments are contrasted."""


def segment_contrast(net: Ensemble, first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """The contrast of two crops by segments: each of the shorter crop against its best match, one key for all.

    ``first``, ``second`` are moments ``(n, moment, dim, 12)``. This is what makes an excerpt find its whole.
    """
    a, b = _segments(net, first), _segments(net, second)
    n, n_a, n_b = len(a), a.shape[1], b.shape[1]
    keys = by_key(a.flatten(0, 1), b.flatten(0, 1)).view(n, n_a, n, n_b, 12)
    best = keys.amax(dim=3).mean(dim=1) if n_a <= n_b else keys.amax(dim=1).mean(dim=2)
    similarity = best.amax(dim=-1) / temperature
    target = torch.arange(n, device=first.device)
    return 0.5 * (F.cross_entropy(similarity, target) + F.cross_entropy(similarity.T, target))


def _segments(net: Ensemble, moments: Tensor) -> Tensor:
    length = min(SEGMENT, moments.shape[1])
    starts = range(0, max(1, moments.shape[1] - length + 1), SEGMENT_HOP)
    return torch.stack([net.pooled(moments[:, s : s + length]) for s in starts], dim=1)


LOSSES: dict[str, Loss] = {"nt-xent": nt_xent, "triplet": triplet, "clews": clews}


def loss_of(name: str) -> Loss:
    """The loss of that name; InputError lists those there are."""
    if name not in LOSSES:
        raise InputError(f"there is no loss {name!r}; there are: {', '.join(LOSSES)}")
    return LOSSES[name]
