"""Influence as parts of a pool: only what a self-test bears, by output, with the spread over draws.

The input is a plain table, whoever made it: output, item, score, its standard error, a verdict, and a draw (a seed)
where there are several. Scores are relative among the items that were asked about; they say nothing of what was not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np

from ..errors import InputError, NotPermitted
from .shares import Item, Parts, clusters_of, normalised

SUPPORTED = "supported"
"""The verdict of a row that may be paid by; any other goes to what is unattributable."""
N_DRAWS, SEED = 200, 440


@dataclass(frozen=True, slots=True)
class Row:
    """The influence of one item on one output; ``score`` and ``stderr`` are decimal numbers as text, exact."""

    output: str
    item: str
    score: str
    stderr: str = "0"
    verdict: str = SUPPORTED
    draw: str = ""

    def __post_init__(self) -> None:
        for name in ("score", "stderr"):
            try:
                finite = Decimal(getattr(self, name)).is_finite()
            except (InvalidOperation, ValueError, TypeError) as error:
                raise InputError(f"{name} {getattr(self, name)!r} of {self.item} is no number") from error
            if not finite or (name == "stderr" and Decimal(self.stderr) < 0):
                raise InputError(
                    f"{name} {getattr(self, name)!r} of {self.item} must be finite, and an error 0 or more"
                )


@dataclass(frozen=True, slots=True)
class Influence:
    """A table of influence, the run that made it, and what its self-test said: passed, failed or none."""

    run: str
    self_test: str
    rows: tuple[Row, ...]


def refuse_unsupported(influence: Influence) -> None:
    """NotPermitted where the self-test did not pass: such numbers are not presented as influence, nor paid by."""
    if influence.self_test != "passed":
        raise NotPermitted(
            f"the self-test of run {influence.run!r} is {influence.self_test!r}, not 'passed': its numbers cannot be "
            "told from chance and are not presented as influence; use influence+fallback, or equal"
        )


def influence_parts(
    influence: Influence, items: Sequence[Item], values: Mapping[str, int] | None = None, *, draw: str | None = None
) -> dict[str, Fraction]:
    """Cluster → its part of the pool by influence; what is missing to 1 is unattributable.

    Each output hands out its part of the pool (by ``values``, else all alike) in proportion to the clusters' scores,
    where a cluster has the largest of its items' scores: what is there twice does not count twice. Scores of 0 and
    below count nothing. What falls to rows whose verdict is not ``supported``, and to outputs without any score, is
    nobody's.

    Parameters
    ----------
    influence : Influence
    items : sequence of Item
        InputError where a row names another.
    values : mapping, optional
        Output → its worth, a whole number.
    draw : str, optional
        Only this draw; by default the mean over all.
    """
    cluster_of = {item.id: name for name, some in clusters_of(items).items() for item in some}
    outside = sorted({row.item for row in influence.rows} - cluster_of.keys())
    if outside:
        raise InputError(
            f"run {influence.run}: no item {outside[0]!r} among those that are paid ({len(outside)} unknown)"
        )
    draws = sorted({row.draw for row in influence.rows}) if draw is None else [draw]
    worth = _worth(influence.rows, values)
    parts: dict[str, Fraction] = defaultdict(Fraction)
    for each in draws:
        scores = _scores((row for row in influence.rows if row.draw == each), cluster_of)
        for output, found in scores.items():
            total = sum(max(s.values()) for s in found.values())
            for cluster, by_verdict in found.items():
                best = by_verdict.get(True, Fraction(0))
                if total and best and best >= by_verdict.get(False, Fraction(0)):
                    parts[cluster] += worth[output] * best / total / len(draws)
    return dict(sorted(parts.items()))


Scores = dict[str, dict[str, dict[bool, Fraction]]]


def _scores(rows: Iterable[Row], cluster_of: Mapping[str, str]) -> Scores:
    """Output → cluster → the largest score, of supported rows and of others."""
    found: Scores = {}
    for row in rows:
        score = max(Fraction(Decimal(row.score)), Fraction(0))
        here = found.setdefault(row.output, {}).setdefault(cluster_of[row.item], {})
        supported = row.verdict == SUPPORTED
        here[supported] = max(here.get(supported, Fraction(0)), score)
    return found


def _worth(rows: Sequence[Row], values: Mapping[str, int] | None) -> dict[str, Fraction]:
    outputs = sorted({row.output for row in rows} | set(values or {}))
    if values is not None and set(values) != set(outputs):
        raise InputError(f"output {sorted(set(outputs) - set(values))[0]!r} has no value")
    return {output: Fraction(0) for output in outputs} | normalised(values or dict.fromkeys(outputs, 1))


def with_fallback(parts: Parts, plain: Parts) -> tuple[dict[str, Fraction], Fraction]:
    """Parts whose rest is handed out by a plain way; and how much that was."""
    rest = 1 - sum(parts.values(), Fraction(0))
    names = sorted({*parts, *plain})
    if not plain:
        return dict(parts), Fraction(0)
    return {n: parts.get(n, Fraction(0)) + rest * plain.get(n, Fraction(0)) for n in names}, rest


def draws_of(
    influence: Influence, items: Sequence[Item], values: Mapping[str, int] | None = None, *, seed: int = SEED
) -> list[dict[str, float]]:
    """The parts of each draw; where there is one only, of 200 draws from the standard errors (normal, independent)."""
    names = sorted({row.draw for row in influence.rows})
    if len(names) > 1:
        return [_floats(influence_parts(influence, items, values, draw=name)) for name in names]
    if all(Decimal(row.stderr) == 0 for row in influence.rows):
        return []
    rng = np.random.default_rng(seed)
    centre = np.array([float(row.score) for row in influence.rows])
    noise = rng.normal(size=(N_DRAWS, len(centre))) * np.array([float(row.stderr) for row in influence.rows])
    found = []
    for scores in centre + noise:
        rows = tuple(
            Row(r.output, r.item, repr(float(s)), "0", r.verdict) for r, s in zip(influence.rows, scores, strict=True)
        )
        found.append(_floats(influence_parts(Influence(influence.run, "passed", rows), items, values)))
    return found


def _floats(parts: Parts) -> dict[str, float]:
    return {name: float(part) for name, part in parts.items()}
