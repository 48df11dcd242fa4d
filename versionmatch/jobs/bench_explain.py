"""How often the element that sets two versions apart is named right, on pairs in which one was changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..errors import InputError
from ..match.changed import changed_element, changed_probabilities, kept_elements
from ..params import CUES, MEASURES, CompareParams
from ..types import ELEMENTS, Match
from .bench_rows import PairsParams, Progress, Row, compared, draws, read_rows, share

SCHEMA = "versionmatch.bench-explain/1"
ANSWERS = (*ELEMENTS, "none")


def bench_explain(params: PairsParams, progress: Progress | None = None) -> dict[str, Any]:
    """Accuracy by element with intervals, and the confusion table (truth → answer → pairs).

    The answer is that of ``match.changed.changed_element``, controls left out. ``elements`` is the accuracy over the
    pairs in which an element was changed, ``balanced`` the mean of the accuracies of the labels there are. JSON-able;
    intervals: 95 %, bootstrap over groups of pairs that share no work. Rows that cannot be used are listed under
    ``errors``. InputError where no row can be.
    """
    rows, errors = read_rows(Path(params.manifest), label_of)
    settings = CompareParams(cues=(*CUES, *MEASURES), controls=False)
    found, failed = compared(rows, changed_of, params, progress or (lambda _: None), settings)
    drawn = draws([row.works for row, _, _ in found], params.seed, params.n_bootstrap)
    truth = np.array([label for _, label, _ in found])
    right = np.array([float(label == seen["answer"]) for _, label, seen in found])
    by_label = {name: share(right[truth == name], drawn[:, truth == name]) for name in ANSWERS if (truth == name).any()}
    changed = truth != "none"
    return {
        "schema": SCHEMA,
        "n_pairs": len(found),
        "accuracy": share(right, drawn),
        "elements": share(right[changed], drawn[:, changed]),
        "balanced": float(np.mean([entry["value"] for entry in by_label.values()])),
        "by_label": by_label,
        "confusion": {
            t: {a: sum(label == t and seen["answer"] == a for _, label, seen in found) for a in ANSWERS}
            for t in by_label
        },
        "pairs": [{"id": row.id, "changed": label, **seen} for row, label, seen in found],
        "errors": [*errors, *failed],
        "seed": params.seed,
        "n_bootstrap": params.n_bootstrap,
        "versions": {"versionmatch": __version__},
    }


def label_of(row: Row) -> str:
    """What was changed, as the row says; InputError where it does not."""
    label = row.values.get("changed")
    if label not in ANSWERS:
        raise InputError(f"changed is {label!r}; write one of {', '.join(ANSWERS)}")
    return str(label)


def changed_of(match: Match) -> dict[str, Any]:
    """What is kept of a comparison."""
    told = changed_probabilities(match)
    by_cues = kept_elements(match) if not told else {}
    return {
        "answer": max(told, key=lambda name: told[name]) if told else changed_element(match),
        "probabilities": {k: round(v, 4) for k, v in told.items()},
        "kept": {k: round(v, 4) for k, v in by_cues.items()},
    }
