"""One entry of a log: who said what and when, and the hash of the entry before."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..errors import InputError, IntegrityError
from .canonical import canonical

START = "0" * 64
"""What stands for the entry before the first."""
TIME = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ")
KEYS = {"actor", "body", "prev", "seq", "time", "type"}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a log, from 0 on; ``time`` is UTC to the second, such as ``2026-11-28T06:48:25Z``."""

    seq: int
    prev: str
    time: str
    actor: str
    type: str
    body: Mapping[str, Any]

    def __post_init__(self) -> None:
        checked_time(self.time)

    @property
    def line(self) -> bytes:
        """Its canonical bytes, without the end of the line; the leaf of the tree is made of them."""
        names = ("actor", "body", "prev", "seq", "time", "type")
        return canonical({name: getattr(self, name) for name in names})

    @classmethod
    def of(cls, line: bytes, seq: int) -> Entry:
        """The entry that a line says; IntegrityError where it is none, or is not spelt canonically."""
        try:
            found = json.loads(line)
            entry = cls(**found)
            whole = entry.line == line and entry.seq == seq
        except (ValueError, TypeError, RecursionError) as error:
            raise IntegrityError(f"entry {seq} of the log is no entry: {error}; restore a backup") from error
        if not whole:
            raise IntegrityError(f"entry {seq} of the log is not what was written; restore a backup")
        return entry


def chained(line: bytes) -> str:
    """The hash by which the next entry names this one."""
    return hashlib.sha256(line).hexdigest()


def checked_time(time: str) -> str:
    """The time as given; InputError where it is not spelt ``YYYY-MM-DDThh:mm:ssZ``, which sorts as it passes."""
    if not isinstance(time, str) or not TIME.fullmatch(time):
        raise InputError(f"{time!r} is no time; write it in UTC as 2026-11-28T06:48:25Z")
    return time


def now() -> str:
    """The time of this machine."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
