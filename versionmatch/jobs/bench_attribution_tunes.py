"""The benchmark of attribution on a user's own tunes: a small model is trained on them, and retrained on halves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..errors import InputError
from ..params import Params, check
from .tune_reading import given_files, read_works

if TYPE_CHECKING:
    from ..attribution.reference.melodies import Tune

SCHEMA = "versionmatch.bench-attribution-tunes/1"
METHODS = ("random", "ngram", "hidden", "graddot", "trak", "ekfac-influence", "unlearn-ekfac")
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TunesBenchParams(Params):
    """Settings of ``bench_attribution_tunes``.

    Parameters
    ----------
    sources : tuple of str
        Files or folders of scores; the melody of each work is taken, its first 48 notes.
    items, held_out : int
        Tunes of the corpus, and of the queries beside as many outputs of the model.
    subsets, seeds : int
        Random halves, and models trained on each.
    folder : str
        Where losses are kept, so that a run that was stopped goes on; empty: nowhere.
    seed, n_bootstrap : int
        Of the choice of tunes and of the model; draws of the intervals.
    """

    sources: tuple[str, ...]
    items: int = 500
    held_out: int = 16
    subsets: int = 32
    seeds: int = 2
    folder: str = ""
    seed: int = 440
    n_bootstrap: int = 1000

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", tuple(self.sources))
        check(self.items >= 8, "items", self.items, "8 or more")
        check(self.held_out >= 1, "held_out", self.held_out, "1 or more")
        check(self.subsets >= 3, "subsets", self.subsets, "3 or more")
        check(self.seeds >= 2, "seeds", self.seeds, "2 or more")


def bench_attribution_tunes(params: TunesBenchParams, progress: Progress | None = None) -> dict[str, Any]:
    """LDS of methods, as in tier M of ``bench_attribution``, on an autoregressive model of the user's tunes.

    JSON-able, without the tunes. InputError where there are too few.
    """
    from ..attribution.benchmark.measure import figures, method_of, one_thread, scored
    from ..attribution.benchmark.plan import KINDS, Split, queries_of
    from ..attribution.benchmark.retraining import Ledger, truth_of
    from ..attribution.benchmark.shipped import Question, model_of
    from ..attribution.context import Context
    from ..attribution.reference.stored import train

    say = progress or (lambda _: None)
    found = read_tunes(params.sources)
    wanted = params.items + params.held_out
    if len(found) < wanted:
        raise InputError(
            f"{len(found)} different melodies of 48 notes or more were found; items + held_out = {wanted} are needed: "
            "name more files, or ask for fewer items"
        )
    order = np.random.default_rng([params.seed, 43]).permutation(len(found))[:wanted]
    chosen = [found[i] for i in order]
    split = Split("tunes", 10, 100_000, 11, params.held_out, (0, 0))
    with one_thread():
        trained = train(tuple(chosen[: params.items]), KINDS["ar"], seed=params.seed)
        asked = queries_of(trained.net, split, chosen[params.items :])
        ledger = Ledger(Path(params.folder) / "tunes.jsonl" if params.folder else None)
        truth = truth_of(trained, split, asked, ledger, subsets=params.subsets, seeds=params.seeds, say=say)
        model: Any = model_of(trained)
        context, question = Context(model, trained.corpus), Question(truth, asked, params.held_out)
        runs = [scored(context, method_of("ar", name), question.batches(model)) for name in METHODS]
        told = figures(runs, truth, params.held_out, rounds=params.n_bootstrap)
    return {"schema": SCHEMA, "version": __version__, "melodies": len(found), "items": params.items, **told}


def read_tunes(sources: Sequence[str]) -> list[Tune]:
    """The melodies of works as tunes of the reference models, each once, sorted by id.

    Pitches are taken from the last note as the tonic, and folded into the models' range; durations go to the nearest
    the models know. Of works with fewer than 48 notes nothing is made.
    """
    from ..attribution.reference.melodies import LENGTH, nearest_token
    from ..attribution.reference.melodies import Tune as Made

    found: dict[tuple[int, ...], Made] = {}
    for given in given_files(sources):
        if given is None:
            continue
        for read in read_works(given)[0]:
            notes = next((tune for _, melody, tune, _ in read.lines if melody), None)
            times = next((where for _, melody, _, where in read.lines if melody), None)
            if notes is None or times is None or len(notes.pitches) < LENGTH:
                continue
            tonic = int(notes.pitches[-1])
            pairs = zip(notes.pitches[:LENGTH], times.length_q[:LENGTH], strict=True)
            tokens = tuple(nearest_token(int(pitch) - tonic, float(beats)) for pitch, beats in pairs)
            found.setdefault(tokens, Made(read.work.id, "", -1, tokens))
    return sorted(found.values(), key=lambda tune: tune.id)
