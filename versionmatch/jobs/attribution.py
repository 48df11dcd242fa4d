"""An attribution from files to results: model, corpus, outputs and a panel in; rankings beside likeness out.

What is computed on the way lies in the cache by the digest of all it depends on, so that a run that was stopped goes
on where it was. ``jobs.attribution_run`` keeps the results and makes them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..attribution.attribute import attribute, checked
from ..attribution.cache import Cache
from ..attribution.context import Context
from ..attribution.opening import open_method, open_model
from ..attribution.shortlist import Gate
from ..errors import IntegrityError, ParamsError
from ..params import Params, check
from ..plugins import AttributableModel, Attributor
from ..types.attribution import AttributionResult
from .attribution_alike import Comparer, Likeness, likeness_of, most_alike
from .attribution_corpus import Disclosed, refuse_items
from .attribution_files import SUFFIXES, files_of, sha256_of

Tell = Callable[[str], None]
MOST_POINTS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionParams(Params):
    """Settings of an attribution.

    Parameters
    ----------
    method : str
        ``METHOD`` or ``METHOD:key=value,…``.
    draws : int
        Of noise; 0: the method's own number.
    seed : int
        Of all noise.
    gate : float
        Share of the corpus that is scored; 0: all of it.
    gate_by : tuple of str
        The methods that choose; empty: the gate's own.
    likeness : str
        What stands beside influence: ``melody``, or a method that looks at no weights; empty: melodic identity of
        notes, else as the model allows; ``none``: nothing.
    top : int
        Items that are kept of each ranking.
    full : bool
        Whether all scores are kept.
    compare : int
        So many of the most influential and of the most alike items are compared with each output as music.
    groups : tuple of str
        Parts of the network that are moved; empty: all that the method moves.
    """

    method: str = "unlearn-ekfac"
    draws: int = 0
    seed: int = 440
    gate: float = 0.0
    gate_by: tuple[str, ...] = ()
    likeness: str = ""
    top: int = 20
    full: bool = False
    compare: int = 3
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("gate_by", "groups"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        check(0 <= self.gate <= 1, "gate", self.gate, "a share of the corpus, above 0 to 1; or 0 for no gate")
        check(self.draws >= 0, "draws", self.draws, "1 or more; or 0 for the method's own number")
        check(self.top >= 1, "top", self.top, "1 or more")
        check(self.compare >= 0, "compare", self.compare, "0 or more")

    def made(self) -> Attributor:
        """The method with its settings."""
        more = {"draws": self.draws} if self.draws else {}
        return open_method(self.method, **more)

    def made_gate(self) -> Gate | None:
        """The gate; None for all items."""
        if not self.gate:
            return None
        return Gate(self.gate, self.gate_by) if self.gate_by else Gate(self.gate)


@dataclass(frozen=True, eq=False, slots=True)
class Inputs:
    """Models of one corpus, the corpus, and the files that are attributed, of the panel, and held out."""

    models: tuple[AttributableModel, ...]
    names: tuple[str, ...]
    disclosed: Disclosed
    outputs: Mapping[str, Path]
    panel: Mapping[str, Path] = field(default_factory=dict)
    held_out: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        models: tuple[str, ...],
        disclosed: Disclosed,
        outputs: tuple[str, ...],
        panel: tuple[str, ...] = (),
        held_out: tuple[str, ...] = (),
    ) -> Inputs:
        """Open what is named; errors name the thing, and NotPermitted what was not frozen for the model."""
        opened = tuple(open_model(text, corpus=disclosed.source) for text in models)
        if not opened:
            raise ParamsError("an attribution needs a model; give --model ADAPTER:key=value,…")
        for model in opened:
            refuse_items(disclosed, model.item_ids())
            _check_weights(disclosed, model)
        suffixes = getattr(opened[0], "suffixes", SUFFIXES)
        return cls(
            opened,
            models,
            disclosed,
            files_of(outputs, what="outputs", suffixes=suffixes) if outputs else {},
            _others(panel, "panel", suffixes),
            _others(held_out, "held-out", suffixes),
        )

    def contexts(self, params: AttributionParams, cache: Cache, tell: Tell) -> tuple[Context, ...]:
        """A context for each model."""
        held_out = tuple(self.models[0].read({name: path}) for name, path in self.held_out.items())
        return tuple(
            Context(
                model,
                self.disclosed.corpus,
                cache,
                seed=params.seed,
                groups=params.groups,
                held_out=held_out,
                progress=tell,
            )
            for model in self.models
        )

    def music(self, name: str, is_output: bool) -> Any:
        """What is heard of an output or an item: its file, else what the adapter makes of it, else None."""
        path = self.outputs.get(name) if is_output else self.disclosed.paths.get(name)
        made: Callable[[Any], list[bytes]] | None = getattr(self.models[0], "music", None)
        if path is not None and path.suffix != ".safetensors":
            return path
        if made is None:
            return None
        model = self.models[0]
        return made(model.read({name: path}) if is_output else model.load([name]))[0]


def _others(sources: tuple[str, ...], what: str, suffixes: Iterable[str]) -> dict[str, Path]:
    """Files whose ids cannot be those of outputs."""
    found = files_of(sources, what=f"{what} pieces", suffixes=suffixes) if sources else {}
    return {f"{what}/{name}": path for name, path in found.items()}


def _check_weights(disclosed: Disclosed, model: AttributableModel) -> None:
    """IntegrityError where the model's file of weights is not the one that was registered."""
    path: Path | None = getattr(model, "weights_file", None)
    told = disclosed.registered
    if told is None or path is None or not told.weights_sha256:
        return
    found = sha256_of(path)
    if found != told.weights_sha256:
        raise IntegrityError(
            f"the weights in {path} have the sha256 {found[:12]}…, those registered as {told.model!r} "
            f"{told.weights_sha256[:12]}…; attribute with the registered weights, or register these"
        )


