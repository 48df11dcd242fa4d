"""The rows of the catalogue's database as frozen values, each sealed: a changed byte is noticed when it is read."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any, Generic, TypeVar

from ..errors import IntegrityError

STATES = ("pending", "done", "quarantined", "skipped")
"""What has become of an input; each is in exactly one."""


@dataclass(frozen=True, slots=True)
class InputRow:
    """One thing that was named to be taken in: a file, or a part of one. ``facts`` is what was said of it, as JSON."""

    key: str
    path: str
    start_s: float
    end_s: float
    size: int
    mtime_ns: int
    content: str
    state: str
    reason: str
    detail: str
    partition: str
    facts: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """What certain bytes turned out to be, wherever they lie: a recording, or unusable for a reason.

    ``content`` is the sha256 of the bytes, followed by the range where only a part is meant.
    """

    content: str
    recording_id: str
    codec: str
    title: str
    artist: str
    isrc: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """What is true of a recording, whatever file it came in."""

    id: str
    duration_s: float
    sr: int
    channels: int
    flags: str


@dataclass(frozen=True, slots=True)
class ArtefactRow:
    """A feature that is kept: its file's sha256 and size."""

    recording_id: str
    kind: str
    settings: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class RemovalRow:
    """A recording that was taken out; ``compacted`` is 1 once nothing of it is on the disk."""

    recording_id: str
    reason: str
    compacted: int


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """What a person said of two recordings, such as ``not a duplicate``; ``first`` < ``second``."""

    first: str
    second: str
    verdict: str
    note: str


@dataclass(frozen=True, slots=True)
class PartitionRow:
    """A part of the catalogue with terms of its own."""

    name: str
    licence: str
    note: str


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run of a job; ``seen`` counts what was named to it."""

    id: str
    job: str
    state: str
    seen: int
    params: str


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """What has become of one input in one run; ``mentions`` tells how often it was named."""

    run_id: str
    key: str
    state: str
    reason: str
    mentions: int


@dataclass(frozen=True, slots=True)
class MetaRow:
    """A fact about the catalogue itself, such as the text of its settings when they were last used."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of the ledger; ``hash`` covers the body and the hash before."""

    seq: int
    body: str
    hash: str


R = TypeVar("R")

SQL_TYPES = {"str": "TEXT", "int": "INTEGER", "float": "REAL"}


class Table(Generic[R]):
    """Reads and writes the rows of one kind; the first ``n_key`` columns are the key."""

    def __init__(self, name: str, row: type[R], n_key: int = 1) -> None:
        self.name, self.row, self.n_key = name, row, n_key
        self.columns = tuple(f.name for f in fields(row))  # type: ignore[arg-type]
        self._types = {f.name: SQL_TYPES[str(f.type)] for f in fields(row)}  # type: ignore[arg-type]
        marks = ", ".join("?" * (len(self.columns) + 1))
        self._put = f"INSERT OR REPLACE INTO {name} ({', '.join(self.columns)}, seal) VALUES ({marks})"
        self._get = f"SELECT {', '.join(self.columns)}, seal FROM {name}"

    def ddl(self) -> str:
        """The statement that makes the table."""
        columns = ", ".join(f"{name} {self._types[name]} NOT NULL" for name in self.columns)
        key = ", ".join(self.columns[: self.n_key])
        return f"CREATE TABLE {self.name} ({columns}, seal TEXT NOT NULL, PRIMARY KEY ({key})) STRICT"

    def put(self, connection: sqlite3.Connection, row: R) -> None:
        """Write a row, replacing the one with its key."""
        values = astuple(row)  # type: ignore[call-overload]
        connection.execute(self._put, (*values, _seal(self.name, values)))

    def rows(self, connection: sqlite3.Connection, where: str = "1", given: Sequence[Any] = ()) -> Iterator[R]:
        """The rows for which a condition holds; IntegrityError where one is not what was written."""
        for *values, seal in connection.execute(f"{self._get} WHERE {where}", tuple(given)):
            if _seal(self.name, values) != seal:
                raise IntegrityError(
                    f"the row {values[: self.n_key]} of {self.name} in catalogue.db is not what was written; restore "
                    "the file from a backup, or move it away and build again (features that are kept are found again)"
                )
            yield self.row(*values)

    def one(self, connection: sqlite3.Connection, *key: Any) -> R | None:
        """The row with that key, or None."""
        where = " AND ".join(f"{name} = ?" for name in self.columns[: self.n_key])
        return next(self.rows(connection, where, key), None)


def _seal(name: str, values: Sequence[Any]) -> str:
    text = json.dumps([name, *values], separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


INPUTS = Table("inputs", InputRow)
FILES = Table("files", FileRow)
RECORDINGS = Table("recordings", RecordingRow)
ARTEFACTS = Table("artefacts", ArtefactRow, 3)
REMOVALS = Table("removals", RemovalRow)
DECISIONS = Table("decisions", DecisionRow, 2)
PARTITIONS = Table("partitions", PartitionRow)
RUNS = Table("runs", RunRow)
COVERAGE = Table("coverage", CoverageRow, 2)
EVENTS = Table("events", EventRow)
META = Table("meta", MetaRow)

TABLES: tuple[Table[Any], ...] = (
    INPUTS,
    FILES,
    RECORDINGS,
    ARTEFACTS,
    REMOVALS,
    DECISIONS,
    PARTITIONS,
    RUNS,
    COVERAGE,
    EVENTS,
    META,
)
