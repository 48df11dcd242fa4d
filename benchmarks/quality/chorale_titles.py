"""How well any comparison of tunes could do on chorales that are grouped by title, and how well ours does by tune.

    python -m benchmarks.quality.chorale_titles --data ../shared/data

Titles are no tunes: one tune is sung to several texts, and one text to several tunes. Here chorales whose highest
parts have ``SAME`` per cent of identical notes or more, in the best key, aligned from end to end (PMI), are one tune,
and what hangs together so is one tune too. The *ceiling* is the MAP by title of a matcher that puts all of a query's
tune first and knows nothing else, averaged over 200 orders. Writes ``benchmarks/results/chorale-titles.json``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.sparse.csgraph import connected_components

from benchmarks.quality.interval_distance import interval_distances
from benchmarks.quality.melodic import RESULT, figures, sets
from versionmatch.jobs.bench_melody import tables
from versionmatch.match.metrics import paired_difference, rank
from versionmatch.match.normalise import normalised
from versionmatch.melodic.identity import percent_identity

SAME, N_ORDERS, SEED = (85.0, 70.0), 200, 440


def tunes_of(identity: np.ndarray, same: float) -> np.ndarray:
    """The tune of each item: a number."""
    return connected_components(identity >= same, directed=False)[1]


def ceiling(titles: list[str], tunes: np.ndarray) -> float:
    """MAP by title where a query's tune comes first, in any order, then all else, in any order."""
    rng, names, found = np.random.default_rng(SEED), np.array(titles), []
    for _ in range(N_ORDERS):
        noise = rng.random((len(names), len(names)))
        found.append(rank(2.0 * (tunes[:, None] == tunes[None]) + noise, list(names)).means()["map"])
    return float(np.mean(found))


def compared(score: np.ndarray, plain: np.ndarray, groups: list[str]) -> dict[str, object]:
    """Both systems' figures, and what the score gains."""
    ours, theirs = rank(normalised(score), groups), rank(normalised(plain), groups)
    return {
        "n_queries": ours.n_queries,
        "melody score": figures(ours),
        "edit distance of intervals": figures(theirs),
        "gain_in_map": paired_difference(ours, theirs, seed=SEED),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    args = parser.parse_args()
    items = sets(args.data)["chorales"]
    titles, lines = [title for _, title, _ in items], [tune for _, _, tune in items]
    identity = np.array([[percent_identity(a, b) for b in lines] for a in lines])
    score, _ = tables(lines, 1, lambda _: None)
    plain = 1 - interval_distances([t.intervals.astype(np.int64) for t in lines])
    told = {
        "n_items": len(items),
        "n_titles": len(set(titles)),
        "seed": SEED,
        "by_title": compared(score, plain, titles),
    }
    for same in SAME:
        tunes = tunes_of(np.maximum(identity, identity.T), same)
        groups = [str(t) for t in tunes]
        told[f"by_tune_{same:g}"] = {
            "n_tunes": len(set(groups)),
            "ceiling_of_map_by_title": round(ceiling(titles, tunes), 4),
            **compared(score, plain, groups),
        }
    text = json.dumps(told, indent=1) + "\n"
    print(text)
    (RESULT.parent / "chorale-titles.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
