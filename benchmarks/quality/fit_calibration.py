"""Fit the shipped calibration, by work, and say how reliable it is where it was not fitted.

    python benchmarks/quality/fit_calibration.py --covers FILE.npz --anthems MANIFEST.csv --cache DIR

Writes ``models/calibration-v1/calibration.json``, ``benchmarks/results/calibration.json`` and the reliability
diagram ``docs/calibration-reliability.svg``. ``MANIFEST.csv`` is what ``anthems.py`` leaves in its cache.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from versionmatch.embed.loaded import VersionModel
from versionmatch.jobs.retrieval import RetrievalParams, Similarities, similarities
from versionmatch.match import calibrate
from versionmatch.match.calibrate import KEYLESS, Calibration, fit_logistic, keyless_strength
from versionmatch.match.null import null_of
from versionmatch.match.ranking import raw_values
from versionmatch.match.reliability import Bin, at_share, diagram, intervals, reliability, table_of
from versionmatch.params import CUES, FUSED

ROOT = Path(__file__).resolve().parents[2]
SEED, N_FOLDS, N_BOOTSTRAP, PRIOR = 440, 10, 1000, 0.2
EXCERPT_S = (20, 30, 45, 60, 90)  # in turn: the calibration must hold for short queries too
EXCERPT_WEIGHT = 0.5
RANKING = {
    "harmony": 1.0,
    "melody": 0.03,
    "rhythm": 0.1,
    "passages": 0.5,
    "embedding": 1.5,
}  # chosen on whole recordings and excerpts, see docs


@dataclass(frozen=True)
class Pairs:
    """Labelled pairs: rows by cue (strengths in 12 keys, chance), whether versions, their works, their weight."""

    rows: dict[str, np.ndarray]  # (n, 13)
    versions: np.ndarray
    works: np.ndarray  # (n, 2)
    weights: np.ndarray
    whole: np.ndarray  # both recordings whole

    def where(self, mask: np.ndarray) -> Pairs:
        rows = {cue: v[mask] for cue, v in self.rows.items()}
        return Pairs(rows, self.versions[mask], self.works[mask], self.weights[mask], self.whole[mask])

    def columns(self, cues: tuple[str, ...]) -> dict[str, np.ndarray]:
        """Strengths less chance in the key that suits the cues best together; of the harmony, chance reversed too."""
        together = sum(RANKING[cue] * self.rows[cue][:, :12] for cue in cues)
        key = np.argmax(together, axis=1)
        found = {cue: self.rows[cue][np.arange(key.size), key] - self.rows[cue][:, 12] for cue in sorted(cues)}
        found |= {cue: keyless_strength(cue, found[cue]) for cue in found if cue in KEYLESS}
        return found | {f"{cue}:chance": -self.rows[cue][:, 12] for cue in sorted(cues) if cue == "harmony"}


def with_excerpts(covers: Path, cache: Path) -> Path:
    """A manifest of the whole recordings and an excerpt of each from its middle."""
    folder = cache / "excerpts"
    folder.mkdir(parents=True, exist_ok=True)
    with np.load(covers) as archive:
        arrays = {key: archive[key] for key in sorted(archive.files)}
    parts = {}
    for (key, values), seconds in zip(arrays.items(), itertools.cycle(EXCERPT_S), strict=False):
        middle, half = values.shape[1] // 2, seconds * 5
        parts[key] = values[:, max(0, middle - half) : middle + half]
    np.savez(folder / "whole.npz", **arrays)
    np.savez(folder / "part.npz", **parts)
    manifest = folder / "excerpts.csv"
    with manifest.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("path", "work_id", "recording_id"))
        writer.writerows(
            (f"{name}.npz#{key}", key.partition("_v")[0], key) for name in ("whole", "part") for key in arrays
        )
    return manifest


def pairs_of(found: Similarities) -> Pairs:
    works, recordings = np.array(found.works), np.array(found.recordings)
    part = np.array([item.label.startswith("part.npz") for item in found.items])
    i, j = np.triu_indices(len(works), 1)
    keep = (recordings[i] != recordings[j]) & ~(part[i] & part[j])
    i, j = i[keep], j[keep]
    whole = ~(part[i] | part[j])
    return Pairs(
        {cue: table[i, j] for cue, table in found.rows.items()},
        works[i] == works[j],
        np.column_stack([works[i], works[j]]),
        np.where(whole, 1.0, EXCERPT_WEIGHT),
        whole,
    )


def joined(*many: Pairs) -> Pairs:
    return Pairs(
        {cue: np.concatenate([p.rows[cue] for p in many]) for cue in FUSED},
        *(np.concatenate([getattr(p, name) for p in many]) for name in ("versions", "works", "weights", "whole")),
    )


def held_out(pairs: Pairs, cues: tuple[str, ...]) -> np.ndarray:
    """Probabilities from log-odds fitted without either work of a pair."""
    names = np.unique(pairs.works)
    fold = dict(zip(names, np.random.default_rng(SEED).permutation(np.arange(names.size) % N_FOLDS), strict=True))
    folds = np.array([[fold[w] for w in row] for row in pairs.works])
    result = np.zeros(pairs.versions.size)
    for a, b in {tuple(sorted(row)) for row in folds.tolist()}:
        test = (np.sort(folds, axis=1) == [a, b]).all(axis=1)
        train = pairs.where(~np.isin(folds, [a, b]).any(axis=1))
        logistic = fit_logistic(train.columns(cues), train.versions, prior=PRIOR, weights=train.weights)
        odds = logistic.intercept + sum(logistic.weights[c] * s for c, s in pairs.where(test).columns(cues).items())
        result[test] = 1.0 / (1.0 + np.exp(-odds))
    return result


def measured(probability: np.ndarray, versions: np.ndarray, weights: np.ndarray) -> dict[str, object]:
    """ECE, Brier and AUC with versions weighed to be PRIOR of all; ten bins of equal width."""
    told = reliability(probability, versions, at_share(versions, PRIOR, weights))
    called = weights * (probability >= 0.5)
    return {
        "ece": told.ece,
        "brier": told.brier,
        "auc": told.auc,
        "bins": table_of(told.bins),
        "unrelated_called_versions": float(called[~versions].sum() / weights[~versions].sum()),
        "versions_found": float(called[versions].sum() / weights[versions].sum()),
    }


def bounds(probability: np.ndarray, pairs: Pairs) -> dict[str, list[float]]:
    """95 % intervals: works are drawn, a pair counts as often as both its works were."""
    works = [(str(a), str(b)) for a, b in pairs.works]
    found = intervals(
        probability, pairs.versions, works, seed=SEED, n_bootstrap=N_BOOTSTRAP, share=PRIOR, weights=pairs.weights
    )
    return {key: list(value) for key, value in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=Path, required=True)
    parser.add_argument("--anthems", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=0)
    args = parser.parse_args()

    def looked_at(manifest: Path) -> Similarities:
        params = RetrievalParams(manifest=str(manifest), cache_dir=str(args.cache), workers=args.workers)
        return similarities(params, lambda text: print(text, file=sys.stderr))

    covers, anthems = looked_at(with_excerpts(args.covers, args.cache)), looked_at(args.anthems)
    pairs = joined(pairs_of(covers), pairs_of(anthems))
    report: dict[str, object] = {
        "prior": PRIOR,
        "n_versions": int(pairs.versions.sum()),
        "n_unrelated": int((~pairs.versions).sum()),
    }
    for cues in (*((cue,) for cue in FUSED), CUES, FUSED):
        probability = held_out(pairs, cues)
        entry = {**measured(probability, pairs.versions, pairs.weights), "intervals": bounds(probability, pairs)}
        short = pairs.where(~pairs.whole)
        entry["excerpts"] = measured(probability[~pairs.whole], short.versions, short.weights)
        report["+".join(cues)] = entry
        print(
            f"{'+'.join(cues):24s}",
            {k: round(v, 4) for k, v in entry.items() if isinstance(v, float)},
            entry["intervals"],
        )
    subsets = [c for n in range(1, len(FUSED) + 1) for c in itertools.combinations(sorted(FUSED), n)]
    logistics = {
        "+".join(c): fit_logistic(pairs.columns(c), pairs.versions, prior=PRIOR, weights=pairs.weights) for c in subsets
    }
    unrelated = pairs.where(~pairs.versions & pairs.whole)
    corpus = "unrelated pairs of 62 popular recordings (30 works) and 34 of anthems (17 works)"
    usual = {}
    for cue in FUSED:
        strengths = np.median(unrelated.rows[cue][:, :12].max(axis=1))
        usual[cue] = (round(float(strengths), 6), round(float(np.median(unrelated.rows[cue][:, 12])), 6))
    calibration = Calibration(
        calibrate.DEFAULT,
        PRIOR,
        {cue: null_of(corpus, raw_values(cue, unrelated.rows[cue]), provenance="see CARD.md") for cue in FUSED},
        logistics,
        usual,
        RANKING,
        {
            "made_by": "benchmarks/quality/fit_calibration.py",
            "seed": SEED,
            "n_folds": N_FOLDS,
            "n_versions": int(pairs.versions.sum()),
            "n_unrelated": int((~pairs.versions).sum()),
            "excerpts_s": list(EXCERPT_S),
            "embedding": VersionModel().settings,
            "held_out": {k: report["+".join(FUSED)][k] for k in ("ece", "brier", "auc")},
        },
    )
    print(
        "ranking",
        calibration.ranking,
        {k: (round(v.intercept, 2), {c: round(w, 2) for c, w in v.weights.items()}) for k, v in logistics.items()},
    )
    folder = ROOT / "models" / calibrate.DEFAULT
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "calibration.json").write_text(calibration.to_json(), encoding="utf-8")
    (ROOT / "benchmarks/results/calibration.json").write_text(json.dumps(report, indent=1) + "\n")
    bins = [Bin(**b) for b in report["+".join(FUSED)]["bins"]]
    (ROOT / "docs/calibration-reliability.svg").write_text(
        diagram(bins, "stated probability (held-out works)"),
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
