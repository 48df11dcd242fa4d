"""A statement of what is paid to whom, made of a frozen corpus, the log and one file of inputs; the same anywhere."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from ..audit.canonical import canonical, digest_of
from ..errors import InputError
from .facts import RIGHTS, WHOLE
from .influence import Influence, Row, draws_of, influence_parts, refuse_unsupported, with_fallback
from .informative import Calibration, calibrations_of, told
from .manifest import Manifest
from .shares import HELD, METHODS, UNATTRIBUTABLE, Item, Line, Parts, by_party, normalised, plain_parts, split
from .state import State

FORMAT = "versionmatch.statement/1"
LIMITS = (
    "Influence ranks recordings of a known corpus; it is no finding that anything was taken from them. Shares are "
    "relative to that corpus. The log shows that nothing was changed since it was entered, not that it is true."
)
RANGE = (5.0, 95.0)
"""The percentiles of the draws between which a party's share is said to lie."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a statement is made of besides the log: one JSON document."""

    id: str
    period: str
    model: str
    method: str
    pools: Mapping[str, int]
    currency: str = "EUR"
    fallback: str = "equal"
    items: tuple[Mapping[str, Any], ...] = ()
    values: Mapping[str, int] | None = None
    influence: Influence | None = None
    calibration: Mapping[str, Calibration] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Inputs:
        """The inputs in a document; InputError names what is missing or odd."""
        given = dict(document)
        table = given.pop("influence", None)
        try:
            if table is not None:
                rows = tuple(Row(**row) for row in table["rows"])
                given["influence"] = Influence(table["run"], table["self_test"], rows)
            given["calibration"] = calibrations_of(given.get("calibration", ()))
            inputs = cls(**{**given, "items": tuple(given.get("items", ()))})
        except (TypeError, KeyError) as error:
            raise InputError(f"the inputs of a statement cannot be used: {error}") from error
        if inputs.method not in METHODS or inputs.fallback not in METHODS[:3] or set(inputs.pools) != set(RIGHTS):
            raise InputError(
                f"method {inputs.method!r}, fallback {inputs.fallback!r}, pools {sorted(inputs.pools)}; methods are "
                f"{', '.join(METHODS)}, fallbacks the first three, and pools are of master and of publishing"
            )
        if inputs.influence is None and inputs.method.startswith("influence"):
            raise InputError(f"method {inputs.method} needs a table of influence")
        return inputs


def statement(
    state: State, manifest: Manifest, document: Mapping[str, Any], leaf: Callable[[int], str], checkpoint: str
) -> dict[str, Any]:
    """The statement as JSON-able data.

    Parameters
    ----------
    state : State
        What the log says, as far as ``checkpoint`` goes.
    manifest : Manifest
        The corpus of the model.
    document : mapping
        The inputs; see ``docs/rights.md``.
    leaf : callable
        Number of an entry → its leaf's hash, in hexadecimal digits.
    checkpoint : str
        Name, size and root of the log.
    """
    inputs = Inputs.of(document)
    model = _model(state, manifest, inputs)
    master, publishing, works_of = items_of(state, manifest, inputs)
    parts, way = _parts(inputs, master)
    run = inputs.influence.run if inputs.influence else ""
    cited = {"run": run, "run_entry": state.seqs.get(("run", run)), "model_entry": state.seqs["model", inputs.model]}
    rights: dict[str, Any] = {}
    for right, items in (("master", master), ("publishing", publishing)):
        mine = parts if right == "master" else _published(inputs, parts, way, works_of, publishing)
        lines = split(inputs.pools[right], items, mine, way)
        flat = by_party(split(inputs.pools[right], items, plain_parts("equal", items)))
        spread = _spread(inputs, master, publishing, works_of, right)
        rights[right] = {
            "pool_cents": inputs.pools[right],
            "lines": [_line(line, right, state, leaf, cited) for line in lines],
            "parties": _parties(lines, flat, spread, inputs.calibration),
        }
    return {
        "format": FORMAT,
        "id": inputs.id,
        "period": inputs.period,
        "currency": inputs.currency,
        "model": {"id": inputs.model, "version": model["version"], "weights_sha256": model["weights_sha256"]},
        "manifest": manifest.root,
        "corpus_size": len(manifest.pairs),
        "method": inputs.method,
        "way": way,
        "self_test": inputs.influence.self_test if inputs.influence else "not needed",
        "rights": rights,
        "inputs_sha256": digest_of_inputs(document),
        "log_entries": state.size,
        "checkpoint": checkpoint,
        "limits": LIMITS,
    }


