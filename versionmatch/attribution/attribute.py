"""From outputs to results: capabilities checked, candidates chosen, scores kept, set beside a panel, judged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import CapabilityError, InputError
from ..plugins import AttributableModel, Attributor, Batch, find
from ..types.attribution import AttributionResult, RankedItem, Scores
from .cache import digest_of
from .context import Context
from .losses import batch_losses
from .scope import limits
from .shortlist import Gate, shortlist
from .verdict import Panel, judge, z_beside

DEFAULT = "unlearn-ekfac"


def checked(method: Attributor, model: AttributableModel) -> None:
    """CapabilityError where the model does not offer what the method requires."""
    missing = set(method.requires) - set(model.capabilities)
    if missing:
        raise CapabilityError(method.name, model.name, missing=missing, offered=model.capabilities)


def attribute(
    context: Context | Sequence[Context],
    outputs: Mapping[str, Any],
    method: str | Attributor = DEFAULT,
    *,
    panel: Mapping[str, Any] | None = None,
    gate: Gate | None = None,
    likeness: str | Attributor | None = None,
    top: int = 50,
    full: bool = False,
) -> tuple[AttributionResult, ...]:
    """Rank the items of a corpus by their influence on each output, and say what each ranking is worth.

    Parameters
    ----------
    context
        The model and its corpus; or several models of one corpus (seeds, checkpoints), whose scores are averaged.
    outputs
        Id → source, as the models' ``read`` wants it; None for the item of the corpus that has the id.
    method
        An attributor, or its name.
    panel
        Pieces like the outputs that owe the corpus nothing, 24 or more; without, no ranking is better than ``weak``.
    gate
        Which items are scored; all of them without.
    likeness
        A method of likeness (``"ngram"``, ``"embedding"``), whose values stand beside the influence of the top items.
    top
        Items of a result.
    full
        Whether results keep all scores.

    Raises
    ------
    CapabilityError
        Before anything is computed, where a model does not offer what the method, the gate or the likeness requires.
    """
    contexts = (context,) if isinstance(context, Context) else tuple(context)
    rater = _made(method)
    beside = None if likeness is None else _made(likeness)
    gates = () if gate is None else gate.methods()
    _check(contexts, (rater, *gates, *(() if beside is None else (beside,))), outputs, panel or {})
    benches = tuple(_Bench.of(c, rater, gate, gates) for c in contexts)
    candidates = _candidates(benches, outputs, panel or {}, gate)
    every = tuple(sorted({item for ids in candidates.values() for item in ids}))
    place = {item: i for i, item in enumerate(every)}
    null = _panel(benches, panel or {}, candidates, place)
    alike = None if beside is None else (beside, beside.fit(contexts[0]))
    found = []
    for name, source in outputs.items():
        found.append(_result(benches, name, source, candidates[name], place, null, alike, gate, top=top, full=full))
        contexts[0].progress(f"{name}: {found[-1].verdict}")
    return tuple(found)


@dataclass(frozen=True, eq=False, slots=True)
class _Bench:
    """A model with a fitted method and fitted gates."""

    context: Context
    method: Attributor
    fitted: Any
    gates: tuple[tuple[Attributor, Any], ...]

    @classmethod
    def of(cls, context: Context, method: Attributor, gate: Gate | None, gates: Sequence[Attributor]) -> _Bench:
        fitted = method.fit(context)
        return cls(context, method, fitted, tuple((g, g.fit(context)) for g in gates))

    def read(self, name: str, source: Any) -> Batch:
        model = self.context.model
        return model.load([name]) if source is None else model.read({name: source})

    def scores(self, name: str, source: Any, candidates: Sequence[str]) -> Scores:
        """From the cache where they are there: a run that was killed goes on with the next query."""
        query = self.read(name, source)
        identity = batch_losses(self.context, query, self.context.draws(1, "identity"))
        key = self.context.key(
            method=self.method.name,
            settings=dict(self.method.settings),
            code=code_digest(),
            query=[name, identity.tobytes().hex()],
            candidates=digest_of(list(candidates)),
            groups=list(self.context.groups),
            held_out=[list(batch.ids) for batch in self.context.held_out],
        )

        def make() -> Mapping[str, npt.NDArray[Any]]:
            made = self.method.score(self.context, self.fitted, query, candidates)
            names = np.frombuffer("\n".join(made.facts).encode(), np.uint8)
            numbers = np.array(list(made.facts.values()), np.float64)
            by_draw = np.zeros((0, 0)) if made.by_draw is None else made.by_draw
            return {"values": made.values, "by_draw": by_draw, "fact_names": names, "fact_values": numbers}

        found = self.context.cache.get("scores", key, make)
        words = bytes(found["fact_names"]).decode().split("\n") if found["fact_names"].size else []
        told = dict(zip(words, found["fact_values"].tolist(), strict=True))
        return Scores(found["values"], found["by_draw"] if found["by_draw"].size else None, told)


def _made(method: str | Attributor) -> Attributor:
    if isinstance(method, str):
        made: Attributor = find("attributors", method)()
        return made
    return method


def _check(
    contexts: Sequence[Context], methods: Sequence[Attributor], outputs: Mapping[str, Any], panel: Mapping[str, Any]
) -> None:
    both = sorted(set(outputs) & set(panel))
    if both:
        raise InputError(f"a panel has no ids of outputs; {both[0]!r} is in both")
    if not contexts or not outputs:
        raise InputError(f"one model and one output or more are needed; got {len(contexts)} and {len(outputs)}")
    digests = {c.corpus.digest for c in contexts}
    if len(digests) > 1:
        raise InputError(f"several models must have one corpus; these have {len(digests)}")
    for context in contexts:
        for method in methods:
            checked(method, context.model)


def _candidates(
    benches: Sequence[_Bench], outputs: Mapping[str, Any], panel: Mapping[str, Any], gate: Gate | None
) -> dict[str, tuple[str, ...]]:
    """Which items are scored for each piece; the panel passes through the gate as the outputs do."""
    first, pieces = benches[0], {**panel, **outputs}
    if gate is None:
        return dict.fromkeys(pieces, tuple(sorted(first.context.corpus.ids)))
    return {n: shortlist(first.context, gate, first.gates, first.read(n, s)) for n, s in pieces.items()}


def _panel(
    benches: Sequence[_Bench],
    pieces: Mapping[str, Any],
    candidates: Mapping[str, tuple[str, ...]],
    place: Mapping[str, int],
) -> Panel | None:
    """The panel's scores of all items that any piece is scored on, averaged over models."""
    if not pieces:
        return None
    every = tuple(place)
    rows, own = [], np.zeros((len(pieces), len(every)), bool)
    for i, (name, source) in enumerate(pieces.items()):
        rows.append(np.mean([bench.scores(name, source, every).values for bench in benches], axis=0))
        own[i, [place[item] for item in candidates[name]]] = True
    return Panel(np.stack(rows), own)


