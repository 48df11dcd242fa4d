"""The log's facts as a database that can be asked: nothing is in it that cannot be read out of the log again."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from ..audit.canonical import canonical
from ..errors import InputError
from .rights_log import RightsLog

NAME = "view.db"
ENTRIES = """CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY, time TEXT NOT NULL, actor TEXT NOT NULL, type TEXT NOT NULL, leaf TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT"""
WORD = re.compile(r"[a-z][a-z0-9_]*")


def followed(root: Path, log: RightsLog, fields: Mapping[str, Sequence[str]]) -> Path:
    """The database, with all that the log says now; made anew where it says anything else.

    For each kind of entry there is a view ``<kind>_entries`` with a column for each field; ``entries`` holds all.
    """
    path = root / NAME
    try:
        _follow(path, log, fields)
    except sqlite3.DatabaseError:
        path.unlink(missing_ok=True)  # derived: it is made again
        _follow(path, log, fields)
    return path


def _follow(path: Path, log: RightsLog, fields: Mapping[str, Sequence[str]]) -> None:
    with closing(sqlite3.connect(path, timeout=30.0)) as connection, connection:
        connection.execute(ENTRIES)
        connection.execute("CREATE INDEX IF NOT EXISTS entries_type ON entries (type, seq)")
        for kind, names in fields.items():
            connection.execute(_view(kind, names))
        have = connection.execute("SELECT count(*), max(seq) FROM entries").fetchone()
        known = have[0]
        leaf = connection.execute("SELECT leaf FROM entries WHERE seq = ?", (known - 1,)).fetchone()
        if known and (have[1] != known - 1 or known > len(log) or leaf[0] != log.leaves[known - 1].hex()):
            connection.execute("DELETE FROM entries")
            known = 0
        connection.executemany(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?)",
            (
                (e.seq, e.time, e.actor, e.type, log.leaves[e.seq].hex(), canonical(e.body).decode())
                for e in log.entries()
                if e.seq >= known
            ),
        )


def _view(kind: str, names: Sequence[str]) -> str:
    if not all(WORD.fullmatch(word) for word in (kind, *names)):
        raise InputError(f"{kind!r} and {names!r} cannot name a view and its columns")
    columns = ", ".join(f"json_extract(body, '$.{name}') AS \"{name}\"" for name in names)
    return f"CREATE VIEW IF NOT EXISTS {kind}_entries AS SELECT seq, time, {columns} FROM entries WHERE type = '{kind}'"
