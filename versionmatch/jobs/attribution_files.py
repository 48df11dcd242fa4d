"""Outputs, panels and strangers: files that are named, by ids that stay the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import InputError

SUFFIXES = (".mid", ".midi", ".musicxml", ".mxl", ".abc", ".krn", ".csv", ".wav", ".flac", ".ogg", ".mp3", ".opus",
            ".m4a", ".aiff", ".safetensors")  # fmt: skip
"""Files of a folder that are taken where an adapter does not say its own ``suffixes``."""


def files_of(
    sources: Iterable[str | os.PathLike[str]], *, what: str, suffixes: Iterable[str] = SUFFIXES
) -> dict[str, Path]:
    """Id → file, sorted by id: the files that are named, and those of a folder that have one of the suffixes.

    The id is the file's name without its ending. InputError where a file is not there, where two have one id, and
    where nothing is found.

    Examples
    --------
    >>> files_of(["no such file.mid"], what="outputs")
    Traceback (most recent call last):
    versionmatch.errors.InputError: no such file.mid is not there; outputs are files, or folders of files
    """
    found: dict[str, Path] = {}
    endings = tuple(suffixes)
    given = [Path(source) for source in sources]
    for path in given:
        for file in _below(path, what, endings):
            other = found.setdefault(file.stem, file)
            if other != file:
                raise InputError(f"{file} and {other} have one name, which is their id; rename one of the {what}")
    if not found:
        where = ", ".join(map(str, given)) or "nothing"
        raise InputError(f"there are no {what} in {where}; wanted are files ending in {', '.join(endings)}")
    return dict(sorted(found.items()))


def _below(path: Path, what: str, endings: tuple[str, ...]) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.iterdir() if p.suffix.lower() in endings and not p.name.startswith("."))
    if not path.is_file():
        raise InputError(f"{path} is not there; {what} are files, or folders of files")
    return [path]


def sha256_of(path: Path) -> str:
    """Of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests_of(files: Mapping[str, Path], folder: Path) -> dict[str, dict[str, str]]:
    """Id → path, seen from the folder, and sha256: as ``run.json`` keeps them."""
    return {name: {"path": os.path.relpath(path, folder), "sha256": sha256_of(path)} for name, path in files.items()}
