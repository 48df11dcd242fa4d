"""How far to step: until the loss of what is unlearned has risen by a share of itself, whatever its scale."""

from __future__ import annotations

from collections.abc import Callable
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
    """As ``rise_by``, for any loss of the weights as they are: a bracket is found, then halved."""
    length = float(direction.norm())
    if not np.isfinite(length) or length == 0.0:
        return Step(0.0, 0.0, 0)
    weights.move(direction, 0.0)
    base, low, high, size, found = loss(), 0.0, np.inf, 1e-3 / length, 0.0
    rise *= base
    for tries in range(1, MAX_TRIES + 1):
        weights.move(direction, size)
        found = loss() - base
        if abs(found - rise) <= NEAR * rise:
            return Step(size, found, tries)
        if found > rise or not np.isfinite(found):
            high = size
        else:
            low = size
        size = _next(low, high, found, size, rise)
    weights.move(direction, 0.0)
    return Step(0.0, 0.0, MAX_TRIES)


def _next(low: float, high: float, found: float, size: float, rise: float) -> float:
    """The next size to try: by proportion while there is no bracket, its middle once there is."""
    if np.isfinite(high):
        return (low + high) / 2
    return size * float(np.clip(rise / found if found > 0 else 4.0, 1.2, 16.0))