def _result(
    benches: Sequence[_Bench],
    name: str,
    source: Any,
    candidates: Sequence[str],
    place: Mapping[str, int],
    panel: Panel | None,
    beside: tuple[Attributor, Any] | None,
    gate: Gate | None,
    *,
    top: int,
    full: bool,
) -> AttributionResult:
    context, method = benches[0].context, benches[0].method
    rows = [bench.scores(name, source, candidates) for bench in benches]
    by_model = np.stack([row.values for row in rows])
    values, error = by_model.mean(axis=0), _errors(rows)
    facts = {k: float(np.mean([row.facts[k] for row in rows])) for k in rows[0].facts}
    at = [place[item] for item in candidates]
    spread_out = np.full(len(place), np.nan)
    spread_out[at] = values
    verdict = judge(spread_out, panel, facts, errors=error, by_model=by_model)
    order = np.argsort(-values, kind="stable")[:top]
    columns = {
        "z": None if panel is None or len(panel) < 2 else z_beside(values, panel.scores[:, at])[order],
        "standard_error": None if error is None else error[order],
        "spread": by_model.std(axis=0, ddof=1)[order] if len(rows) > 1 else None,
        "likeness": _alike(benches[0], name, source, [candidates[i] for i in order], beside),
    }
    size, shown, n_panel = len(context.corpus), "all" if gate is None else str(gate), 0 if panel is None else len(panel)
    moved = ", ".join(context.groups)
    return AttributionResult(
        query=name,
        method=method.name,
        settings=method.settings,
        unit=context.model.loss_unit if method.unit == "loss" else method.unit,
        items=_items(context, [candidates[i] for i in order], values[order], columns),
        verdict=verdict.word,
        reasons=verdict.reasons,
        p_value=verdict.p_value,
        scored=len(candidates),
        corpus_size=size,
        gate=shown,
        corpus_digest=context.corpus.digest,
        weights_digest=_weights(benches),
        code_digest=code_digest(),
        limits=limits(corpus_size=size, scored=len(candidates), gate=shown, panel_size=n_panel, moved=moved),
        moments=moments(values),
        facts=facts,
        likeness_method="" if beside is None else beside[0].name,
        seed=context.seed,
        panel_size=n_panel,
        models=len(rows),
        candidates=tuple(candidates) if full else (),
        scores=values if full else None,
    )


