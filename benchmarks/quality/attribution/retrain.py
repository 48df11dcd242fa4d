"""Make the truth that attribution is measured against: train on random halves of the corpus, keep each query's loss.

    python -m benchmarks.quality.attribution.retrain --kind ar --split report --subsets 64 --seeds 3 --out run/

One file per kind and split; it is written after each model, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from pathlib import Path

import numpy as np
import torch

from versionmatch.attribution.benchmark.plan import ITEMS, KINDS, SPLITS, corpus, losses_of, queries, retrained
from versionmatch.attribution.reference.melodies import table
from versionmatch.attribution.reference.stored import Trained, open_trained, train
from versionmatch.files import write_atomically


def full_model(kind: str, folder: Path) -> Trained:
    """The model trained on the whole corpus, which is attributed; trained once."""
    if not (folder / kind).is_dir():
        train(corpus(), KINDS[kind]).save(folder / kind)
    return open_trained(folder / kind)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--kind", choices=tuple(KINDS), required=True)
    parser.add_argument("--split", choices=tuple(SPLITS), default="report")
    parser.add_argument("--subsets", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    split, full = SPLITS[options.split], full_model(options.kind, options.out)
    asked, rows = queries(split, full.net), table(full.tunes)
    path = options.out / f"{options.kind}-{options.split}.npz"
    losses = np.full((options.subsets, options.seeds, len(asked)), np.nan)
    if path.exists():
        with np.load(path, allow_pickle=False) as before:
            m, s = (min(a, b) for a, b in zip(before["losses"].shape[:2], losses.shape[:2], strict=True))
            losses[:m, :s] = before["losses"][:m, :s]
    for subset in range(options.subsets):
        for number in range(options.seeds):
            if np.isfinite(losses[subset, number]).all():
                continue
            begun = time.process_time()
            chosen = rows[split.members(subset)]
            net = retrained(full.params, chosen, of=ITEMS, seed=split.seed(subset, number))
            losses[subset, number] = losses_of(net, asked)
            whole = io.BytesIO()
            np.savez(whole, losses=losses, queries=asked)
            with write_atomically(path) as file:
                file.write(whole.getvalue())
            sys.stderr.write(f"{options.kind} {subset}.{number} {time.process_time() - begun:.1f} s\n")


if __name__ == "__main__":
    main()
