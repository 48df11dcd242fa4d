"""Which recordings of a catalogue are in another set too, such as the training set of a model: a report of leaks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Executor
from hashlib import sha256
from pathlib import Path
from typing import Any

from .. import __version__
from ..match import calibrate
from ..params import ScanParams
from ..store.catalogue import CatalogueStore
from ..store.run_folder import RunFolder
from ..store.table_file import write_schemas, write_table
from ..tables import LEAKS, MATCHES
from .catalogue import Catalogue
from .index_flow import Workers
from .prints import CataloguePrints
from .scan import FORMATS, Scan, Tell, compared_all
from .scan_pairs import Pair
from .scan_tables import match_rows
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
            home, kinds=own.kinds, extractors=own.extractors, encoder=own.encoder, model=own.model
        )
    )  # fmt: skip
    other.add(named, **settings)
    return other


def leaks(
    catalogue: Catalogue,
    other: Catalogue,
    params: ScanParams | None = None,
    *,
    jobs: int = 0,
    executor: Executor | None = None,
    formats: Sequence[str] = FORMATS[:2],
    tell: Tell = lambda _: None,
) -> Scan:
    """Every recording of ``catalogue`` that is in ``other``: as a recording, or as a version of one of its works.

    ``leaks.*`` holds one row for each recording that should be left out and why, ``matches.*`` the evidence. A run that
    was killed goes on; arguments are those of ``scan``.
    """
    params = params or ScanParams()
    depends = {"params": params.to_dict(), "facts": catalogue.facts_sha256(), "other": other.facts_sha256(),
               "versionmatch": __version__,
               "calibration": sha256(calibrate.load().to_json().encode()).hexdigest()[:16]}  # fmt: skip
    run = RunFolder.of(catalogue.path, "leaks", depends, disk=catalogue.store.disk)
    if not run.finished:
        tell("proposing pairs")
        pairs = sorted(_proposed(catalogue, other, params))
        with Workers(jobs or os.cpu_count() or 1, executor) as workers:
            facts = list(compared_all(catalogue, run, pairs, params, workers, tell, other=other))
        durations = {r.id: r.duration_s for c in (catalogue, other) for r in c.recordings()}
        rows = match_rows(facts, durations, params.least)
        found = leak_rows(catalogue, rows)
        for suffix in formats:
            write_table(MATCHES, rows, run.path / f"{MATCHES.name}{suffix}")
            write_table(LEAKS, found, run.path / f"{LEAKS.name}{suffix}")
        write_schemas(run.path, (MATCHES, LEAKS))
        levels = {level: sum(r["level"] == level for r in found) for level in ("recording", "work")}
        run.finish({"schema": "versionmatch.leaks-run/1", **depends, "recordings": len(catalogue), "others": len(other),
                    "pairs": len(facts), "leaks": levels, "prior": calibrate.load().prior})  # fmt: skip
    return Scan(run.path, run.facts)


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
