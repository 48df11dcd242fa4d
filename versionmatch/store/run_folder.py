"""The folder of one run over a catalogue: parts that are whole or not there, and ``run.json`` once it is finished."""

from __future__ import annotations

import hashlib
import json
import re
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

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Write ``run.json``; the parts are no longer needed and go."""
        self._disk.write(self.path / MANIFEST, (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode())
        for path in sorted((self.path / "parts").glob("*.json")):
            self._disk.remove(path)

    @property
    def facts(self) -> dict[str, Any]:
        """What ``run.json`` says."""
        found: dict[str, Any] = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        return found
