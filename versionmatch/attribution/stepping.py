"""How far to step: until the loss of what is unlearned has risen by a share of itself, whatever its scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..plugins import Batch
from .context import Context
from .draws import Draws
from .losses import batch_losses
from .weights import Weights

NEAR = 0.01
"""How close the rise must come to the one wanted, as a share of it."""
MAX_TRIES = 60


@dataclass(frozen=True, slots=True)
class Step:
    """How far it went, by how much the loss rose, how often the loss was computed; rise 0 where it would not."""

    size: float
    rise: float
    tries: int


def rise_by(
    context: Context, weights: Weights, direction: torch.Tensor, query: Batch, draws: Draws, rise: float
) -> Step:
    """Move the weights along a direction until the query's loss is 1 + ``rise`` times what it was, near enough.

    The mean over draws, padding left out. The weights stay where the step ends.
    """

    def loss() -> float:
        return float(batch_losses(context, query, draws, mask_pad=True).mean())

    return rise_of(loss, weights, direction, rise)


def rise_of(loss: Callable[[], float], weights: Weights, direction: torch.Tensor, rise: float) -> Step:
    """As ``rise_by``, for any loss of the weights as they are.

    The rise is taken for a power of the size between two tries; what is known to be too little or too much is kept to.
    """
    length = float(direction.norm())
    if not np.isfinite(length) or length == 0.0:
        return Step(0.0, 0.0, 0)
    weights.move(direction, 0.0)
    base, size = loss(), 1e-3 / length
    rise *= base
    tried: list[tuple[float, float]] = []  # (size, rise)
    for tries in range(1, MAX_TRIES + 1):
        weights.move(direction, size)
        found = loss() - base
        if abs(found - rise) <= NEAR * rise:
            return Step(size, found, tries)
        tried.append((size, found))
        size = _next(tried, rise)
    weights.move(direction, 0.0)
    return Step(0.0, 0.0, MAX_TRIES)


def _next(tried: Sequence[tuple[float, float]], rise: float) -> float:
    """The next size to try, of those tried and the rises they gave."""
    too_much = [s for s, found in tried if found > rise or not np.isfinite(found)]
    low, high = max((s for s, found in tried if found <= rise), default=0.0), min(too_much, default=np.inf)
    guess = _by_power(tried, rise)
    if not np.isfinite(high):
        return low * float(np.clip(guess / low, 1.2, 64.0))
    inside = low + 0.02 * (high - low) < guess < high - 0.02 * (high - low)
    bisect = len(tried) > 8 or not inside  # where the power does not hold
    return (low + high) / 2 if bisect else guess


def _by_power(tried: Sequence[tuple[float, float]], rise: float) -> float:
    """The size at which rises that are a power of the size, through the last two tries, would be right."""
    useful = [(s, found) for s, found in tried if found > 0 and np.isfinite(found)][-2:]
    if not useful:
        return 4.0 * tried[-1][0]
    (size, found), power = useful[-1], 1.0
    if len(useful) == 2 and useful[0][1] != found:
        power = np.log(found / useful[0][1]) / np.log(size / useful[0][0])
    return float(size * (rise / found) ** (1 / np.clip(power, 0.5, 4.0)))
