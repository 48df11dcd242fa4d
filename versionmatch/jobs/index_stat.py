"""What a catalogue holds, in figures and as lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from ..store.quarantine import REASONS
from ..store.rows import RUNS
from ..store.runs import coverage
from .catalogue import Catalogue


def summary(catalogue: Catalogue) -> dict[str, Any]:
    """How much there is of what."""
    with catalogue.store.reading() as connection:

        def one(query: str) -> Any:
            return connection.execute(query).fetchone()[0]

        states = dict(connection.execute("SELECT state, count(*) FROM inputs GROUP BY 1 ORDER BY 1"))
        reasons = dict(
            connection.execute("SELECT reason, count(*) FROM inputs WHERE reason <> '' GROUP BY 1 ORDER BY 1")
        )
        figures = {
            "recordings": catalogue.store.count(),
            "hours": round((one("SELECT sum(duration_s) FROM recordings") or 0) / 3600, 3),
            "inputs": states,
            "reasons": reasons,
            "features": dict(connection.execute("SELECT kind, count(*) FROM artefacts GROUP BY 1 ORDER BY 1")),
            "feature_bytes": one("SELECT sum(size) FROM artefacts") or 0,
            "removed": one("SELECT count(*) FROM removals"),
            "to_compact": one("SELECT count(*) FROM removals WHERE compacted = 0"),
            "decisions": one("SELECT count(*) FROM decisions"),
            "runs": one("SELECT count(*) FROM runs"),
        }
    settings = catalogue.settings
    kinds = {"kinds": ", ".join(settings.kinds), "extractors": dict(settings.extractors)}
    return {"catalogue": str(catalogue.path), **figures, **kinds, "facts_sha256": catalogue.facts_sha256()}


def recording_lines(catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """One document for each recording."""
    for recording in catalogue.recordings():
        yield {name: value for name, value in asdict(recording).items() if value not in {None, "", ()}}


def quarantine_lines(catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """One document for each input in quarantine, with the code, what it means, and the particulars."""
    for row in catalogue.quarantined():
        meaning = REASONS.get(row.reason, "")
        yield {"path": row.path, "reason": row.reason, "meaning": meaning, "detail": row.detail}


def run_lines(catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """One document for each run, with its coverage."""
    with catalogue.store.reading() as connection:
        for run in list(RUNS.rows(connection, "1 ORDER BY id")):
            yield {"job": run.job, "state": run.state, **coverage(connection, run.id).to_dict()}
