"""Head of a run's page: what was scanned, what became of every input, how many matches, and beside what they stand."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import InputError
from ..tables import Row
from .markup import Child, Markup, details, element, join, table

STATES = ("done", "quarantined", "skipped", "pending")
"""What can become of an input; together they are all that were seen."""
STATE_WORDS = {
    "done": "read and compared",
    "quarantined": "could not be read; each is under Errors",
    "skipped": "left out on purpose",
    "pending": "still to be done",
}
TIERS = ("same recording", "altered recording", "version", "related passage")
TIER_SIGNS = {"same recording": "●", "altered recording": "◐", "version": "◇", "related passage": "≈"}
PROMISE = (
    "A match says that two sounds are alike, not why. Nothing is moved, changed or removed from here: decisions stay "
    "in this browser until you download them."
)
WIDTH = 1000
SLIVER = 6  # of WIDTH: what is there is seen, however little it is


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the page takes from ``run.json``; ``rest`` is all of it, shown as it is.

    ``nulls`` are the descriptions of null distributions by tier; that under ``""`` holds for every tier without one.
    """

    id: str
    scanned: tuple[str, ...] = ()
    ledger: Mapping[str, int] = field(default_factory=dict)
    nulls: Mapping[str, str] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Mapping[str, Any]) -> RunFacts:
        """Raises InputError where there is no id or the ledger does not hold whole numbers."""
        if not run.get("id"):
            raise InputError("the run has no id; decisions are kept under it, so run.json must have an 'id'")
        ledger = dict(run.get("ledger") or {})
        wrong = [name for name, n in ledger.items() if not isinstance(n, int) or n < 0]
        if wrong:
            raise InputError(f"the ledger's {wrong[0]!r} is {ledger[wrong[0]]!r}; it must be a number of inputs")
        scanned = run.get("scanned") or ()
        null = run.get("null") or {}
        return cls(
            id=str(run["id"]),
            scanned=(scanned,) if isinstance(scanned, str) else tuple(map(str, scanned)),
            ledger=ledger,
            nulls={"": null} if isinstance(null, str) else {str(k): str(v) for k, v in null.items() if v},
            rest=run,
        )

    @property
    def seen(self) -> int:
        """Inputs that were met."""
        return self.ledger.get("seen", sum(self.ledger.get(state, 0) for state in STATES))

    @property
    def unaccounted(self) -> int:
        """By how much the parts of the ledger miss what was seen; 0 in a sound run."""
        return self.seen - sum(self.ledger.get(state, 0) for state in STATES)


def head(facts: RunFacts, matches: Sequence[Row]) -> Markup:
    """Everything above the tabs."""
    names = ", ".join(facts.scanned)
    return element(
        "header",
        element("p", "versionmatch catalogue run", class_="kicker"),
        element("h1", "Matches", element("span", " in ", class_="and") if names else None, element("bdi", names)),
        _left(facts.rest.get("coverage") or {}),
        element("div", _ledger(facts), _tiers(facts, matches), class_="two"),
        _promises(facts),
        details("How this run was made", _made(facts.rest)),
    )


def _left(pairs: Mapping[str, Any]) -> Markup | None:
    """What was proposed and not compared: a page of a part must not look like one of the whole."""
    told = []
    if pairs.get("pending"):
        told.append(
            f"This scan is not complete: {pairs['pending']:,} of {pairs['shortlisted']:,} pairs wait to be compared. "
            "What stands here is what was found so far; the same command goes on."
        )
    if pairs.get("failed"):
        told.append(f"{pairs['failed']:,} pairs could not be compared; each is under Errors, with its reason.")
    return element("p", " ".join(told), class_="left", role="note") if told else None


def _ledger(facts: RunFacts) -> Markup:
    parts = [(state, facts.ledger.get(state, 0), STATE_WORDS[state]) for state in STATES]
    if facts.unaccounted:
        parts.append(("unaccounted", facts.unaccounted, "seen, but in no state: this run is not complete"))
    rows = [
        element(
            "div",
            element("dt", element("span", "", class_=f"sign {state}"), " ", state),
            element("dd", f"{count:,}", element("span", f" {about}", class_="quiet")),
        )
        for state, count, about in parts
    ]
    return element(
        "section",
        element("h2", f"{facts.seen:,} inputs seen"),
        _bar([(state, count) for state, count, _ in parts], facts.seen),
        element("dl", rows, class_="ledger"),
        class_="card",
        aria_label="What became of the inputs",
    )


