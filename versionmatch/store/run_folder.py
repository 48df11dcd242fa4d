"""The folder of one run over a catalogue: parts that are whole or not there, and ``run.json`` once it is finished.

What a stopped run came to so far lies in ``incomplete``, with a ``run.json`` of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .disk import Disk

MANIFEST = "run.json"
_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-(?P<job>[a-z]+)-(?P<digest>[0-9a-f]{16})")


class RunFolder:
    """``runs/<UTC time>-<job>-<digest>``: the digest is of all that the result depends on.

    A folder without ``run.json`` is unfinished and is gone on with; a finished one of the same digest is the answer.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        self.path, self._disk = path, disk

    @classmethod
    def of(cls, root: Path, job: str, settings: Mapping[str, Any], *, disk: Disk | None = None) -> RunFolder:
        """The latest run of these settings, or a new one."""
        disk = disk or Disk()
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
        for path in sorted((root / "runs").glob(f"*-{job}-{digest}"), reverse=True):
            if _NAME.fullmatch(path.name) and path.is_dir():
                return cls(path, disk)
        return cls(root / "runs" / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}Z-{job}-{digest}", disk)

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return (self.path / MANIFEST).is_file()

    def part(self, key: Iterable[str]) -> Path:
        """Where the result of a piece of work lies, by what the piece is."""
        text = "\n".join(key)
        return self.path / "parts" / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.json"

    def keep(self, path: Path, rows: list[dict[str, Any]]) -> None:
        """Write a part; its own sha256 stands in it."""
        body = json.dumps(rows, sort_keys=True)
        sealed = {"sha256": hashlib.sha256(body.encode()).hexdigest(), "rows": rows}
        self._disk.write(path, json.dumps(sealed, sort_keys=True).encode())

    def kept(self, path: Path) -> list[dict[str, Any]] | None:
        """The rows of a part, or None where there is none or it is not what was written."""
        try:
            sealed = json.loads(path.read_text(encoding="utf-8"))
            body = json.dumps(sealed["rows"], sort_keys=True)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if sealed.get("sha256") != hashlib.sha256(body.encode()).hexdigest():
            return None
        rows: list[dict[str, Any]] = sealed["rows"]
        return rows

    @property
    def incomplete(self) -> Path:
        """The folder of what a run came to that was stopped: its tables never lie where whole ones would."""
        return self.path / "incomplete"

    def stop(self, facts: Mapping[str, Any]) -> None:
        """Write ``incomplete/run.json``; the run is gone on with by its parts."""
        self._disk.write(self.incomplete / MANIFEST, _document(facts))

    def finish(self, facts: Mapping[str, Any], *, keep_parts: bool = False) -> None:
        """Write ``run.json``; what a stopped run left goes, and the parts, unless some of them may be made again."""
        self._disk.write(self.path / MANIFEST, _document(facts))
        shutil.rmtree(self.incomplete, ignore_errors=True)
        for path in sorted((self.path / "parts").glob("*.json")):
            if not keep_parts:
                self._disk.remove(path)

    def reopen(self) -> None:
        """Make a finished run an unfinished one, which is gone on with by the parts that it kept."""
        self._disk.remove(self.path / MANIFEST)

    @property
    def facts(self) -> dict[str, Any]:
        """What ``run.json`` says, or ``incomplete/run.json`` where the run is not finished."""
        folder = self.path if self.finished else self.incomplete
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return found


def _document(facts: Mapping[str, Any]) -> bytes:
    return (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode()
