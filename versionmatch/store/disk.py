"""The only module that writes durably: what it has written is whole and survives a power cut, or is not there.

Each step passes through ``Disk.step``, so that a test can let any single one fail, or kill the process there.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PART = ".part"
"""The suffix of a file that is being written; left behind by a kill, and swept."""


class Disk:
    """Files written under a temporary name, synced, renamed, and their folder synced."""

    def step(self, what: str, path: Path) -> None:
        """Called before each thing done to the disk; does nothing here, fails or kills in tests."""

    def write(self, path: Path, data: bytes) -> None:
        """The file with this content, replacing what was there; if it fails, what was there stays."""
        self.make_folder(path.parent)
        self.step("create", path)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:12]}-", suffix=PART, dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                half = len(data) // 2
                self.step("write", path)
                file.write(data[:half])
                file.flush()
                self.step("write", path)
                file.write(data[half:])
                file.flush()
                self.step("fsync", path)
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            self.step("rename", path)
            os.replace(name, path)
            self.sync_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise

    def append(self, path: Path, data: bytes) -> None:
        """Add to the end of a file; a kill may leave a part of it, which the reader must notice."""
        new = not path.exists()
        self.step("append", path)
        with path.open("ab") as file:
            half = len(data) // 2
            file.write(data[:half])
            file.flush()
            self.step("append", path)
            file.write(data[half:])
            file.flush()
            self.step("fsync", path)
            os.fsync(file.fileno())
        if new:
            self.sync_folder(path.parent)

    def cut(self, path: Path, size: int) -> None:
        """Take away what stands behind the first ``size`` bytes of a file: the half of a line that a kill left."""
        self.step("cut", path)
        with path.open("r+b") as file:
            file.truncate(size)
            self.step("fsync", path)
            os.fsync(file.fileno())

    def remove(self, path: Path) -> None:
        """Take a file away for good; nothing happens where it is gone already."""
        self.step("unlink", path)
        path.unlink(missing_ok=True)

    def make_folder(self, folder: Path) -> None:
        """The folder and those above it, durably."""
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for each in reversed(missing):
            self.step("mkdir", each)
            each.mkdir(exist_ok=True)
            self.sync_folder(each.parent)

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable."""
        if os.name == "nt":  # folders cannot be opened there
            return
        self.step("fsync folder", folder)
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def commit(self, connection: sqlite3.Connection, path: Path) -> None:
        """End a transaction of the database; SQLite syncs it."""
        self.step("commit", path)
        connection.execute("COMMIT")
        self.step("committed", path)


def left_behind(folder: Path) -> Iterator[Path]:
    """Temporary files below a folder, which a kill left there."""
    yield from sorted(folder.rglob(f".*{PART}"))
