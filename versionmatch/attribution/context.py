"""What every method works with: the model, the corpus, the cache, and how much is done at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError
from ..plugins import AttributableModel, Batch
from ..types.attribution import Corpus
from .cache import Cache
from .draws import Draws


def _silent(_: str) -> None:
    """No progress is told."""


@dataclass(frozen=True, slots=True)
class Context:
    """A model with its corpus, and where what is computed of them is kept.

    Parameters
    ----------
    model, corpus
        The corpus's ids are the model's, in any order; InputError where they are not.
    cache : Cache
    batch_size : int
        Items per forward pass; changes no score.
    shard_size : int
        Items per file of the cache: what a kill can cost.
    seed : int
        Of all noise.
    groups : tuple of str
        Parts of the network that unlearning may change; empty: all.
    embed : callable, optional
        Batch → one vector per item ``(n_items, dim)``, for the method ``embedding``; else the model's own.
    held_out : tuple of Batch
        Pieces that are neither queries nor of the corpus, whose losses should hardly change when a query is unlearned.
    progress : callable
        Told what is being done, a sentence at a time.
    """

    model: AttributableModel
    corpus: Corpus
    cache: Cache = field(default_factory=Cache)
    batch_size: int = 64
    shard_size: int = 1024
    seed: int = 440
    groups: tuple[str, ...] = ()
    embed: Callable[[Batch], Any] | None = None
    held_out: tuple[Batch, ...] = ()
    progress: Callable[[str], None] = _silent
    weights: str = field(init=False)
    """The model's fingerprint, taken once."""

    def __post_init__(self) -> None:
        if self.batch_size < 1 or self.shard_size < 1:
            raise InputError(f"batch_size and shard_size are 1 or more; got {self.batch_size}, {self.shard_size}")
        object.__setattr__(self, "weights", self.model.fingerprint)
        known, listed = set(self.model.item_ids()), set(self.corpus.ids)
        if known != listed:
            odd = sorted(known ^ listed)[0]
            side = "the model" if odd in known else "the corpus"
            raise InputError(
                f"the corpus {self.corpus.name!r} and the model {self.model.name!r} must have the same items: only "
                f"{side} has {odd!r}, and {len(known ^ listed)} of them differ in all"
            )
        unknown = sorted(set(self.groups) - set(self.model.groups()))
        if unknown:
            raise InputError(f"the model has no group {unknown[0]!r}; it has: {', '.join(sorted(self.model.groups()))}")

    def draws(self, count: int, stream: str, *, shared: bool = False) -> Draws:
        """``count`` draws of a stream; one where the model's losses do not depend on draws."""
        count = count if "draws" in self.model.capabilities else 1
        return Draws.first(count, seed=self.seed, stream=stream, shared=shared)

    def batches(self, ids: Sequence[str], size: int = 0) -> Iterator[Batch]:
        """Items of the corpus, ``size`` (else ``batch_size``) at a time."""
        step = size or self.batch_size
        for start in range(0, len(ids), step):
            yield self.model.load(ids[start : start + step])

    def free_names(self) -> tuple[str, ...]:
        """The params that unlearning may change."""
        names = tuple(self.model.params())
        if not self.groups:
            return names
        chosen = {name for group in self.groups for name in self.model.groups()[group]}
        return tuple(name for name in names if name in chosen)

    def key(self, **more: object) -> dict[str, object]:
        """What any computed number depends on here, for the cache."""
        return {"weights": self.weights, "corpus": self.corpus.digest, "seed": self.seed, **more}
