"""How exactly the passages that are found by harmony answer planted ones.

    versionmatch bench make localise DIR --seed 440 --n 100 --unrelated 50
    python -m benchmarks.quality.localise DIR/sound.json --cache CACHE --out benchmarks/results/localise.json

The figures of ``versionmatch bench localise``, of ``shared_passages`` alone: no other cue is asked, so that
150 pairs take minutes. The finder was developed on seeds 1 and 2; 440 was made for the report alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from versionmatch.jobs.bench_localise import figures, truth_of
from versionmatch.jobs.bench_rows import draws, read_rows, share
from versionmatch.jobs.opening import open_track
from versionmatch.match.cues.passages import passages_between
from versionmatch.match.localisation import best_answer
from versionmatch.store.artefacts import ArtefactStore

SEED, N_BOOTSTRAP = 440, 1000
LENGTHS = ((10, 15), (15, 20), (20, 30), (30, 50))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    rows, errors = read_rows(args.manifest, truth_of)
    cache = ArtefactStore(args.cache)
    truths, answers, works, strange, beside = [], [], [], [], []
    for row, truth in rows:
        a, b = (open_track(path, cache=cache) for path in (row.a, row.b))
        found = passages_between(a, b)
        if truth is None:
            strange.append(float(bool(found)))
            beside.append(row.works)
        else:
            truths.append(truth)
            answers.append(best_answer(found, truth))
            works.append(row.works)
    told = {
        "n_related": len(truths),
        "n_unrelated": len(strange),
        **figures(truths, answers, draws(works, SEED, N_BOOTSTRAP)),
        "unrelated_with_a_passage": share(strange, draws(beside, SEED, N_BOOTSTRAP)),
        "by_length": {},
        "errors": errors,
        "seed": SEED,
    }
    shorter = np.array([min(t.span.query_duration_s, t.span.reference_duration_s) for t in truths])
    for low, high in LENGTHS:
        which = np.flatnonzero((shorter >= low) & (shorter < high))
        if which.size:
            part = [[values[i] for i in which] for values in (truths, answers, works)]
            told["by_length"][f"{low} to {high} s"] = figures(part[0], part[1], draws(part[2], SEED, N_BOOTSTRAP))
    text = json.dumps(told, indent=1) + "\n"
    print(text)
    if args.out:
        args.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
