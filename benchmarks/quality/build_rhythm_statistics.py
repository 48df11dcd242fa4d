"""Count the rhythms of tunes, and what bars of recordings usually are, into ``models/rhythm-statistics-v1``.

``python -m benchmarks.quality.build_rhythm_statistics WORKS DATA CLIPS``: WORKS holds the collections as ``versionmatch
train prepare`` keeps them, DATA the development data, whose tunes are left out as for the melody statistics; CLIPS the
transforms that ``rhythmic_clips`` made, of which those at even positions count. Only counts, means and spreads are
kept.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from benchmarks.quality.build_melody_statistics import COLLECTIONS, development, runs
from benchmarks.quality.rhythmic_clips import clip_features, clip_numbers
from versionmatch.factory.work import Work, read_works
from versionmatch.melodic.tune import Tune
from versionmatch.rhythmic.bars import flat_bars
from versionmatch.rhythmic.grid import fold
from versionmatch.rhythmic.statistics import BEATS, DEFAULT, SCHEMA, RhythmStatistics
from versionmatch.rhythmic.tune import N_RATIOS, RUN, MelodyRhythm, ratios, runs_of, windows_of

MODEL = Path(__file__).resolve().parents[2] / "models" / DEFAULT
LEAST = 2
FLOOR = 0.1  # of the largest variance, added to all before they are divided by
KINDS = {"whole": ("onsets", 32), "drums": ("onset-bands", 48)}  # feature, and how many directions are kept


def rhythm_of(work: Work) -> MelodyRhythm:
    """A work's melody on its beats: dotted quarters where a bar is of them, else quarters."""
    return MelodyRhythm.of_beats(work.melody[:, 0].astype(np.float64) / (1.5 if work.bar == 1.5 else 1.0))


def works_to_learn_from(folder: Path, data: Path) -> tuple[list[Work], int]:
    """The works of all collections but those that share a tune with the development data; how many were left out."""
    unwanted = {run for tune in development(data) for run in runs(tune)}
    every = [work for name in COLLECTIONS for work in read_works(folder / f"{name}.npz")]
    kept = [w for w in every if not unwanted & runs(Tune.of_notes(w.melody.astype(np.float64).tolist()))]
    return kept, len(every) - len(kept)


def counted(rhythms: Sequence[MelodyRhythm]) -> dict[str, np.ndarray]:
    """In how many works each rhythm and run of ratios is, and how often each ratio follows each."""
    arrays: dict[str, np.ndarray] = {}
    for beats in BEATS:
        codes, counts = np.unique(
            np.concatenate([np.unique(windows_of(r, beats)[0]) for r in rhythms]), return_counts=True
        )
        keep = counts >= LEAST
        arrays[f"beats-{beats}.codes"], arrays[f"beats-{beats}.counts"] = codes[keep], counts[keep].astype(np.uint16)
    codes = [ratios(r)[0] for r in rhythms]
    found = np.concatenate([np.unique(runs_of(c)) for c in codes])
    arrays["runs"] = np.bincount(found, minlength=N_RATIOS**RUN).astype(np.uint16)
    pairs = np.concatenate([c[:-1].astype(np.int64) * N_RATIOS + c[1:] for c in codes])
    arrays["steps"] = np.bincount(pairs, minlength=N_RATIOS**2).reshape(N_RATIOS, N_RATIOS).astype(np.uint32)
    return arrays


def usual_bars(bars: np.ndarray, keep: int) -> tuple[np.ndarray, np.ndarray]:
    """Their mean, and what turns their covariance into about that of chance, in ``keep`` directions."""
    values, axes = np.linalg.eigh(np.cov((bars - bars.mean(axis=0)).T))
    turn = (axes / np.sqrt(values + FLOOR * values.max()))[:, -keep:]
    return bars.mean(axis=0).astype(np.float32), np.ascontiguousarray(turn, dtype=np.float32)


def bars_of_clips(clips: Path, numbers: Iterable[int]) -> dict[str, np.ndarray]:
    """Mean and whitening of the bars of those recordings, all edits, by kind."""
    arrays = {}
    tracks = [track for number in numbers for track in clip_features(clips, number).values()]
    for kind, (feature, keep) in KINDS.items():
        bars = np.concatenate([flat_bars(fold(track[feature], track["beats"])) for track in tracks])
        arrays[f"{kind}.mean"], arrays[f"{kind}.turn"] = usual_bars(bars, keep)
    return arrays


def statistics_of(rhythms: Sequence[MelodyRhythm], bars: dict[str, np.ndarray]) -> RhythmStatistics:
    """As they would be shipped, of these alone: to measure on others."""
    return RhythmStatistics("of a half", len(rhythms), LEAST, counted(rhythms) | bars, {})


def main(works: Path, data: Path, clips: Path) -> None:
    """Count and write."""
    kept, left_out = works_to_learn_from(works, data)
    numbers = [n for n in clip_numbers(clips) if n % 2 == 0]
    MODEL.mkdir(parents=True, exist_ok=True)
    path = MODEL / "rhythms.safetensors"
    save_file(counted([rhythm_of(w) for w in kept]) | bars_of_clips(clips, numbers), path)
    about: dict[str, Any] = {
        "schema": SCHEMA, "id": DEFAULT, "n_works": len(kept), "least": LEAST,
        "provenance": {
            "works": {name: sum(w.collection == name for w in kept) for name in COLLECTIONS}, "left_out": left_out,
            "recordings": len(numbers), "script": "benchmarks/quality/build_rhythm_statistics.py",
            "rhythms_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        },
    }  # fmt: skip
    (MODEL / "statistics.json").write_text(json.dumps(about, indent=1) + "\n")
    print(about, path.stat().st_size)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
