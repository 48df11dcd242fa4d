"""Is a passage found in the work it was taken from, and nothing where it comes from elsewhere?

``python -m benchmarks.quality.prior_art DATA`` builds an index of the Nottingham tunes and looks up, with seed 440:

- *planted*: 8 to 20 notes of each of 200 works, in another key, once as they are and once each with a note put in, one
  altered, one left out, and one of each of these at once;
- *elsewhere*: passages of as many notes from 200 pop songs' melodies, which are in no work of the corpus;
- *held out*: passages of 200 Nottingham tunes, looked up in an index of all others. Tunes of one repertoire have
  formulas and variants in common: what is found there is not wrong, but it shows how often that happens.

Every share has a 95 % interval (Wilson, over works). Writes ``results/prior-art.json``.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from versionmatch.jobs.prior_art import search
from versionmatch.jobs.prior_result import PriorArt, SearchParams
from versionmatch.jobs.tune_index import TuneIndex
from versionmatch.jobs.tune_reading import corpus_of, given_files, read_works
from versionmatch.melodic.tune import Tune

SEED, N_WORKS = 440, 200
SHORTEST, LONGEST = 8, 20
RESULT = Path(__file__).resolve().parents[1] / "results" / "prior-art.json"
ALL = SearchParams(k=0)
Pitches = np.ndarray[Any, np.dtype[np.int32]]
Change = Callable[[Pitches, np.random.Generator], Pitches]


def put_in(p: Pitches, rng: np.random.Generator) -> Pitches:
    """A step above or below one of its neighbours, somewhere inside."""
    at = int(rng.integers(1, p.size))
    return np.insert(p, at, p[at - 1] + rng.choice([-2, -1, 1, 2])).astype(np.int32)


def altered(p: Pitches, rng: np.random.Generator) -> Pitches:
    """One note a step or a third away."""
    q, at = p.copy(), int(rng.integers(p.size))
    q[at] += rng.choice([-4, -3, -2, -1, 1, 2, 3, 4])
    return q


def left_out(p: Pitches, rng: np.random.Generator) -> Pitches:
    return np.delete(p, int(rng.integers(1, p.size - 1)))


CHANGES: dict[str, Sequence[Change]] = {
    "as it is": (), "one note put in": (put_in,), "one altered": (altered,), "one left out": (left_out,),
    "one of each": (put_in, altered, left_out),
}  # fmt: skip


def share(hits: Sequence[bool]) -> dict[str, Any]:
    """A share with its 95 % interval by Wilson's formula."""
    n, k, z = len(hits), sum(hits), 1.959964
    middle, spread = (k + z * z / 2) / (n + z * z), z / (n + z * z) * (k * (n - k) / n + z * z / 4) ** 0.5
    return {"share": round(k / n, 4), "ci": [round(max(0.0, middle - spread), 4), round(min(1.0, middle + spread), 4)]}


def drawn(index: TuneIndex, works: Sequence[int], rng: np.random.Generator) -> list[tuple[int, Pitches]]:
    """A passage of the melody of each work, where it is long enough."""
    made = []
    line_of = {line.work: i for i, line in enumerate(index.corpus.of) if line.melody}
    for work in works:
        tune, n = index.corpus.lines.tune(line_of[work]), int(rng.integers(SHORTEST, LONGEST + 1))
        if len(tune) >= n:
            at = int(rng.integers(len(tune) - n + 1))
            made.append((work, tune.pitches[at : at + n] + rng.integers(-6, 7)))
    return made