def _bar(parts: Sequence[tuple[str, int]], whole: int) -> Markup:
    """One bar of all inputs; a part that is not empty has at least a sliver."""
    shown = [(state, max(0, count)) for state, count in parts if count > 0]
    widths = [max(SLIVER, WIDTH * count / max(1, whole)) for _, count in shown]
    scale = WIDTH / max(WIDTH, sum(widths))
    said = ", ".join(f"{count:,} {state}" for state, count in shown) or "no inputs"
    bars, x = [], 0.0
    for (state, _), width in zip(shown, widths, strict=True):
        bars.append(element("rect", x=x, y=0, width=scale * width, height=14, class_=state))
        x += scale * width
    return element("svg", bars, viewBox=f"0 0 {WIDTH} 14", preserveAspectRatio="none", class_="ledger-bar",
                   width="100%", height="14", role="img", aria_label=said)  # fmt: skip


def _tiers(facts: RunFacts, matches: Sequence[Row]) -> Markup:
    tier_of = pair_tiers(matches)
    counts = Counter(tier_of.values())
    names = [*TIERS, *sorted(set(counts) - set(TIERS))]
    rows = [
        element(
            "div",
            element("dt", element("span", TIER_SIGNS.get(name, "·"), class_="sign", aria_hidden="true"), " ", name),
            element("dd", f"{counts[name]:,}"),
        )
        for name in names
    ]
    recordings = {row[side] for row in matches for side in ("query_id", "ref_id")}
    of = f" of {facts.ledger['done']:,}" if "done" in facts.ledger else ""
    rows_differ = len(matches) != len(tier_of)
    listed = f"; in {len(matches):,} rows, one for each stretch that a pair shares" if rows_differ else ""
    return element(
        "section",
        element("h2", f"{len(tier_of):,} matching {'pair' if len(tier_of) == 1 else 'pairs'}"),
        element("p", f"between {len(recordings):,}{of} recordings{listed}", class_="quiet"),
        element("dl", rows, class_="tiers"),
        class_="card",
        aria_label="Matching pairs by relation",
    )


def pair_tiers(matches: Iterable[Row]) -> dict[tuple[str, str], str]:
    """Each pair of recordings that a row is about, whichever way round, and the surest of its relations."""
    order = {tier: i for i, tier in enumerate(TIERS)}
    found: dict[tuple[str, str], str] = {}
    for row in matches:
        a, b, tier = row["query_id"], row["ref_id"], row["tier"]
        pair = (min(a, b), max(a, b))
        found[pair] = min(found.get(pair, tier), tier, key=lambda t: (order.get(t, len(order)), t))
    return found


def _promises(facts: RunFacts) -> Markup:
    """Beside what scores stand, and what the page does and does not do."""
    prior = facts.rest.get("prior")
    prior = f", at the prior {prior}" if prior else ""
    score = f"A score is 1 where the sound is the same, else the probability of being versions of one work{prior}."
    model = facts.rest.get("model_id")
    if not facts.nulls:
        null: Child = "This run has no null distribution: no score here says how often unrelated music is as alike."
    elif set(facts.nulls) == {""}:
        null = join("The p-values refer to one null distribution: ", element("bdi", facts.nulls[""]), ".")
    else:
        each = [join(tier or "other relations", ": ", element("bdi", text)) for tier, text in facts.nulls.items()]
        null = join("The p-values refer to these null distributions. ", [join(text, ". ") for text in each])
    proposed = join(" Pairs were proposed by the model ", element("code", str(model)), ".") if model else None
    return element(
        "div",
        element("p", score, " ", null, proposed),
        element("p", PROMISE),
        class_="promises quiet",
    )


def _made(rest: Mapping[str, Any]) -> Markup:
    """Every fact of the run, nested ones by their path."""
    rows = [(element("code", name), element("bdi", value)) for name, value in _flat(rest)]
    return table(("fact", "value"), rows, caption="run.json", class_="data plain")


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        return [pair for key, part in value.items() for pair in _flat(part, f"{name}.{key}" if name else str(key))]
    return [(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))]
