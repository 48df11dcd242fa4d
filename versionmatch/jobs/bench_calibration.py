"""Whether the probability that ``compare`` states holds on labelled pairs, and the cues' p-values with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..errors import InputError
from ..match import calibrate
from ..match.calibrate import at_prior
from ..match.reliability import MEASURES, Reliability, at_share, intervals, reliability, table_of, uniformity
from ..types import DoubleArray, Match
from .bench_rows import PairsParams, Progress, Row, compared, read_rows

SCHEMA = "versionmatch.bench-calibration/1"


def bench_calibration(params: PairsParams, progress: Progress | None = None) -> dict[str, Any]:
    """ECE (ten bins), Brier score and AUC with intervals over works, the reliability table, and p-values of label 0.

    Figures twice: ``at_prior``, pairs weighed so that versions are the share that the calibration supposes, and
    ``as_given``, every pair counting once and the probability moved to the share of versions in the manifest. Pairs
    without a probability (silence, tones) are listed under ``undecided`` and left out. JSON-able. InputError where no
    row can be used, or all have one label.
    """
    rows, errors = read_rows(Path(params.manifest), label_of)
    found, failed = compared(rows, stated, params, progress or (lambda _: None))
    known = [item for item in found if item[2]["probability"] is not None]
    label = np.array([made for _, made, _ in known], bool)
    if len(known) == 0 or label.all() or not label.any():
        raise InputError(f"{params.manifest}: {int(label.sum())} of {len(known)} pairs are versions; both are needed")
    probability = np.array([seen["probability"] for _, _, seen in known])
    works = [_works(row, related) for row, related, _ in known]
    prior = calibrate.load().prior
    share = float(label.mean())
    moved = np.array([at_prior(p, prior, share) for p in probability.tolist()])
    weighed = reliability(probability, label, at_share(label, prior))
    plain = reliability(moved, label)
    return {
        "schema": SCHEMA,
        "n_pairs": len(known),
        "n_versions": int(label.sum()),
        "prior": prior,
        "at_prior": _figures(weighed, probability, label, works, params, prior),
        "as_given": {"share": share, **_figures(plain, moved, label, works, params, None)},
        "p_values": _uniform([seen["p_values"] for _, related, seen in found if not related]),
        "undecided": [row.id for row, _, seen in found if seen["probability"] is None],
        "pairs": [{"id": row.id, "label": int(made), **seen} for row, made, seen in found],
        "errors": [*errors, *failed],
        "seed": params.seed,
        "n_bootstrap": params.n_bootstrap,
        "versions": {"versionmatch": __version__, "calibration": calibrate.load().id},
    }


def label_of(row: Row) -> bool:
    """Whether the row's two are versions of one work; InputError where it does not say."""
    label = row.values.get("label")
    if isinstance(label, bool) or str(label) not in {"0", "1"}:
        raise InputError(f"label is {label!r}; write 1 for versions of one work, 0 for others")
    return str(label) == "1"


def stated(match: Match) -> dict[str, Any]:
    """What is kept of a comparison."""
    p_values = {e.cue: e.p_value for e in match.evidence if e.p_value is not None}
    p_values |= {e.element: e.p_value for e in match.elements if e.p_value is not None and e.element not in p_values}
    return {"probability": match.probability, "relation": match.relation, "p_values": p_values}


def _works(row: Row, related: bool) -> tuple[str, str]:
    """The two works of a pair; where the row names none, those of its two files, which a pair of versions shares."""
    named = row.works
    if named == (row.id,):
        return (str(row.a), str(row.a) if related else str(row.b))
    return named[0], named[-1]


def _figures(
    told: Reliability,
    probability: DoubleArray,
    label: Any,
    works: list[tuple[str, str]],
    params: PairsParams,
    share: float | None,
) -> dict[str, Any]:
    bounds = intervals(probability, label, works, seed=params.seed, n_bootstrap=params.n_bootstrap, share=share)
    figures = {key: {"value": getattr(told, key), "ci": list(bounds[key])} for key in MEASURES}
    return {**figures, "bins": table_of(told.bins)}


def _uniform(p_values: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    names = sorted({name for values in p_values for name in values})
    return {name: uniformity([values[name] for values in p_values if name in values]) for name in names}
