"""Methods that look at no weights: chance, shared figures of tokens, vectors that lie near each other.

They are what every other method must be better than. Likeness finds doubles and near doubles; it says nothing of what
the model learned from an item.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...errors import CapabilityError
from ...plugins import Batch
from ...types.attribution import Scores
from ..context import Context

Bag = Mapping[tuple[int, ...], float]


class RandomScores:
    """Scores by chance, each a function of seed, query and item: what nothing known looks like."""

    name, unit = "random", "none"
    requires: frozenset[str] = frozenset()

    @property
    def settings(self) -> Mapping[str, object]:
        return {}

    def fit(self, context: Context) -> None:
        """Nothing."""

    def score(self, context: Context, fitted: None, query: Batch, candidates: Sequence[str]) -> Scores:
        texts = (f"{context.seed}\x1f{query.ids[0]}\x1f{item}".encode() for item in candidates)
        return Scores(np.array([int.from_bytes(hashlib.sha256(t).digest()[:7], "big") / 2.0**56 for t in texts]))


class Ngram:
    """Cosine of figures of ``n`` tokens, weighted by their rarity in the corpus (tf-idf).

    Parameters
    ----------
    n : int
        Tokens of a figure.
    """

    name, unit = "ngram", "cosine"
    requires = frozenset({"tokens"})

    def __init__(self, n: int = 3) -> None:
        self.n = n

    @property
    def settings(self) -> Mapping[str, object]:
        return {"n": self.n}

    def fit(self, context: Context) -> tuple[dict[tuple[int, ...], float], dict[str, Bag]]:
        """Rarity of each figure, and each item's figures weighted by it, of length 1."""
        counts = {
            i: c for b in context.batches(sorted(context.corpus.ids)) for i, c in self._counts(context, b).items()
        }
        spread = Counter(figure for count in counts.values() for figure in count)
        rarity = {figure: math.log(len(counts) / n) for figure, n in spread.items()}
        return rarity, {item: _weighted(count, rarity) for item, count in counts.items()}

    def _counts(self, context: Context, batch: Batch) -> dict[str, Counter[tuple[int, ...]]]:
        rows = context.model.tokens(batch)  # type: ignore[attr-defined]
        figures = ([tuple(int(t) for t in row[i : i + self.n]) for i in range(len(row) - self.n + 1)] for row in rows)
        return {item: Counter(found) for item, found in zip(batch.ids, figures, strict=True)}

    def score(self, context: Context, fitted: Any, query: Batch, candidates: Sequence[str]) -> Scores:
        rarity, bags = fitted
        mine = _weighted(self._counts(context, query)[query.ids[0]], rarity)
        return Scores(np.array([math.fsum(w * bags[item].get(f, 0.0) for f, w in mine.items()) for item in candidates]))


def _weighted(count: Counter[tuple[int, ...]], rarity: Mapping[tuple[int, ...], float]) -> Bag:
    bag = {figure: n * rarity[figure] for figure, n in count.items() if figure in rarity}
    length = math.sqrt(math.fsum(w * w for w in bag.values()))
    return {figure: w / length for figure, w in bag.items()} if length else {}


class _Vectors:
    """Cosine of vectors, the corpus's mean taken away."""

    name = ""
    unit = "cosine"
    requires: frozenset[str] = frozenset()

    @property
    def settings(self) -> Mapping[str, object]:
        return {}

    def vectors_of(self, context: Context) -> Callable[[Batch], Any]:
        raise NotImplementedError

    def fit(self, context: Context) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.float64]]]:
        """The mean, and each item's vector of length 1."""
        of = self.vectors_of(context)
        ids = sorted(context.corpus.ids)
        rows = np.concatenate([_rows(of(batch)) for batch in context.batches(ids)])
        mean = rows.mean(axis=0)
        return mean, dict(zip(ids, _unit(rows - mean), strict=True))

    def score(self, context: Context, fitted: Any, query: Batch, candidates: Sequence[str]) -> Scores:
        mean, rows = fitted
        mine = _unit(_rows(self.vectors_of(context)(query)) - mean)[0]
        return Scores(np.stack([rows[item] for item in candidates]) @ mine)


class Embedding(_Vectors):
    """Cosine of vectors in which versions lie near each other: ``context.embed``, else the adapter's own."""

    name = "embedding"

    def vectors_of(self, context: Context) -> Callable[[Batch], Any]:
        if context.embed is not None:
            return context.embed
        if "embedding" not in context.model.capabilities:
            offered = context.model.capabilities
            raise CapabilityError(self.name, context.model.name, missing=["embedding"], offered=offered)
        return context.model.embedding  # type: ignore[attr-defined, no-any-return]


class Hidden(_Vectors):
    """Cosine of the model's own states: what it makes of the pieces, not what it learned from them."""

    name = "hidden"
    requires = frozenset({"hidden"})

    def vectors_of(self, context: Context) -> Callable[[Batch], Any]:
        return context.model.hidden  # type: ignore[attr-defined, no-any-return]


def _rows(vectors: Any) -> npt.NDArray[np.float64]:
    found = vectors.detach().cpu().numpy() if isinstance(vectors, torch.Tensor) else vectors
    return np.asarray(found, np.float64)


def _unit(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)