def digest_of_inputs(document: Mapping[str, Any]) -> str:
    """The sha256 of the inputs' canonical bytes."""
    return digest_of(document)


def digest_of_statement(made: Mapping[str, Any]) -> str:
    """The sha256 by which the log knows a statement."""
    return hashlib.sha256(canonical(made)).hexdigest()


def _model(state: State, manifest: Manifest, inputs: Inputs) -> Mapping[str, Any]:
    model = state.models.get(inputs.model)
    if model is None or model["manifest"] != manifest.root:
        raise InputError(f"model {inputs.model!r} was not registered with the frozen corpus {manifest.root[:12]}…")
    if inputs.influence is not None:
        run = state.runs.get(inputs.influence.run)
        if run is None or run["self_test"] != inputs.influence.self_test or run["model"] not in {"", inputs.model}:
            raise InputError(
                f"run {inputs.influence.run!r} with self-test {inputs.influence.self_test!r} is not in the log; "
                "enter it first"
            )
    return model


def items_of(state: State, manifest: Manifest, inputs: Inputs) -> tuple[list[Item], list[Item], dict[str, set[str]]]:
    """What is paid in each right, and recording cluster → clusters of works."""
    said = {str(row.get("asset")): row for row in inputs.items}
    outside = sorted(said.keys() - manifest.assets)
    if outside:
        raise InputError(f"item {outside[0]!r} is not in the frozen corpus {manifest.root[:12]}…")
    master: list[Item] = []
    publishing: list[Item] = []
    works_of: dict[str, set[str]] = defaultdict(set)
    for asset, _ in manifest.pairs:
        row, recording = said.get(asset, {}), state.assets[asset]["recording"]
        facts = state.recordings[recording]
        numbers = {"duration_ms": row.get("duration_ms", 0), "uses": row.get("uses", 0)}
        sound = str(row.get("recording_cluster", recording))
        work = str(row.get("work_cluster", "+".join(sorted(facts["works"]))))
        master.append(Item(asset, sound, facts["owners"], **numbers))
        publishing.append(Item(asset, work, _mean([state.works[w]["shares"] for w in facts["works"]]), **numbers))
        works_of[sound].add(work)
    return master, publishing, works_of