def _items(
    context: Context,
    ids: Sequence[str],
    values: npt.NDArray[np.float64],
    columns: Mapping[str, npt.NDArray[np.float64] | None],
) -> tuple[RankedItem, ...]:
    holder_of = context.corpus.holder_of()
    found = []
    for rank, item in enumerate(ids):
        more = {name: None if column is None else float(column[rank]) for name, column in columns.items()}
        found.append(RankedItem(item, holder_of[item], float(values[rank]), **more))  # type: ignore[arg-type]
    return tuple(found)


def _errors(rows: Sequence[Scores]) -> npt.NDArray[np.float64] | None:
    """Standard errors over draws of the mean over models; None where a method has no draws."""
    errors = [error for error in (row.standard_error() for row in rows) if error is not None]
    if len(errors) < len(rows):
        return None
    return np.asarray(np.sqrt(np.mean(np.square(errors), axis=0) / len(rows)))


def _alike(
    bench: _Bench, name: str, source: Any, items: Sequence[str], beside: tuple[Attributor, Any] | None
) -> npt.NDArray[np.float64] | None:
    if beside is None:
        return None
    method, fitted = beside
    return method.score(bench.context, fitted, bench.read(name, source), items).values


def _weights(benches: Sequence[_Bench]) -> str:
    found = [bench.context.model.fingerprint for bench in benches]
    return found[0] if len(found) == 1 else digest_of(found)


def moments(values: npt.NDArray[np.float64]) -> dict[str, float]:
    """What sums up scores: mean, standard deviation, share above 0, and quantiles."""
    marks = {f"q{100 * q:g}": float(np.quantile(values, q)) for q in (0.01, 0.05, 0.5, 0.95, 0.99)}
    spread = {"mean": float(values.mean()), "sd": float(values.std()), "positive": float((values > 0).mean())}
    return {**spread, "max": float(values.max()), **marks}


@cache
def code_digest() -> str:
    """sha256 of the source of this package: scores of other code are other scores."""
    sources: dict[str, str] = {}
    for path in _sources(files("versionmatch.attribution")):
        sources[path.name] = sources.get(path.name, "") + hashlib.sha256(path.read_bytes()).hexdigest()
    return digest_of(sources)


def _sources(folder: Any) -> list[Any]:
    found = []
    for path in sorted(folder.iterdir(), key=lambda p: str(p.name)):
        if path.is_dir() and path.name not in {"__pycache__", "benchmark"}:
            found += _sources(path)
        elif path.name.endswith(".py"):
            found.append(path)
    return found
