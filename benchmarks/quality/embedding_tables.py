"""What was measured of an embedding as Markdown, ready for the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Report = Mapping[str, Any]
DIFFERENCE = "| difference, score-normalised | MAP | MR1 |\n|---|---|---|"


def markdown(report: Report) -> str:
    """A heading and its tables for each part."""
    return "\n\n".join(text for part, found in report.items() for text in PARTS[part](found)) + "\n"


def number(value: float) -> str:
    """
    >>> number(0.9457), number(1.0), number(13.558), number(-0.02)
    ('.946', '1', '13.56', '−.020')
    """
    text = f"{abs(value):.3f}".lstrip("0") if abs(value) < 0.9995 else f"{abs(value):.2f}".rstrip("0").rstrip(".")
    return f"{'−' if value < 0 else ''}{text}"


def with_interval(figures: Report, key: str = "map") -> str:
    """
    >>> with_interval({"map": 0.5, "map_ci": [0.25, 0.75]})
    '.500 [.250, .750]'
    """
    low, high = figures[f"{key}_ci"]
    return f"{number(figures[key])} [{number(low)}, {number(high)}]"


def signed(value: float) -> str:
    """
    >>> signed(0.02), signed(-1.5), signed(0.0)
    ('+.020', '−1.5', '0')
    """
    return "0" if abs(value) < 0.0005 else ("+" if value > 0 else "") + number(value)


def gain(found: Report) -> str:
    """A paired difference with its interval."""
    return f"{signed(found['difference'])} [{signed(found['low'])}, {signed(found['high'])}]"


def retrieval(title: str, systems: Report) -> str:
    """One row a system: MAP and hit@1 raw, MAP, MR1 and hit@1 score-normalised."""
    rows = [f"| {title} | MAP raw | hit@1 | MAP, score-normalised | MR1 | hit@1 |", "|---|---|---|---|---|---|"]
    for name, figures in systems.items():
        raw, z = figures.get("raw"), figures["z"]
        left = f"{with_interval(raw)} | {number(raw['hit_at_1'])}" if raw else "– | –"
        rows.append(f"| {name} | {left} | {with_interval(z)} | {z['mr1']:.2f} | {with_interval(z, 'hit_at_1')} |")
    return "\n".join(rows)


def covers(found: Report) -> Iterator[str]:
    yield f"### Real covers: {found['n_items']} recordings of {found['n_works']} works"
    yield retrieval("all against all", found["systems"])
    rows = [f"| {name} | {gain(keys['map'])} | {gain(keys['mr1'])} |" for name, keys in found["gains"].items()]
    yield "\n".join([DIFFERENCE, *rows])


def excerpts(found: Report) -> Iterator[str]:
    yield "### The middle of each cover against the other recordings"
    for length, systems in found["lengths"].items():
        yield retrieval(length, systems)


def anthems(found: Report) -> Iterator[str]:
    yield "### Anthems: real recordings and arrangements"
    for direction, systems in found["directions"].items():
        yield retrieval(direction, systems)
    yield retrieval("all 34 against all", found["all 34"])


def unseen(found: Report) -> Iterator[str]:
    yield f"### Unseen works, unseen soundfont: {found['n_works']} works played by {found['soundfont']}"
    yield retrieval("all changes, all against all", found["overall"])
    kept = found["with_their_melody"]
    n = next(iter(kept.values()))["z"]["n_queries"]
    yield retrieval(f"the same, of versions that still have their melody ({n} queries)", kept)
    apart = found["by_collection"]
    cells = " | ".join(number(apart[c]["map"]) for c in apart)
    yield "\n".join(
        [
            f"| query from | {' | '.join(apart)} |",
            "|---" * (len(apart) + 1) + "|",
            f"| both, score-normalised | {cells} |",
        ]
    )
    rows = ["| what is changed | MAP raw: whole | segments | both | score-normalised: both | hit@1 |"]
    rows += ["|---|---|---|---|---|---|"]
    for change, systems in found["by_change"].items():
        raw = [with_interval(systems[name]["raw"]) for name in ("whole", "segments", "both")]
        z = systems["both"]["z"]
        rows.append(f"| {change} | {' | '.join(raw)} | {with_interval(z)} | {number(z['hit_at_1'])} |")
    yield "\n".join(rows)


def tunes(title: str) -> Any:
    def tables(found: Report) -> Iterator[str]:
        yield f"### {title}: {found['n_items']} of {found['n_groups']} tunes"
        yield retrieval("all against all", found["systems"])
        strangers = found.get("from collections that were not learned from")
        if strangers:
            n = next(iter(strangers.values()))["z"]["n_queries"]
            yield retrieval(f"{n} queries from collections not learned from", strangers)

    return tables


PARTS = {
    "covers": covers,
    "excerpts": excerpts,
    "anthems": anthems,
    "unseen": unseen,
    "folk": tunes("Folk tunes, played"),
    "chorales": tunes("Chorales, played"),
}
