"""Names and numbers of people: beside the log, not in it, so that they can be erased.

The log keeps ``sha256(salt, facts)`` of each party. Whoever has this file can show that a name is the one that was
entered; once its row is erased, salt and all, the digest in the log says nothing about anybody.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from ..audit.canonical import canonical
from ..errors import InputError
from . import schema

NAME = "names.db"
TABLE = "CREATE TABLE IF NOT EXISTS names (party TEXT PRIMARY KEY, salt BLOB NOT NULL, facts TEXT NOT NULL) STRICT"


class Names:
    """Party → what is known of the person or firm, in a small database.

    Parameters
    ----------
    root : path
        The folder of the log.
    salts : callable, optional
        Makes the 16 bytes that hide a name in its digest.
    """

    def __init__(self, root: Path, *, salts: Callable[[], bytes] = lambda: secrets.token_bytes(16)) -> None:
        self.path, self._salts = root / NAME, salts

    def keep(self, party: str, facts: Mapping[str, str]) -> str:
        """Write down who a party is, replacing what was known; the digest that the log may keep."""
        salt, text = self._salts(), canonical({k: v for k, v in facts.items() if v}).decode()
        with closing(self._connection()) as connection, connection:
            connection.execute("INSERT OR REPLACE INTO names VALUES (?, ?, ?)", (party, salt, text))
        return _digest(salt, text)

    def of(self, party: str) -> dict[str, str]:
        """What is known of a party; nothing where it was erased."""
        found = self._row(party)
        return json.loads(found[1]) if found else {}

    def holds(self, party: str, digest: str) -> bool:
        """Whether what is kept is what the log's digest was made of."""
        found = self._row(party)
        return found is not None and _digest(*found) == digest

    def erase(self, party: str) -> None:
        """Take a party's name and salt away for good; InputError where none is kept."""
        with closing(self._connection()) as connection:
            with connection:
                gone = connection.execute("DELETE FROM names WHERE party = ?", (party,)).rowcount
            if not gone:
                raise InputError(f"no name is kept of party {party!r}")
            connection.execute("VACUUM")

    def _row(self, party: str) -> tuple[bytes, str] | None:
        if not self.path.exists():
            return None
        with closing(self._connection()) as connection:
            found = connection.execute("SELECT salt, facts FROM names WHERE party = ?", (party,)).fetchone()
        return None if found is None else (bytes(found[0]), str(found[1]))

    def _connection(self) -> sqlite3.Connection:
        with schema.guarded(self.path):
            connection = sqlite3.connect(self.path, timeout=30.0)
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute(TABLE)
        return connection


def _digest(salt: bytes, text: str) -> str:
    return hashlib.sha256(salt + text.encode()).hexdigest()
