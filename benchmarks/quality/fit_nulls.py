"""Fit the nulls of the elements' cues, and the log-odds of scores; say whether p-values are uniform where not fitted.

    python -m benchmarks.quality.fit_nulls --works DIR --catalogue DIR --cache DIR [--jobs 2]

``--works`` holds the works that ``versionmatch train`` prepares, as ``.npz``; ``--catalogue`` is one of free
recordings, of which those named ``stranger-…`` and ``base-NN.ogg`` are taken (what ``planted.py`` makes). Works and
recordings of even place fit, those of odd place check. Writes ``models/nulls-v1`` and
``benchmarks/results/nulls.json``.

Kinds of pair: *scores*, two works of one collection as lead sheets or as made arrangements; *recordings*, whole or an
excerpt of 15, 30 or 60 s of one beside another; *mixed*, an arrangement or a lead sheet beside a recording.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import compress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import kstest
from sklearn.metrics import roc_auc_score

from benchmarks.quality import null_items as items
from benchmarks.speed.machine import described
from versionmatch.features.view import Track
from versionmatch.match.calibrate import Logistic, fit_logistic, probability_of
from versionmatch.match.elements import element_scores, strengths
from versionmatch.match.nulls import NullTable, compared, joint_of, nulls_of
from versionmatch.plugins import find
from versionmatch.types import Evidence, Null

ROOT = Path(__file__).resolve().parents[2]
SEED = 440
CUES = (
    "embedding", "harmony", "melody", "rhythm", "pmi", "figures", "tversky", "intervals", "ornamented",
    "tune", "contour", "chords", "tonal-space", "progressions", "patterns", "drums", "tune-rhythm",
)  # fmt: skip
OF_NOTES = ("pmi", "figures", "tversky", "intervals", "ornamented", "tune", "contour", "chords", "tonal-space",
            "progressions", "tune-rhythm")  # fmt: skip
"""Cues that read what is written, so that no sound has to be made of a score."""
ALPHA, PRIOR = 0.01, 0.2
SAME = 60.0
"""Per cent of identical notes from which two works are one tune under two names; of 24,000 pairs of other collections
than Ceol Rince 3 have as much, of 12,000 of that one 64."""
CORPORA = {
    "scores": "unrelated pairs of works of POP909, OpenEWLD, Nottingham and Ceol Rince na hÉireann, each pair of one "
              "collection, as lead sheets and made arrangements; about as long, and about as alike by stock",
    "recordings": "unrelated pairs of free recordings of music for games, whole and excerpts of 15 to 60 s; about as "
                  "long, and about as alike by stock",
    "mixed": "a work of those collections as a score beside a free recording of music for games; about as long, and "
             "about as alike by stock",
}  # fmt: skip

_TRACKS: list[Track] = []


Row = tuple[float, float, str, Mapping[str, float]]
"""Of a pair and a cue: raw value, size, element, and what else chance depends on."""


def found(task: tuple[int, int, tuple[str, ...]]) -> dict[str, Row]:
    """What each cue says of one pair."""
    a, b, cues = task
    rows = {}
    for name in cues:
        evidence = find("cues", name)().compare(_TRACKS[a], _TRACKS[b])
        rows[name] = (evidence.raw, evidence.size, evidence.element, dict(evidence.chance))
    return rows


def evidence_of(cue: str, row: Sequence[Any]) -> Evidence:
    """A row as evidence again."""
    raw, size, element, chance = row
    return Evidence(cue, raw, "raw", element=element, size=size, chance=chance)


@dataclass(frozen=True)
class Asked:
    """What cues said of pairs: numbers of the two items of each, and evidence by cue in the same order."""

    pairs: list[tuple[int, int]]
    by_cue: dict[str, list[Evidence]]

    def without(self, same: float) -> Asked:
        """Without pairs of one tune under two names: those with ``same`` per cent of identical notes or more."""
        keep = [e.raw < same for e in self.by_cue["pmi"]] if "pmi" in self.by_cue else [True] * len(self.pairs)
        rows = {cue: list(compress(found, keep)) for cue, found in self.by_cue.items()}
        return Asked(list(compress(self.pairs, keep)), rows)


def asked(tracks: list[Track], pairs: Sequence[tuple[int, int]], cues: tuple[str, ...], jobs: int) -> Asked:
    """Every cue on every pair."""
    _TRACKS[:] = tracks
    tasks = [(a, b, cues) for a, b in pairs]
    if jobs == 1:
        rows = [found(t) for t in tasks]
    else:
        with ProcessPoolExecutor(jobs, get_context("fork")) as pool:
            rows = list(pool.map(found, tasks, chunksize=32))
    return Asked(list(pairs), {c: [evidence_of(c, r[c]) for r in rows] for c in cues})


def pairs_within(
    groups: Sequence[str], n: int, rng: np.random.Generator, apart: Sequence[str] | None = None
) -> list[tuple[int, int]]:
    """Pairs of one group each, of different items (``apart``: of different names), every item about as often."""
    made: set[tuple[int, int]] = set()
    groups_of = np.array(groups)
    while len(made) < n:
        before = len(made)
        order = rng.permutation(groups_of.size)
        for group in sorted(set(groups)):
            members = [i for i in order if groups_of[i] == group]
            for a, b in itertools.pairwise(members):
                if apart is None or apart[a] != apart[b]:
                    made.add((int(a), int(b)))
        if len(made) == before:
            break
    drawn = sorted(made)
    return [drawn[i] for i in sorted(rng.permutation(len(drawn))[:n].tolist())]


def warmed(tracks: list[Track], kinds: Sequence[str]) -> list[Track]:
    """With the features made once, before processes share them."""
    for track in tracks:
        for kind in kinds:
            _ = track[kind]
        track.release("audio")
    return tracks


KINDS_OF_SOUND = ("chroma", "cqt", "melody", "notes", "onsets", "beats", "key", "chords", "onset-bands")


def scores_of(works: Sequence[Any], *, sounded: bool) -> list[Track]:
    """Sounded ones in turn as a lead sheet and as an arrangement; else all as lead sheets, whose chords are written."""
    made = []
    for i, work in enumerate(works):
        rng = np.random.default_rng([SEED, i])
        score = items.lead_sheet(work) if i % 2 or not sounded else items.version_of(work, rng)
        made.append(items.track_of(score, sounded=sounded))
    return made


def originals(catalogue: Path) -> list[Track]:
    """The recordings of which none is made from another."""
    tracks = [t for _, t in items.recordings(catalogue, "")]
    fitting = re.compile(r"(stranger-\d+|base-\d+)\.ogg$")
    return sorted((t for t in tracks if fitting.search(t.recording.source)), key=lambda t: t.recording.source)


def uniformity(table: NullTable, kind: str, asked: Asked) -> dict[str, Any]:
    """Kolmogorov and Smirnov's test of the p-values of pairs that were not fitted; their shares below .05 and .01."""
    result = {}
    applied = {cue: [table.apply(e, kind) for e in found] for cue, found in asked.by_cue.items()}
    rng = np.random.default_rng(SEED)
    for cue, found in applied.items():
        known = [(i, e) for i, e in enumerate(found) if compared(e) and e.null is not None]
        drawn = [randomised(e.raw, e.null, rng) for _, e in known]
        result[cue] = told([e.p_value for _, e in known], drawn, [asked.pairs[i] for i, _ in known])
    sums: dict[str, list[tuple[float, tuple[int, int]]]] = {}
    for i, pair in enumerate(asked.pairs):
        for score in element_scores([applied[c][i] for c in applied], table, kind):
            if score.p_value is not None:
                sums.setdefault(f"sum: {score.element}", []).append((score.p_value, pair))
    for name, rows in sums.items():
        values = [p for p, _ in rows]
        result[name] = told(values, values, [pair for _, pair in rows])
    return result


