"""How well tunes are found by their notes: ``python -m benchmarks.quality.melodic DATA [SET …]``.

Three sets that nothing was fitted on: folk tunes from different books (groups that span collections and are not
near-identical), the highest part of chorales whose title was set more than once, and pairs of songs that were disputed,
where each song's partner is looked for among all songs. Beside the melody score, in the same run: the edit distance of
pitch intervals (Needleman-Wunsch with unit costs, over the longer length). Every figure raw and score-normalised, with
95 % intervals over groups, and the difference to the baseline on the same draws. Writes ``results/melodic.json``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.disputed_pairs import disputed
from benchmarks.quality.embedding_tunes import READERS
from benchmarks.quality.interval_distance import interval_distances
from versionmatch.jobs.bench_melody import tables
from versionmatch.match.metrics import Ranking, intervals, paired_difference, rank
from versionmatch.match.normalise import normalised
from versionmatch.melodic.identity import percent_identity
from versionmatch.melodic.statistics import load
from versionmatch.melodic.tune import Tune
from versionmatch.types import DoubleArray

SEED = 440
KEYS = ("map", "hit_at_1", "mr1")
RESULT = Path(__file__).resolve().parents[1] / "results" / "melodic.json"
Labelled = list[tuple[str, str, Tune]]  # name, group, tune


def sets(data: Path) -> dict[str, Labelled]:
    """The three sets."""
    found = {name: [(t.name, t.group, Tune.of_notes(t.parts[0])) for t in READERS[name](data)] for name in READERS}
    cases = disputed(next((data / "dev").glob("plag*")))
    found["disputed"] = [(name, name[:-1], Tune.of_notes(notes)) for name, notes in cases.items()]
    return found


def measured(items: Labelled) -> dict[str, Any]:
    """Each system's figures, and what the score gains on the baseline."""
    groups, tunes = [group for _, group, _ in items], [tune for _, _, tune in items]
    started = time.process_time()
    score, measures = tables(tunes, 1, lambda _: None)
    spent = time.process_time() - started
    weights = load().scores["untimed"]["weights"]
    bare = np.sum([weight * measures[name] for name, weight in weights.items()], axis=0)
    baseline = 1 - interval_distances([t.intervals.astype(np.int64) for t in tunes])
    systems = {"melody score": score, "melody score without rhythm": bare, "edit distance of intervals": baseline}
    systems.update(measures)
    rankings = {name: {"raw": rank(t, groups), "z": rank(normalised(t), groups)} for name, t in systems.items()}
    ours, theirs = rankings["melody score"], rankings["edit distance of intervals"]
    return {
        "n_items": len(items), "n_groups": len(set(groups)), "n_queries": ours["raw"].n_queries,
        "ms_per_pair": round(2e3 * spent / (len(items) * (len(items) - 1)), 3),
        "systems": {name: {kind: figures(r) for kind, r in both.items()} for name, both in rankings.items()},
        "gain_in_map": {kind: paired_difference(ours[kind], theirs[kind], seed=SEED) for kind in ("raw", "z")},
        "not_first": missed(items, normalised(score)),
    }  # fmt: skip


def figures(ranking: Ranking) -> dict[str, Any]:
    """MAP, hit@1 and MR1 with their intervals."""
    means, bounds = ranking.means(), intervals(ranking, seed=SEED)
    return {key: {"mean": round(means[key], 4), "ci": [round(x, 4) for x in bounds[key]]} for key in KEYS}


def missed(items: Labelled, score: DoubleArray) -> list[dict[str, Any]]:
    """Queries whose variant is not first: what is, and how identical it and the best variant are to the query (PMI)."""
    rows = []
    for i, (name, group, tune) in enumerate(items):
        own = [t for k, (_, g, t) in enumerate(items) if g == group and k != i]
        first = items[int(np.argmax(np.where(np.arange(len(items)) == i, -np.inf, score[i])))]
        if own and first[1] != group:
            best = max(percent_identity(tune, t) for t in own)
            rows.append(
                {
                    "query": name,
                    "group": group,
                    "first": first[0],
                    "its_group": first[1],
                    "pmi_of_first": round(percent_identity(tune, first[2]), 1),
                    "pmi_of_best_variant": round(best, 1),
                }
            )
    return rows  # fmt: skip


def main(data: Path, only: Sequence[str]) -> None:
    """Measure the sets, or those named, and write their figures."""
    report: dict[str, Any] = json.loads(RESULT.read_text()) if only else {"sets": {}}
    report.update(statistics=load().id, seed=SEED)
    for name, items in reversed(sets(data).items()):
        if only and name not in only:
            continue
        found = report["sets"][name] = measured(items)
        for system, both in found["systems"].items():
            shown = [f"{k} {both[kind][k]['mean']:.3f}" for kind in ("raw", "z") for k in KEYS[:2]]
            print(f"{name:9} {system:28}", *shown)
        print(f"{name:9} gain {found['gain_in_map']['raw']} {found['ms_per_pair']} ms a pair", flush=True)
        RESULT.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
