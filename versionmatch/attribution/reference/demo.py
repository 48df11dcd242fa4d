"""A whole example: a small model of generated music, what it makes, and models trained again without its top items.

Holders and titles are made up, the music is nobody's. Everything is a function of the seed.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import t as student

from ...params import Params, check
from ..metrics import union_of_tops
from .melodies import Tune, edited, mash_up, table, tunes
from .notes import midi_of
from .stored import NetParams, Trained, open_trained, train
from .transformer import TransformerParams, mean_loss, sample_tunes

HOLDERS = ("Alder Music", "Birch Songs", "Cedar House", "Dogwood Editions", "Elm & Sons", "Fir Publishing")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoParams(Params):
    """Sizes of the example.

    Parameters
    ----------
    items, families : int
        Tunes of the corpus, and the families that share figures.
    steps : int
        Of training; as many passes over the corpus as the reference model's own, about twenty.
    outputs, panel, strangers : int
        Tunes that the model makes; tunes that another model, of other music, makes.
    seeds : int
        Models that are trained on the whole corpus, and on each part of it.
    share : float
        Of the corpus that is left out when models are trained again.
    checked : int
        Items that are looked at in each self-test.
    seed : int
        Of everything.
    method : str
        That attributes, with its settings: ``NAME`` or ``NAME:key=value,…``.
    workers : int
        Processes that train; changes no number.
    """

    items: int = 240
    families: int = 12
    steps: int = 160
    outputs: int = 8
    panel: int = 32
    strangers: int = 24
    seeds: int = 4
    share: float = 0.1
    checked: int = 12
    seed: int = 440
    method: str = "unlearn-ekfac"
    workers: int = 2

    def __post_init__(self) -> None:
        check(self.seeds >= 2, "seeds", self.seeds, "2 or more, so that intervals can be told")
        check(0 < self.share < 0.5, "share", self.share, "above 0 and below a half")

    @property
    def all_seeds(self) -> range:
        """Of training."""
        return range(self.seed, self.seed + self.seeds)


def corpus_tunes(params: DemoParams) -> tuple[Tune, ...]:
    """The corpus, with holders by name."""
    made = tunes(params.items, seed=params.seed, families=params.families, holders=len(HOLDERS))
    return tuple(replace(t, holder=HOLDERS[int(t.holder.rpartition("-")[2])]) for t in made)


def title_of(tune: Tune) -> str:
    """A made-up title, the same for an id.

    >>> title_of(tunes(1)[0])
    'Reel no. 0'
    """
    kinds = ("Air", "March", "Reel", "Lament", "Waltz", "Jig", "Song", "Dance")
    return f"{kinds[sum(tune.tokens) % len(kinds)]} no. {int(tune.id.rpartition('-')[2])}"


Job = tuple[tuple[Tune, ...], NetParams, int, str]
"""Tunes, settings, seed, and the folder in which the model is kept."""


def train_all(jobs: Sequence[Job], *, workers: int = 2, tell: Callable[[str], None] = lambda _: None) -> list[Trained]:
    """A model for each job, kept in its folder: one that is there already is not trained again."""
    missing = [job for job in jobs if not (Path(job[3]) / "model.json").is_file()]
    if missing and workers == 1:
        for job in missing:
            _train(job)
    elif missing:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(workers, len(missing)), mp_context=context) as pool:
            for done, folder in enumerate(pool.map(_train, missing), 1):
                tell(f"{done} of {len(missing)} models trained ({Path(folder).name})")
    return [open_trained(job[3]) for job in jobs]


def _train(job: Job) -> str:
    these, params, seed, folder = job
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        train(these, params, seed=seed).save(Path(folder))
    finally:
        torch.set_num_threads(threads)
    return folder


@dataclass(frozen=True, eq=False, slots=True)
class Example:
    """The models of the corpus, by seed, and the pieces by id."""

    models: tuple[Trained, ...]
    folders: tuple[Path, ...]
    outputs: Mapping[str, tuple[int, ...]]
    panel: Mapping[str, tuple[int, ...]]
    strangers: Mapping[str, tuple[int, ...]]

    def write(self, folder: Path) -> None:
        """Outputs, panel and strangers as MIDI files, each kind in its folder."""
        for kind in ("outputs", "panel", "strangers"):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            for name, tokens in getattr(self, kind).items():
                (folder / kind / f"{name}.mid").write_bytes(midi_of(tokens))


def example(params: DemoParams, folder: Path, *, tell: Callable[[str], None] = lambda _: None) -> Example:
    """Train the models, and let them make music; three further outputs are made of items, or owe them nothing."""
    these, settings = corpus_tunes(params), TransformerParams(steps=params.steps)
    other = tunes(params.items, seed=params.seed + 1, families=params.families, prefix="other")
    jobs: list[Job] = [(these, settings, s, str(folder / f"model-{s}")) for s in params.all_seeds]
    jobs.append((other, settings, params.seed, str(folder / "model-other")))
    *models, stranger = train_all(jobs, workers=params.workers, tell=tell)
    made = sample_tunes(models[0].net, params.outputs, seed=params.seed)
    strange = sample_tunes(stranger.net, params.panel + params.strangers + 1, seed=params.seed)
    outputs = {f"made-{i:02d}": tokens for i, tokens in enumerate(made, 1)}
    first, second = these[7], these[93 % len(these)]
    outputs[f"control-edited-{first.id}"] = edited(first, 0.3, id="edited", seed=params.seed).tokens
    outputs[f"control-mash-up-{first.id}-{second.id}"] = mash_up(first, second, id="mash-up").tokens
    outputs["control-of-another-model"] = strange[-1]
    panel = {f"panel-{i:02d}": tokens for i, tokens in enumerate(strange[: params.panel], 1)}
    rest = {f"stranger-{i:02d}": tokens for i, tokens in enumerate(strange[params.panel : -1], 1)}
    return Example(tuple(models), tuple(Path(job[3]) for job in jobs[:-1]), outputs, panel, rest)


def retrained(
    params: DemoParams,
    found: Example,
    scores: Mapping[str, npt.NDArray[np.float64]],
    ranked: Sequence[str],
    folder: Path,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any] | None:
    """Train again without the items ranked first for the outputs that were ranked, and without as many at random.

    ``scores`` are each output's, ``(n_items,)`` in the corpus's order. By how much more an output's loss rises without
    the first than without random ones, told for outputs that were ranked (of the model itself, and made by hand of
    items), for those that were not, and for the panel, seed by seed. None where no output was ranked.
    """
    if not ranked:
        return None
    these, settings = found.models[0].tunes, found.models[0].params
    top = union_of_tops(np.stack([scores[name] for name in ranked]), params.share)
    rng, rest = np.random.default_rng([params.seed, 11]), np.setdiff1d(np.arange(len(these)), top)
    gone = {"top": top, "random": np.sort(rng.choice(rest, len(top), replace=False))}
    pieces = {**found.outputs, **found.panel}
    rows = table([Tune(name, "", -1, tokens) for name, tokens in pieces.items()])
    losses = {}
    for way, left in gone.items():
        kept = tuple(tune for i, tune in enumerate(these) if i not in set(left.tolist()))
        jobs: list[Job] = [(kept, settings, s, str(folder / f"without-{way}-{s}")) for s in params.all_seeds]
        losses[way] = np.stack([mean_loss(m.net, rows) for m in train_all(jobs, workers=params.workers, tell=tell)])
    rises = dict(zip(pieces, (losses["top"] - losses["random"]).T, strict=True))
    made = [name for name in ranked if name.startswith("made-")]
    groups = {
        "ranked, made by the model": made,
        "ranked, made by hand": [name for name in ranked if name not in made],
        "outputs not ranked": [name for name in found.outputs if name not in ranked],
        "the panel": list(found.panel),
    }
    return {
        "left_out": len(top),
        "unit": "nats per token",
        "seeds": params.seeds,
        "groups": [_told(name, np.stack([rises[n] for n in some])) for name, some in groups.items() if some],
    }


def _told(name: str, rises: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Of rises ``(n_pieces, n_seeds)``: the mean, with its interval by Student's t over seeds."""
    by_seed = rises.mean(axis=0)
    half = float("nan")
    if by_seed.size > 1:
        half = float(student.ppf(0.975, by_seed.size - 1) * by_seed.std(ddof=1) / np.sqrt(by_seed.size))
    return {
        "name": name,
        "pieces": len(rises),
        "rise": float(by_seed.mean()),
        "interval": [float(by_seed.mean() - half), float(by_seed.mean() + half)],
        "by_seed": by_seed.tolist(),
    }
