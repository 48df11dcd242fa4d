"""What was done to a catalogue, in order, so that nothing can be taken back unnoticed.

Each line of ``ledger.jsonl`` is a JSON object with its number, what happened, and a hash over that and over the line
before. The lines are written in one transaction with their effect, into the database; the file follows it, so that a
kill between the two is made good when the catalogue is next opened for writing.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import IntegrityError
from .disk import Disk
from .rows import EVENTS, EventRow

NAME = "ledger.jsonl"
START = "0" * 64


def record(connection: sqlite3.Connection, what: str, facts: Mapping[str, Any]) -> None:
    """Add an event; to be called inside the transaction of its effect."""
    last = next(EVENTS.rows(connection, "seq = (SELECT max(seq) FROM events)"), None)
    seq, before = (last.seq + 1, last.hash) if last else (0, START)
    body = json.dumps({"what": what, **facts}, sort_keys=True, separators=(",", ":"))
    EVENTS.put(connection, EventRow(seq, body, _hash(seq, body, before)))


def line_of(event: EventRow) -> bytes:
    """The event as a line of the file."""
    head = json.dumps({"seq": event.seq, "hash": event.hash}, separators=(",", ":"))
    return f'{head[:-1]},"event":{event.body}}}\n'.encode()


def events(connection: sqlite3.Connection, *, first: int = 0) -> Iterator[EventRow]:
    """The events from a number on; IntegrityError where the chain is broken."""
    before = START
    for number, event in enumerate(EVENTS.rows(connection, "1 ORDER BY seq")):
        if event.seq != number or event.hash != _hash(event.seq, event.body, before):
            raise IntegrityError(f"event {number} of the ledger does not follow from the one before; restore a backup")
        before = event.hash
        if number >= first:
            yield event


def reconcile(connection: sqlite3.Connection, root: Path, disk: Disk) -> str:
    """Make the file say what the database says; what was wrong with it, or "" where nothing was.

    Lines that are only missing at the end are added; a file that says anything else is set aside and written anew.
    A file that goes on where the database ends shows that the database is not the newest: IntegrityError.
    """
    path, known = root / NAME, list(events(connection))
    wrong, found = wrong_with(path, known), path.read_bytes() if path.exists() else b""
    whole = b"".join(map(line_of, known))
    if not wrong:
        return ""
    if whole.startswith(found) and (not found or found.endswith(b"\n")):
        disk.append(path, whole[len(found) :])
        return ""
    if not whole.startswith(found):
        disk.write(path.with_name(f"{NAME}.damaged"), found)
    disk.write(path, whole)
    return wrong


def wrong_with(path: Path, known: Sequence[EventRow]) -> str:
    """What is wrong with a ledger's file, whose events the database knows; "" where nothing is.

    IntegrityError where the file knows more than the database.
    """
    found = path.read_bytes() if path.exists() else b""
    whole = b"".join(map(line_of, known))
    if found == whole:
        return ""
    if whole.startswith(found):
        return "lines are missing at its end"
    if found.startswith(whole) and _line(found[len(whole) :].split(b"\n")[0], len(known), known):
        raise IntegrityError(
            f"{path} tells of {len(known)} events and more, catalogue.db of {len(known)}: the database is older than "
            "its ledger, or has lost what was written last; restore a backup, or move the ledger away to go on"
        )
    pairs = zip(found.splitlines(keepends=True), map(line_of, known), strict=False)
    number = next((i for i, (a, b) in enumerate(pairs, 1) if a != b), len(known) + 1)
    return f"line {number} is not what was written"


def _line(line: bytes, number: int, known: Sequence[EventRow]) -> bool:
    """Whether a line of the file follows in the chain."""
    try:
        found = json.loads(line)
        body = json.dumps(found["event"], sort_keys=True, separators=(",", ":"))
        return bool(found["hash"] == _hash(number, body, known[-1].hash if known else START))
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _hash(seq: int, body: str, before: str) -> str:
    return hashlib.sha256(f"{before}\n{seq}\n{body}".encode()).hexdigest()
