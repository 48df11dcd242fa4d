"""What can be done to a catalogue besides adding to it: removal, compaction, decisions, partitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from . import ledger, schema
from .artefacts import ArtefactStore
from .disk import left_behind
from .rows import (
    ARTEFACTS,
    DECISIONS,
    FILES,
    INPUTS,
    PARTITIONS,
    RECORDINGS,
    REMOVALS,
    DecisionRow,
    PartitionRow,
    RemovalRow,
)
from .writer import Writer

OF_RECORDING = "content IN (SELECT content FROM files WHERE recording_id = ?)"


def remove(writer: Writer, ids: Mapping[str, str]) -> None:
    """Take recordings out, id → reason: at once for every reader, from the disk with ``compact``."""
    with writer.transaction() as connection:
        for recording_id, reason in sorted(ids.items()):
            if RECORDINGS.one(connection, recording_id) is None:
                raise InputError(f"{recording_id!r} is no recording of {writer.root}; nothing was removed")
            REMOVALS.put(connection, RemovalRow(recording_id, reason, 0))
            for row in list(INPUTS.rows(connection, OF_RECORDING, (recording_id,))):
                INPUTS.put(connection, replace(row, state="skipped", reason="removed", detail=""))
        ledger.record(connection, "removed", {"recordings": dict(sorted(ids.items()))})


def compact(writer: Writer) -> tuple[int, int]:
    """Take from the disk what was removed, and files that nothing refers to; how many recordings and files that were.

    Files go first, rows after: a kill between the two is made good by the next compaction.
    """
    connection, store = writer.connection, ArtefactStore(writer.root)
    removed = [row.recording_id for row in REMOVALS.rows(connection, "compacted = 0 ORDER BY recording_id")]
    rows = [row for each in removed for row in ARTEFACTS.rows(connection, "recording_id = ?", (each,))]
    gone = [store.path_of(row.recording_id, row.kind, row.settings) for row in rows]
    gone += list(unused_files(writer))
    for path in gone:
        writer.disk.remove(path)
    for folder in sorted({path.parent for path in gone if path.parent.is_dir()}):
        writer.disk.sync_folder(folder)
    if removed or gone:
        with writer.transaction() as connection:
            for recording_id in removed:
                _forget(writer, recording_id)
            ledger.record(connection, "compacted", {"recordings": removed, "files": len(gone)})
    with schema.guarded(writer.path):
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return len(removed), len(gone)


def unused_files(writer: Writer) -> Iterator[Path]:
    """Features that no row refers to, and temporary files: what a kill left behind."""
    store = ArtefactStore(writer.root)
    yield from left_behind(writer.root)
    for path in sorted((writer.root / "features").glob("*/*/*.safetensors")):
        rows = ARTEFACTS.rows(writer.connection, "recording_id = ?", (path.stem,))
        if path not in {store.path_of(row.recording_id, row.kind, row.settings) for row in rows}:
            yield path


def decide(writer: Writer, first: str, second: str, verdict: str, note: str = "") -> None:
    """Keep what a person said of two recordings; their order does not matter."""
    first, second = sorted((first, second))
    with writer.transaction() as connection:
        DECISIONS.put(connection, DecisionRow(first, second, verdict, note))
        ledger.record(connection, "decided", {"first": first, "second": second, "verdict": verdict, "note": note})


def set_partition(writer: Writer, name: str, *, licence: str = "", note: str = "") -> None:
    """Name a part of the catalogue, and its terms."""
    with writer.transaction() as connection:
        PARTITIONS.put(connection, PartitionRow(name, licence, note))
        ledger.record(connection, "partition", {"name": name, "licence": licence, "note": note})


def _forget(writer: Writer, recording_id: str) -> None:
    """Delete a removed recording's rows; that it was removed, and the sha256 of its files, stays known."""
    connection = writer.connection
    for row in list(INPUTS.rows(connection, OF_RECORDING, (recording_id,))):
        INPUTS.put(connection, replace(row, facts="{}"))
    for file in list(FILES.rows(connection, "recording_id = ?", (recording_id,))):
        FILES.put(connection, replace(file, title="", artist="", isrc=""))
    connection.execute("DELETE FROM artefacts WHERE recording_id = ?", (recording_id,))
    connection.execute("DELETE FROM recordings WHERE id = ?", (recording_id,))
    found = REMOVALS.one(connection, recording_id)
    if found is not None:
        REMOVALS.put(connection, replace(found, compacted=1))
