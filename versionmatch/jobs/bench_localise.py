"""How exactly the passage that two recordings share is found, on pairs whose truth is known."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..errors import InputError
from ..match.localisation import BOUNDARIES, Answer, Truth, best_answer, iou
from ..types import DoubleArray, Match, Passage, Span
from .bench_rows import PairsParams, Progress, Row, compared, draws, read_rows, share

SCHEMA = "versionmatch.bench-localise/1"
NEAR = 0.7  # of IoU
TEMPO = 0.02

Found = list[tuple[Row, Truth | None, dict[str, Any]]]


def bench_localise(params: PairsParams, progress: Progress | None = None) -> dict[str, Any]:
    """Boundary errors, IoU, transposition and tempo of the passage that answers each truth best, with intervals.

    A row without the four times is an unrelated pair. A pair whose passage was not met on both sides has IoU 0, an
    unbounded error, and neither the right transposition nor the right tempo. JSON-able; a quantile that is unbounded
    is None. Intervals: 95 %, bootstrap over groups of pairs that share no work. Rows that cannot be used are listed
    under ``errors``. InputError where no row can be.
    """
    rows, errors = read_rows(Path(params.manifest), truth_of)
    found, failed = compared(rows, passages_of, params, progress or (lambda _: None))
    related: Found = [item for item in found if item[1] is not None]
    unrelated: Found = [item for item in found if item[1] is None]
    answers = [_answered(item) for item in related]
    drawn = draws([row.works for row, _, _ in related], params.seed, params.n_bootstrap)
    beside = draws([row.works for row, _, _ in unrelated], params.seed, params.n_bootstrap)
    return {
        "schema": SCHEMA,
        "n_related": len(related),
        "n_unrelated": len(unrelated),
        **(figures([t for _, t, _ in related if t is not None], answers, drawn) if related else {}),
        "unrelated_with_a_passage": share([float(bool(f["passages"])) for _, _, f in unrelated], beside),
        "pairs": [_told(item, answer) for item, answer in zip(related, answers, strict=True)]
        + [{"id": row.id, "n_passages": len(f["passages"])} for row, _, f in unrelated],
        "errors": [*errors, *failed],
        "seed": params.seed,
        "n_bootstrap": params.n_bootstrap,
        "versions": {"versionmatch": __version__},
    }


def truth_of(row: Row) -> Truth | None:
    """The truth that a row states; None where it has none of the four times. InputError names what is wrong."""
    times = [row.number(name) for name in BOUNDARIES]
    missing = [name for name, value in zip(BOUNDARIES, times, strict=True) if value is None]
    if len(missing) == len(BOUNDARIES):
        return None
    if missing:
        raise InputError(f"it lacks {', '.join(missing)}; give all four times, or none for an unrelated pair")
    span = Span(*(t for t in times if t is not None))
    if min(span.query_duration_s, span.reference_duration_s) <= 0:
        raise InputError(f"the passage must end after it starts; got {times}")
    raised, ratio = row.number("transposition"), row.number("tempo_ratio")
    if raised is not None and raised != round(raised):
        raise InputError(f"transposition is {raised:g}; write whole semitones that raise b to a")
    if ratio is not None and ratio <= 0:
        raise InputError(f"tempo_ratio is {ratio:g}; write the speed of a over that of b")
    return Truth(span, None if raised is None else int(raised), ratio)


def passages_of(match: Match) -> dict[str, Any]:
    """What is kept of a comparison."""
    return {
        "passages": [_packed(p) for p in match.passages],
        "relation": match.relation,
        "probability": match.probability,
    }


def _packed(p: Passage) -> dict[str, Any]:
    s = p.span
    return {
        "span": [s.query_start_s, s.query_end_s, s.reference_start_s, s.reference_end_s],
        "transposition": p.transposition,
        "tempo_ratio": p.tempo_ratio,
        "similarity": p.similarity,
        "elements": list(p.elements),
    }


def _unpacked(packed: dict[str, Any]) -> Passage:
    span = Span(*packed["span"])
    ends = np.array([[span.query_start_s, span.reference_start_s], [span.query_end_s, span.reference_end_s]])
    elements = tuple(packed["elements"])
    return Passage(span, ends, elements, packed["similarity"], packed["transposition"], packed["tempo_ratio"])


def _answered(item: tuple[Row, Truth | None, dict[str, Any]]) -> Answer | None:
    _, truth, found = item
    return None if truth is None else best_answer([_unpacked(p) for p in found["passages"]], truth)


def figures(truths: list[Truth], answers: list[Answer | None], drawn: DoubleArray) -> dict[str, Any]:
    """Each measure over the related pairs; of transposition and tempo over those whose truth says it."""
    errors = np.array([[abs(e) for e in a.errors_s] if a else [math.inf] * 4 for a in answers])
    overlaps = np.array([a.iou if a else 0.0 for a in answers])
    keyed = [i for i, t in enumerate(truths) if t.transposition is not None]
    timed = [i for i, t in enumerate(truths) if t.tempo_ratio is not None]
    right = [float(bool((a := answers[i]) and a.transposition_right)) for i in keyed]
    close = [
        float((a := answers[i]) is not None and a.tempo_error is not None and a.tempo_error <= TEMPO) for i in timed
    ]
    return {
        "boundary_s": {
            "median": quantile(errors, 0.5, drawn),
            "q90": quantile(errors, 0.9, drawn),
            "n": int(errors.size),
        },
        "iou": share(overlaps, drawn),
        "iou_at_least_0_7": share((overlaps >= NEAR).astype(np.float64), drawn),
        "found": share((overlaps > 0).astype(np.float64), drawn),
        "transposition_right": share(right, drawn[:, keyed]),
        "tempo_within_2_percent": share(close, drawn[:, timed]),
        "with_a_further_passage": share([float(bool(a and a.further)) for a in answers], drawn),
    }


def quantile(errors: DoubleArray, at: float, drawn: DoubleArray) -> dict[str, Any]:
    """A quantile of the errors ``(n, 4)`` of all pairs, the least value that so many reach, and its interval."""
    n, k = errors.shape
    order = np.argsort(errors.ravel(), kind="stable")
    ranked = errors.ravel()[order]
    weights = np.vstack([np.ones((1, n)), drawn])[:, order // k]
    reached = np.cumsum(weights, axis=1) >= at * weights.sum(axis=1, keepdims=True) - 1e-9
    values = ranked[np.argmax(reached, axis=1)]
    low, high = np.quantile(values[1:], [0.025, 0.975], method="nearest")
    bounded = [float(v) if np.isfinite(v) else None for v in (values[0], low, high)]
    return {"value": bounded[0], "ci": bounded[1:]}


def _told(item: tuple[Row, Truth | None, dict[str, Any]], answer: Answer | None) -> dict[str, Any]:
    row, truth, found = item
    told: dict[str, Any] = {"id": row.id, "n_passages": len(found["passages"]), "found": answer is not None}
    if answer is None or truth is None:
        return told
    best = max(found["passages"], key=lambda p: iou(Span(*p["span"]), truth.span))
    return {
        **told,
        "iou": answer.iou,
        "errors_s": list(answer.errors_s),
        "transposition": best["transposition"],
        "transposition_right": answer.transposition_right,
        "tempo_error": answer.tempo_error,
    }
