"""Put what ``retrain`` made beside the code: the models, their tunes, and the truth of both splits.

python -m benchmarks.quality.attribution.ship run/ models/
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from versionmatch.attribution.benchmark.plan import SPLITS
from versionmatch.attribution.benchmark.shipped import FOLDERS, TRUTH, Question, write_truth
from versionmatch.attribution.metrics import Truth
from versionmatch.attribution.reference.stored import open_trained


def question(run: Path, kind: str, split: str) -> Question:
    """The subsets that are complete, from the first on."""
    with np.load(run / f"{kind}-{split}.npz", allow_pickle=False) as file:
        losses, queries = file["losses"], file["queries"]
    done = np.isfinite(losses).all(axis=(1, 2))
    count = len(done) if done.all() else int(done.argmin())
    members = np.stack([SPLITS[split].members(j) for j in range(count)])
    return Question(Truth(members, losses[:count]), queries, SPLITS[split].n_outputs)


def main() -> None:
    run, models = (Path(a) for a in sys.argv[1:3])
    for kind, name in FOLDERS.items():
        open_trained(run / kind).save(models / name)
        write_truth(models / name / TRUTH, {split: question(run, kind, split) for split in SPLITS})


if __name__ == "__main__":
    main()