@dataclass(frozen=True, eq=False, slots=True)
class Attributed:
    """One output: its result, likeness of all scored items, and the pairs that were compared as music."""

    result: AttributionResult
    likeness: Mapping[str, float]
    alike: tuple[str, ...]
    pairs: tuple[Mapping[str, Any], ...]

    def to_dict(self, *, full: bool) -> dict[str, Any]:
        """The result's own, with what stands beside it."""
        told = self.result.to_dict()
        shown = {row["item"] for row in told["items"]} | set(self.alike)
        kept = self.likeness if full else {item: x for item, x in self.likeness.items() if item in shown}
        scores = told["scores"] or {}
        alike = [{"item": item, "likeness": self.likeness[item], "score": scores.get(item)} for item in self.alike]
        return {
            **told,
            "scores": told["scores"] if full else None,
            "likeness": dict(kept),
            "most_alike": alike,
            "points": self._points(),
            "pairs": [dict(pair) for pair in self.pairs],
        }

    def _points(self) -> list[list[float]]:
        """Influence and likeness of all scored items, to be drawn; of more than ``MOST_POINTS`` evenly chosen ones."""
        result, items = self.result, list(self.likeness)
        if result.scores is None or not items:
            return []
        order = np.argsort(-result.scores, kind="stable")
        chosen = order[np.unique(np.linspace(0, len(order) - 1, min(len(order), MOST_POINTS)).round().astype(int))]
        return [[float(result.scores[i]), self.likeness[items[i]]] for i in chosen.tolist()]


def attributed(
    inputs: Inputs, params: AttributionParams, cache: Cache, *, tell: Tell = lambda _: None, pages: Path | None = None
) -> tuple[Attributed, ...]:
    """Attribute the outputs; see ``attribution.attribute.attribute``.

    Parameters
    ----------
    cache
        Where what is computed is kept: with a folder, a stopped run goes on.
    tell
        Told a sentence before each step.
    pages
        A folder for pages of evidence of the pairs that are compared as music.
    """
    contexts = inputs.contexts(params, cache, tell)
    method, gate = params.made(), params.made_gate()
    checked(method, inputs.models[0])
    beside = likeness_of(contexts[0], inputs.music, inputs.outputs, params.likeness)
    tell("preparing the method")
    results = attribute(
        contexts,
        dict(inputs.outputs),
        method,
        panel=dict(inputs.panel),
        gate=gate,
        top=params.top,
        full=True,
    )
    comparer = Comparer(inputs.music, pages)
    found = []
    for result in results:
        tell(f"{result.query}: likeness")
        found.append(_beside(result, beside, comparer, params))
    return tuple(found)


def _beside(
    result: AttributionResult, beside: Likeness | None, comparer: Comparer, params: AttributionParams
) -> Attributed:
    items, few = result.candidates, params.compare
    values = {} if beside is None else dict(zip(items, beside.to(result.query, items).tolist(), strict=True))
    alike = most_alike(items, np.array(list(values.values())), params.top) if values else []
    chosen = dict.fromkeys([*(row.item for row in result.items[:few]), *alike[:few]])
    pairs = tuple(comparer.pair(result.query, item) for item in chosen)
    pages = {pair["item"]: str(pair.get("page", "")) for pair in pairs}
    rows = tuple(replace(r, likeness=values.get(r.item), evidence=pages.get(r.item, "")) for r in result.items)
    told = replace(result, items=rows, likeness_method="" if beside is None else beside.name)
    return Attributed(told, values, tuple(alike), pairs)
