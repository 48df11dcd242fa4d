"""Writing files so that a reader, or a power cut, never finds half of one; and where the shipped models lie."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import IO, Any


@contextmanager
def write_atomically(path: Path) -> Iterator[IO[bytes]]:
    """A file to write bytes to; it takes its name only when all is written and on the disk.

    Written beside the target under a temporary name, synced, renamed, and the folder synced. If the block raises,
    what was there before stays and the temporary file is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        os.replace(name, path)
        sync_folder(path.parent)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise


def sync_folder(folder: Path) -> None:
    """The folder's names are on the disk when this returns."""
    if os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def shipped_models() -> Any:
    """The folder of the models that come with the package, installed or in a checkout."""
    try:
        return resources.files("versionmatch._models")
    except ModuleNotFoundError:  # run from a checkout that is not installed
        return Path(__file__).resolve().parents[1] / "models"
