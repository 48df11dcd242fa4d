"""What was computed once, by what it was computed from: safetensors files that appear whole or not at all.

A key is everything that can change the numbers (weights, corpus, settings, seed, code); its digest is the file's name,
and the key itself stands in the file. A run that is killed finds, when it starts again, all that it had finished.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ..store.disk import Disk

Arrays: TypeAlias = Mapping[str, npt.NDArray[Any]]


def digest_of(value: object) -> str:
    """sha256, 64 hex digits, of a JSON-able value in its canonical form.

    >>> digest_of({"b": 1, "a": 2}) == digest_of({"a": 2, "b": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{value!r} cannot be part of a key: it is no JSON value")


@dataclass(slots=True)
class Cache:
    """Arrays by kind and key, in a folder; in memory only, where no folder is given.

    ``disk`` does the writing (a test may let it fail at any step); ``made`` and ``found`` count.
    """

    folder: Path | None = None
    disk: Disk = field(default_factory=Disk)
    made: int = 0
    found: int = 0
    _memory: dict[str, Arrays] = field(default_factory=dict)

    def get(self, kind: str, key: Mapping[str, object], make: Callable[[], Arrays]) -> Arrays:
        """The arrays of that key; made now, and kept, where they are not there or their file is damaged."""
        name = f"{kind}-{digest_of({'kind': kind, **key})}"
        arrays = self._memory.get(name) if self.folder is None else self._read(self._path(kind, name), name)
        if arrays is not None:
            self.found += 1
            return arrays
        made = {k: np.ascontiguousarray(v) for k, v in make().items()}
        self.made += 1
        if self.folder is None:
            self._memory[name] = made
        else:
            about = {"name": name, "key": json.dumps(dict(key), sort_keys=True, default=_plain)}
            self.disk.write(self._path(kind, name), save(made, metadata=about))
        return made

    def _path(self, kind: str, name: str) -> Path:
        return (self.folder or Path()) / kind / f"{name}.safetensors"

    def _read(self, path: Path, name: str) -> Arrays | None:
        if not path.is_file():
            return None
        try:
            with safe_open(path, framework="np") as file:
                if file.metadata().get("name") != name:
                    return None
                return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
        except (SafetensorError, OSError):
            return None
