"""Scan a catalogue: propose pairs, compare each as ``compare`` does, and write down how all recordings are related."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

from ..match.conflicts import conflicts
from ..params import ScanLimits, ScanParams
from ..tables import CLUSTERS, CONFLICTS, ERRORS, MATCHES, Table
from .catalogue import Catalogue
from .scan_flow import Clock, Standing, Tell, compared_all
from .scan_pairs import Pair, Row
from .scan_run import FORMATS, Scan, depends_on, run_of, shortlisted, workers_of, write_run
from .scan_tables import cluster_rows, clusters_of, decided_apart, error_rows, match_rows, mentions
from .shortlist import proposed

__all__ = ["FORMATS", "Scan", "Standing", "scan"]


def scan(
    catalogue: Catalogue,
    params: ScanParams | None = None,
    *,
    executor: Executor | None = None,
    formats: Sequence[str] = FORMATS[:2],
    tell: Tell = lambda _: None,
    **limits: Any,
) -> Scan:
    """How the recordings of a catalogue are related, as tables in ``runs/…-scan-…``.

    Pairs that a person rejected are not asked about again.

    A scan that was killed, or stopped by its deadline, goes on where it was; one that was finished already for the same
    catalogue, settings and version is not done again. The tables are the same for any number of processes, any order
    and any number of stops. A pair that cannot be compared is counted as failed and stands among the errors.

    Parameters
    ----------
    catalogue : Catalogue
    params : ScanParams, optional
    executor : Executor, optional
        Does the comparing instead, such as ``dask.distributed.Client.get_executor()``; it must see the same files.
        Memory and time of a pair are then its own affair.
    formats : sequence of str
        Of the tables, some of ``FORMATS``.
    tell : callable, optional
        Called with a ``Standing`` now and then.
    **limits
        Of ``ScanLimits``: ``jobs``, ``max_memory_mib``, ``deadline_s``, ``pair_deadline_s``, ``retry``.
    """
    params, clock = params or ScanParams(), Clock(ScanLimits.of(limits))
    depends = depends_on(catalogue, params)
    run = run_of(catalogue, "scan", depends, clock.limits)
    if run.finished:
        return Scan(run.path, run.facts)
    pairs = shortlisted(run, lambda: _asked(catalogue, params, tell), tell)
    with workers_of(clock.limits, executor) as workers:
        facts, coverage = compared_all(catalogue, run, pairs, params, workers, clock, tell)
    may = catalogue.store.may  # rights may have ended since a pair was compared
    facts = [row for row in facts if may(row["query_id"]) and may(row["ref_id"])]
    tell(Standing("tables", coverage))
    tables, found = _tables(catalogue, facts, params)
    return write_run(run, tables, formats, coverage, {"schema": "versionmatch.scan-run/1", **depends, **found})


def _asked(catalogue: Catalogue, params: ScanParams, tell: Tell) -> list[Pair]:
    apart = set(decided_apart(catalogue))
    return [pair for pair in proposed(catalogue, params, tell) if pair not in apart]


def _tables(
    catalogue: Catalogue, facts: Sequence[Row], params: ScanParams
) -> tuple[dict[Table, list[Row]], dict[str, Any]]:
    """The content of every table, and what ``run.json`` says of it."""
    recordings = {r.id: r for r in catalogue.recordings(partition=params.partition or None)}
    rows = match_rows(facts, {i: r.duration_s for i, r in recordings.items()}, params)
    found = clusters_of(catalogue, rows)
    tables = {
        MATCHES: rows,
        CLUSTERS: cluster_rows(found.clusters, recordings),
        CONFLICTS: [c.row() for c in conflicts(mentions(catalogue), found.clusters)],
        ERRORS: error_rows(catalogue, facts),
    }
    tiers = Counter({(r["query_id"], r["ref_id"]): r["tier"] for r in rows}.values())
    return tables, {
        "prior": params.prior,
        "recordings": len(recordings),
        "inputs": catalogue.store.inputs_by_state(),
        "tiers": dict(sorted(tiers.items())),
        "refused_by_decision": len(found.refused),
        "rows": {t.name: len(content) for t, content in tables.items()},
    }