def _mean(shares: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """The shares of several works as those of one, each counting alike; what rounding leaves is nobody's."""
    total: dict[str, int] = defaultdict(int)
    for each in shares:
        for party, n in each.items():
            total[party] += n
    return {party: n // len(shares) for party, n in total.items() if n // len(shares)}


def _parts(inputs: Inputs, master: Sequence[Item]) -> tuple[dict[str, Fraction], str]:
    """Parts of the clusters of recordings, and in words how they came about."""
    if inputs.method in METHODS[:3]:
        return plain_parts(inputs.method, master), inputs.method
    influence = inputs.influence
    if influence is None:
        raise InputError(f"method {inputs.method} needs a table of influence")
    if inputs.method == "influence":
        refuse_unsupported(influence)
        return influence_parts(influence, master, inputs.values), "influence"
    if influence.self_test != "passed":
        return plain_parts(inputs.fallback, master), f"{inputs.fallback}, as the self-test of influence did not pass"
    parts, rest = with_fallback(influence_parts(influence, master, inputs.values), plain_parts(inputs.fallback, master))
    return parts, f"influence, {100 * float(rest):.2f} % of it by {inputs.fallback}"


def _published(
    inputs: Inputs, parts: Parts, way: str, works_of: Mapping[str, set[str]], publishing: Sequence[Item]
) -> dict[str, Fraction]:
    """Parts of the works: the sum of their recordings'; where each work counts alike, by works instead.

    A recording whose items name different works gives its part to nobody until they agree.
    """
    if way.startswith("equal"):
        return plain_parts("equal", publishing)
    found: dict[str, Fraction] = defaultdict(Fraction)
    for sound, part in parts.items():
        if len(works_of[sound]) == 1:
            found[next(iter(works_of[sound]))] += part
    return dict(sorted(found.items()))


def _spread(
    inputs: Inputs, master: Sequence[Item], publishing: Sequence[Item], works_of: Mapping[str, set[str]], right: str
) -> dict[str, tuple[float, float]]:
    """Party → the range of its share over the draws, as paid; nothing where there are none."""
    influence = inputs.influence
    if influence is None or not inputs.method.startswith("influence") or influence.self_test != "passed":
        return {}
    items = master if right == "master" else publishing
    plain = plain_parts(inputs.fallback, master) if inputs.method == "influence+fallback" else {}
    values: dict[str, list[float]] = defaultdict(list)
    draws = draws_of(influence, master, inputs.values)
    for number, draw in enumerate(draws):
        exact = {name: Fraction(part) for name, part in draw.items()}
        over = sum(exact.values(), Fraction(0))
        exact = normalised(exact) if over > 1 else exact
        parts = with_fallback(exact, plain)[0]
        mine = parts if right == "master" else _published(inputs, parts, "influence", works_of, publishing)
        for party, (_, part) in by_party(split(0, items, mine)).items():
            values[party] += [0.0] * (number - len(values[party])) + [float(part)]
    ends = {p: np.percentile(v + [0.0] * (len(draws) - len(v)), RANGE) for p, v in values.items()}
    return {party: (float(low), float(high)) for party, (low, high) in ends.items()}


def _line(line: Line, right: str, state: State, leaf: Callable[[int], str], cited: Mapping[str, Any]) -> dict[str, Any]:
    """A line with the entries of the log that it rests on."""
    names = line.cluster.split("+")
    kind = "recording" if right == "master" else "work"
    entries = sorted({state.seqs[kind, n] for n in names if (kind, n) in state.seqs} | {cited["model_entry"]})
    if cited["run_entry"] is not None:
        entries = sorted({*entries, cited["run_entry"]})
    return {
        "party": line.party,
        "cluster": line.cluster,
        "cents": line.cents,
        "part": f"{line.part.numerator}/{line.part.denominator}",
        "way": line.way,
        "run": cited["run"],
        "leaves": [{"entry": seq, "leaf": leaf(seq)} for seq in entries],
    }


def _parties(
    lines: Sequence[Line],
    flat: Mapping[str, tuple[int, Fraction]],
    spread: Mapping[str, tuple[float, float]],
    calibration: Mapping[str, Calibration],
) -> list[dict[str, Any]]:
    """Totals by party beside what each would get if every cluster counted alike; shares in millionths of the pool."""
    rows = []
    paid = by_party(lines)
    for party in [*paid, *(p for p in flat if p not in paid)]:
        cents, part = paid.get(party, (0, Fraction(0)))
        even = flat.get(party, (0, Fraction(0)))[1]
        row: dict[str, Any] = {
            "party": party,
            "cents": cents,
            "share_millionths": round(part * WHOLE),
            "pro_rata_millionths": round(even * WHOLE),
            "difference_millionths": round((part - even) * WHOLE),
            "interval_millionths": None,
            "beyond_the_spread": None,
            "informativeness": told(calibration.get(party)),
        }
        if party in spread:
            low, high = spread[party]
            row["interval_millionths"] = [round(low * WHOLE), round(high * WHOLE)]
            row["beyond_the_spread"] = not low <= float(even) <= high
        rows.append(row)
    return rows


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What two statements pay differently, by right and party, in cents."""
    rows = []
    for right in RIGHTS:
        paid = [{p["party"]: p["cents"] for p in each["rights"][right]["parties"]} for each in (first, second)]
        for party in sorted({*paid[0], *paid[1]}):
            before, after = paid[0].get(party, 0), paid[1].get(party, 0)
            if before != after:
                rows.append(
                    {"right": right, "party": party, "first": before, "second": after, "change": after - before}
                )
    return rows


__all__ = ["HELD", "UNATTRIBUTABLE", "Inputs", "differences", "digest_of_statement", "statement"]
