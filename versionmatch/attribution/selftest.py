"""Self-tests of a model and a method: whether rankings may be used at all, on the model's own weights and corpus.

Negative and positive controls whose answers are known. Demands are constants of this module, set before anything was
measured; a test that could not be made is told, and where it was needed the answer is no. That an item is its own most
influential one is shown and never asked for: likeness alone passes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.stats import betabinom

from ..plugins import AttributableModel, Attributor
from ..types.attribution import AttributionResult
from .attribute import attribute
from .cache import Cache
from .context import Context
from .metrics import spearman
from .verdict import ALPHA, LEAST_PANEL, TOP
from .weights import restored

FOUND = 0.8
"""Share of edited items, mash-ups and known pieces that must be attributable, and their sources among the first."""
REPLACED = 0.3
"""Share of an edited item's notes or frames that are replaced."""
STABLE = 0.7
"""Mean rank correlation of the scores under two seeds of noise."""
RANDOMISED = 0.5
"""Mean rank correlation of the scores with those of shuffled weights, at most."""
CHANCE = 0.05
"""Odds below which the strangers' number is too high to be chance."""
AMONG = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One self-test: ``state`` is passed, failed, not made, or shown (of which nothing is demanded)."""

    name: str
    state: str
    found: str
    demand: str
    about: str
    value: float | None = None
    needed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """As ``validate.json`` has it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, eq=False, slots=True)
class Bench:
    """What the self-tests work with.

    Parameters
    ----------
    contexts
        The model and its corpus, or several models of it.
    method
        Of attribution.
    panel, strangers
        Pieces that owe the corpus nothing, by id, as ``read`` takes them; the panel is what p is told beside.
    known
        Id → (source, item): pieces of which it is known what item they were made of.
    count
        Items that are looked at in each test.
    """

    contexts: tuple[Context, ...]
    method: Attributor
    panel: Mapping[str, Any]
    strangers: Mapping[str, Any]
    known: Mapping[str, tuple[Any, str]]
    count: int = 20
    tell: Callable[[str], None] = lambda _: None

    @property
    def model(self) -> AttributableModel:
        """The first model."""
        return self.contexts[0].model

    def sample(self, count: int, stream: int) -> list[str]:
        """Items of the corpus, drawn by the seed."""
        ids = sorted(self.contexts[0].corpus.ids)
        rng = np.random.default_rng([self.contexts[0].seed, stream])
        return [ids[i] for i in sorted(rng.choice(len(ids), min(count, len(ids)), replace=False).tolist())]

    def ranked(
        self, outputs: Mapping[str, Any], contexts: Sequence[Context] = (), **more: Any
    ) -> list[AttributionResult]:
        """Results with all scores."""
        size = len(self.contexts[0].corpus)
        return list(attribute(contexts or self.contexts, outputs, self.method, full=True, top=size, **more))


def selftest(bench: Bench) -> tuple[Check, ...]:
    """All self-tests, in order; the weights are as they were afterwards, which is the first of them."""
    before = {name: value.detach().clone() for name, value in bench.model.params().items()}
    fingerprint = bench.model.fingerprint
    found = [panel_size(bench), strangers(bench), edited_items(bench), mash_ups(bench), known_pieces(bench)]
    found += [
        positive(found[2:]),
        randomised_weights(bench),
        stability(bench),
        over_models(bench),
        self_influence(bench),
    ]
    bench.tell("weights put back")
    same = all(torch.equal(value.detach(), before[name]) for name, value in bench.model.params().items())
    put_back = same and bench.model.fingerprint == fingerprint
    first = Check(
        "weights put back",
        "passed" if put_back else "failed",
        "bit for bit" if put_back else "the weights are others than before",
        "bit for bit",
        "a measurement must not change what it measures",
        float(put_back),
        needed=True,
    )
    return (first, *found)


def usable(checks: Sequence[Check]) -> tuple[bool, tuple[str, ...]]:
    """Whether rankings may be used, and what speaks against it."""
    against = [f"{c.name}: {c.found}, demanded {c.demand}" for c in checks if c.state == "failed"]
    against += [f"{c.name}: not made, {c.found}" for c in checks if c.state == "not made" and c.needed]
    return not against, tuple(against)


