"""What is measured by training again: without the tops, with other seeds, and on pieces made elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import IntegrityError
from ...plugins import Batch
from ..cache import digest_of
from ..context import Context
from ..metrics import LeftOut, Truth, left_out, top_overlap, union_of_tops
from ..reference.melodies import table
from ..reference.stored import Trained, open_trained, train
from .measure import DEFAULT, method_of, scored, share_agreement
from .plan import Split, losses_of, retrained
from .shipped import Question, model_of


class Ledger:
    """Losses by key in a file of JSON lines, written one by one: a run that was stopped goes on where it was."""

    def __init__(self, path: Path | None = None) -> None:
        self.path, self._known = path, dict[str, list[float]]()
        if path is not None and path.exists():
            lines = path.read_text(encoding="utf-8").splitlines()
            for number, line in enumerate(lines, 1):
                try:
                    self._known.update(json.loads(line))
                except ValueError as error:
                    if number < len(lines):
                        raise IntegrityError(f"line {number} of {path} is damaged: {error}; remove it") from error

    def get(self, key: str, make: Callable[[], npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        """What is known by this key, else what ``make`` gives, which is kept."""
        if key not in self._known:
            self._known[key] = [float(v) for v in make()]
            if self.path is not None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("a", encoding="utf-8") as file:
                    file.write("\n" * self._torn() + json.dumps({key: self._known[key]}) + "\n")
                    file.flush()
                    os.fsync(file.fileno())
        return np.array(self._known[key])

    def _torn(self) -> bool:
        """Whether the last line was cut off by a kill."""
        whole = self.path.read_bytes() if self.path is not None and self.path.exists() else b""
        return bool(whole) and not whole.endswith(b"\n")


def without_tops(
    context: Context,
    question: Question,
    scores: Mapping[str, npt.NDArray[np.float64]],
    ledger: Ledger,
    *,
    share: float = 0.2,
    seeds: int = 4,
    targets: int = 12,
) -> dict[str, LeftOut]:
    """Each method's effect: targets are the first outputs, controls the others; the tops of the targets are left out.

    ``scores`` by method, ``(n_queries, n_items)``. Random removals are drawn anew for each seed.
    """
    model: Any = context.model
    rows, params = table(model.trained.tunes), model.trained.params
    outputs = question.queries[: question.n_outputs]

    def trained_without(removed: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.float64]:
        kept = np.setdiff1d(np.arange(len(rows)), removed)
        return losses_of(retrained(params, rows[kept], of=len(rows), seed=seed), outputs)

    def run(name: str, removed: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.float64]:
        found = []
        for number, items in enumerate(removed):
            seed = 300_000 + number
            key = f"{model.name} without {','.join(map(str, items))} seed {seed}"
            found.append(ledger.get(key, lambda items=items, seed=seed: trained_without(items, seed)))  # type: ignore[misc]
            context.progress(f"{name}: {number + 1} of {seeds} models trained without {len(items)} items")
        return np.stack(found)

    n = round(share * len(rows))
    chance = [np.sort(np.random.default_rng([context.seed, 31, s]).permutation(len(rows))[:n]) for s in range(seeds)]
    other = [np.sort(np.random.default_rng([context.seed, 37, s]).permutation(len(rows))[:n]) for s in range(seeds)]
    by_chance, is_target = run("random", chance), np.arange(len(outputs)) < targets
    found = {"random": left_out(run("other random", other), by_chance, is_target)}
    for name, values in scores.items():
        top = union_of_tops(values[:targets], share)
        found[name] = left_out(run(name, [top] * seeds), by_chance, is_target)
    return found


def stability(
    context: Context,
    kind: str,
    question: Question,
    own: npt.NDArray[np.float64],
    folder: Path | None,
    *,
    seeds: int = 3,
) -> dict[str, Any]:
    """How far models of other seeds, trained on the same items, give the default's rankings again."""
    model: Any = context.model
    found = [own]
    for number in range(1, seeds + 1):
        again = trained_again(model, model.trained.tunes, 400_000 + number, folder)
        other = replace(context, model=again, corpus=again.trained.corpus)
        found.append(scored(other, method_of(kind, DEFAULT), question.batches(again)).scores)
        context.progress(f"seed {number} of {seeds}: trained and scored")
    pairs = [(a, b) for i, a in enumerate(found) for b in found[:i]]
    shares_each = np.concatenate([share_agreement(a, b, context.corpus.holders) for a, b in pairs])
    tops = np.concatenate([top_overlap(a, b) for a, b in pairs])
    outputs = slice(None, question.n_outputs)
    by_output = [share_agreement(a[outputs], b[outputs], context.corpus.holders) for a, b in pairs]
    return {
        "models": seeds + 1,
        "top_10_overlap": float(tops.mean()),
        "holder_shares_spearman": float(shares_each.mean()),
        "holder_shares_spearman_outputs": float(np.mean(by_output)),
    }


def trained_again(model: Any, tunes: Any, seed: int, folder: Path | None) -> Any:
    """A model of the same kind and settings, from the folder where it is there."""
    place = None if folder is None else folder / f"{model.name}-{len(tunes)}-{tunes[0].id}-{seed}"
    if place is not None and (place / "model.json").exists():
        return model_of(open_trained(place))
    made = train(tunes, replace(model.trained.params, checkpoints=()), seed=seed)
    if place is not None:
        made.save(place)
    return model_of(made)


def batches_of(model: Any, rows: npt.NDArray[np.int64], prefix: str) -> list[Batch]:
    """Tunes as batches of one."""
    return [model.read({f"{prefix}-{i:03d}": tuple(int(t) for t in row)}) for i, row in enumerate(rows)]


def truth_of(
    trained: Trained,
    split: Split,
    queries: npt.NDArray[np.int64],
    ledger: Ledger,
    *,
    subsets: int,
    seeds: int = 2,
    say: Callable[[str], None] = lambda _: None,
) -> Truth:
    """Train on random halves of a model's tunes, by the split's seeds, and keep each query's loss."""
    rows, about = table(trained.tunes), digest_of([list(t.tokens) for t in trained.tunes])
    members = np.stack([split.members(j, len(rows)) for j in range(subsets)])
    losses = np.empty((subsets, seeds, len(queries)))

    def made(subset: int, number: int) -> npt.NDArray[np.float64]:
        chosen = rows[members[subset]]
        return losses_of(retrained(trained.params, chosen, of=len(rows), seed=split.seed(subset, number)), queries)

    for subset in range(subsets):
        for number in range(seeds):
            key = f"half {subset} of {split.name} seed {number} of {about}, {digest_of(queries.tolist())}"
            losses[subset, number] = ledger.get(key, lambda s=subset, n=number: made(s, n))  # type: ignore[misc]
        say(f"{subset + 1} of {subsets} halves trained on, {seeds} times each")
    return Truth(members, losses)
