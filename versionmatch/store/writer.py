"""The one writer of a catalogue: every change is one transaction, and a kill between two leaves no half of one."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from . import ledger, schema
from .disk import Disk, left_behind
from .lock import WriterLock
from .rows import EVENTS, META, RUNS, MetaRow
from .settings import NAME, read_settings

logger = logging.getLogger(__name__)


class Writer:
    """Holds the lock and the writing connection; made by ``CatalogueStore.writing``."""

    def __init__(self, root: Path, disk: Disk, job: str) -> None:
        self.root, self.disk, self.job = root, disk, job
        self.path = root / schema.NAME
        self._lock = WriterLock(root)
        self._connection: sqlite3.Connection | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        """The writing connection; open between ``begin`` and ``close``."""
        if self._connection is None:
            raise InputError(f"{self.root} is not open for writing; use it inside `with store.writing(job)`")
        return self._connection

    @classmethod
    def initialise(cls, root: Path, disk: Disk, settings_text: str) -> None:
        """Make the files of an empty catalogue; what an interrupted try left there is finished."""
        writer = cls(root, disk, "create")
        writer._lock.acquire("create")
        try:
            disk.write(root / NAME, settings_text.encode())
            with schema.guarded(writer.path):
                writer._connection = schema.connect(writer.path, write=True)
                schema.migrate(writer.connection, writer.path)
                with writer.transaction():
                    writer.set_meta("settings", settings_text)
                    ledger.record(writer.connection, "created", {"schema": schema.VERSION})
            disk.sync_folder(root)
            ledger.reconcile(writer.connection, root, disk)
        finally:
            writer.close()

    def begin(self) -> None:
        """Take the lock, check the file, and put right what a kill left half done."""
        self._lock.acquire(self.job)
        with schema.guarded(self.path):
            self._connection = schema.connect(self.path, write=True)
            schema.migrate(self.connection, self.path)
            schema.check_whole(self.connection, self.path, quick=self.path.stat().st_size > schema.WHOLE_CHECK)
            wrong = ledger.reconcile(self.connection, self.root, self.disk)
            if wrong:
                logger.warning("%s was written anew from the database: %s", self.root / ledger.NAME, wrong)
            self._adopt_settings()
            self._end_killed_runs()

    def close(self) -> None:
        """Write the ledger's last lines and let go."""
        try:
            if self._connection is not None:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                with suppress(sqlite3.Error):  # what is in the log stays there if readers hold it
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._connection.close()
        finally:
            self._connection = None
            self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and on the disk when the block ends; the ledger's file follows."""
        with schema.guarded(self.path):
            before = self._n_events()
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.disk.commit(self.connection, self.path)
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
            self._write_lines(before)

    def set_meta(self, key: str, value: str) -> None:
        """Note a fact about the catalogue itself; inside a transaction."""
        META.put(self.connection, MetaRow(key, value))

    def _n_events(self) -> int:
        return int(self.connection.execute("SELECT count(*) FROM events").fetchone()[0])

    def _write_lines(self, first: int) -> None:
        lines = b"".join(
            ledger.line_of(event) for event in EVENTS.rows(self.connection, "seq >= ? ORDER BY seq", (first,))
        )
        if lines:
            self.disk.append(self.root / ledger.NAME, lines)

    def _adopt_settings(self) -> None:
        """Note in the ledger where ``catalogue.toml`` was changed since it was last used."""
        text = read_settings(self.root)[1]
        found = META.one(self.connection, "settings")
        if found is None or found.value != text:
            with self.transaction() as connection:
                ledger.record(connection, "settings", {"from": found.value if found else "", "to": text})
                self.set_meta("settings", text)

    def _end_killed_runs(self) -> None:
        killed = list(RUNS.rows(self.connection, "state = 'running' ORDER BY id"))
        if not killed:
            return
        for path in left_behind(self.root):
            self.disk.remove(path)
        with self.transaction() as connection:
            for run in killed:
                RUNS.put(connection, replace(run, state="killed"))
                ledger.record(connection, "killed", {"run": run.id})
