"""Fit the melody score: ``python -m benchmarks.quality.fit_melody_score WORKS DATA``, after the statistics are built.

Related pairs are variants and borrowings that ``melody_variants`` makes of tunes that may be learned from; unrelated
ones are two tunes of one collection. Lengths are drawn from 8 notes up. No tune of the development data takes part.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from benchmarks.quality.build_melody_statistics import MODEL, tunes_to_learn_from
from benchmarks.quality.melody_variants import borrowing, variant
from versionmatch.melodic.score import TIMED, UNTIMED, lengths, measures, sketch, transformed
from versionmatch.melodic.statistics import load
from versionmatch.melodic.tune import Tune
from versionmatch.types import DoubleArray

SEED, N_RELATED, N_UNRELATED, LONGEST = 440, 3000, 9000, 200
SHORTER_THAN = (14, 28, 56)
RIDGE = 0.03  # best for finding variants and borrowings among tunes that were learned from


def notes_of(tune: Tune) -> DoubleArray:
    """Rows of onset, duration, pitch."""
    return np.column_stack([tune.onsets, tune.durations, tune.pitches])


def excerpt(tune: Tune, rng: np.random.Generator) -> DoubleArray:
    """8 to 200 notes in a row, short ones as often as long ones by ratio."""
    n = int(np.exp(rng.uniform(np.log(8), np.log(LONGEST))))
    first = int(rng.integers(0, max(len(tune) - n, 0) + 1))
    return notes_of(tune)[first : first + n]


def pairs(collections: dict[str, list[Tune]]) -> tuple[list[tuple[Tune, Tune]], DoubleArray]:
    """Pairs of tunes, and 1 where they are related."""
    rng = np.random.default_rng(SEED)
    names = sorted(collections)
    made, labels = [], []
    for k in range(N_RELATED + N_UNRELATED):
        tunes = collections[names[int(rng.integers(len(names)))]]
        i, j = rng.choice(len(tunes), 2, replace=False)
        one = excerpt(tunes[i], rng)
        if k >= N_RELATED:
            two = excerpt(tunes[j], rng)
        elif k % 3 == 0:
            two = borrowing(one, excerpt(tunes[j], rng), rng, rng.uniform(0.2, 0.6))
        else:
            two = variant(one, rng, rng.uniform(0.3, 0.8))
        made.append((Tune.of_notes(one.tolist()), Tune.of_notes(two.tolist())))
        labels.append(float(k < N_RELATED))
    return made, np.array(labels)


def fitted(names: tuple[str, ...], rows: DoubleArray, sizes: DoubleArray, labels: DoubleArray) -> dict[str, Any]:
    """What unrelated pairs have by length, the weights, and the unrelated pairs' log-odds."""
    unrelated = labels == 0
    columns, nulls = [], {}
    for k, name in enumerate(names):
        mean = np.linalg.lstsq(sizes[unrelated], rows[unrelated, k], rcond=None)[0]
        off = rows[:, k] - sizes @ mean
        deviation = float(off[unrelated].std())
        nulls[name] = {"mean": [round(float(c), 6) for c in mean], "deviation": round(deviation, 6)}
        columns.append(off / deviation)
    z = np.column_stack(columns)
    weights, intercept = logistic(z, labels)
    odds = intercept + z @ weights
    which = np.searchsorted(SHORTER_THAN, np.exp(sizes[:, 1]) + 1e-6, side="right")
    groups = [odds[unrelated & (which == g)] for g in range(len(SHORTER_THAN) + 1)]
    grid = np.linspace(0, 1, 201)
    return {
        "intercept": round(float(intercept), 6),
        "weights": {name: round(float(w), 6) for name, w in zip(names, weights, strict=True)},
        "nulls": nulls,
        "unrelated": {
            "shorter_than": SHORTER_THAN,
            "pairs": [len(g) for g in groups],
            "quantiles": [[round(float(q), 4) for q in np.quantile(g, grid)] for g in groups],
        },
    }


def logistic(z: DoubleArray, labels: DoubleArray) -> tuple[DoubleArray, float]:
    """Weights, none below 0 and drawn towards each other, and the intercept, as if every second pair were related."""
    n = z.shape[1]
    share = np.where(labels == 1, 0.5 / labels.mean(), 0.5 / (1 - labels.mean()))

    def loss(parameters: DoubleArray) -> float:
        odds = z @ parameters[:-1] + parameters[-1]
        fit = share * np.logaddexp(0, np.where(labels == 1, -odds, odds))
        return float(fit.mean() + RIDGE * n * parameters[:-1].var())

    best = minimize(loss, np.append(np.full(n, 0.5), 0.0), bounds=[(0, None)] * n + [(None, None)], method="L-BFGS-B")
    return best.x[:-1], float(best.x[-1])


def main(works: Path, data: Path) -> None:
    """Measure all pairs, fit with and without rhythm, and write both into the statistics."""
    made, labels = pairs(tunes_to_learn_from(works, data)[0])
    known = load(str(MODEL))
    rows = []
    for a, b in made:
        raw = measures(sketch(a, known), sketch(b, known))
        rows.append([transformed(name, raw[name]) for name in TIMED])
    sizes = np.array([lengths(len(a), len(b)) for a, b in made])
    table = np.array(rows)
    path = MODEL / "statistics.json"
    about = json.loads(path.read_text())
    about["scores"] = {
        "timed": fitted(TIMED, table, sizes, labels),
        "untimed": fitted(UNTIMED, table[:, : len(UNTIMED)], sizes, labels),
    }
    about["provenance"]["pairs"] = {"related": N_RELATED, "unrelated": N_UNRELATED, "seed": SEED}
    path.write_text(json.dumps(about, indent=1) + "\n")
    print({kind: found["weights"] for kind, found in about["scores"].items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
