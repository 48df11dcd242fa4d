"""One writer at a time: a lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path
from typing import Any

from ..errors import CatalogueBusy

NAME = "writer.lock"
CHECK, PATIENCE_S = "(verify)", 2.0
"""A check holds the lock for a moment only, so it is waited for."""


class WriterLock:
    """Held by the one process that writes to a catalogue; released by the system when that process ends."""

    def __init__(self, root: Path) -> None:
        self._path = root / NAME
        self._handle: int | None = None

    def acquire(self, job: str) -> None:
        """Take the lock; CatalogueBusy names the process that has it."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        end = time.monotonic() + PATIENCE_S
        while not _locked(handle):
            holder = self._holder(handle)
            if CHECK not in holder or time.monotonic() > end:
                os.close(handle)
                raise CatalogueBusy(str(self._path.parent), holder=holder)
            time.sleep(0.05)
        text = json.dumps({"pid": os.getpid(), "host": platform.node(), "job": job}).encode()
        os.ftruncate(handle, 0)
        os.pwrite(handle, text, 0)
        self._handle = handle

    def release(self) -> None:
        """Let go of the lock."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    @staticmethod
    def _holder(handle: int) -> str:
        try:
            found: Any = json.loads(os.pread(handle, 4096, 0))
            return f"process {found['pid']} on {found['host']} ({found['job']})"
        except (ValueError, KeyError, TypeError):
            return "another process"


def _locked(handle: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
