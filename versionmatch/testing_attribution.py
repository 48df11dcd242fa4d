"""The conformance kit of attribution: what any adapter of a model, and any method, must do.

In an adapter's own tests, with a tiny model of random weights and two sources that are not of its corpus::

    from versionmatch.testing import check_adapter

    def test_my_model_conforms():
        check_adapter(MyModel(...), {"output 1": source, "output 2": another})
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .conformance import demand
from .errors import CapabilityError
from .plugins import CAPABILITIES, AttributableModel, Attributor
from .types.attribution import Corpus, Scores, is_digest

TOLERANCE = 1e-6
"""By how much a number may change with batch size or order; of the largest value, where that is above 1."""


def check_adapter(model: AttributableModel, sources: Mapping[str, Any], *, n_items: int = 4) -> None:
    """A model's adapter gives losses per item that depend on nothing but weights, item and draw.

    Parameters
    ----------
    model
        With a corpus of three items or more; ``n_items`` of them are used.
    sources
        Pieces that are not of the corpus, as ``model.read`` wants them.
    """
    demand(isinstance(model, AttributableModel), "a model has name, capabilities, loss_unit and the protocol's methods")
    unknown = sorted(set(model.capabilities) - set(CAPABILITIES))
    demand(not unknown, f"capabilities are of CAPABILITIES; {unknown} are not")
    demand(is_digest(model.fingerprint), f"fingerprint is a sha256 in 64 hex digits; got {model.fingerprint!r}")
    ids = list(model.item_ids())
    demand(len(set(ids)) == len(ids) >= 3, "item_ids are three or more, each once")
    demand(bool(sources), "sources names one piece or more that is not of the corpus")
    names = list(model.params())
    demand(bool(names) and names == list(model.params()), "params() are always the same, in the same order")
    strays = {name for group in model.groups().values() for name in group} - set(names)
    demand(not strays, f"groups() name params only; {sorted(strays)[:3]} are none")
    ids = ids[:n_items]
    _check_losses(model, ids)
    _check_read(model, sources)
    _check_optional(model, ids)
    if "gradients" in model.capabilities:
        _check_gradients(model, ids)


def _losses(model: AttributableModel, ids: Sequence[str], count: int = 3, **how: Any) -> npt.NDArray[np.float64]:
    from .attribution.draws import Draws

    draws = how.pop("draws", Draws.first(count, seed=440, stream="check"))
    found = model.losses(model.load(ids), draws, mask_pad=how.pop("mask_pad", False))
    demand(tuple(found.shape) == (len(ids), len(draws)), f"losses are (n_items, n_draws); got {tuple(found.shape)}")
    return np.asarray(found.detach().double().cpu().numpy())


def _alike(a: npt.NDArray[Any], b: npt.NDArray[Any], rule: str) -> None:
    off = float(np.abs(a - b).max() / max(float(np.abs(b).max()), 1.0))
    demand(off <= TOLERANCE, f"{rule}; they differ by {off:.1e}")


def _check_losses(model: AttributableModel, ids: Sequence[str]) -> None:
    from .attribution.draws import Draws

    whole = _losses(model, ids)
    demand(bool(np.isfinite(whole).all()), "losses are finite")
    demand(bool((_losses(model, ids) == whole).all()), "the same batch and draws give the same losses, bit for bit")
    alone = np.concatenate([_losses(model, [item]) for item in ids])
    _alike(alone, whole, "an item's losses do not depend on the others of its batch")
    _alike(_losses(model, ids[::-1])[::-1], whole, "losses do not depend on the order of the batch")
    part = _losses(model, ids, draws=Draws((1,), 3, 440, "check"))
    _alike(part[:, 0], whole[:, 1], "a draw's losses do not depend on the other draws")
    varied = bool((whole[:, :1] != whole[:, 1:]).any())
    demand(varied == ("draws" in model.capabilities), f"losses vary with the draws: {varied}; capabilities must say so")
    masked = _losses(model, model.item_ids(), mask_pad=True)
    changed = bool((masked != _losses(model, model.item_ids())).any())
    demand(not changed or "padding" in model.capabilities, "mask_pad changes losses; capabilities must say 'padding'")
    demand(tuple(model.load(ids).ids) == tuple(ids), "a batch has the ids it was asked for, in that order")


def _check_read(model: AttributableModel, sources: Mapping[str, Any]) -> None:
    from .attribution.draws import Draws

    batch = model.read(sources)
    demand(tuple(batch.ids) == tuple(sources), "read() keeps the ids and their order")
    draws = Draws.first(2, seed=440, stream="check")
    whole = model.losses(batch, draws, mask_pad=True).detach().double().cpu().numpy()
    demand(whole.shape == (len(sources), 2) and bool(np.isfinite(whole).all()), "pieces that were read have losses")
    alone = [
        model.losses(model.read({k: v}), draws, mask_pad=True).detach().double().cpu().numpy()
        for k, v in sources.items()
    ]
    _alike(np.concatenate(alone), whole, "a piece's losses do not depend on the others it was read with")


def _check_optional(model: AttributableModel, ids: Sequence[str]) -> None:
    batch = model.load(ids)
    for name in ("hidden", "embedding"):
        if name in model.capabilities:
            vectors = getattr(model, name)(batch)
            demand(vectors.ndim == 2 and len(vectors) == len(ids), f"{name}() gives (n_items, dim)")
    if "tokens" in model.capabilities:
        tokens = model.tokens(batch)  # type: ignore[attr-defined]
        demand(
            len(tokens) == len(ids) and all(int(t) == t for row in tokens for t in row), "tokens() gives whole numbers"
        )
    if "checkpoints" in model.capabilities:
        for name, rate in model.checkpoints().items():  # type: ignore[attr-defined]
            then = model.checkpoint(name)  # type: ignore[attr-defined]
            shapes = {k: tuple(v.shape) for k, v in model.params().items()}
            demand({k: tuple(v.shape) for k, v in then.items()} == shapes, "a checkpoint has a value for each param")
            demand(rate > 0, f"a checkpoint's learning rate is above 0; got {rate}")


def _check_gradients(model: AttributableModel, ids: Sequence[str]) -> None:
    """Params are live: differentiable, changed in place they change losses, and put back they give the same bits."""
    from .attribution.weights import gradient, restored

    before = _losses(model, ids)
    fingerprint = model.fingerprint
    batch = model.load(ids)
    from .attribution.draws import Draws

    draws = Draws.first(3, seed=440, stream="check")
    names = tuple(model.params())
    whole = gradient(model, model.losses(batch, draws, mask_pad=False).mean(), names)
    demand(bool((whole != 0).any()), "losses can be differentiated by params(): some gradient is not 0")
    with restored(model) as weights:
        weights.move(whole, 1e-2 / float(whole.norm()))
        demand(bool((_losses(model, ids) != before).any()), "params() are live: changed in place, they change losses")
    demand(bool((_losses(model, ids) == before).all()), "weights that are put back give the same losses, bit for bit")
    demand(model.fingerprint == fingerprint, "weights that are put back give the same fingerprint")
    if "sampling" in model.capabilities:
        drawn = model.sampled(batch, draws, 440)  # type: ignore[attr-defined]
        demand(tuple(drawn.shape) == (len(ids), 3), "sampled() gives (n_items, n_draws)")
        again = model.sampled(batch, draws, 440)  # type: ignore[attr-defined]
        demand(bool((drawn == again).all()), "sampled() is the same for the same seed")
        demand(bool((gradient(model, drawn.mean(), names) != 0).any()), "sampled() can be differentiated by params()")
    if "linears" in model.capabilities:
        from .attribution.layers import linears

        demand(bool(linears(model)), "module() has an nn.Linear whose weight is one of params()")


def check_attributor(method: Attributor, model: AttributableModel, sources: Mapping[str, Any]) -> None:
    """A method scores every candidate, the same in any order and batch size, and leaves the weights as they were."""
    from .attribution.attribute import checked
    from .attribution.context import Context

    demand(isinstance(method, Attributor), "a method has name, requires, unit, settings, fit and score")
    demand(set(method.requires) <= set(CAPABILITIES), f"requires are of CAPABILITIES; got {sorted(method.requires)}")
    demand(json.loads(json.dumps(dict(method.settings))) is not None, "settings can be written as JSON")
    ids = tuple(model.item_ids())
    corpus = Corpus(ids, tuple(f"holder {i % 3}" for i in range(len(ids))))
    queries = [model.read({name: source}) for name, source in sources.items()]
    before = {name: value.detach().clone() for name, value in model.params().items()}
    large, small = (Context(model, corpus, batch_size=size) for size in (len(ids), 3))
    fitted, again = method.fit(large), method.fit(small)
    for query in queries:
        whole = method.score(large, fitted, query, ids)
        demand(isinstance(whole, Scores) and whole.values.size == len(ids), "score gives Scores, one per candidate")
        turned = method.score(small, again, query, ids[::-1])
        _alike(turned.values[::-1], whole.values, "scores depend on neither batch size nor order")
        part = method.score(large, fitted, query, ids[1:3])
        _alike(part.values, whole.values[1:3], "a candidate's score does not depend on the other candidates")
    same = all(bool((value == before[name]).all()) for name, value in model.params().items())
    demand(same, "the weights are bit for bit as they were")
    if method.requires:
        poor: Any = _Poor()
        try:
            checked(method, poor)
        except CapabilityError:
            return
        demand(False, "a model without the capabilities is refused before anything is computed")


class _Poor:
    """A model that offers nothing."""

    name = "a model that offers nothing"
    capabilities: frozenset[str] = frozenset()
