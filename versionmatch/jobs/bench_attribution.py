"""How well attribution does on reference models whose truth is known, by three tiers.

S: what can be known exactly. M: all methods against truth made by retraining, which is shipped. L: retraining itself,
without the tops, with other seeds, and verdicts on pieces made elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import __version__
from ..params import Params, check

SCHEMA = "versionmatch.bench-attribution/1"
TIERS = ("S", "M", "L")
KINDS = ("ar", "diffusion")
LEFT_OUT = ("unlearn-ekfac", "ngram", "hidden", "graddot", "trak")
TARGETS = 12
"""Outputs whose tops are left out; the others are controls."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionBenchParams(Params):
    """Settings of ``bench_attribution``.

    Parameters
    ----------
    tier : str
        S, M or L; L takes half an hour or more.
    kinds : tuple of str
        Reference models: ``ar``, ``diffusion``.
    split : str
        ``report``, or ``dev``, on which settings may be chosen.
    methods : tuple of str
        Of tier M; empty: all.
    folder : str
        Of tier L: where models and losses are kept, so that a run that was stopped goes on; empty: nowhere.
    seeds : int
        Models for each removal of tier L.
    n_bootstrap : int
        Draws of the intervals.
    """

    tier: str = "M"
    kinds: tuple[str, ...] = KINDS
    split: str = "report"
    methods: tuple[str, ...] = ()
    folder: str = ""
    seeds: int = 4
    n_bootstrap: int = 1000

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(self.kinds))
        object.__setattr__(self, "methods", tuple(self.methods))
        check(self.tier in TIERS, "tier", self.tier, "S, M or L")
        check(bool(self.kinds) and set(self.kinds) <= set(KINDS), "kinds", self.kinds, "ar, diffusion or both")
        check(self.split in ("dev", "report"), "split", self.split, "dev or report")
        check(self.seeds >= 2, "seeds", self.seeds, "2 or more")
        check(self.n_bootstrap >= 1, "n_bootstrap", self.n_bootstrap, "1 or more")


def bench_attribution(params: AttributionBenchParams, progress: Progress | None = None) -> dict[str, Any]:
    """The figures of a tier, JSON-able; MissingExtra where torch is not installed, InputError where truth is not."""
    from ..attribution.benchmark.measure import one_thread

    say = progress or (lambda _: None)
    tier = {"S": _small, "M": _middle, "L": _large}[params.tier]
    with one_thread():
        found = {kind: tier(params, kind, say) for kind in params.kinds}
    return {"schema": SCHEMA, "version": __version__, "tier": params.tier, "split": params.split, "kinds": found}


def _small(params: AttributionBenchParams, kind: str, say: Progress) -> dict[str, Any]:
    from ..attribution.benchmark.exact import doubles, randomised, ridge_agreement
    from ..attribution.benchmark.measure import DEFAULT, method_of
    from ..attribution.benchmark.shipped import shipped_context, shipped_question

    context = shipped_context(kind)
    say(f"{kind}: closed form, random weights, doubles")
    return {
        "ridge_spearman": ridge_agreement(),
        "random_weights": randomised(context, method_of(kind, DEFAULT), shipped_question(kind, "dev")),
        "mean_rank_of_source": {name: doubles(context, method_of(kind, name)) for name in (DEFAULT, "ngram")},
    }


def _middle(params: AttributionBenchParams, kind: str, say: Progress) -> dict[str, Any]:
    from ..attribution.benchmark.measure import DEFAULT, METHODS, figures, forward_seconds, gated_lds, method_of, scored
    from ..attribution.benchmark.shipped import shipped_context, shipped_question
    from ..attribution.methods.unlearning import UnlearnEkfac
    from ..attribution.shortlist import Gate

    context, question = shipped_context(kind), shipped_question(kind, params.split)
    queries, runs = question.batches(context.model), []
    for name in params.methods or METHODS[kind]:
        runs.append(scored(context, method_of(kind, name), queries))
        say(f"{kind}: {name} scored")
    found = figures(runs, question.truth, question.n_outputs, rounds=params.n_bootstrap)
    default = next((run for run in runs if run.name == DEFAULT), None)
    if default is not None:
        draws = int(default.settings["draws"])
        bound, each = forward_seconds(context, draws), default.score_seconds / len(queries)
        found["cost"] = {"cpu_seconds_per_query": each, "forward_bound": bound, "times_the_bound": each / bound}
        gates = (Gate(0.2), Gate(0.1), Gate(0.2, ("hidden",)), Gate(0.2, ("gradcos",)))
        found["shortlist"] = [gated_lds(context, gate, queries, default, question.truth) for gate in gates]
        if "draws" in context.model.capabilities:
            more = {"own noise": {"shared_noise": False}, "other noise": {"shared_noise": False, "same_noise": False}}
            more["other noise, shared"] = {"same_noise": False}
            others = [scored(context, UnlearnEkfac(**flags), queries) for flags in more.values()]
            named = [replace(run, name=name) for run, name in zip(others, more, strict=True)]
            told = figures([*named, default], question.truth, question.n_outputs, rounds=params.n_bootstrap)
            found["noise"] = {"methods": told["methods"], f"{DEFAULT}_more_than": told[f"{DEFAULT}_more_than"]}
    return found


def _large(params: AttributionBenchParams, kind: str, say: Progress) -> dict[str, Any]:
    from ..attribution.benchmark.measure import DEFAULT, method_of, scored
    from ..attribution.benchmark.retraining import Ledger, stability, without_tops
    from ..attribution.benchmark.shipped import shipped_context, shipped_question
    from ..attribution.benchmark.verdicts import verdict_rates

    context = replace(shipped_context(kind), progress=lambda text: say(f"{kind}: {text}"))
    question = shipped_question(kind, params.split)
    folder = Path(params.folder) if params.folder else None
    queries = question.batches(context.model)
    scores = {}
    for name in LEFT_OUT:
        asked = queries if name == DEFAULT else queries[:TARGETS]
        scores[name] = scored(context, method_of(kind, name), asked).scores
    ledger = Ledger(None if folder is None else folder / "left-out.jsonl")
    removed = without_tops(context, question, scores, ledger, seeds=params.seeds, targets=TARGETS)
    return {
        "left_out": {name: _effect(effect) for name, effect in removed.items()},
        "stability": stability(context, kind, question, scores[DEFAULT], folder),
        "verdicts": verdict_rates(context, method_of(kind, DEFAULT), folder),
    }


def _effect(effect: Any) -> Mapping[str, float]:
    return {
        "targets": effect.targets,
        "targets_error": effect.targets_error,
        "controls": effect.controls,
        "controls_error": effect.controls_error,
    }
