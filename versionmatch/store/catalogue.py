"""A catalogue on disk: what is known of its recordings, for any number of readers and one writer."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from ..errors import InputError, IntegrityError, NotPermitted
from ..types import FLAGS, Recording
from . import schema
from .artefacts import ArtefactStore
from .disk import Disk
from .kept import KeptFeatures
from .rows import (
    ARTEFACTS,
    DECISIONS,
    FILES,
    INPUTS,
    META,
    PARTITIONS,
    RECORDINGS,
    REMOVALS,
    ArtefactRow,
    DecisionRow,
    InputRow,
    PartitionRow,
    RecordingRow,
)
from .settings import CatalogueSettings, read_settings
from .writer import Writer

NOT_REMOVED = "id NOT IN (SELECT recording_id FROM removals)"


class CatalogueStore:
    """Facts in SQLite, features in files beside it; see ``docs/catalogue.md`` for the layout.

    Reading is safe from any number of threads and processes, also while one process writes. What is read is checked
    against what was written; IntegrityError says what is damaged and how to mend it.

    Parameters
    ----------
    root : path
        The catalogue's folder; InputError where there is none.
    disk : Disk, optional
        Does all durable writing.
    may : callable, optional
        Recording's id → whether it may be told of, asked at each reading: what may not is in no list, counted nowhere
        and not handed out (NotPermitted). By default all may.
    """

    def __init__(
        self, root: str | os.PathLike[str], *, disk: Disk | None = None, may: Callable[[str], bool] | None = None
    ) -> None:
        self.root, self.disk, self.gate = Path(root), disk or Disk(), may
        self.path = self.root / schema.NAME
        if not self.path.is_file():
            raise InputError(f"{self.root} is no catalogue; make one with `versionmatch index build {self.root} …`")
        self.settings, self.settings_text = read_settings(self.root)
        self.artefacts = ArtefactStore(self.root, disk=self.disk)
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        if self.meta("settings") is None:
            raise IntegrityError(f"{self.root} was never finished being made; remove it and build it again")

    @classmethod
    def create(
        cls, root: str | os.PathLike[str], settings: CatalogueSettings | None = None, *, disk: Disk | None = None
    ) -> CatalogueStore:
        """A new, empty catalogue; InputError where there is one already.

        A folder in which a catalogue was begun but not finished is finished.
        """
        folder, disk = Path(root), disk or Disk()
        if cls.exists(folder):
            raise InputError(f"{folder} is a catalogue already; add to it with `versionmatch index add {folder} …`")
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder} is a file; name a folder for the catalogue")
        disk.make_folder(folder)
        Writer.initialise(folder, disk, (settings or CatalogueSettings()).to_toml())
        return cls(folder, disk=disk)

    @staticmethod
    def exists(root: str | os.PathLike[str]) -> bool:
        """Whether a folder holds a catalogue that was finished being made."""
        return (Path(root) / schema.NAME).exists() and _finished(Path(root))

    @contextmanager
    def writing(self, job: str) -> Iterator[Writer]:
        """The one writer; CatalogueBusy where another process is writing.

        What was left half done by a kill is put right first.
        """
        writer = Writer(self.root, self.disk, job)
        try:
            writer.begin()
            yield writer
        finally:
            writer.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection of this thread; what SQLite finds damaged becomes an IntegrityError."""
        with schema.guarded(self.path):
            connection = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = schema.connect(self.path)
                with self._guard:
                    self._open.append(connection)
            yield connection

    def close(self) -> None:
        """Let go of the file; a further read opens it again."""
        with self._guard:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def meta(self, key: str) -> str | None:
        """A fact about the catalogue itself."""
        with self.reading() as connection:
            found = META.one(connection, key)
        return None if found is None else found.value

    def may(self, recording_id: str) -> bool:
        """Whether a recording may be told of at this moment."""
        return self.gate is None or self.gate(recording_id)

    def recordings(self, *, partition: str | None = None) -> Iterator[Recording]:
        """All recordings that are not removed and may be told of, by id; those of one partition where it is named."""
        yield from (recording for recording in self._lying(partition) if self.may(recording.id))

    def _lying(self, partition: str | None) -> Iterator[Recording]:
        last = ""
        while True:
            with self.reading() as connection:
                page = list(RECORDINGS.rows(connection, f"id > ? AND {NOT_REMOVED} ORDER BY id LIMIT 256", (last,)))
                found = [self._recording(connection, row) for row in page]
            if not page:
                return
            last = page[-1].id
            for recording, parts in found:
                if partition is None or partition in parts:
                    yield recording

    def ids(self) -> list[str]:
        """What lies there and is not removed, by id, whether it may be told of or not: for whoever takes it away."""
        with self.reading() as connection:
            return [str(i) for (i,) in connection.execute(f"SELECT id FROM recordings WHERE {NOT_REMOVED} ORDER BY id")]

    def count(self) -> int:
        """How many recordings there are."""
        if self.gate is not None:
            return sum(1 for _ in self.recordings())
        with self.reading() as connection:
            return int(connection.execute(f"SELECT count(*) FROM recordings WHERE {NOT_REMOVED}").fetchone()[0])

    def recording(self, recording_id: str) -> Recording:
        """One recording by its id, or by the beginning of it; InputError where there is none, or it was removed.

        NotPermitted where it may not be told of.
        """
        with self.reading() as connection:
            return self._recording(connection, self._row(connection, recording_id))[0]

    def features(self, recording_id: str) -> KeptFeatures:
        """The features kept of one recording, each checked against its sha256 when it is loaded."""
        with self.reading() as connection:
            row = self._row(connection, recording_id)
            rows = list(ARTEFACTS.rows(connection, "recording_id = ?", (row.id,)))
        return KeptFeatures(self.artefacts, {(r.recording_id, r.kind, r.settings): r for r in rows})

    def kept(self, kind: str) -> Iterator[ArtefactRow]:
        """The features of one kind that are kept, by recording: what an index is made of, and told to be fresh by."""
        last = ""
        where = "recording_id > ? AND kind = ? AND recording_id NOT IN (SELECT recording_id FROM removals)"
        while True:
            with self.reading() as connection:
                page = list(
                    ARTEFACTS.rows(connection, f"{where} ORDER BY recording_id, settings LIMIT 512", (last, kind))
                )
            if not page:
                return
            if len(page) == 512:  # a recording with several settings is not torn apart
                page = [row for row in page if row.recording_id != page[-1].recording_id] or page
            last = page[-1].recording_id
            yield from (row for row in page if self.may(row.recording_id))

    def sources(self, recording_id: str) -> tuple[InputRow, ...]:
        """All inputs that are this recording, by path."""
        with self.reading() as connection:
            return self._inputs(connection, recording_id)

    def decisions(self) -> tuple[DecisionRow, ...]:
        """What people said of pairs."""
        with self.reading() as connection:
            return tuple(DECISIONS.rows(connection, "1 ORDER BY first, second"))

    def partitions(self) -> tuple[PartitionRow, ...]:
        """The parts of the catalogue that have terms of their own."""
        with self.reading() as connection:
            return tuple(PARTITIONS.rows(connection, "1 ORDER BY name"))

    def inputs_by_state(self) -> dict[str, int]:
        """How many of all inputs ever named are in each state; their sum is all that was seen."""
        with self.reading() as connection:
            return dict(connection.execute("SELECT state, count(*) FROM inputs GROUP BY state ORDER BY state"))

    def quarantined(self) -> Iterator[InputRow]:
        """Inputs that could not be taken in, by path, each with its reason."""
        with self.reading() as connection:
            yield from list(INPUTS.rows(connection, "state = 'quarantined' ORDER BY key"))

    def _row(self, connection: sqlite3.Connection, recording_id: str) -> RecordingRow:
        given = (recording_id, recording_id + "\x7f")  # a range, which the key's index can answer
        found = list(RECORDINGS.rows(connection, "id >= ? AND id < ? ORDER BY id LIMIT 2", given))
        if len(found) != 1 or not recording_id:
            what = "several recordings begin so" if found else "there is no such recording"
            raise InputError(f"{recording_id!r} in {self.root}: {what}; `versionmatch index stat` lists the ids")
        if REMOVALS.one(connection, found[0].id) is not None:
            raise InputError(
                f"{found[0].id} was removed from {self.root}; add its file with --restore if it is to return"
            )
        if not self.may(found[0].id):
            raise NotPermitted(
                f"{found[0].id[:12]}… in {self.root} may not be used now; `versionmatch consent show` says why"
            )
        return found[0]

    def _inputs(self, connection: sqlite3.Connection, recording_id: str) -> tuple[InputRow, ...]:
        # the plus keeps SQLite from going through all that is done instead of the few with this content
        where = "+state = 'done' AND content IN (SELECT content FROM files WHERE recording_id = ?) ORDER BY key"
        return tuple(INPUTS.rows(connection, where, (recording_id,)))

    def _recording(self, connection: sqlite3.Connection, row: RecordingRow) -> tuple[Recording, set[str]]:
        """A recording with the first path's words for it, so that they do not depend on what came first."""
        inputs = self._inputs(connection, row.id)
        files = sorted(FILES.rows(connection, "recording_id = ?", (row.id,)), key=lambda f: f.content)
        if inputs:
            files.sort(key=lambda f: f.content != inputs[0].content)
        said: dict[str, Any] = json.loads(inputs[0].facts) if inputs else {}
        tags = {name: getattr(files[0], name) if files else "" for name in ("title", "artist", "isrc")}
        words = {name: said.get(name) or tags.get(name) or None for name in ("title", "artist", "isrc", "work_id")}
        recording = Recording(
            id=row.id,
            source=inputs[0].path if inputs else "",
            duration_s=row.duration_s,
            sr=row.sr,
            channels=row.channels,
            codec=files[0].codec if files else "",
            flags=tuple(flag for flag in FLAGS if flag in row.flags.split()),
            **words,
        )
        return recording, {i.partition for i in inputs}


def _finished(folder: Path) -> bool:
    path = folder / schema.NAME
    try:
        with schema.guarded(path), closing(schema.connect(path)) as connection:
            return META.one(connection, "settings") is not None
    except IntegrityError as error:
        if "no such table: meta" in str(error):
            return False
        raise