def panel_size(bench: Bench) -> Check:
    """Whether there is a panel of ``LEAST_PANEL`` pieces."""
    enough = len(bench.panel) >= LEAST_PANEL
    return Check(
        "panel",
        "passed" if enough else "failed",
        f"{len(bench.panel)} pieces",
        f"{LEAST_PANEL} or more",
        "how pronounced rankings are by chance is learned from pieces that owe the corpus nothing",
        float(len(bench.panel)),
        needed=True,
    )


def strangers(bench: Bench) -> Check:
    """How many pieces that owe the corpus nothing are attributable; all are told beside one panel, hence the law.

    If strangers and panel are alike, their number follows a beta-binomial law: of a panel of n, k = ⌊α (n + 1)⌋ places
    count as pronounced.
    """
    about = "pieces that owe the corpus nothing must seldom be attributable"
    if not bench.strangers or len(bench.panel) < LEAST_PANEL:
        why = "no --strangers were given" if not bench.strangers else "there is no panel to tell them beside"
        return Check("strangers", "not made", why, f"p ≤ {ALPHA:g} seldom", about)
    bench.tell("strangers")
    results = bench.ranked(bench.strangers, panel=bench.panel)
    hits, n = sum(_attributable(r) for r in results), len(bench.panel)
    places = max(1, int(ALPHA * (n + 1) + 1e-9))
    odds = float(betabinom.sf(hits - 1, len(results), places, n + 1 - places))
    return Check(
        "strangers",
        "failed" if odds < CHANCE else "passed",
        f"{hits} of {len(results)} attributable (odds of so many or more by chance {odds:.2g})",
        f"not more than chance allows at {CHANCE:g}",
        about,
        hits / len(results),
        needed=True,
    )


def _attributable(result: AttributionResult) -> bool:
    return result.p_value is not None and result.p_value <= ALPHA


def edited_items(bench: Bench) -> Check:
    """Items of the corpus with a share of their notes or frames replaced."""
    make: Callable[[str, float, int], Any] | None = getattr(bench.model, "edited", None)
    if make is None:
        return _unmade("edited items", "the adapter makes none: it has no edited(item, share, seed)")
    items = bench.sample(bench.count, 5)
    made = {f"edited {item}": (make(item, REPLACED, bench.contexts[0].seed), (item,)) for item in items}
    return _controls(bench, "edited items", made, f"{REPLACED:.0%} of each replaced")


def mash_ups(bench: Bench) -> Check:
    """Pieces that are two items in turn."""
    make: Callable[[str, str], Any] | None = getattr(bench.model, "mash_up", None)
    if make is None:
        return _unmade("mash-ups", "the adapter makes none: it has no mash_up(first, second)")
    items = bench.sample(bench.count, 6)
    pairs = list(zip(items, items[1:] + items[:1], strict=True))
    made = {f"mash-up {a} {b}": (make(a, b), (a, b)) for a, b in pairs}
    return _controls(bench, "mash-ups", made, "either source counts")


def known_pieces(bench: Bench) -> Check:
    """Pieces that the user knows to be made of an item."""
    if not bench.known:
        return _unmade("known pieces", "no --known were given")
    made = {name: (source, (item,)) for name, (source, item) in bench.known.items()}
    return _controls(bench, "known pieces", made, "as they were given")


def _unmade(name: str, why: str) -> Check:
    about = "pieces made of an item must be attributable, with that item among the first"
    return Check(name, "not made", why, f"{FOUND:.0%}", about)


def _controls(bench: Bench, name: str, made: Mapping[str, tuple[Any, tuple[str, ...]]], how: str) -> Check:
    bench.tell(name)
    results = bench.ranked({key: source for key, (source, _) in made.items()}, panel=bench.panel)
    attributable = np.mean([_attributable(r) for r in results])
    first = np.mean([bool(set(made[r.query][1]) & {i.item for i in r.items[:AMONG]}) for r in results])
    worse = float(min(attributable, first))
    return Check(
        name,
        "passed" if worse >= FOUND else "failed",
        f"{attributable:.0%} of {len(results)} attributable, {first:.0%} with a source among the first {AMONG} ({how})",
        f"{FOUND:.0%} of both",
        "pieces made of an item must be attributable, with that item among the first",
        worse,
        needed=True,
    )


def positive(controls: Sequence[Check]) -> Check:
    """Whether there was any control that should have been found."""
    made = [c.name for c in controls if c.state != "not made"]
    return Check(
        "a positive control",
        "passed" if made else "failed",
        ", ".join(made) or "none could be made",
        "one or more",
        "without pieces of a known source, nothing shows that the method finds what is there",
        float(len(made)),
        needed=True,
    )


