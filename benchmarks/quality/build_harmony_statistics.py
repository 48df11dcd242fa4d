"""Count the chord figures of works that may be learned from, into ``models/harmony-statistics-v1``.

``python -m benchmarks.quality.build_harmony_statistics WORKS``: WORKS holds the collections as ``versionmatch train
prepare`` keeps them (``versionmatch/factory/read.py``; OpenEWLD without the works it leaves out). Works whose chords
were not written but made up for the tune are left out. Only how many works have each figure is kept, and what the
alignment of unrelated progressions scores by lengths and changes: pairs of one collection, whole or cut short, from 4
chords on.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from versionmatch.factory.harmonise import harmonised
from versionmatch.factory.work import Work, pitch_classes, read_works
from versionmatch.harmonic.alignment import PARAMETERS, chord_scores
from versionmatch.harmonic.chance import richness
from versionmatch.harmonic.chord import SILENT, Chord, quality_of
from versionmatch.harmonic.codes import LONGEST, codes_of
from versionmatch.harmonic.progression import Progression
from versionmatch.harmonic.statistics import DEFAULT, SCHEMA

COLLECTIONS = ("pop909", "openewld", "nottingham")
MODEL = Path(__file__).resolve().parents[2] / "models" / DEFAULT
LEAST = {f"chords-{n}": least for n, least in zip(range(2, LONGEST + 1), (1, 1, 1, 2, 2), strict=True)}
PAIRS, SEED = 12_000, 440


def written(works: Path) -> dict[str, list[Progression]]:
    """The progressions of all works that have chords of their own."""
    found: dict[str, list[Progression]] = {}
    for collection in COLLECTIONS:
        read = (w for w in read_works(works / f"{collection}.npz") if len(w.chords) and not made_up(w))
        found[collection] = [p for p in map(progression, read) if len(p) >= 2]
    return found


def made_up(work: Work) -> bool:
    """Whether the reader harmonised the tune, as it does where no chords are written."""
    step = 2 * work.bar if work.bar < 2 else work.bar / 2
    return np.array_equal(harmonised(work.melody, step), work.chords)


def progression(work: Work) -> Progression:
    """A work's chords, durations in quarter notes; what lies between chords is no chord."""
    chords, durations, end = [], [], 0.0
    for onset, duration, root, _, mask in work.chords.tolist():
        if chords and onset > end + 0.1:
            chords.append(SILENT)
            durations.append(onset - end)
        chords.append(Chord(int(root), quality_of((c - int(root)) % 12 for c in pitch_classes(mask))))
        durations.append(max(duration, 1e-3))
        end = onset + duration
    return Progression(tuple(chords), np.array(durations))


def counted(progressions: list[Progression]) -> dict[str, np.ndarray]:
    """Codes and counts by kind, those that too few works have left out."""
    arrays = {}
    for kind, least in LEAST.items():
        every = [np.unique(codes_of(p, int(kind[-1]))) for p in progressions]
        codes, counts = np.unique(np.concatenate(every), return_counts=True)
        keep = counts >= least
        arrays[f"{kind}.codes"], arrays[f"{kind}.counts"] = codes[keep], counts[keep].astype(np.uint16)
    return arrays


def unrelated(collections: dict[str, list[Progression]]) -> Iterator[tuple[Progression, Progression]]:
    """Pairs of two works of one collection, every second time one or both cut to a stretch."""
    rng = np.random.default_rng(SEED)
    for _ in range(PAIRS):
        works = collections[COLLECTIONS[rng.integers(len(COLLECTIONS))]]
        i, j = rng.choice(len(works), 2, replace=False)
        yield tuple(cut(works[k], rng) if rng.random() < 0.5 else works[k] for k in (i, j))  # type: ignore[misc]


def cut(whole: Progression, rng: np.random.Generator) -> Progression:
    """A stretch of 4 chords or more, all lengths alike in proportion."""
    n = int(np.exp(rng.uniform(np.log(4), np.log(max(5, len(whole))))))
    start = int(rng.integers(max(1, len(whole) - n + 1)))
    return Progression(whole.chords[start : start + n], whole.lengths[start : start + n])


def chance(collections: dict[str, list[Progression]]) -> dict[str, Any]:
    """Mean of log(1 + score) of unrelated pairs and the deviation from it, as lines in ``richness``."""
    pairs = [(a, b) for a, b in unrelated(collections) if min(len(a), len(b)) >= 4]
    rows = np.array([richness(a, b) for a, b in pairs])
    scores = np.log1p([chord_scores(a, b).max() for a, b in pairs])
    mean = np.linalg.lstsq(rows, scores, rcond=None)[0]
    rest = scores - rows @ mean
    spread = np.linalg.lstsq(rows, np.abs(rest) * np.sqrt(np.pi / 2), rcond=None)[0]
    z = rest / (rows @ spread)
    thirds = np.digitize(rows[:, 1], np.quantile(rows[:, 1], [1 / 3, 2 / 3]))
    print(
        "by the shorter length, mean and deviation:", [(z[thirds == k].mean(), z[thirds == k].std()) for k in range(3)]
    )
    return {
        "mean": [round(float(x), 6) for x in mean], "deviation": [round(float(x), 6) for x in spread],
        "pairs": len(pairs), "parameters": dict(PARAMETERS), "seed": SEED,
    }  # fmt: skip


def main(works: Path) -> None:
    """Count and fit."""
    collections = written(works)
    progressions = [p for found in collections.values() for p in found]
    MODEL.mkdir(parents=True, exist_ok=True)
    save_file(counted(progressions), MODEL / "figures.safetensors")
    about = {
        "schema": SCHEMA, "id": DEFAULT, "n_works": len(progressions), "least": LEAST, "chance": chance(collections),
        "provenance": {
            "works": {name: len(found) for name, found in collections.items()},
            "script": "benchmarks/quality/build_harmony_statistics.py",
            "figures_sha256": hashlib.sha256((MODEL / "figures.safetensors").read_bytes()).hexdigest(),
        },
    }  # fmt: skip
    (MODEL / "statistics.json").write_text(json.dumps(about, indent=1) + "\n")
    print(about["provenance"], about["chance"], (MODEL / "figures.safetensors").stat().st_size)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
