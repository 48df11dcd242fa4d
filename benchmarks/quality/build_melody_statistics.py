"""Count the figures of tunes that may be learned from, into ``models/melody-statistics-v1``.

``python -m benchmarks.quality.build_melody_statistics WORKS DATA``: WORKS holds the collections as
``versionmatch train prepare`` keeps them; DATA the development data, whose tunes are left out: a work that shares
``RUN`` intervals in a row with one of them does not count. Only how many works have each figure is kept.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from versionmatch.factory.work import read_works
from versionmatch.melodic.codes import codes_of
from versionmatch.melodic.statistics import DEFAULT, SCHEMA
from versionmatch.melodic.tune import Tune

COLLECTIONS = ("pop909", "openewld", "nottingham", "cre")
MODEL = Path(__file__).resolve().parents[2] / "models" / DEFAULT
RUN = 16
LEAST = {
    **{f"{name}-{n}": (1, 1, 1, 2, 4, 6)[n - 1] for name in ("intervals", "classes") for n in range(1, 7)},
    "timed-2": 1, "timed-3": 3, "timed-classes-2": 1, "timed-classes-3": 3,
}  # fmt: skip


def tunes_to_learn_from(works: Path, data: Path) -> tuple[dict[str, list[Tune]], int]:
    """The melodies of all collections but those of the development data, and how many were left out."""
    unwanted = {run for tune in development(data) for run in runs(tune)}
    found: dict[str, list[Tune]] = {}
    left_out = 0
    for collection in COLLECTIONS:
        found[collection] = []
        for work in read_works(works / f"{collection}.npz"):
            tune = Tune.of_notes(work.melody.astype(np.float64).tolist())
            if unwanted & runs(tune):
                left_out += 1
            else:
                found[collection].append(tune)
    return found, left_out


def development(data: Path) -> Iterable[Tune]:
    """The folk tunes and chorale melodies."""
    for group in json.loads((data / "dev/folk/folk_variants.json").read_text())["groups"].values():
        for version in group["versions"]:
            yield Tune.of_notes(version["notes"])
    for piece in json.loads((data / "dev/chorales/groups_notes.json").read_text())["pieces"].values():
        yield Tune.of_notes(piece["parts_high_to_low"][0])


def runs(tune: Tune) -> set[bytes]:
    """Every ``RUN`` intervals in a row."""
    steps = np.clip(tune.intervals, -127, 127).astype(np.int8).tobytes()
    return {steps[i : i + RUN] for i in range(len(steps) - RUN + 1)}


def counted(tunes: Iterable[Tune]) -> dict[str, np.ndarray]:
    """Codes and counts by kind, those that too few tunes have left out."""
    arrays = {}
    tunes = list(tunes)
    for kind, least in LEAST.items():
        codes, counts = np.unique(np.concatenate([np.unique(codes_of(t, kind)) for t in tunes]), return_counts=True)
        keep = counts >= least
        arrays[f"{kind}.codes"], arrays[f"{kind}.counts"] = codes[keep], counts[keep].astype(np.uint16)
    return arrays


def main(works: Path, data: Path) -> None:
    """Count, and keep what was fitted before."""
    collections, left_out = tunes_to_learn_from(works, data)
    tunes = [t for c in collections.values() for t in c]
    MODEL.mkdir(parents=True, exist_ok=True)
    save_file(counted(tunes), MODEL / "figures.safetensors")
    path = MODEL / "statistics.json"
    before: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    about = {
        "schema": SCHEMA, "id": DEFAULT, "n_tunes": len(tunes), "least": LEAST, "scores": before.get("scores", {}),
        "provenance": {
            "tunes": {name: len(found) for name, found in collections.items()}, "left_out": left_out,
            "script": "benchmarks/quality/build_melody_statistics.py",
            "figures_sha256": hashlib.sha256((MODEL / "figures.safetensors").read_bytes()).hexdigest(),
        },
    }  # fmt: skip
    path.write_text(json.dumps(about, indent=1) + "\n")
    print(about["provenance"], (MODEL / "figures.safetensors").stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