def planted(index: TuneIndex, rng: np.random.Generator) -> dict[str, Any]:
    """Rank 1, held and beyond chance, for each change and each length."""
    found: dict[str, list[tuple[int, bool, bool, bool]]] = {name: [] for name in CHANGES}
    passages = drawn(index, rng.permutation(len(index.corpus.works))[:N_WORKS].tolist(), rng)
    for work, pitches in passages:
        for name, changes in CHANGES.items():
            changed = pitches.astype(np.int32)
            for change in changes:
                changed = change(changed, rng)
            found[name].append((pitches.size, *of_source(index, search(index, Tune(changed), ALL), work)))
    names = ("hit_at_1", "holds", "beyond_chance")
    made: dict[str, Any] = {"n": len(passages)}
    for name, rows in found.items():
        groups = {"all": rows} | {f"{a}-{b} notes": [r for r in rows if a <= r[0] <= b] for a, b in ((8, 11), (12, 20))}
        made[name] = {g: {k: share([r[i] for r in rs]) for i, k in enumerate(names, 1)} for g, rs in groups.items()}
    return made


def of_source(index: TuneIndex, result: PriorArt, work: int) -> tuple[bool, bool, bool]:
    """Whether the source is first (or among those that come out alike), holds the passage, and is beyond chance."""
    mine = [h for h in result.hits if h.work_id == index.corpus.works[work].id]
    if not mine:
        return False, False, False
    first = not any(h.score > mine[0].score for h in result.hits)
    return first, mine[0].holds, mine[0].q_value is not None and mine[0].q_value <= 0.05


def elsewhere(index: TuneIndex, passages: Sequence[Pitches]) -> dict[str, Any]:
    """Of passages from other works, how many any work is said to hold, and how many with q at most .05."""
    results = [search(index, Tune(p), ALL) for p in passages]
    alike, beyond = ([h for r in results for h in r.hits if wanted(h)] for wanted in (holds, is_beyond))
    return {
        "n": len(results), "some_work_holds_it": share([any(map(holds, r.hits)) for r in results]),
        "some_work_is_beyond_chance": share([any(map(is_beyond, r.hits)) for r in results]),
        "works_that_hold_one": round(len(alike) / len(results), 3),
        "works_beyond_chance": round(len(beyond) / len(results), 3),
    }  # fmt: skip


def holds(hit: Any) -> bool:
    return bool(hit.holds)


def is_beyond(hit: Any) -> bool:
    return hit.q_value is not None and hit.q_value <= 0.05


def corpora(data: Path, folder: Path) -> tuple[TuneIndex, TuneIndex, TuneIndex, TuneIndex]:
    """All tunes, those less 200, the 200, and 200 pop songs."""
    for name in ("nottingham_abc", "pop909_main"):
        with tarfile.open(data / "train" / f"{name}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    tunes = [r for g in given_files([folder / "nottingham"]) if g for r in read_works(g)[0]]
    apart = np.zeros(len(tunes), bool)
    apart[np.random.default_rng(SEED).permutation(len(tunes))[:N_WORKS]] = True
    split = [[t for t, out in zip(tunes, apart.tolist(), strict=True) if out is which] for which in (False, True)]
    songs = [g for g in given_files([folder / "pop909"]) if g]
    chosen = np.random.default_rng(SEED).permutation(len(songs))[:N_WORKS]
    pop = [r for i in chosen for r in read_works(songs[i])[0]]
    made = [TuneIndex(corpus_of(works, [], 0, parts="melody", seed=SEED)) for works in (tunes, *split, pop)]
    return made[0], made[1], made[2], made[3]


def main(data: Path) -> None:
    """Measure and write."""
    with tempfile.TemporaryDirectory() as folder:
        whole, rest, apart, pop = corpora(data, Path(folder))
    rng, started = np.random.default_rng(SEED), time.process_time()
    report = {
        "question": (__doc__ or "").splitlines()[0], "seed": SEED, "works": len(whole.corpus.works),
        "planted": planted(whole, rng),
        "elsewhere": elsewhere(whole, [p for _, p in drawn(pop, range(len(pop.corpus.works)), rng)]),
        "held_out": elsewhere(rest, [p for _, p in drawn(apart, range(len(apart.corpus.works)), rng)]),
        "cpu_s": 0.0,
    }  # fmt: skip
    report["cpu_s"] = round(time.process_time() - started, 1)
    RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