def randomised(raw: float, null: Null, rng: np.random.Generator) -> float:
    """A p-value that is drawn evenly among what equal values of the null allow, as a test of uniformity needs."""
    q = null.quantiles
    low, high = (int(np.searchsorted(q, raw, side=side)) for side in ("left", "right"))
    if low == high and 0 < low < q.size:
        below = low - 1 + (raw - q[low - 1]) / (q[low] - q[low - 1])
    else:
        below = float(rng.uniform(max(low - 1, 0), min(high, q.size - 1)))
    return float(1.0 - below / (q.size - 1))


def told(p_values: Sequence[float], drawn: Sequence[float], pairs: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """KS on the ``drawn`` p-values, in which ties are broken at random; shares below .05 and .01 of those told.

    ``ks_p`` takes the pairs for independent; ``ks_p_works`` knows that pairs share works (``of_works``).
    """
    p = np.array(p_values)
    if p.size < 50:
        return {"n": int(p.size)}
    test = kstest(drawn, "uniform")
    by_works = of_works(np.array(drawn), np.array(pairs), float(test.statistic))
    return {
        "n": int(p.size), "ks": round(float(test.statistic), 4), "ks_p": float(f"{test.pvalue:.3g}"),
        "ks_p_works": by_works, "not_rejected": bool(by_works >= ALPHA),
        "below_05": round(float(np.mean(p <= 0.05)), 4), "below_01": round(float(np.mean(p <= 0.01)), 4),
    }  # fmt: skip


def of_works(p: np.ndarray, pairs: np.ndarray, distance: float, draws: int = 999) -> float:
    """How often works drawn anew give as large a distance: (b + 1) / (draws + 1).

    A pair counts as often as its two works were drawn, together. The null is of about as many other works, so that a
    distance between the two halves is √2 times as large as one between a half and what it was drawn from.
    """
    rng = np.random.default_rng(SEED)
    order = np.argsort(p)
    names, places = np.unique(pairs[order], return_inverse=True)
    places = places.reshape(-1, 2)
    as_found = (np.arange(p.size) + 1) / p.size
    reached = 0
    for _ in range(draws):
        times = np.bincount(rng.integers(names.size, size=names.size), minlength=names.size)
        weights = np.cumsum(times[places[:, 0]] * times[places[:, 1]]).astype(np.float64)
        reached += bool(math.sqrt(2) * np.abs(weights / weights[-1] - as_found).max() >= distance)
    return round((reached + 1) / (draws + 1), 3)


def kept(path: Path, make: Callable[[], Asked]) -> Asked:
    """What an earlier run asked, or asked now."""
    if path.exists():
        data = json.loads(path.read_text())
        rows = {c: [evidence_of(c, row) for row in rows] for c, rows in data["cues"].items()}
        return Asked([(a, b) for a, b in data["pairs"]], rows)
    made = make()
    cues = {c: [(e.raw, e.size, e.element, dict(e.chance)) for e in found] for c, found in made.by_cue.items()}
    path.write_text(json.dumps({"pairs": made.pairs, "cues": cues}))
    return made


def rows_of_scores(works: Path, cache: Path, jobs: int, n: int) -> Iterator[tuple[str, Asked]]:
    """Fit and check: what is written of all works, and the sounded cues of a few hundred."""
    for side, name in ((0, "fit"), (1, "check")):

        def make(side: int = side) -> Asked:
            some = items.works(works)[side::2]
            tracks = scores_of(some, sounded=False)
            count = (4 * n, n)[side]
            pairs = pairs_within([w.collection for w in some], count, np.random.default_rng([SEED, side]))
            return asked(tracks, pairs, OF_NOTES, jobs)

        yield f"{name}, written", kept(cache / f"scores-written-{name}.json", make)

        def sounded(side: int = side) -> Asked:
            some = items.works(works, 25)[side::2]
            tracks = warmed(scores_of(some, sounded=True), KINDS_OF_SOUND)
            pairs = pairs_within([w.collection for w in some], n // 8, np.random.default_rng([SEED, 2 + side]))
            return asked(tracks, pairs, CUES, jobs)

        yield f"{name}, sounded", kept(cache / f"scores-sounded-{name}.json", sounded)


def versions_of_scores(works: Path, cache: Path, jobs: int) -> Iterator[tuple[str, Asked]]:
    """A lead sheet beside an arrangement of the same work; both sounded."""
    for side, name in ((0, "fit"), (1, "check")):

        def make(side: int = side) -> Asked:
            some = items.works(works, 40)[side::2]
            made = [items.version_of(w, np.random.default_rng([SEED, 50, i])) for i, w in enumerate(some)]
            sheets = [items.track_of(items.lead_sheet(w), sounded=True) for w in some]
            tracks = warmed(sheets + [items.track_of(s, sounded=True) for s in made], KINDS_OF_SOUND)
            return asked(tracks, [(i, i + len(some)) for i in range(len(some))], CUES, jobs)

        yield name, kept(cache / f"scores-versions-{name}.json", make)


def versions_of_mixed(works: Path, cache: Path, jobs: int) -> Iterator[tuple[str, Asked]]:
    """A lead sheet, or an arrangement as a score, beside the sound of another arrangement of the same work."""
    for side, name in ((0, "fit"), (1, "check")):

        def make(side: int = side) -> Asked:
            some = items.works(works, 20)[side::2]
            scores = scores_of(some, sounded=True)
            sound = [items.rendered(w, np.random.default_rng([SEED, 60, i])) for i, w in enumerate(some)]
            tracks = warmed(scores + sound, KINDS_OF_SOUND)
            return asked(tracks, [(i, i + len(some)) for i in range(len(some))], CUES, jobs)

        yield name, kept(cache / f"mixed-versions-{name}.json", make)


def strengths_of(table: NullTable, kind: str, asked: Asked) -> list[dict[str, float]]:
    """What the log-odds are made of, pair by pair."""
    made = []
    for i in range(len(asked.pairs)):
        found = [table.apply(rows[i], kind) for rows in asked.by_cue.values()]
        made.append(strengths(found, element_scores(found, table, kind)))
    return made


def fitted_odds(unrelated: list[dict[str, float]], versions: list[dict[str, float]]) -> dict[str, Logistic]:
    """Log-odds for every choice of elements and other cues, each fitted to the pairs that have them all."""
    names = sorted({name for row in (*unrelated, *versions) for name in row})
    odds = {}
    for n in range(1, len(names) + 1):
        for chosen in itertools.combinations(names, n):
            both = [[row for row in side if all(c in row for c in chosen)] for side in (unrelated, versions)]
            if min(len(side) for side in both) < 30:
                continue
            columns = {c: [row[c] for row in (*both[0], *both[1])] for c in chosen}
            label = [False] * len(both[0]) + [True] * len(both[1])
            odds["+".join(chosen)] = fit_logistic(columns, label, prior=PRIOR)
    return odds


def reliability(
    odds: dict[str, Logistic], unrelated: list[dict[str, float]], versions: list[dict[str, float]]
) -> dict[str, Any]:
    """Of pairs that were not fitted, at the prior: ECE, Brier, AUC, versions found and unrelated called versions."""
    p, label = [], []
    for rows, kind in ((unrelated, 0), (versions, 1)):
        for row in rows:
            logistic = odds.get("+".join(sorted(row)))
            if logistic is not None:
                p.append(probability_of(logistic.intercept + sum(logistic.weights[c] * row[c] for c in row)))
                label.append(kind)
    p_, y = np.array(p), np.array(label)
    weight = np.where(y == 1, PRIOR / y.sum(), (1 - PRIOR) / (1 - y).sum())
    bins = np.minimum((p_ * 10).astype(int), 9)
    ece = sum(abs(float((weight * (p_ - y))[bins == b].sum())) for b in range(10))
    return {
        "versions": int(y.sum()), "unrelated": int((1 - y).sum()), "ece": round(ece, 4),
        "brier": round(float((weight * (p_ - y) ** 2).sum()), 4), "auc": round(float(roc_auc_score(y, p_)), 4),
        "found": round(float((p_[y == 1] >= 0.5).mean()), 4), "false": round(float((p_[y == 0] >= 0.5).mean()), 4),
    }  # fmt: skip


def rows_of_recordings(catalogue: Path, cache: Path, jobs: int, n: int) -> Iterator[tuple[str, Asked]]:
    for side, name in ((0, "fit"), (1, "check")):

        def make(side: int = side) -> Asked:
            whole = originals(catalogue)[side::2]
            rng = np.random.default_rng([SEED, 4 + side])
            short = warmed([items.shortened(t, rng) for t in whole], KINDS_OF_SOUND)
            tracks = warmed(list(whole), KINDS_OF_SOUND) + short
            count = len(whole)
            pairs = pairs_within(["a"] * count, n // 2, rng)
            pairs += [(a + count, b) for a, b in pairs_within(["a"] * count, n // 2, rng)]
            return asked(tracks, pairs, CUES[1:], jobs)

        yield name, kept(cache / f"recordings-{name}.json", make)


def rows_of_mixed(works: Path, catalogue: Path, cache: Path, jobs: int, n: int) -> Iterator[tuple[str, Asked]]:
    for side, name in ((0, "fit"), (1, "check")):

        def make(side: int = side) -> Asked:
            scores = warmed(scores_of(items.works(works, 50)[side::2], sounded=True), KINDS_OF_SOUND)
            sound = warmed(originals(catalogue)[side::2], KINDS_OF_SOUND)
            rng = np.random.default_rng([SEED, 6 + side])
            pairs = {(int(rng.integers(len(scores))), len(scores) + int(rng.integers(len(sound)))) for _ in range(n)}
            return asked(scores + sound, sorted(pairs), CUES, jobs)

        yield name, kept(cache / f"mixed-{name}.json", make)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=Path, required=True)
    parser.add_argument("--catalogue", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=6000)
    parser.add_argument("--only", choices=tuple(CORPORA))
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    rows = {
        "scores": lambda: rows_of_scores(options.works, options.cache, options.jobs, options.pairs),
        "recordings": lambda: rows_of_recordings(options.catalogue, options.cache, options.jobs, options.pairs // 4),
        "mixed": lambda: rows_of_mixed(
            options.works, options.catalogue, options.cache, options.jobs, options.pairs // 6
        ),
    }
    versions = {
        "scores": lambda: versions_of_scores(options.works, options.cache, options.jobs),
        "mixed": lambda: versions_of_mixed(options.works, options.cache, options.jobs),
    }
    odds: dict[str, Any] = {}
    nulls: dict[str, Any] = {}
    joint: dict[str, Any] = {}
    report: dict[str, Any] = {"machine": described(), "corpora": CORPORA, "seed": SEED, "check": {}}
    for kind in (options.only,) if options.only else CORPORA:
        made = {name: found.without(SAME) for name, found in rows[kind]()}
        fitted = sorted(n for n in made if n.startswith("fit"))  # sounded, then written: more pairs win
        nulls[kind] = {}
        for name in fitted:
            nulls[kind] |= nulls_of(made[name].by_cue, CORPORA[kind], provenance=f"seed {SEED}, even places")
        joint[kind] = tuple(joint_of(nulls[kind], made[name].by_cue, CORPORA[kind]) for name in fitted)
        table = NullTable("nulls-v1", nulls, joint, {"seed": SEED, "corpora": CORPORA}, odds)
        for name in sorted(n for n in made if n.startswith("check")):
            report["check"][f"{kind}: {name}"] = uniformity(table, kind, made[name])
            for cue, row in report["check"][f"{kind}: {name}"].items():
                print(f"{kind:11}{name:16}{cue:16}{row}", flush=True)
        if kind in versions:
            sides = {name: strengths_of(table, kind, rows) for name, rows in versions[kind]()}
            others = {n.split(",")[0]: strengths_of(table, kind, made[n]) for n in made if not n.endswith("written")}
            odds[kind] = fitted_odds(others["fit"], sides["fit"])
            report["check"][f"{kind}: probability"] = reliability(odds[kind], others["check"], sides["check"])
            print(kind, report["check"][f"{kind}: probability"], flush=True)
    if not options.only:
        for name, data in table.to_files().items():
            (ROOT / "models/nulls-v1" / name).write_bytes(data)
        (ROOT / "benchmarks/results/nulls.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
