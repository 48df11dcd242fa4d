"""One run of a job over inputs: every one that was named is accounted for, whenever the run ends.

At any time, of what a run has seen: done + quarantined + skipped + pending = seen.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ..errors import InputError
from . import ledger
from .rows import (
    ARTEFACTS,
    COVERAGE,
    FILES,
    INPUTS,
    RECORDINGS,
    REMOVALS,
    RUNS,
    STATES,
    ArtefactRow,
    CoverageRow,
    FileRow,
    InputRow,
    RecordingRow,
    RunRow,
)
from .writer import Writer

Wanted = frozenset[tuple[str, str]]
"""The (kind, settings) of all features that a recording must have to be complete."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How a run stands: ``done + quarantined + skipped + pending == seen``."""

    run_id: str
    seen: int
    done: int
    quarantined: int
    skipped: int
    pending: int
    reasons: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able data."""
        counts = {name: getattr(self, name) for name in ("seen", "done", "quarantined", "skipped", "pending")}
        return {"run": self.run_id, **counts, "reasons": dict(self.reasons)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one input turned out to be. ``file`` is None where its bytes said nothing lasting."""

    key: str
    state: str
    reason: str = ""
    detail: str = ""
    size: int = 0
    mtime_ns: int = 0
    content: str = ""
    file: FileRow | None = None
    recording: RecordingRow | None = None
    artefacts: tuple[ArtefactRow, ...] = ()


def begin_run(writer: Writer, job: str, params: Mapping[str, Any]) -> str:
    """A new run; its id is made of the time, the job and a digest of the settings."""
    text = json.dumps(dict(params), sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z-{job}-{digest}"
    with writer.transaction() as connection:
        while RUNS.one(connection, run_id) is not None:
            run_id += "+"
        RUNS.put(connection, RunRow(run_id, job, "running", 0, text))
        ledger.record(connection, "run", {"run": run_id, "params": dict(params)})
    return run_id


def see(writer: Writer, run_id: str, rows: Sequence[tuple[InputRow, str, str]]) -> None:
    """Note inputs of a run, each with its state and reason so far; one that is named again counts again."""
    with writer.transaction() as connection:
        for row, state, reason in rows:
            known = COVERAGE.one(connection, run_id, row.key)
            first = CoverageRow(run_id, row.key, state, reason, 1)
            COVERAGE.put(connection, replace(known, mentions=known.mentions + 1) if known else first)
            INPUTS.put(connection, _merged(connection, row) if known else row)
        run = _run(connection, run_id)
        RUNS.put(connection, replace(run, seen=run.seen + len(rows)))


def _merged(connection: sqlite3.Connection, row: InputRow) -> InputRow:
    """The row that was there, with the fuller of the two facts, so that it does not hang on what was named first."""
    before = INPUTS.one(connection, row.key)
    if before is None:
        return row
    facts = max(before.facts, row.facts, key=lambda text: (text != "{}", text))
    return replace(before, facts=facts, partition=max(before.partition, row.partition))


def pending(connection: sqlite3.Connection, run_id: str, *, page: int = 256) -> Iterator[InputRow]:
    """The inputs of a run that wait, by key; what is settled meanwhile is not given again."""
    last = ""
    while True:
        where = "run_id = ? AND state = 'pending' AND key > ? ORDER BY key LIMIT ?"
        keys = [row.key for row in COVERAGE.rows(connection, where, (run_id, last, page))]
        if not keys:
            return
        last = keys[-1]
        for key in keys:
            row = INPUTS.one(connection, key)
            if row is not None:
                yield row


def settle(writer: Writer, run_id: str, outcomes: Iterable[Outcome], *, restore: bool = False) -> None:
    """Commit what inputs turned out to be, all or none of them.

    A recording that was removed is passed over, whatever file it comes in, unless it may return.
    """
    with writer.transaction() as connection:
        for outcome in outcomes:
            recording = outcome.recording
            if recording is not None and REMOVALS.one(connection, recording.id) is not None:
                if restore:
                    connection.execute("DELETE FROM removals WHERE recording_id = ?", (recording.id,))
                else:
                    outcome = replace(outcome, state="skipped", reason="removed", recording=None, artefacts=())  # noqa: PLW2901
            _settle(connection, run_id, outcome)


def _settle(connection: sqlite3.Connection, run_id: str, outcome: Outcome) -> None:
    before = INPUTS.one(connection, outcome.key)
    covered = COVERAGE.one(connection, run_id, outcome.key)
    if before is None or covered is None or outcome.state not in STATES:
        raise InputError(f"{outcome.key!r} ({outcome.state}) is no input of the run {run_id}")
    for artefact in outcome.artefacts:
        ARTEFACTS.put(connection, artefact)
    if outcome.recording is not None:
        RECORDINGS.put(connection, outcome.recording)
    if outcome.file is not None:
        FILES.put(connection, outcome.file)
    now = {name: getattr(outcome, name) for name in ("state", "reason", "detail", "size", "mtime_ns", "content")}
    INPUTS.put(connection, replace(before, **now))
    COVERAGE.put(connection, replace(covered, state=outcome.state, reason=outcome.reason))


def end_run(writer: Writer, run_id: str, *, state: str) -> Coverage:
    """Close a run; its coverage goes into the ledger."""
    with writer.transaction() as connection:
        RUNS.put(connection, replace(_run(connection, run_id), state=state))
        found = coverage(connection, run_id)
        ledger.record(connection, "run ended", {"state": state, **found.to_dict()})
    return found


def coverage(connection: sqlite3.Connection, run_id: str) -> Coverage:
    """What has become of all that a run has seen."""
    run = _run(connection, run_id)
    counts = dict.fromkeys(STATES, 0)
    reasons: dict[str, int] = {}
    query = "SELECT state, reason, count(*), sum(mentions) FROM coverage WHERE run_id = ? GROUP BY 1, 2 ORDER BY 1, 2"
    for state, reason, n, mentions in connection.execute(query, (run_id,)):
        counts[state] += n
        counts["skipped"] += mentions - n
        for name, count in ((reason, n), ("duplicate_path", mentions - n)):
            if name and count:
                reasons[name] = reasons.get(name, 0) + count
    return Coverage(
        run_id, run.seen, counts["done"], counts["quarantined"], counts["skipped"], counts["pending"], reasons
    )


def known(connection: sqlite3.Connection, content: str, wanted: Wanted, *, retry: bool, restore: bool) -> str | None:
    """What is known of these bytes without decoding them: ``done``, ``removed``, a reason of quarantine, or nothing."""
    file = FILES.one(connection, content) if content else None
    if file is None:
        return None
    if not file.recording_id:
        return None if retry else file.reason
    if REMOVALS.one(connection, file.recording_id) is not None:
        return None if restore else "removed"
    return "done" if complete(connection, file.recording_id, wanted) else None


def complete(connection: sqlite3.Connection, recording_id: str, wanted: Wanted) -> bool:
    """Whether all wanted features of a recording are kept."""
    rows = ARTEFACTS.rows(connection, "recording_id = ?", (recording_id,))
    return wanted <= {(row.kind, row.settings) for row in rows} and RECORDINGS.one(connection, recording_id) is not None


def _run(connection: sqlite3.Connection, run_id: str) -> RunRow:
    run = RUNS.one(connection, run_id)
    if run is None:
        raise InputError(f"there is no run {run_id!r}; `versionmatch index stat --runs` lists them")
    return run
