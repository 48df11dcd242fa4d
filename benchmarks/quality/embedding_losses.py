"""Which loss learns versions best in few steps: the same batches for all, three seeds.

    python -m benchmarks.quality.embedding_losses --material DIR --cache DIR --dev FILE.npz --out DIR

One network of width 64, 200 steps of 14,000 frames of easy made versions, no contrast of segments, the average of the
weights kept. Runs that were interrupted go on. The folders are those of ``versionmatch train``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from versionmatch.jobs.train import TrainFolders, train
from versionmatch.train.config import of_config, read_config
from versionmatch.train.curve import read_log

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "benchmarks" / "results" / "embedding-losses.json"
CONFIG = ROOT / "models" / "versions-v2" / "train-narrow.toml"
LOSSES = {"NT-Xent, temperature 0.1": ("nt-xent", 0.1), "CLEWS, gamma 5": ("clews", 5.0), "triplet": ("triplet", 0.3)}
SEEDS, STEPS = (1, 2, 3), 200
EASY = ("easy-songs", "easy-tunes")
FIGURES = ("dev_map_z", "dev_segments_z", "dev_both_z")


def settings(loss: str, constant: float, seed: int) -> dict[str, Any]:
    """Those of the narrow network, for a short run."""
    shipped = read_config(CONFIG).to_dict()
    return shipped | {
        "id": f"loss-{loss}-{seed}",
        "pools": [pool for pool in shipped["pools"] if pool["name"] in EASY],
        "stages": [{"steps": STEPS, "pools": dict.fromkeys(EASY, 1.0), "disturbance": 0.5}],
        "crops": shipped["crops"] | {"frames": 14_000},
        "seed": seed,
        "loss": loss,
        "temperature": constant,
        "segment_weight": 0.0,
        "average": 0.98,
        "warm_up": 20,
        "checkpoint_every": 50,
        "evaluate_every": STEPS,
    }


def main() -> None:
    args = arguments()
    runs: dict[str, list[dict[str, float]]] = {}
    for seed in SEEDS:
        for title, (loss, constant) in LOSSES.items():
            home = args.out / f"{loss}-{seed}"
            folders = TrainFolders(material=args.material, out=home, cache=args.cache, dev=args.dev)
            train([of_config(settings(loss, constant, seed))], folders, member=0)
            last = read_log(home / "member-0" / "log.jsonl")[-1]
            runs.setdefault(title, []).append({"seed": seed} | {name: last[name] for name in FIGURES})
            write(runs, args.out_json)
    print(args.out_json.read_text(encoding="utf-8"))


def write(runs: dict[str, list[dict[str, float]]], path: Path) -> None:
    """What is known so far."""
    means = {t: {f: float(np.mean([r[f] for r in rows])) for f in FIGURES} for t, rows in runs.items()}
    report = {
        "question": __doc__.splitlines()[0] if __doc__ else "",
        "steps": STEPS,
        "data": "62 commercial recordings of 30 works, MAP, score-normalised",
        "runs": runs,
        "means": means,
    }
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name in ("--material", "--cache", "--dev", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--out-json", type=Path, default=OUT)
    return parser.parse_args()


if __name__ == "__main__":
    main()
