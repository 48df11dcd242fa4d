"""Methods on one model, all of them asked the same, and each set beside the truth."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ...plugins import Attributor, Batch, find
from ..context import Context
from ..losses import losses_now
from ..metrics import (
    Truth,
    agnostic_lds,
    ceiling,
    centred_lds,
    interval_of,
    lds,
    lds_by_query,
    redrawn,
    shares,
    spearman,
)
from ..shortlist import Gate, shortlist

DEFAULT = "unlearn-ekfac"
SETTINGS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "ar": {"trak": {"ridge": 10.0}},
    "diffusion": {"trak": {"ridge": 10.0}, "graddot": {"dim": 4096}, "gradcos": {"dim": 4096}},
}
"""Of baselines, where others than their own were better on the split ``dev``."""
METHODS: Mapping[str, tuple[str, ...]] = {
    "ar": (
        "random",
        "ngram",
        "hidden",
        "graddot",
        "gradcos",
        "tracin",
        "trak",
        "ekfac-influence",
        "unlearn-diag",
        "unlearn-bounded",
        "group-unlearn",
        DEFAULT,
    ),
    "diffusion": (
        "random",
        "ngram",
        "hidden",
        "graddot",
        "gradcos",
        "trak",
        "ekfac-influence",
        "unlearn-diag",
        "unlearn-bounded",
        "group-unlearn",
        DEFAULT,
    ),
}


@dataclass(frozen=True, eq=False, slots=True)
class Run:
    """One method's scores ``(n_queries, n_items)`` in the order of the corpus, and its CPU seconds."""

    name: str
    settings: Mapping[str, Any]
    scores: npt.NDArray[np.float64]
    fit_seconds: float
    score_seconds: float
    facts: tuple[Mapping[str, float], ...]


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch on one core inside the block, so that CPU seconds can be compared."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def method_of(kind: str, name: str) -> Attributor:
    """A method with the benchmark's settings."""
    made: Attributor = find("attributors", name)(**SETTINGS[kind].get(name, {}))
    return made


def scored(context: Context, method: Attributor, queries: Sequence[Batch]) -> Run:
    """Fit, then score each query on all items."""
    begun = time.process_time()
    fitted = method.fit(context)
    ready = time.process_time()
    found = [method.score(context, fitted, query, context.corpus.ids) for query in queries]
    done = time.process_time()
    rows, facts = np.stack([s.values for s in found]), tuple(s.facts for s in found)
    return Run(method.name, dict(method.settings), rows, ready - begun, done - ready, facts)


def figures(runs: Sequence[Run], truth: Truth, n_outputs: int, *, rounds: int = 1000) -> dict[str, Any]:
    """What is told of each method, and of the default against each other one on the same draws of the bootstrap."""
    top = ceiling(truth)
    drawn = dict(
        zip((run.name for run in runs), redrawn([run.scores for run in runs], truth, rounds=rounds).T, strict=True)
    )
    methods: dict[str, dict[str, Any]] = {}
    for run in runs:
        each = lds_by_query(run.scores, truth)
        whole = interval_of(float(each.mean()), drawn[run.name])
        n_queries = len(each)
        methods[run.name] = {
            "lds": whole.value,
            "interval": [whole.low, whole.high],
            "of_ceiling": whole.value / top if top > 0 else None,
            "outputs": float(each[:n_outputs].mean()),
            "held_out": float(each[n_outputs:].mean()) if n_outputs < n_queries else None,
            "centred": centred_lds(run.scores, truth),
            "query_agnostic": agnostic_lds(run.scores, truth),
            "fit_cpu_seconds": run.fit_seconds,
            "cpu_seconds_per_query": run.score_seconds / n_queries,
            "settings": run.settings,
        }
    paired = {}
    for name, figure in methods.items():
        if DEFAULT in methods and name != DEFAULT:
            more = interval_of(methods[DEFAULT]["lds"] - figure["lds"], drawn[DEFAULT] - drawn[name])
            paired[name] = {"more": more.value, "interval": [more.low, more.high]}
    outputs, held = (Truth(truth.members, truth.losses[:, :, part]) for part in _halves(n_outputs))
    return {
        "subsets": len(truth.members),
        "seeds": truth.losses.shape[1],
        "queries": truth.losses.shape[2],
        "outputs": n_outputs,
        "ceiling": top,
        "ceiling_outputs": ceiling(outputs),
        "ceiling_held_out": ceiling(held),
        "methods": methods,
        f"{DEFAULT}_more_than": paired,
    }


def _halves(n_outputs: int) -> tuple[slice, slice]:
    return slice(None, n_outputs), slice(n_outputs, None)


def forward_seconds(context: Context, draws: int, *, rounds: int = 3) -> float:
    """CPU seconds of one forward pass of all items under that many draws: what scoring a query cannot do without."""
    these, taken = context.draws(draws, "score", shared=True), []
    for _ in range(rounds):
        begun = time.process_time()
        losses_now(context, context.corpus.ids, these)
        taken.append(time.process_time() - begun)
    return float(np.median(taken))


def gated_lds(context: Context, gate: Gate, queries: Sequence[Batch], run: Run, truth: Truth) -> dict[str, Any]:
    """What is left of a method's LDS where only what passes the gate is scored, and all else counts 0.

    Nothing is centred: an item outside has no influence, as the result of a gated run says it.
    """
    methods = [(method, method.fit(context)) for method in gate.methods()]
    place = {item: i for i, item in enumerate(context.corpus.ids)}
    inside = np.zeros(run.scores.shape, bool)
    for row, query in zip(inside, queries, strict=True):
        row[[place[item] for item in shortlist(context, gate, methods, query)]] = True
    kept, whole = lds(np.where(inside, run.scores, 0.0), truth), lds(run.scores, truth)
    return {"gate": str(gate), "scored": float(inside.mean()), "lds": kept, "of_full": kept / whole}


def share_agreement(a: npt.ArrayLike, b: npt.ArrayLike, holders: Sequence[str]) -> npt.NDArray[np.float64]:
    """Rank correlation, output by output, of the holders' shares by two models' scores, ``(n_queries,)``."""
    first, second = (np.stack(list(shares(s, holders).values())) for s in (a, b))
    return spearman(first, second)
