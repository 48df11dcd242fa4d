"""How often verdicts are what they should be, on pieces and models that no setting was chosen on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...plugins import Attributor
from ..context import Context
from ..reference.denoiser import TuneDenoiser, sample_latents, tune_of
from ..reference.melodies import Tune, edited, mash_up, tunes
from ..reference.stored import Net
from ..reference.transformer import sample_tunes
from ..verdict import Panel, judge
from .retraining import trained_again

PANEL = 24
FRESH = 1441
"""The seed of reports: of the strangers' families and of all pieces. Settings were chosen with other seeds."""


def outputs_of(net: Net, count: int, *, seed: int) -> list[tuple[int, ...]]:
    """What a model makes."""
    if isinstance(net, TuneDenoiser):
        return [tune_of(x) for x in sample_latents(net, count, seed=seed)]
    made: list[tuple[int, ...]] = sample_tunes(net, count, seed=seed)
    return made


def planted(own: Sequence[Tune], count: int, seed: int) -> dict[str, list[tuple[int, ...]]]:
    """Pieces that owe much to items of the corpus: doubles, doubles with a share of the notes replaced, mash-ups."""
    picked = [own[(9 * i + seed) % len(own)] for i in range(count)]
    others = [own[(4 * i + seed + 150) % len(own)] for i in range(count)]
    found = {}
    for name, share in (("doubles", 0.0), ("edited .15", 0.15), ("edited .4", 0.4)):
        found[name] = [edited(t, share, id=name, seed=seed + i).tokens for i, t in enumerate(picked)]
    found["mash-ups"] = [mash_up(a, b, id="mash-up").tokens for a, b in zip(picked, others, strict=True)]
    return found


def verdict_rates(
    context: Context, method: Attributor, folder: Path | None, *, count: int = 48, panels: int = 8, seed: int = FRESH
) -> dict[str, dict[str, float]]:
    """Shares of each verdict by kind of piece.

    Strangers are outputs of a model of other families; ``count`` of them, and 24 others as the panel, drawn anew
    ``panels`` times. The other kinds are those of ``planted``, and the model's own outputs.
    """
    model: Any = context.model
    own: tuple[Tune, ...] = model.trained.tunes
    other = trained_again(model, tunes(300, seed=seed, prefix="strange"), 440, folder)
    strange = outputs_of(other.trained.net, count + PANEL, seed=seed + 1)
    held = tuple(model.read({tune.id: tune}) for tune in tunes(len(own) + 80)[len(own) + 64 :])
    context = replace(context, held_out=held)
    pieces = {
        "strangers": strange,
        **planted(own, count, seed),
        "own outputs": outputs_of(model.trained.net, count, seed=seed + 2),
    }
    rows = _scores(context, method, pieces)
    found: dict[str, dict[str, float]] = {}
    for name, (scores, errors, facts) in rows.items():
        words = []
        for number in range(panels):
            order = np.random.default_rng([440, 41, number]).permutation(len(strange))
            panel = Panel.ungated(rows["strangers"][0][order[:PANEL]])
            asked = order[PANEL:] if name == "strangers" else range(len(scores))
            words += [judge(scores[i], panel, facts[i], errors=errors[i]).word for i in asked]
        found[name] = {word: words.count(word) / len(words) for word in sorted(set(words))}
    return found


Rows = tuple[npt.NDArray[np.float64], list[npt.NDArray[np.float64] | None], list[dict[str, float]]]


def _scores(context: Context, method: Attributor, pieces: Mapping[str, Sequence[tuple[int, ...]]]) -> dict[str, Rows]:
    fitted, found = method.fit(context), {}
    for name, these in pieces.items():
        made = []
        for i, piece in enumerate(these):
            query = context.model.read({f"{name} {i}": piece})
            made.append(method.score(context, fitted, query, context.corpus.ids))
        context.progress(f"verdicts: {len(these)} of {name}")
        found[name] = (
            np.stack([m.values for m in made]),
            [m.standard_error() for m in made],
            [dict(m.facts) for m in made],
        )
    return found
