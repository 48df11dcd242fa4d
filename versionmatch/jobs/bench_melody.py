"""How well variants of tunes are found among others, by their notes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..match import metrics
from ..match.normalise import normalised
from ..melodic.score import TIMED, melody_score, sketch
from ..melodic.statistics import load
from ..melodic.tune import Tune
from ..params import Params, check
from ..types import DoubleArray
from .tunes import read_groups

SCHEMA = "versionmatch.bench-melody/1"
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MelodyBenchParams(Params):
    """Settings of ``bench_melody``.

    Parameters
    ----------
    file : str
        JSON, a list of ``{"id", "group", "notes" | "intervals" | "pitch_classes"}``.
    seed, n_bootstrap : int
        Of the intervals.
    workers : int
        Threads; 0: as many as there are cores. The result does not depend on it.
    """

    file: str
    seed: int = 440
    n_bootstrap: int = 1000
    workers: int = 0

    def __post_init__(self) -> None:
        check(self.n_bootstrap >= 1, "n_bootstrap", self.n_bootstrap, "1 or more")
        check(self.workers >= 0, "workers", self.workers, "0 (all cores) or more")


def bench_melody(params: MelodyBenchParams, progress: Progress | None = None) -> dict[str, Any]:
    """MAP, MR1, MRR, hit@1, hit@10 and NAR of the melody score, each with its interval over groups.

    By the protocol of ``match.metrics``: every tune that has a variant is a query among all others. Score-normalised,
    and the same figures ``raw`` beside them; ``measures`` has MAP and hit@1 of each measure alone, not normalised.
    JSON-able. InputError where the file cannot be used, or no group has two tunes.
    """
    items = read_groups(Path(params.file))
    groups = [item.group for item in items]
    score, measures = tables([item.tune for item in items], params.workers, progress or (lambda _: None))
    adjusted = normalised(score)
    return {
        "schema": SCHEMA,
        "normalised": True,
        **_figures(adjusted, groups, params),
        "raw": _figures(score, groups, params),
        "measures": {name: _means(table, groups) for name, table in measures.items()},
        "n_items": len(items),
        "n_groups": len(set(groups)),
        "n_queries": metrics.rank(score, groups).n_queries,
        "empty": [item.id for item in items if len(item.tune) < 3],
        "seed": params.seed,
        "n_bootstrap": params.n_bootstrap,
        "versions": {"versionmatch": __version__, "statistics": load().id},
    }


def tables(tunes: Sequence[Tune], workers: int, progress: Progress) -> tuple[DoubleArray, dict[str, DoubleArray]]:
    """The melody score of all pairs, ``(n, n)``, and each measure above what lengths explain; the least where none."""
    sketches = [sketch(tune) for tune in tunes]
    n = len(tunes)
    names = [name for name in TIMED if all(t.timed for t in tunes) or name not in {"ornamented", "timed_figures"}]
    score, measures = np.full((n, n), -np.inf), {name: np.full((n, n), -np.inf) for name in names}

    def row(i: int) -> None:
        for j in range(i):
            found = melody_score(sketches[i], sketches[j])
            score[i, j] = score[j, i] = found.log_odds
            for name in names:
                measures[name][i, j] = measures[name][j, i] = found.z.get(name, -np.inf)

    with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
        for done, _ in enumerate(pool.map(row, range(n - 1, -1, -1)), start=1):
            progress(f"tunes {done}/{n}")
    return _finite(score), {name: _finite(table) for name, table in measures.items()}


def _finite(table: DoubleArray) -> DoubleArray:
    """Pairs without evidence below all others."""
    known = np.isfinite(table)
    least = float(table[known].min()) - 1.0 if known.any() else 0.0
    result: DoubleArray = np.where(known, table, least)
    return result


def _figures(table: DoubleArray, groups: list[str], params: MelodyBenchParams) -> dict[str, Any]:
    ranking = metrics.rank(table, groups)
    bounds = metrics.intervals(ranking, seed=params.seed, n_bootstrap=params.n_bootstrap)
    measured: dict[str, Any] = {}
    for key, mean in ranking.means().items():
        measured[key], measured[f"{key}_ci"] = mean, list(bounds[key])
    return measured


def _means(table: DoubleArray, groups: list[str]) -> dict[str, float]:
    means = metrics.rank(table, groups).means()
    return {key: means[key] for key in ("map", "hit_at_1")}
