"""The page of a scan: its tables, with both recordings at hand where their files are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..jobs.catalogue import Catalogue
    from ..jobs.scan import Scan

VERDICT_OF = {"accepted": "accept", "not a duplicate": "reject", "unsure": "unsure"}


def write_page(catalogue: Catalogue, found: Scan) -> Path:
    """``index.html`` beside the tables; its path."""
    from ..jobs.governed import checkpoint_of
    from ..match.decisions import Decision
    from ..tables import CLUSTERS, CONFLICTS, ERRORS, MATCHES
    from ..web.dashboard import write_dashboard

    rows = {table.name: _rows(found.tables / f"{table.name}.jsonl") for table in (MATCHES, CLUSTERS, CONFLICTS, ERRORS)}
    tier_of = {tuple(sorted((r["query_id"], r["ref_id"]))): r["tier"] for r in rows["matches"]}
    decisions = [
        Decision(
            d.first, d.second, tier_of.get((d.first, d.second), "unrelated"), VERDICT_OF[d.verdict], d.note or None
        )
        for d in catalogue.decisions()
        if d.verdict in VERDICT_OF
    ]
    return write_dashboard(
        found.tables, run=_facts(catalogue, found), **rows, recordings=_recordings(catalogue, found.tables),
        decisions=decisions, checkpoint=checkpoint_of(catalogue.path),
    )  # fmt: skip


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _facts(catalogue: Catalogue, found: Scan) -> dict[str, Any]:
    states = dict.fromkeys(("done", "quarantined", "skipped", "pending"), 0) | found.facts["inputs"]
    null = (
        "p_null: the smallest p-value of any element, times the number of elements, against unrelated pairs of the "
        "corpora that the calibration names; a recording found by its fingerprint has none"
    )
    return {**found.facts, "id": found.path.name, "scanned": [str(catalogue.path)], "null": null,
            "ledger": {**states, "seen": sum(states.values())}}  # fmt: skip


def _recordings(catalogue: Catalogue, folder: Path) -> dict[str, Any]:
    from ..web.dashboard import RecordingInfo, sound_path

    found = {}
    for r in catalogue.recordings():
        path = sound_path(Path(os.path.abspath(r.source)), folder) if r.source and Path(r.source).is_file() else None
        title = r.title or Path(r.source).name or r.id[:12]
        found[r.id] = RecordingInfo(title, r.artist, path, r.duration_s, r.flags)
    return found
