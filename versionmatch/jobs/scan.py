"""Scan a catalogue: propose pairs, compare each as ``compare`` does, and write down how all recordings are related."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from .. import __version__
from ..match import calibrate
from ..match.conflicts import conflicts
from ..params import ScanParams
from ..store.run_folder import RunFolder
from ..store.table_file import write_schemas, write_table
from ..tables import CLUSTERS, CONFLICTS, ERRORS, MATCHES, TABLES
from .catalogue import Catalogue
from .index_flow import Workers
from .scan_pairs import Pair, Work, compared
from .scan_tables import cluster_rows, clusters_of, decided_apart, error_rows, match_rows, mentions
from .shortlist import proposed

AT_ONCE = 32
"""Pairs that are compared in one go; so many are lost at most by a kill."""
FORMATS = (".jsonl", ".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class Scan:
    """A finished scan: its folder with the tables, and ``run.json`` as data."""

    path: Path
    facts: dict[str, Any]


Tell = Callable[[str], None]


def scan(
    catalogue: Catalogue,
    params: ScanParams | None = None,
    *,
    jobs: int = 0,
    executor: Executor | None = None,
    formats: Sequence[str] = FORMATS[:2],
    tell: Tell = lambda _: None,
) -> Scan:
    """How the recordings of a catalogue are related, as tables in ``runs/…-scan-…``.

    Pairs that a person rejected are not asked about again.

    A scan that was killed goes on where it was; one that was finished already for the same catalogue, settings and
    version is not done again. The tables are the same for any number of processes and any order.

    Parameters
    ----------
    catalogue : Catalogue
    params : ScanParams, optional
    jobs : int
        Processes; 0: as many as there are cores.
    executor : Executor, optional
        Does the comparing instead, such as ``dask.distributed.Client.get_executor()``; it must see the same files.
    formats : sequence of str
        Of the tables, some of ``FORMATS``.
    tell : callable, optional
        Called with a short sentence now and then.
    """
    params = params or ScanParams()
    depends = {"params": params.to_dict(), "facts": catalogue.facts_sha256(), "versionmatch": __version__,
               "calibration": sha256(calibrate.load().to_json().encode()).hexdigest()[:16]}  # fmt: skip
    run = RunFolder.of(catalogue.path, "scan", depends, disk=catalogue.store.disk)
    if not run.finished:
        tell("proposing pairs")
        apart = set(decided_apart(catalogue))
        pairs = [pair for pair in proposed(catalogue, params) if pair not in apart]
        with Workers(jobs or os.cpu_count() or 1, executor) as workers:
            facts = list(compared_all(catalogue, run, pairs, params, workers, tell))
        _write(catalogue, run, facts, params, depends, formats)
    return Scan(run.path, run.facts)


def compared_all(
    catalogue: Catalogue,
    run: RunFolder,
    pairs: Sequence[Pair],
    params: ScanParams,
    workers: Workers,
    tell: Tell,
    *,
    other: Catalogue | None = None,
) -> Iterator[dict[str, Any]]:
    """What every pair came to, in order; parts that are there already are not compared again."""
    pieces = [tuple(pairs[at : at + AT_ONCE]) for at in range(0, len(pairs), AT_ONCE)]
    parts = [(run.part(f"{q} {r}" for q, r in some), some) for some in pieces]
    root, there = os.path.abspath(catalogue.path), os.path.abspath(other.path) if other else ""
    waiting = {
        path: workers.submit(compared, Work(root, some, params, there))
        for path, some in parts
        if run.kept(path) is None
    }
    done = 0
    for path, some in parts:
        if path in waiting:
            run.keep(path, waiting.pop(path).result())
        rows = run.kept(path)
        if rows is None:
            raise OSError(f"{path} could not be read back; look at the disk, then run this again")
        done += len(some)
        tell(f"compared {done} of {len(pairs)} pairs")
        yield from rows


def _write(
    catalogue: Catalogue,
    run: RunFolder,
    facts: Sequence[dict[str, Any]],
    params: ScanParams,
    depends: dict[str, Any],
    formats: Sequence[str],
) -> None:
    recordings = {r.id: r for r in catalogue.recordings(partition=params.partition or None)}
    rows = match_rows(facts, {i: r.duration_s for i, r in recordings.items()}, params.least)
    found = clusters_of(catalogue, rows)
    tables = {
        MATCHES: rows,
        CLUSTERS: cluster_rows(found.clusters, recordings),
        CONFLICTS: [c.row() for c in conflicts(mentions(catalogue), found.clusters)],
        ERRORS: error_rows(catalogue),
    }
    for table, content in tables.items():
        for suffix in formats:
            write_table(table, content, run.path / f"{table.name}{suffix}")
    write_schemas(run.path, TABLES.values())
    tiers = {tier: sum(f["tier"] == tier for f in facts) for tier in sorted({f["tier"] for f in facts})}
    run.finish({"schema": "versionmatch.scan-run/1", **depends, "recordings": len(recordings), "pairs": len(facts),
                "inputs": catalogue.store.inputs_by_state(),
                "tiers": tiers, "refused_by_decision": len(found.refused),
                "prior": calibrate.load().prior,
                "rows": {t.name: len(content) for t, content in tables.items()}})  # fmt: skip
