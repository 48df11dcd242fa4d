"""Noise that belongs to an item and a draw, not to a batch: counters hashed with the item's id.

A draw's numbers are a pure function of seed, stream, item id, draw number and place, made from integers by SplitMix64
[1]_ and Box and Muller's transform: the same on every machine, for any batch size, order or number of shards.

References
----------
.. [1] Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from ..errors import InputError

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIERS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


@dataclass(frozen=True, slots=True)
class Draws:
    """Which draws of a stream of noise are meant; hands out their numbers.

    Parameters
    ----------
    numbers : tuple of int
        The draws wanted, each below ``of``.
    of : int
        How many draws there are in all: ``levels`` spreads them evenly.
    seed, stream : int, str
        Two streams of one seed have nothing in common (the noise of unlearning, the noise of scoring).
    shared : bool
        Whether a draw's numbers are the same for all items, instead of each item's own.

    Examples
    --------
    >>> draws = Draws.first(2, seed=440, stream="score")
    >>> a, b = draws.normal(["song 1", "song 2"], (3,)), draws.normal(["song 2"], (3,))
    >>> a.shape, bool((a[1] == b[0]).all())
    (torch.Size([2, 2, 3]), True)
    """

    numbers: tuple[int, ...]
    of: int
    seed: int = 440
    stream: str = ""
    shared: bool = False

    def __post_init__(self) -> None:
        if not self.numbers or min(self.numbers) < 0 or max(self.numbers) >= self.of:
            raise InputError(f"draws are numbers from 0 to below {self.of}, one or more; got {self.numbers}")

    @classmethod
    def first(cls, count: int, *, seed: int = 440, stream: str = "", shared: bool = False) -> Draws:
        """All of ``count`` draws."""
        return cls(tuple(range(count)), count, seed, stream, shared)

    def __len__(self) -> int:
        return len(self.numbers)

    def split(self, size: int) -> Iterator[Draws]:
        """The same draws, at most ``size`` at a time; their numbers do not change."""
        for start in range(0, len(self.numbers), size):
            yield replace(self, numbers=self.numbers[start : start + size])

    def normal(self, ids: Sequence[str], shape: tuple[int, ...]) -> torch.Tensor:
        """Standard normal numbers, ``(n_items, n_draws, *shape)`` float32 on the CPU."""
        if self.shared and len(ids) > 1:
            return self.normal(ids[:1], shape).expand(len(ids), -1, *shape)
        count = int(np.prod(shape))
        half = (count + 1) // 2
        first, second = self._uniforms(ids, half, "normal a"), self._uniforms(ids, half, "normal b")
        radius = np.sqrt(-2.0 * np.log1p(-first))
        values = np.concatenate([radius * np.cos(2 * np.pi * second), radius * np.sin(2 * np.pi * second)], axis=-1)
        return _tensor(values[..., :count], (len(ids), len(self), *shape))

    def uniform(self, ids: Sequence[str], shape: tuple[int, ...] = ()) -> torch.Tensor:
        """Even numbers from 0 to below 1, ``(n_items, n_draws, *shape)`` float32."""
        return _tensor(self._uniforms(ids, int(np.prod(shape)), "uniform"), (len(ids), len(self), *shape))

    def levels(self, ids: Sequence[str]) -> torch.Tensor:
        """Noise levels (timesteps) from 0 to below 1, ``(n_items, n_draws)``: draw k lies in the k-th of ``of`` parts.

        So they are even over all draws, and the mean over draws has less variance than with ``uniform``.
        """
        within = self._uniforms(ids, 1, "level")[..., 0]
        values = (np.array(self.numbers)[None, :] + within) / self.of
        return _tensor(np.minimum(values, np.float32(1 - 2**-24)), (len(ids), len(self)))

    def integers(self, ids: Sequence[str], below: int, shape: tuple[int, ...] = ()) -> torch.Tensor:
        """Whole numbers from 0 to below ``below``, ``(n_items, n_draws, *shape)`` int64."""
        values = np.floor(self._uniforms(ids, int(np.prod(shape)), "integer") * below).astype(np.int64)
        return torch.from_numpy(values.reshape(len(ids), len(self), *shape).copy())

    def _uniforms(self, ids: Sequence[str], count: int, purpose: str) -> npt.NDArray[np.float64]:
        """``(n_items, n_draws, count)``, from 0 to below 1, 53 bits each."""
        keys = np.array([[self._key(item, k, purpose) for k in self.numbers] for item in ids], np.uint64)
        with np.errstate(over="ignore"):
            state = keys.reshape(len(ids), len(self), 1) + np.arange(1, count + 1, dtype=np.uint64) * _STEP
            mixed: npt.NDArray[np.uint64] = (state ^ (state >> np.uint64(30))) * _MULTIPLIERS[0]
            mixed = (mixed ^ (mixed >> np.uint64(27))) * _MULTIPLIERS[1]
            mixed ^= mixed >> np.uint64(31)
        return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def _key(self, item: str, number: int, purpose: str) -> int:
        named = "" if self.shared else item
        text = f"{self.seed}\x1f{self.stream}\x1f{purpose}\x1f{number}\x1f{named}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def _tensor(values: npt.NDArray[np.float64], shape: tuple[int, ...]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32).reshape(shape))
