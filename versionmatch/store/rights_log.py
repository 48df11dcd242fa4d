"""The log of rights on the disk: lines that are only ever added, and checkpoints that sign them.

::

    <root>/log.jsonl                          one entry a line; the truth
    <root>/log.vkey                           the public key, as text
    <root>/checkpoints/000000000042.txt       a signed note over the first 42 entries
    <root>/manifests/<root>.json              the pairs of a frozen corpus
    <root>/view.db, names.db                  what can be rebuilt of the log; names, which can be erased
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..audit import entry as entries
from ..audit.entry import Entry, chained
from ..audit.merkle import Frontier, leaf_hash
from ..audit.note import Checkpoint
from ..audit.signing import SigningKey
from ..errors import InputError, IntegrityError
from .disk import Disk
from .lock import WriterLock

NAME, KEY, CHECKPOINTS = "log.jsonl", "log.vkey", "checkpoints"
FORMAT = 1


class RightsLog:
    """A log of rights; its entries are checked as they are read.

    One process appends at a time; any number may read. A line that a kill left half written, and that no checkpoint
    covers, is cut off when the log is next opened for writing.

    Parameters
    ----------
    root : path
        The log's folder; InputError where there is none. IntegrityError names the entry that is not what was written.
    disk : Disk, optional
        Does all durable writing.
    clock : callable, optional
        Tells the time of new entries, as text.
    """

    def __init__(
        self, root: str | os.PathLike[str], *, disk: Disk | None = None, clock: Callable[[], str] = entries.now
    ) -> None:
        self.root, self.disk, self.clock = Path(root), disk or Disk(), clock
        self.path = self.root / NAME
        self._lock: WriterLock | None = None
        if not self.path.is_file():
            raise InputError(f"{self.root} holds no log of rights; make one with `versionmatch corpus init`")
        self._forget()
        for _ in self.follow():
            pass
        if not self.leaves:
            raise IntegrityError(f"{self.path} is empty; restore a backup")

    @classmethod
    def create(
        cls,
        root: str | os.PathLike[str],
        origin: str,
        *,
        disk: Disk | None = None,
        clock: Callable[[], str] = entries.now,
    ) -> RightsLog:
        """A new log under a name of its own, such as ``example.org/rights``; InputError where there is one."""
        folder, disk = Path(root), disk or Disk()
        Checkpoint(origin, 0, bytes(32))  # the name must do for a checkpoint
        if (folder / NAME).exists():
            raise InputError(f"{folder} holds a log of rights already")
        disk.make_folder(folder)
        first = Entry(0, entries.START, clock(), "versionmatch", "log", {"format": FORMAT, "origin": origin})
        disk.append(folder / NAME, first.line + b"\n")
        return cls(folder, disk=disk, clock=clock)

    def _forget(self) -> None:
        self.leaves: list[bytes] = []
        self._frontier = Frontier()
        self._read, self._head, self._time = 0, entries.START, ""
        self.origin = ""

    def __len__(self) -> int:
        return len(self.leaves)

    @property
    def checkpoint(self) -> Checkpoint:
        """Size and root as they are now, unsigned."""
        return Checkpoint(self.origin, len(self.leaves), self._frontier.root())

    def follow(self) -> Iterator[Entry]:
        """The entries that were added since this was last read; a line without an end is left for later."""
        if self.path.stat().st_size == self._read:
            return
        with self.path.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                found = Entry.of(line[:-1], len(self.leaves))
                self._take(found, line[:-1])
                yield found

    def entries(self, upto: int | None = None) -> Iterator[Entry]:
        """The entries from the first on, all or the first ``upto``."""
        again = RightsLog.__new__(RightsLog)
        again.root, again.disk, again.path = self.root, self.disk, self.path
        again._forget()
        for found in again.follow():
            if found.seq >= (len(self) if upto is None else upto):
                return
            yield found

    def _take(self, found: Entry, line: bytes) -> None:
        if found.prev != self._head or found.time < self._time:
            raise IntegrityError(
                f"{self.path}: entry {found.seq} does not follow from the one before; one of them is not what was "
                "written; `versionmatch audit verify` tells which; restore a backup"
            )
        if not self.leaves:
            if found.type != "log" or found.body.get("format") != FORMAT:
                raise IntegrityError(f"{self.path}: its first entry does not say that it is a log of format {FORMAT}")
            self.origin = str(found.body.get("origin"))
        leaf = leaf_hash(line)
        self.leaves.append(leaf)
        self._frontier.add(leaf)
        self._head, self._time = chained(line), found.time
        self._read += len(line) + 1

    @contextmanager
    def writing(self, job: str) -> Iterator[RightsLog]:
        """The one writer; CatalogueBusy where another process has it. What was added meanwhile must be followed."""
        self._lock = WriterLock(self.root)
        self._lock.acquire(job)
        try:
            self._mend()
            yield self
        finally:
            self._lock.release()
            self._lock = None

    def _mend(self) -> None:
        """Cut off the half of a line that a kill left."""
        whole = self.path.read_bytes()[self._read :]
        torn = whole[whole.rfind(b"\n") + 1 :]
        if torn:
            complete = len(self) + whole.count(b"\n")
            if max(self.signed_sizes(), default=0) > complete:
                raise IntegrityError(f"{self.path}: entry {complete} is cut off, but was signed; restore a backup")
            self.disk.cut(self.path, self.path.stat().st_size - len(torn))

    def append(self, actor: str, said: Iterable[tuple[str, Mapping[str, Any]]], *, time: str = "") -> list[Entry]:
        """Add entries ``(type, body)``, durably when this returns; inside ``with log.writing(job)``.

        ``time`` is when they were made, by default now; never before the last entry.
        """
        if self._lock is None:
            raise InputError(f"{self.root} is not open for writing; use it inside `with log.writing(job)`")
        made: list[Entry] = []
        lines: list[bytes] = []
        head, time = self._head, max(time or self.clock(), self._time)
        for number, (kind, body) in enumerate(said, len(self)):
            entry = Entry(number, head, time, actor, kind, body)
            line = entry.line
            head = chained(line)
            made.append(entry)
            lines.append(line)
        if lines:
            self.disk.append(self.path, b"\n".join(lines) + b"\n")
        for entry, line in zip(made, lines, strict=True):
            self._take(entry, line)
        return made

    def signed_sizes(self) -> list[int]:
        """Over how many entries there are checkpoints, ascending."""
        return sorted(int(p.stem) for p in (self.root / CHECKPOINTS).glob("*.txt") if p.stem.isdigit())

    def note(self, size: int | None = None) -> str:
        """A signed checkpoint, the newest by default; InputError where there is none."""
        sizes = self.signed_sizes()
        if not sizes or (size is not None and size not in sizes):
            raise InputError(f"{self.root} has no signed checkpoint{'' if size is None else f' of {size} entries'}")
        return (self.root / CHECKPOINTS / f"{sizes[-1] if size is None else size:012d}.txt").read_text("utf-8")

    def sign(self, key: SigningKey) -> str:
        """Sign what is there now; the note. InputError where the log was signed by another key before."""
        text, path = key.text(self.origin), self.root / KEY
        if path.exists() and path.read_text("utf-8").strip() != text:
            raise InputError(f"{path} is another key's; sign with the same key as before")
        if not path.exists():
            self.disk.write(path, f"{text}\n".encode())
        note = key.note(self.checkpoint)
        self.disk.write(self.root / CHECKPOINTS / f"{len(self):012d}.txt", note.encode())
        return note
