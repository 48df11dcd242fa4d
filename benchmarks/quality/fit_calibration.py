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
from sklearn.metrics import roc_auc_score

from versionmatch.embed.loaded import VersionModel
from versionmatch.jobs.retrieval import RetrievalParams, Similarities, similarities
from versionmatch.match import calibrate
from versionmatch.match.calibrate import KEYLESS, Calibration, fit_logistic, keyless_strength
from versionmatch.match.null import null_of
from versionmatch.match.ranking import raw_values
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


def reliability(probability: np.ndarray, versions: np.ndarray, weights: np.ndarray) -> dict[str, object]:
    """ECE, Brier and AUC with versions weighed to be PRIOR of all; ten bins of equal width."""
    share = np.where(versions, PRIOR / weights[versions].sum(), (1 - PRIOR) / weights[~versions].sum()) * weights
    which = np.minimum((probability * 10).astype(int), 9)
    mass, mean, rate = (np.bincount(which, share * v, 10) for v in (np.ones_like(share), probability, versions))
    filled = mass > 0
    bins = [
        {
            "mass": float(m),
            "mean_probability": float(p / m),
            "share_of_versions": float(r / m),
            "n_pairs": int((which == k).sum()),
        }
        for k, (m, p, r) in enumerate(zip(mass, mean, rate, strict=True))
        if m > 0
    ]
    return {
        "ece": float(np.abs(mean[filled] - rate[filled]).sum()),
        "brier": float((share * (probability - versions) ** 2).sum()),
        "auc": float(roc_auc_score(versions, probability, sample_weight=share)),
        "bins": bins,
        "unrelated_called_versions": float(
            (weights * (probability >= 0.5))[~versions].sum() / weights[~versions].sum()
        ),
        "versions_found": float((weights * (probability >= 0.5))[versions].sum() / weights[versions].sum()),
    }


def bounds(probability: np.ndarray, pairs: Pairs) -> dict[str, list[float]]:
    """95 % intervals: works are drawn, a pair counts as often as both its works were."""
    names, index = np.unique(pairs.works, return_inverse=True)
    index = index.reshape(pairs.works.shape)
    rng = np.random.default_rng(SEED)
    drawn = []
    for _ in range(N_BOOTSTRAP):
        counts = rng.multinomial(names.size, np.full(names.size, 1 / names.size))
        weight = (
            np.where(pairs.versions, counts[index[:, 0]], counts[index[:, 0]] * counts[index[:, 1]]) * pairs.weights
        )
        kept = weight > 0
        if pairs.versions[kept].any() and not pairs.versions[kept].all():
            r = reliability(probability[kept], pairs.versions[kept], weight[kept])
            drawn.append([r["ece"], r["brier"], r["auc"]])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return {key: [float(a), float(b)] for key, a, b in zip(("ece", "brier", "auc"), low, high, strict=True)}


def diagram(bins: list[dict[str, float]]) -> str:
    """The reliability diagram as SVG: stated probability against the share that were versions."""

    def at(p: float, r: float) -> tuple[float, float]:
        return 60 + 300 * p, 340 - 300 * r

    points = [(*at(b["mean_probability"], b["share_of_versions"]), 3 + 22 * b["mass"] ** 0.5) for b in bins]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="#0072b2" fill-opacity=".35"/>' for x, y, r in points
    )
    ticks = "".join(
        f'<text x="{at(t, 0)[0]:.0f}" y="360" text-anchor="middle">{t:g}</text>'
        f'<text x="50" y="{at(0, t)[1] + 4:.0f}" text-anchor="end">{t:g}</text>'
        for t in (0, 0.25, 0.5, 0.75, 1)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" font-family="sans-serif" font-size="12" '
        'role="img" aria-label="Reliability: stated probability against the share of versions">'
        '<rect width="400" height="400" fill="#fff"/>'
        '<rect x="60" y="40" width="300" height="300" fill="none" stroke="#888"/>'
        '<line x1="60" y1="340" x2="360" y2="40" stroke="#888" stroke-dasharray="4 4"/>'
        f'{dots}<polyline points="{line}" fill="none" stroke="#0072b2" stroke-width="2"/>{ticks}'
        '<text x="210" y="385" text-anchor="middle">stated probability (held-out works)</text>'
        '<text x="20" y="190" text-anchor="middle" transform="rotate(-90 20 190)">share that were versions</text>'
        "</svg>\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=Path, required=True)
    parser.add_argument("--anthems", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=0)
    args = parser.parse_args()

    def measured(manifest: Path) -> Similarities:
        params = RetrievalParams(manifest=str(manifest), cache_dir=str(args.cache), workers=args.workers)
        return similarities(params, lambda text: print(text, file=sys.stderr))

    covers, anthems = measured(with_excerpts(args.covers, args.cache)), measured(args.anthems)
    pairs = joined(pairs_of(covers), pairs_of(anthems))
    report: dict[str, object] = {
        "prior": PRIOR,
        "n_versions": int(pairs.versions.sum()),
        "n_unrelated": int((~pairs.versions).sum()),
    }
    for cues in (*((cue,) for cue in FUSED), CUES, FUSED):
        probability = held_out(pairs, cues)
        entry = {**reliability(probability, pairs.versions, pairs.weights), "intervals": bounds(probability, pairs)}
        short = pairs.where(~pairs.whole)
        entry["excerpts"] = reliability(probability[~pairs.whole], short.versions, short.weights)
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
    (ROOT / "docs/calibration-reliability.svg").write_text(diagram(report["+".join(FUSED)]["bins"]), encoding="utf-8")


if __name__ == "__main__":
    main()
