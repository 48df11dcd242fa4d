"""The database's schema: its version, the steps from one version to the next, and how a connection is opened."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import IntegrityError
from .rows import TABLES

VERSION = 1
"""The version that this package writes; kept in the file as ``PRAGMA user_version``."""

NAME = "catalogue.db"
APPLICATION = 0x766D6361  # "vmca", kept in the file's header
WHOLE_CHECK = 1 << 28  # a larger file is checked by SQLite's quick check when it is opened for writing

INDEXES = (
    "CREATE INDEX inputs_content ON inputs (content)",
    "CREATE INDEX inputs_state ON inputs (state, key)",
    "CREATE INDEX files_recording ON files (recording_id)",
    "CREATE INDEX coverage_state ON coverage (run_id, state, key)",
)
QUARANTINE = """CREATE VIEW quarantine AS
    SELECT key, path, reason, detail FROM inputs WHERE state = 'quarantined'"""


def _first(connection: sqlite3.Connection) -> None:
    for table in TABLES:
        connection.execute(table.ddl())
    for statement in (*INDEXES, QUARANTINE):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")


STEPS = (_first,)
"""``STEPS[i]`` leads from version i to i + 1; a step is never changed once released."""


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Whatever SQLite says of a damaged file becomes an IntegrityError that names it and the remedy."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorname", None) or "SQLITE_NOTADB"
        if not code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR", "SQLITE_MISMATCH", "SQLITE_FORMAT")):
            raise OSError(f"{path}: {error} ({code}); nothing was changed by this step, run it again") from error
        raise damaged(path, str(error)) from error
    except UnicodeDecodeError as error:
        raise damaged(path, "its schema is not text") from error


def damaged(path: Path, what: str) -> IntegrityError:
    """The error for a database that cannot be trusted."""
    return IntegrityError(
        f"{path} is damaged ({what}); restore it from a backup, or move it away and build again: features that are "
        "kept are found again, only the sound is read once more"
    )


def connect(path: Path, *, write: bool = False) -> sqlite3.Connection:
    """A connection, without checks; only a writer may make the file or change it."""
    mode = "rwc" if write else "ro"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=30.0, check_same_thread=False
    )
    try:
        connection.text_factory = _text
        connection.execute("PRAGMA busy_timeout = 30000")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        if write:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA secure_delete = ON")
        check_version(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _text(content: bytes) -> str:
    """Text that may be damaged: its row's seal will not hold, so it is enough that it can be read."""
    return content.decode("utf-8", errors="replace")


def check_version(connection: sqlite3.Connection, path: Path) -> int:
    """The file's version; IntegrityError where it is newer than this package, or none of its files."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    if version > VERSION:
        raise IntegrityError(
            f"{path} has schema version {version}; this package reads up to {VERSION}; install a newer versionmatch"
        )
    if version and application != APPLICATION:
        raise damaged(path, f"its application id is {application:#x}, not {APPLICATION:#x}")
    return version


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to the present version, each step in a transaction of its own."""
    for number in range(check_version(connection, path), VERSION):
        connection.execute("BEGIN IMMEDIATE")
        try:
            STEPS[number](connection)
            connection.execute(f"PRAGMA user_version = {number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def check_whole(connection: sqlite3.Connection, path: Path, *, quick: bool = False) -> None:
    """IntegrityError where SQLite finds that tables, indexes or pages do not agree, or the schema is another one."""
    found = connection.execute("PRAGMA quick_check" if quick else "PRAGMA integrity_check").fetchall()
    if found != [("ok",)]:
        raise damaged(path, str(found[0][0]))
    there = {name for (name,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    if there != _statements():
        raise damaged(path, "its schema is not the one that was written")


def _statements() -> set[str]:
    with sqlite3.connect(":memory:", isolation_level=None) as connection:
        for step in STEPS:
            step(connection)
        return {name for (name,) in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
