"""The book of rights of a corpus: its log, what the log says, the frozen corpora, and names that can be erased."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..audit import entry as entries
from ..audit.entry import Entry
from ..audit.signing import SigningKey
from ..errors import InputError, IntegrityError
from ..store import rights_view
from ..store.disk import Disk
from ..store.rights_log import RightsLog
from ..store.rights_names import Names
from .facts import FIELDS
from .manifest import Manifest
from .state import State

MANIFESTS = "manifests"


class Book:
    """Reads and adds to a log of rights; nothing is entered that the log's facts do not bear.

    Parameters
    ----------
    root : path
        The log's folder.
    disk : Disk, optional
        Does all durable writing.
    clock : callable, optional
        Tells the time of new entries.
    """

    def __init__(
        self, root: str | os.PathLike[str], *, disk: Disk | None = None, clock: Callable[[], str] = entries.now
    ) -> None:
        self.log = RightsLog(root, disk=disk, clock=clock)
        self.names = Names(self.log.root)
        self.state = State.of(self.log.entries())
        self._manifests: dict[str, Manifest] = {}

    @classmethod
    def create(
        cls,
        root: str | os.PathLike[str],
        origin: str,
        *,
        disk: Disk | None = None,
        clock: Callable[[], str] = entries.now,
    ) -> Book:
        """A new book under a name of its own; InputError where there is one."""
        RightsLog.create(root, origin, disk=disk, clock=clock)
        return cls(root, disk=disk, clock=clock)

    @property
    def root(self) -> Path:
        """The log's folder."""
        return self.log.root

    @property
    def time(self) -> str:
        """Now, by the book's clock, and never before its last entry."""
        return max(self.log.clock(), self.state.time)

    def follow(self) -> State:
        """The state with what others have added since."""
        for entry in self.log.follow():
            self.state.add(entry)
        return self.state

    @contextmanager
    def writing(self, job: str) -> Iterator[Book]:
        """The one writer; what others have added is followed first."""
        with self.log.writing(job):
            self.follow()
            yield self

    def add(self, kind: str, actor: str = "operator", /, **body: Any) -> Entry:
        """Enter one fact; InputError where it is not right."""
        return self.add_all([(kind, body)], actor)[0]

    def add_all(self, said: Iterable[tuple[str, Mapping[str, Any]]], actor: str = "operator") -> list[Entry]:
        """Enter facts in order, in one go; where one is not right, those before it are, and InputError is raised."""
        time, batch = self.time, []
        try:
            for kind, body in said:
                found = self.state.check(kind, body)
                self.state.add(Entry(self.state.size, entries.START, time, actor, kind, found))
                batch.append((kind, found))
        finally:
            made = self._append(actor, batch, time)
        return made

    def _append(self, actor: str, batch: list[tuple[str, dict[str, Any]]], time: str) -> list[Entry]:
        try:
            return self.log.append(actor, batch, time=time)
        except BaseException:
            self.state = State.of(self.log.entries())  # what was not written was not said
            raise

    def party(self, party_id: str, name: str = "", **facts: str) -> Entry:
        """Enter a party; its name and numbers go to a file that can be erased, the log keeps a salted digest."""
        return self.add("party", id=party_id, digest=self.names.keep(party_id, {"name": name, **facts}))

    def freeze(self, manifest: Manifest) -> Entry:
        """Keep a frozen corpus, and enter its root."""
        self.log.disk.write(self.root / MANIFESTS / f"{manifest.root}.json", manifest.to_json())
        return self.add("manifest", **manifest.body())

    def manifest(self, root: str) -> Manifest:
        """A frozen corpus by its root, or the beginning of it; InputError where the log tells of none."""
        found = [each for each in self.state.manifests if each.startswith(root)]
        if len(found) != 1 or not root:
            raise InputError(f"{len(found)} frozen corpora have a root that begins with {root!r}; give more of it")
        if found[0] not in self._manifests:
            path = self.root / MANIFESTS / f"{found[0]}.json"
            if not path.is_file():
                raise IntegrityError(f"{path} is missing; restore a backup")
            self._manifests[found[0]] = Manifest.of_json(path.read_bytes(), found[0])
        return self._manifests[found[0]]

    @property
    def manifests(self) -> dict[str, Manifest]:
        """All frozen corpora, by root."""
        return {root: self.manifest(root) for root in self.state.manifests}

    def before(self, size: int) -> State:
        """What the first ``size`` entries say."""
        return State.of(self.log.entries(size))

    def sign(self, key: SigningKey) -> str:
        """Sign what is there now; the note."""
        return self.log.sign(key)

    def view(self) -> Path:
        """The database of the log's facts, brought up to date."""
        return rights_view.followed(self.root, self.log, {kind: tuple(fields) for kind, fields in FIELDS.items()})
