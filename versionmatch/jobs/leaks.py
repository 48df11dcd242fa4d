"""Which recordings of a catalogue are in another set too, such as the training set of a model: a report of leaks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..params import ScanLimits, ScanParams
from ..store.catalogue import CatalogueStore
from ..tables import ERRORS, LEAKS, MATCHES
from .catalogue import Catalogue
from .prints import CataloguePrints
from .scan_flow import Clock, Standing, Tell, compared_all
from .scan_pairs import Pair
from .scan_run import FORMATS, Scan, depends_on, run_of, shortlisted, workers_of, write_run
from .scan_tables import error_rows, match_rows
from .vectors import KIND, CatalogueVectors

LEVEL = {"same recording": "recording", "altered recording": "recording", "version": "work"}


def against(catalogue: Catalogue, named: Path, **settings: Any) -> Catalogue:
    """The other set as a catalogue: one that is there, or made of a folder or manifest inside this one's folder.

    It keeps the same kinds of feature, by the same plugins. ``settings`` are those of ``IndexParams``.
    """
    if CatalogueStore.exists(named):
        return Catalogue.open(named)
    home = catalogue.path / "against" / sha256(os.path.abspath(named).encode()).hexdigest()[:16]
    own = catalogue.settings
    other = (
        Catalogue.open(home)
        if CatalogueStore.exists(home)
        else Catalogue.create(
            home, kinds=own.kinds, extractors=own.extractors
        )
    )  # fmt: skip
    other.add(named, **settings)
    return other


def leaks(
    catalogue: Catalogue,
    other: Catalogue,
    params: ScanParams | None = None,
    *,
    executor: Executor | None = None,
    formats: Sequence[str] = FORMATS[:2],
    tell: Tell = lambda _: None,
    **limits: Any,
) -> Scan:
    """Every recording of ``catalogue`` that is in ``other``: as a recording, or as a version of one of its works.

    ``leaks.*`` holds one row for each recording that should be left out and why, ``matches.*`` the evidence. A run that
    was killed or stopped goes on; arguments are those of ``scan``.
    """
    params, clock = params or ScanParams(), Clock(ScanLimits.of(limits))
    depends = depends_on(catalogue, params, other=other.facts_sha256() + other.rights_sha256())
    run = run_of(catalogue, "leaks", depends, clock.limits)
    if run.finished:
        return Scan(run.path, run.facts)
    pairs = shortlisted(run, lambda: sorted(_proposed(catalogue, other, params)), tell)
    with workers_of(clock.limits, executor) as workers:
        facts, coverage = compared_all(catalogue, run, pairs, params, workers, clock, tell, other=other)
    tell(Standing("tables", coverage))
    facts = [row for row in facts if catalogue.store.may(row["query_id"]) and other.store.may(row["ref_id"])]
    durations = {r.id: r.duration_s for c in (catalogue, other) for r in c.recordings()}
    rows = match_rows(facts, durations, params)
    found = leak_rows(catalogue, rows)
    levels = {level: sum(r["level"] == level for r in found) for level in ("recording", "work")}
    tables = {MATCHES: rows, LEAKS: found, ERRORS: error_rows(catalogue, facts)}
    said = {"recordings": len(catalogue), "others": len(other), "leaks": levels, "prior": params.prior}
    return write_run(run, tables, formats, coverage, {"schema": "versionmatch.leaks-run/1", **depends, **said})


def _proposed(catalogue: Catalogue, other: Catalogue, params: ScanParams) -> set[Pair]:
    prints = CataloguePrints(other) if "recording" in params.by else None
    vectors = CatalogueVectors(other) if "version" in params.by else None
    pairs: set[Pair] = set()
    for recording in catalogue.recordings(partition=params.partition or None):
        track = catalogue.view(recording.id)
        if recording.low_information:
            continue
        if prints is not None and track.kept("peaks"):
            pairs |= {(recording.id, found.track) for found in prints.found(track["peaks"], params.warps)}
        if vectors is not None and track.kept(KIND):
            pairs |= {(recording.id, near.recording_id) for near in vectors.near(track[KIND], params.k)}
    return pairs


def leak_rows(catalogue: Catalogue, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each recording that is in the other set, by its surest match; a shared passage alone is no leak."""
    best: dict[str, dict[str, Any]] = {}
    for row in rows:
        level = LEVEL.get(row["tier"])
        if level is not None and row["query_id"] not in best:  # rows come by rank
            source = catalogue.store.recording(row["query_id"]).source
            best[row["query_id"]] = {"recording_id": row["query_id"], "path": source, "level": level,
                                     "ref_id": row["ref_id"], "tier": row["tier"], "score": row["score"]}  # fmt: skip
    return [best[key] for key in sorted(best)]
