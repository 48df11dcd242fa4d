"""Fit what tells which element sets two versions apart, and say how well it does on pairs it was not fitted to.

    versionmatch bench make explain SET --seed S --n N [--disguised] [--works FILE.npz]     # several sets
    python -m benchmarks.quality.fit_changed --fit SET… --check SET… --kept FILE.json

``SET`` is a folder that ``bench make explain`` left. What is kept of each layer is held in ``FILE.json``, so that an
interrupted run goes on. Writes ``models/changed-v1/changed.json`` and prints the accuracies of ``--check``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from versionmatch.jobs.bench_explain import label_of
from versionmatch.jobs.bench_rows import Row, draws, read_rows, share
from versionmatch.jobs.opening import open_track
from versionmatch.match.along import LAYERS, kept_along
from versionmatch.match.changed_model import ANSWERS, DEFAULT, ChangedModel, Weights
from versionmatch.match.cues.passages import passages_between

ROOT = Path(__file__).resolve().parents[2]
SEED, N_FOLDS, N_BOOTSTRAP = 440, 10, 1000
STRENGTHS = (1.0, 3.0, 10.0, 30.0)  # of the regression's freedom; the best by cross-validation is taken
CHOICES = (tuple(sorted(LAYERS)),)
Entry = dict[str, Any]


def read_set(folder: Path, kept: dict[str, Entry], file: Path) -> list[Entry]:
    """What is kept in each pair of a set's sound, and what was changed; added to what is known already."""
    rows, _ = read_rows(folder / "sound.json", label_of)
    for number, (row, label) in enumerate(rows):
        key = f"{folder.name}/{row.id}"
        if key not in kept:
            kept[key] = {"changed": label, "works": list(row.works), **_looked_at(row)}
            if number % 8 == 7 or number == len(rows) - 1:
                file.write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return [kept[f"{folder.name}/{row.id}"] for row, _ in rows]


def _looked_at(row: Row) -> Entry:
    query, reference = open_track(row.a), open_track(row.b)
    passages = passages_between(query, reference)
    for side in (query, reference):
        _ = [side[kind] for kind in ("cqt", "melody", "onsets")]
    kept = {name: round(v, 4) for name, v in kept_along(query, reference, passages).items()}
    return {"kept": kept}


def fitted(entries: list[Entry], layers: tuple[str, ...]) -> tuple[Weights, float, float]:
    """Weights, the strength that was chosen, and the share that was right in cross-validation with it."""
    values = np.array([[e["kept"][name] for name in layers] for e in entries])
    labels = np.array([ANSWERS.index(e["changed"]) for e in entries])
    folds = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=SEED).split(values, labels))
    losses = {c: _loss(values, labels, folds, c) for c in STRENGTHS}
    best = min(STRENGTHS, key=lambda c: losses[c][0])
    model = LogisticRegression(C=best, max_iter=10_000).fit(*_with_milder(values, labels))
    return Weights(model.intercept_, model.coef_), best, losses[best][1]


def _loss(values: np.ndarray, labels: np.ndarray, folds: list[Any], strength: float) -> tuple[float, float]:
    """Mean −ln p of the truth, and the share right, of pairs left out."""
    found = np.zeros((len(labels), len(ANSWERS)))
    for inside, outside in folds:
        model = LogisticRegression(C=strength, max_iter=10_000).fit(*_with_milder(values[inside], labels[inside]))
        found[outside] = model.predict_proba(values[outside])
    return float(-np.log(found[np.arange(len(labels)), labels]).mean()), float((found.argmax(axis=1) == labels).mean())


def _with_milder(values: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs, and others as if half of what the instruments took had been left, or all: nothing is changed in those.

    Without them all pairs that keep everything else share their instruments, and a whole likeness would count as a sign
    that the melody must be another one.
    """
    none = values[labels == ANSWERS.index("none")]
    more = np.concatenate([none + 0.5 * (1.0 - none), np.ones((len(none) // 2, values.shape[1]))])
    return np.concatenate([values, more]), np.concatenate([labels, np.full(len(more), ANSWERS.index("none"))])


def measured(model: ChangedModel, entries: list[Entry], layers: tuple[str, ...]) -> dict[str, Any]:
    """Share right by label, with intervals; pairs that share nothing are counted apart."""
    read = [e for e in entries if e["kept"]]
    answers = [model.probabilities({name: e["kept"][name] for name in layers}) for e in read]
    right = np.array([max(p, key=lambda k: p[k]) == e["changed"] for p, e in zip(answers, read, strict=True)], float)
    truth, drawn = np.array([e["changed"] for e in read]), draws([tuple(e["works"]) for e in read], SEED, N_BOOTSTRAP)
    sure = np.array([max(p.values()) for p in answers])
    return {
        "n_without_passage": len(entries) - len(read),
        "right": share(right, drawn),
        "by_label": {name: share(right[truth == name], drawn[:, truth == name]) for name in ANSWERS},
        "mean_probability_of_the_answer": float(sure.mean()),
    }


def main() -> None:
    """Read the sets, fit, write, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fit", type=Path, nargs="+", required=True, help="sets that are fitted to")
    parser.add_argument("--check", type=Path, nargs="*", default=[], help="sets that are only measured on")
    parser.add_argument("--kept", type=Path, required=True, help="where what is kept of the pairs is held")
    options = parser.parse_args()
    kept: dict[str, Entry] = json.loads(options.kept.read_text()) if options.kept.is_file() else {}
    every = [e for folder in options.fit for e in read_set(folder, kept, options.kept)]
    read = [e for e in every if e["kept"]]
    choices, told = {}, {}
    for layers in CHOICES:
        name = "+".join(layers)
        choices[name], strength, right = fitted(read, layers)
        told[name] = {"C": strength, "right_in_cross_validation": round(right, 3)}
    counts = {name: sum(e["changed"] == name for e in read) for name in ANSWERS}
    about = {"script": "benchmarks/quality/fit_changed.py", "seed": SEED, "pairs": counts, "fit": told}
    model = ChangedModel(DEFAULT, choices, about)
    (ROOT / "models" / DEFAULT).mkdir(exist_ok=True)
    (ROOT / "models" / DEFAULT / "changed.json").write_text(model.to_json(), encoding="utf-8")
    found = {
        folder.name: {"+".join(x): measured(model, read_set(folder, kept, options.kept), x) for x in CHOICES}
        for folder in options.check
    }
    sys.stdout.write(json.dumps({"fit": told, "n": counts, "check": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
