"""What is trained and asked: the corpus, random halves of it, seeds, queries.

Two splits, which share neither halves nor queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..reference.denoiser import DenoiserParams, TuneDenoiser, latent, sample_latents, train_denoiser, tune_of
from ..reference.denoiser import mean_loss as denoiser_loss
from ..reference.melodies import Tune, table, tunes
from ..reference.stored import Net, NetParams
from ..reference.transformer import TransformerParams, sample_tunes, train_transformer
from ..reference.transformer import mean_loss as transformer_loss

ITEMS = 500
"""Tunes of the corpus; those after them are held out."""
KINDS: Mapping[str, NetParams] = {
    "ar": TransformerParams(checkpoints=(80, 160, 240, 320)),
    "diffusion": DenoiserParams(),
}
"""The two reference models: settings of the one trained on the whole corpus with seed 440."""


@dataclass(frozen=True, slots=True)
class Split:
    """Random halves by ``subset_seed``, networks' seeds from ``first_seed``; queries: outputs and held-out tunes."""

    name: str
    subset_seed: int
    first_seed: int
    outputs_seed: int
    n_outputs: int
    held_out: tuple[int, int]

    def members(self, subset: int, n_items: int = ITEMS) -> npt.NDArray[np.bool_]:
        """Which items are in a half, ``(n_items,)``."""
        order = np.random.default_rng([self.subset_seed, subset]).permutation(n_items)
        return np.asarray(order < n_items // 2)

    def seed(self, subset: int, number: int) -> int:
        return self.first_seed + 10 * subset + number


SPLITS: Mapping[str, Split] = {
    "dev": Split("dev", 9, 1_000, 3, 12, (500, 512)),
    "report": Split("report", 10, 100_000, 11, 32, (512, 544)),
}
"""Settings are chosen on ``dev`` alone; figures are of ``report``."""


def corpus() -> tuple[Tune, ...]:
    """The tunes of the corpus."""
    return tunes(ITEMS)


def queries(split: Split, net: Net) -> npt.NDArray[np.int64]:
    """Tokens ``(n_queries, LENGTH)``: the model's outputs, then tunes of the same families that it never saw."""
    first, last = split.held_out
    return queries_of(net, split, tunes(last)[first:])


def queries_of(net: Net, split: Split, held_out: Sequence[Tune]) -> npt.NDArray[np.int64]:
    """As ``queries``, with held-out tunes of one's own."""
    if isinstance(net, TuneDenoiser):
        made = [tune_of(x) for x in sample_latents(net, split.n_outputs, seed=split.outputs_seed)]
    else:
        made = sample_tunes(net, split.n_outputs, seed=split.outputs_seed)
    return np.concatenate([np.array(made, np.int64), table(held_out)])


def retrained(params: NetParams, rows: npt.NDArray[np.int64], *, of: int, seed: int) -> Net:
    """The network trained on these tunes ``(n, LENGTH)``, as often on each as the one trained on ``of`` tunes was."""
    steps = max(1, round(params.steps * len(rows) / of))
    less = replace(params, steps=steps, checkpoints=())
    if isinstance(less, TransformerParams):
        return train_transformer(rows, less, seed=seed)[0]
    return train_denoiser(latent(rows), less, seed=seed)[0]


def losses_of(net: Net, rows: npt.NDArray[np.int64] | Sequence[Sequence[int]]) -> npt.NDArray[np.float64]:
    """The network's loss of each tune ``(n, LENGTH)``, ``(n,)``."""
    these = np.asarray(rows, np.int64)
    if isinstance(net, TuneDenoiser):
        return denoiser_loss(net, latent(these))
    return transformer_loss(net, these)
