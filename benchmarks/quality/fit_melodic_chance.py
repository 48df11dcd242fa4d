"""What unrelated works share: ``python -m benchmarks.quality.fit_melodic_chance WORKS DATA CATALOGUE TRACKS``.

Fits ``chance.json`` of the melody statistics: the score of the best shared passage of unrelated pairs, by the
logarithm of the numbers of notes. WORKS and DATA as ``build_melody_statistics`` takes them; CATALOGUE is a catalogue of
recordings with ``notes`` and ``beats``, TRACKS the folder that they were taken from, one folder a game or album.
Recordings at even positions (by their paths in TRACKS) are used, those at odd ones are left to
``melodic_passages``. A pair that shares ``RUN`` intervals in a row counts as related and is left out.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from benchmarks.quality.build_melody_statistics import MODEL, runs, tunes_to_learn_from
from versionmatch.features.view import Track
from versionmatch.match.tunes import Heard, comparable, heard
from versionmatch.melodic.chance import KINDS, SCHEMA, standard
from versionmatch.melodic.located import line_of, scores_by_key
from versionmatch.melodic.tune import Tune
from versionmatch.store.artefacts import ArtefactStore
from versionmatch.types import DoubleArray, Recording

SEED, SHORTEST, N_TAILS = 440, 6, 4
N_PAIRS = {"scores": 40_000, "mixed": 20_000, "recordings": 20_000}
SUFFIXES = {".ogg", ".flac", ".wav", ".mp3"}
Placed = list[tuple[str, Heard]]  # which collection, and the tune


def recorded(catalogue: Path, tracks: Path) -> list[tuple[str, Track]]:
    """Each recording's folder in TRACKS and its features, in the order of the paths; changed recordings left out."""
    known = sqlite3.connect(f"file:{catalogue / 'catalogue.db'}?mode=ro", uri=True)
    recording_of = dict(known.execute("select content, recording_id from files where recording_id != ''"))
    store = ArtefactStore(catalogue)
    found: dict[str, tuple[str, Track]] = {}
    for path in sorted(p for p in tracks.rglob("*") if p.suffix.lower() in SUFFIXES):
        identity = recording_of.get(hashlib.sha256(path.read_bytes()).hexdigest())
        if identity is not None and identity not in found:
            own = Recording(identity, str(path), soundfile.info(path).duration)
            found[identity] = (path.relative_to(tracks).parts[0], Track(own, {}, cache=store))
    return list(found.values())


def written(tune: Tune) -> Heard:
    """A tune of a score, as a track gives it."""
    n = np.arange(len(tune))
    times = np.asarray(tune.onsets)
    return Heard(tune, n, n, times, times + np.asarray(tune.durations), True)


def stretch(whole: Heard, rng: np.random.Generator) -> Heard:
    """From ``SHORTEST`` notes in a row up to all; short ones as often as long ones by ratio."""
    longest = max(len(whole), SHORTEST)
    n = min(len(whole), int(np.exp(rng.uniform(np.log(SHORTEST), np.log(longest + 1)))))
    first = int(rng.integers(0, len(whole) - n + 1))
    return whole.at(np.arange(first, first + n))


def strongest(one: Heard, other: Heard) -> tuple[float, float]:
    """log(n · m) and the score of the best passage, as ``melodic_passages`` finds it."""
    a, b = comparable(one, other)
    lines = [line_of(side.tune) for side in (a, b)]
    return float(np.log(len(a) * len(b))), float(scores_by_key(lines[0], lines[1]).max())


def unrelated(ones: Placed, others: Placed, n: int, rng: np.random.Generator, *, same: bool | None) -> DoubleArray:
    """``(n, 2)`` of log(n · m) and score: pairs of one collection, of different ones, or of any (None)."""
    rows: list[tuple[float, float]] = []
    while len(rows) < n:
        i, j = int(rng.integers(len(ones))), int(rng.integers(len(others)))
        (place, a), (other_place, b) = ones[i], others[j]
        if a is b or (same is not None and (place == other_place) != same) or min(len(a), len(b)) < SHORTEST:
            continue
        if runs(a.tune) & runs(b.tune):
            continue
        whole = rng.random(2) < 0.3
        rows.append(strongest(*(x if w else stretch(x, rng) for x, w in zip((a, b), whole, strict=True))))
    return np.array(rows)


def fitted(rows: DoubleArray, corpus: str) -> dict[str, Any]:
    """Mean and spread by log(n · m), and in ``N_TAILS`` ranges of it the strongest by rank."""
    x, scores = rows.T
    design = np.column_stack([np.ones_like(x), x])
    mean = np.round(np.linalg.lstsq(design, scores, rcond=None)[0], 5)
    spread = np.round(np.linalg.lstsq(design, np.abs(scores - design @ mean), rcond=None)[0], 5)
    places = standard(scores, x, (mean[0], mean[1]), (spread[0], spread[1]))
    edges = np.round(np.quantile(x, np.arange(1, N_TAILS) / N_TAILS), 3)
    which = np.searchsorted(edges, x, side="right")
    tails = [tail(places[which == k]) for k in range(N_TAILS)]
    return {
        "corpus": corpus, "mean": mean.tolist(), "spread": spread.tolist(), "edges": edges.tolist(), "tails": tails,
    }  # fmt: skip


def tail(places: DoubleArray) -> dict[str, Any]:
    """Some ranks, dense among the strongest, and the places there."""
    ordered = np.sort(places)[::-1]
    ranks = np.unique(np.round(np.geomspace(1, len(ordered), 60)).astype(int))
    strongest = [round(float(v), 4) for v in ordered[ranks - 1]]
    return {"n_pairs": len(ordered), "ranks": ranks.tolist(), "strongest": strongest}


def main(works: Path, data: Path, catalogue: Path, tracks: Path) -> None:
    """Fit all three kinds."""
    rng = np.random.default_rng(SEED)
    collections, _ = tunes_to_learn_from(works, data)
    scores = {name: [(name, written(tune)) for tune in tunes] for name, tunes in collections.items()}
    even = [(folder, heard(track)) for folder, track in recorded(catalogue, tracks)[::2]]
    share = N_PAIRS["scores"] // len(scores)
    rows = {
        "scores": np.vstack([unrelated(own, own, share, rng, same=True) for own in scores.values()]),
        "mixed": np.vstack(
            [unrelated(own, even, N_PAIRS["mixed"] // len(scores), rng, same=None) for own in scores.values()]
        ),
        "recordings": unrelated(even, even, N_PAIRS["recordings"], rng, same=False),
    }
    heard_of = f"{len(even)} recordings of free games (even positions), pairs of different games"
    names = {
        "scores": "tunes of one collection: POP909, OpenEWLD, Nottingham, Ceol Rince na hÉireann",
        "mixed": f"tunes of those collections with {len(even)} recordings of free games (even positions)",
        "recordings": heard_of,
    }
    about = {"schema": SCHEMA, "chances": {kind: fitted(rows[kind], names[kind]) for kind in KINDS}}
    about["provenance"] = {"script": "benchmarks/quality/fit_melodic_chance.py", "seed": SEED}
    (MODEL / "chance.json").write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for kind, found in about["chances"].items():
        print(kind, found["mean"], found["spread"], found["edges"])


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:5]))
