"""Whether what is added has grown unlike what the codes were trained with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .exact import Halves

SAMPLE = 4096
"""Rows by which the loss at training is measured."""
FEWEST = 256
"""Fewer new vectors say nothing."""
MOST = 1.2
"""Retrain where new vectors lose this many times what those at training lost."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What the first stage's codes lose of vectors, as a share of their square: at training, and of what was added.

    ``n_added`` vectors were added since; of none, and where everything is compared exactly, both losses are 0.
    """

    at_training: float
    of_added: float
    n_added: int

    @property
    def ratio(self) -> float:
        """How many times as much is lost of new vectors; 1 where there is nothing to compare."""
        return self.of_added / self.at_training if self.n_added and self.at_training > 0 else 1.0

    @property
    def retrain(self) -> bool:
        """Whether to compact, which trains anew: enough vectors were added and they lose too much."""
        return self.n_added >= FEWEST and self.ratio > MOST


def sample_of(n: int, wanted: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Which of n rows are drawn, ascending; all where there are no more than wanted."""
    if n <= wanted:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).choice(n, wanted, replace=False))


def some(rows: Halves, seed: int) -> Halves:
    """Rows by which a loss is measured."""
    drawn: Halves = rows[sample_of(len(rows), SAMPLE, seed)]
    return drawn
