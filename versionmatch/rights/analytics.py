"""Who influences what, over time: statements side by side, and each output by itself, with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from ..errors import InputError
from .facts import RIGHTS, WHOLE
from .influence import Influence, draws_of, influence_parts
from .manifest import Manifest
from .shares import Item, Parts, by_party, split
from .state import State
from .statement import LIMITS, RANGE, Inputs, items_of

FORMAT = "versionmatch.analytics/1"
MOST = 20
"""Recordings and works that are listed in each right: those with the largest parts over all periods."""

Given = tuple[State, Manifest, Mapping[str, Any]]
"""What the log said, the corpus of the model, and the inputs of a statement."""


def analytics(statements: Sequence[Mapping[str, Any]], inputs: Sequence[Given] = ()) -> dict[str, Any]:
    """Shares of each party by period, of its recordings and works, and of each output, as JSON-able data.

    Parameters
    ----------
    statements : sequence of mapping
        As ``statement`` makes them; of each period one. InputError where two are of one period.
    inputs : sequence of (State, Manifest, mapping)
        Of those statements that rest on influence: what each output owes to whom is told of these.
    """
    ordered = sorted(statements, key=lambda s: str(s["period"]))
    periods = [str(s["period"]) for s in ordered]
    twice = sorted({p for p in periods if periods.count(p) > 1})
    if twice:
        raise InputError(f"there are {periods.count(twice[0])} statements of {twice[0]}; give one of each period")
    return {
        "format": FORMAT,
        "periods": [_period(each) for each in ordered],
        "rights": {right: _right(ordered, right) for right in RIGHTS},
        "outputs": [row for given in inputs for row in _outputs(*given)],
        "limits": LIMITS,
    }


def _period(made: Mapping[str, Any]) -> dict[str, Any]:
    names = ("period", "id", "method", "way", "self_test", "currency", "checkpoint")
    pools = {right: made["rights"][right]["pool_cents"] for right in RIGHTS}
    return {**{name: made[name] for name in names}, "model": made["model"]["id"], "pools": pools}


def _right(ordered: Sequence[Mapping[str, Any]], right: str) -> dict[str, Any]:
    """Party → its shares by period; and the recordings or works with the largest parts."""
    parties: dict[str, list[dict[str, Any]]] = defaultdict(list)
    parts: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    names = ("cents", "share_millionths", "interval_millionths", "pro_rata_millionths", "beyond_the_spread")
    for made in ordered:
        for row in made["rights"][right]["parties"]:
            parties[row["party"]].append({"period": made["period"], **{name: row[name] for name in names}})
        for line in made["rights"][right]["lines"]:
            if line["cluster"]:
                parts[line["party"], line["cluster"]][str(made["period"])] = round(Fraction(line["part"]) * WHOLE)
    largest = sorted(parts, key=lambda key: (-sum(parts[key].values()), key))[:MOST]
    what = [{"party": party, "cluster": cluster, "millionths": parts[party, cluster]} for party, cluster in largest]
    return {"parties": dict(parties), "largest": what, "of": len(parts)}


def _outputs(state: State, manifest: Manifest, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What each output owes to whom by influence: its parts by party, in the master right, and their range."""
    inputs = Inputs.of(document)
    if inputs.influence is None or inputs.influence.self_test != "passed":
        return []
    master = items_of(state, manifest, inputs)[0]
    names = sorted({row.output for row in inputs.influence.rows})
    return [_output(name, inputs, replace_rows(inputs.influence, name), master) for name in names]


def replace_rows(influence: Influence, output: str) -> Influence:
    """The rows of one output alone."""
    return replace(influence, rows=tuple(row for row in influence.rows if row.output == output))


def _output(name: str, inputs: Inputs, own: Influence, master: Sequence[Item]) -> dict[str, Any]:
    parts = influence_parts(own, master)
    values: dict[str, list[float]] = defaultdict(list)
    draws = draws_of(own, master)
    for number, draw in enumerate(draws):
        exact = {cluster: Fraction(part) for cluster, part in draw.items()}
        over = max(Fraction(1), sum(exact.values(), Fraction(0)))  # floats may sum to a hair above 1
        for party, part in _by_party({c: p / over for c, p in exact.items()}, master).items():
            values[party] += [0.0] * (number - len(values[party])) + [float(part)]
    rows = []
    for party, part in _by_party(parts, master).items():
        drawn = values.get(party, [])
        ends = np.percentile([*drawn, *[0.0] * (len(draws) - len(drawn))], RANGE) if draws else None
        interval = None if ends is None else [round(float(end) * WHOLE) for end in ends]
        rows.append({"party": party, "share_millionths": round(part * WHOLE), "interval_millionths": interval})
    value = None if inputs.values is None else inputs.values.get(name)
    return {"period": inputs.period, "output": name, "value": value, "run": own.run, "parties": rows}


def _by_party(parts: Parts, master: Sequence[Item]) -> dict[str, Fraction]:
    return {party: part for party, (_, part) in by_party(split(0, master, parts)).items()}
