"""Whether everything in a catalogue is what was written; and putting right what can be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import CatalogueBusy, IntegrityError, ParamsError
from . import ledger, schema
from .artefacts import ArtefactStore
from .disk import Disk, left_behind
from .kept import KeptFeatures
from .lock import WriterLock
from .rows import ARTEFACTS, FILES, META, RECORDINGS, REMOVALS, TABLES, ArtefactRow
from .settings import NAME, CatalogueSettings, read_settings
from .writer import Writer


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: what, where, and whether it was put right."""

    what: str
    path: str
    detail: str
    repaired: bool = False

    @property
    def serious(self) -> bool:
        """Whether something is damaged, and not only changed by hand or left over."""
        return self.what not in {"changed", "left behind"}


def verify(root: Path, *, disk: Disk | None = None, repair: bool = False) -> tuple[Finding, ...]:
    """All that is wrong with a catalogue; with ``repair``, what can be put right is.

    A damaged ``catalogue.toml`` or ``ledger.jsonl`` is written anew from the database. A damaged feature is noted as
    missing, so that the next ``index add`` makes it again. A damaged database cannot be repaired.
    """
    path = root / schema.NAME
    if not path.is_file():
        raise IntegrityError(f"{path} is missing; restore it from a backup, or build the catalogue again")
    with schema.guarded(path), closing(schema.connect(path)) as connection:
        schema.check_whole(connection, path)
        for table in TABLES:
            for _ in table.rows(connection):
                pass
        last = META.one(connection, "settings")
        features = list(_features(connection, root))
        dangling = list(_dangling(connection, root))
        wrong, left = _between_writers(connection, root)
    findings = [*_settings(root, last.value if last else "", disk, repair=repair)]
    if wrong:
        findings.append(Finding("ledger", ledger.NAME, wrong, repair))
    findings += [Finding("feature", str(path.relative_to(root)), why, repair) for _, path, why in features]
    findings += dangling
    findings += [Finding("left behind", str(p.relative_to(root)), "a kill left it", repair) for p in left]
    if repair and any(finding.repaired for finding in findings):
        _repair(root, disk or Disk(), [row for row, _, _ in features])
    return tuple(findings)


def _between_writers(connection: sqlite3.Connection, root: Path) -> tuple[str, list[Path]]:
    """What is wrong with the ledger's file, and temporary files; neither can be told while a writer is at work."""
    lock = WriterLock(root)
    with suppress(OSError):  # where nothing can be written, nobody writes
        try:
            lock.acquire("verify")
        except CatalogueBusy:
            return "", []
    try:
        return ledger.wrong_with(root / ledger.NAME, list(ledger.events(connection))), list(left_behind(root))
    finally:
        lock.release()


def _settings(root: Path, last: str, disk: Disk | None, *, repair: bool) -> Iterator[Finding]:
    """What is wrong with ``catalogue.toml``; repaired at once, as nothing can be opened without it."""
    try:
        text = read_settings(root)[1]
    except (IntegrityError, ParamsError) as error:
        if repair:
            CatalogueSettings.of(last)
            (disk or Disk()).write(root / NAME, last.encode())
        yield Finding("settings", NAME, str(error), repair)
        return
    if text != last:
        yield Finding("changed", NAME, "it was changed since it was last used; the next `index add` takes it over")


def _features(connection: sqlite3.Connection, root: Path) -> Iterator[tuple[ArtefactRow, Path, str]]:
    store = ArtefactStore(root)
    kept = KeptFeatures(store, {})
    for row in ARTEFACTS.rows(connection, "recording_id NOT IN (SELECT recording_id FROM removals)"):
        try:
            kept.checked(row)
        except (IntegrityError, OSError) as error:
            now = ARTEFACTS.one(connection, row.recording_id, row.kind, row.settings)
            if now != row or REMOVALS.one(connection, row.recording_id) is not None:
                continue  # a writer was faster
            yield row, store.path_of(row.recording_id, row.kind, row.settings), str(error)


def _dangling(connection: sqlite3.Connection, root: Path) -> Iterator[Finding]:
    """Rows that name a recording which is not there; all as they stood at one moment, whoever writes meanwhile."""
    connection.execute("BEGIN")
    try:
        ids = {row.id for row in RECORDINGS.rows(connection)}
        removed = {each for (each,) in connection.execute("SELECT recording_id FROM removals")}
        named = {row.recording_id for row in ARTEFACTS.rows(connection)}
        named |= {row.recording_id for row in FILES.rows(connection) if row.recording_id}
    finally:
        connection.execute("COMMIT")
    for missing in sorted(named - ids - removed):
        yield Finding("recording", schema.NAME, f"{missing} is named but not there; restore {root} from a backup")


def _repair(root: Path, disk: Disk, features: list[ArtefactRow]) -> None:
    writer = Writer(root, disk, "verify")
    try:
        writer.begin()  # writes the ledger's file anew
        for path in left_behind(root):
            disk.remove(path)
        if features:
            with writer.transaction() as connection:
                for row in features:
                    connection.execute(
                        "DELETE FROM artefacts WHERE recording_id = ? AND kind = ? AND settings = ?",
                        (row.recording_id, row.kind, row.settings),
                    )
                ledger.record(connection, "repaired", {"features_to_make_again": len(features)})
    finally:
        writer.close()
