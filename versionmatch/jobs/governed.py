"""A catalogue that is a partition of a corpus answers by the corpus' log, whichever command opens it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from ..audit import entry as entries
from ..rights.book import Book
from ..rights.gate import Gate
from ..store import rights_log
from ..store.catalogue import CatalogueStore

RIGHTS = "rights"
LICENSED = "licensed"
"""The partition whose every answer needs permission; who names another one means what is not permitted."""


def rights_of(path: str | os.PathLike[str]) -> Path | None:
    """The folder of the log that stands over a catalogue, or None where there is none."""
    folder = Path(os.path.realpath(path)).parent / RIGHTS
    return folder if (folder / rights_log.NAME).is_file() else None


def gate_of(path: str | os.PathLike[str], *, clock: Callable[[], str] = entries.now) -> Gate | None:
    """What tells whether a recording of this catalogue may be used; None for a catalogue without rights."""
    rights = rights_of(path)
    licensed = Path(os.path.realpath(path)).name == LICENSED
    return Gate(Book(rights, clock=clock)) if rights is not None and licensed else None


def checkpoint_of(path: str | os.PathLike[str]) -> str:
    """Name, size and root of the log over a corpus or one of its catalogues, now; empty where there is no log.

    It belongs in the foot of whatever is printed of it: the log cannot be changed behind a page that bears it.
    """
    own = Path(path) / RIGHTS
    rights = own if (own / rights_log.NAME).is_file() else rights_of(path)
    return "" if rights is None else rights_log.RightsLog(rights).checkpoint.short


def opened(path: str | os.PathLike[str], *, clock: Callable[[], str] = entries.now) -> CatalogueStore:
    """A catalogue's store, governed where it is the licensed partition of a corpus.

    Tables and pages of earlier scans that name what may not be used any more are taken away first.
    """
    store = CatalogueStore(path, may=gate_of(path, clock=clock))
    if store.gate is not None and (store.root / "runs").is_dir():
        drop_runs(store, (each for each in store.ids() if not store.may(each)))
    return store


def drop_runs(store: CatalogueStore, gone: Iterable[str]) -> list[Path]:
    """Take away every run whose tables or page name one of these recordings; the folders of those runs."""
    needles = [each.encode() for each in gone]
    told = [run for run in sorted((store.root / "runs").glob("*")) if needles and _names(run, needles)]
    for run in told:
        for path in sorted(run.rglob("*"), reverse=True):
            if path.is_file():
                store.disk.remove(path)
            else:
                path.rmdir()
        run.rmdir()
    return told


def _names(run: Path, needles: list[bytes]) -> bool:
    for path in run.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if any(needle in content for needle in needles):
                return True
    return False
