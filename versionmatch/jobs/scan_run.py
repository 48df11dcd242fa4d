"""The run of a scan: found again by all that it depends on, its pairs kept, its tables written whole or apart."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import IncompleteScan
from ..features.view import Track
from ..match import calibrate, nulls
from ..params import ScanLimits, ScanParams
from ..store.run_folder import RunFolder
from ..store.table_file import write_schemas, write_table
from ..tables import DECISIONS, Table
from ..types import Recording
from .catalogue import Catalogue
from .scan_flow import PairCoverage, Standing, Tell
from .scan_pairs import Pair, Row
from .workers import Workers

FORMATS = (".jsonl", ".csv", ".parquet")


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan came to: the run's folder, and ``run.json`` as data."""

    path: Path
    facts: dict[str, Any]

    @property
    def complete(self) -> bool:
        """Whether no pair waits."""
        return self.facts.get("state") != "stopped"

    @property
    def tables(self) -> Path:
        """Where the tables lie; those of a scan that was stopped are in ``incomplete``."""
        return self.path if self.complete else self.path / "incomplete"

    def whole(self) -> Scan:
        """Itself; IncompleteScan where pairs wait."""
        if not self.complete:
            found = self.facts["coverage"]
            raise IncompleteScan(str(self.path), pending=found["pending"], of=found["shortlisted"])
        return self


def depends_on(catalogue: Catalogue, params: ScanParams, **more: str) -> dict[str, Any]:
    """All that the result of a scan depends on."""
    calibration = sha256(calibrate.load().to_json().encode()).hexdigest()[:16]
    rights = {"rights": found} if (found := catalogue.rights_sha256()) else {}
    return {"params": params.to_dict(), "facts": catalogue.facts_sha256(), **more, **rights,
            "moments": _moments(catalogue), "versionmatch": __version__, "calibration": calibration,
            "nulls": nulls.load().digest}  # fmt: skip


def _moments(catalogue: Catalogue) -> str:
    """The settings of the moments in which passages are heard; "" where there are none: not kept, and no torch."""
    if "moments" not in catalogue.settings.kinds and find_spec("torch") is None:
        return ""
    return Track(Recording("", "", 0.0), {}, choice=catalogue.settings.extractors).settings("moments")


def run_of(catalogue: Catalogue, job: str, depends: Mapping[str, Any], limits: ScanLimits) -> RunFolder:
    """The run of this job that is there already, or a new one; with ``retry`` one with failed pairs is gone on with."""
    run = RunFolder.of(catalogue.path, job, depends, disk=catalogue.store.disk)
    if run.finished and limits.retry and run.facts.get("coverage", {}).get("failed"):
        run.reopen()
    return run


def shortlisted(run: RunFolder, propose: Callable[[], Sequence[Pair]], tell: Tell) -> list[Pair]:
    """The pairs, which are proposed once and then kept, so that a deadline can pass while that is done."""
    tell(Standing("shortlist"))
    path = run.part(["shortlist"])
    kept = run.kept(path)
    if kept is None:
        kept = [{"query_id": q, "ref_id": r} for q, r in propose()]
        run.keep(path, kept)
    return [(row["query_id"], row["ref_id"]) for row in kept]


def workers_of(limits: ScanLimits, executor: Executor | None) -> Workers:
    """Processes as many and as large as allowed, or the executor."""
    return Workers(limits.workers(os.cpu_count() or 1), executor, memory=limits.worker_bytes)


def write_run(
    run: RunFolder,
    tables: Mapping[Table, Sequence[Row]],
    formats: Sequence[str],
    coverage: PairCoverage,
    facts: Mapping[str, Any],
) -> Scan:
    """The tables and ``run.json``: in the run's folder where no pair waits, else in ``incomplete``."""
    folder = run.incomplete if coverage.pending else run.path
    for table, content in tables.items():
        for suffix in formats:
            write_table(table, content, folder / f"{table.name}{suffix}")
    write_schemas(folder, (*tables, DECISIONS))
    facts = {**facts, "state": "stopped" if coverage.pending else "done", "pairs": coverage.done,
             "coverage": coverage.to_dict()}  # fmt: skip
    if coverage.pending:
        run.stop(facts)
    else:
        run.finish(facts, keep_parts=coverage.failed > 0)
    return Scan(run.path, dict(facts))