@contextmanager
def shuffled(model: AttributableModel, seed: int) -> Iterator[None]:
    """The model with the weights of each param in random order: their distribution kept, what was learned gone."""
    with restored(model) as weights:
        generator = torch.Generator().manual_seed(seed)
        orders = [torch.randperm(leaf.numel(), generator=generator).to(leaf.device) for leaf in weights.leaves]
        weights.put(
            [leaf.detach().reshape(-1)[o].view_as(leaf) for leaf, o in zip(weights.leaves, orders, strict=True)]
        )
        yield


def randomised_weights(bench: Bench) -> Check:
    """Scores with the weights shuffled; a method that looks at no weights gives the same as before."""
    bench.tell("randomised weights")
    context = bench.contexts[0]
    pieces = _pieces(bench)
    trained = _scores(bench.ranked(pieces, [context]))
    with shuffled(context.model, context.seed):
        random = _scores(bench.ranked(pieces, [replace(context, cache=Cache())]))
    rho = float(spearman(trained.T, random.T).mean())
    return Check(
        "randomised weights",
        "passed" if rho <= RANDOMISED else "failed",
        f"mean rank correlation {rho:.2f} with the scores of shuffled weights",
        f"{RANDOMISED:g} or less",
        "a ranking that does not need what the model learned says nothing of it",
        rho,
        needed=True,
    )


def _pieces(bench: Bench, count: int = 8) -> dict[str, Any]:
    """Pieces to compare rankings of: of the panel and the strangers, else items of the corpus."""
    some = {**bench.panel, **bench.strangers}
    return dict(list(some.items())[:count]) if len(some) >= count else dict.fromkeys(bench.sample(count, 7))


def _scores(results: Sequence[AttributionResult]) -> npt.NDArray[np.float64]:
    return np.stack([np.zeros(0) if r.scores is None else r.scores for r in results])


def stability(bench: Bench) -> Check:
    """Scores under the noise of another seed."""
    bench.tell("stability over seeds")
    context, pieces = bench.contexts[0], _pieces(bench)
    first = _scores(bench.ranked(pieces, [context]))
    again = _scores(bench.ranked(pieces, [replace(context, seed=context.seed + 1)]))
    rho = float(spearman(first.T, again.T).mean())
    return Check(
        "stability over seeds of noise",
        "passed" if rho >= STABLE else "failed",
        f"mean rank correlation {rho:.2f}, {_overlap(first, again):.0%} of the first {TOP} in common",
        f"{STABLE:g} or more",
        "what changes with the noise is noise; more draws would help",
        rho,
        needed=True,
    )


def _overlap(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    tops = [np.argsort(-x, axis=1, kind="stable")[:, :TOP] for x in (a, b)]
    return float(np.mean([len(set(x) & set(y)) / TOP for x, y in zip(*(t.tolist() for t in tops), strict=True)]))


def over_models(bench: Bench) -> Check:
    """Scores of each two models of the corpus, where there are several: shown, as other models learn other things."""
    about = "models of one corpus that differ in their seed alone do not learn the same of every item"
    if len(bench.contexts) < 2:
        return Check("agreement of models", "not made", "one model was given", "shown only", about)
    bench.tell("agreement of models")
    pieces = _pieces(bench)
    by_model = [_scores(bench.ranked(pieces, [context])) for context in bench.contexts]
    pairs = [(a, b) for i, a in enumerate(by_model) for b in by_model[:i]]
    rho = float(np.mean([spearman(a.T, b.T).mean() for a, b in pairs]))
    shared = float(np.mean([_overlap(a, b) for a, b in pairs]))
    told = f"mean rank correlation {rho:.2f}, {shared:.0%} of the first {TOP} in common"
    return Check("agreement of models", "shown", told, "shown only", about, rho)


def self_influence(bench: Bench) -> Check:
    """Where items stand in the ranking of themselves."""
    bench.tell("self-influence")
    results = bench.ranked(dict.fromkeys(bench.sample(bench.count, 8)))
    ranks = [next(i for i, row in enumerate(r.items, 1) if row.item == r.query) for r in results]
    return Check(
        "self-influence",
        "shown",
        f"{np.mean(np.array(ranks) == 1):.0%} of {len(ranks)} items are first in the ranking of themselves",
        "shown only",
        "likeness of notes alone passes this; it proves nothing",
        float(np.mean(ranks)),
    )
