"""All that a catalogue knows, in one order: two catalogues are the same if the sha256 of these lines is."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from .rows import ARTEFACTS, DECISIONS, FILES, INPUTS, PARTITIONS, RECORDINGS, REMOVALS, Table

KEPT: tuple[tuple[Table[Any], tuple[str, ...]], ...] = (
    (INPUTS, ("mtime_ns",)),
    (FILES, ()),
    (RECORDINGS, ()),
    (ARTEFACTS, ()),
    (REMOVALS, ()),
    (DECISIONS, ()),
    (PARTITIONS, ()),
)
"""What is exported of each table, and the columns that are left out: times say nothing of the music."""


def fact_lines(connection: sqlite3.Connection) -> Iterator[str]:
    """One JSON line for each fact; runs, times and the ledger are not among them."""
    for table, left_out in KEPT:
        key = ", ".join(table.columns[: table.n_key])
        for row in table.rows(connection, f"1 ORDER BY {key}"):
            fields = {name: value for name, value in asdict(row).items() if name not in left_out}
            yield json.dumps({"table": table.name, **fields}, sort_keys=True, separators=(",", ":")) + "\n"


def facts_digest(connection: sqlite3.Connection) -> str:
    """The sha256 of all facts. It does not depend on workers, order, kills or restarts."""
    content = hashlib.sha256()
    for line in fact_lines(connection):
        content.update(line.encode())
    return content.hexdigest()
