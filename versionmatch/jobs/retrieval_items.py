"""What a retrieval manifest names: audio files, or CQT features inside a ``.npz``."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError


@dataclass(frozen=True, slots=True)
class Item:
    """One row: a file, or the array ``key`` inside a ``.npz``; ``label`` is what messages call it."""

    path: str
    work_id: str
    label: str
    key: str | None = None
    recording_id: str | None = None


def read_manifest(path: Path) -> tuple[Item, ...]:
    """The items of a manifest, in its order.

    A CSV has the columns ``path``, ``work_id`` and, if wanted, ``recording_id``; paths are relative to it.
    ``features.npz#key`` names one array of a ``.npz``; ``features.npz`` all of them, and the manifest may
    itself be such a file. Where ``work_id`` is empty or missing, it comes from an ``index.json`` beside the
    ``.npz`` (a list of ``{"id": key, "work": …}``), else from the key's part before ``_v``.

    Raises InputError where the manifest is missing, empty or lacks a column.
    """
    if path.suffix.lower() == ".npz":
        items = _arrays(path, path.name, "", None)
    else:
        items = [item for row in _rows(path) for item in _items(path.parent, row)]
    if not items:
        raise InputError(f"{path} names no recordings; write rows of path,work_id[,recording_id]")
    return tuple(items)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = {"path", "work_id"} - set(reader.fieldnames or ())
            if missing:
                raise InputError(
                    f"{path} lacks the column {', '.join(sorted(missing))}; the first line must name "
                    f"path,work_id[,recording_id], found {reader.fieldnames}"
                )
            return [
                {k: (v or "").strip() for k, v in row.items() if k is not None and not isinstance(v, list)}
                for row in reader
            ]
    except OSError as error:
        raise InputError(f"the manifest {path} cannot be read: {error.strerror}; check its path") from error
    except UnicodeDecodeError as error:
        raise InputError(f"the manifest {path} is not UTF-8 text; save it as CSV in UTF-8") from error


def _items(folder: Path, row: dict[str, str]) -> list[Item]:
    name, work_id, recording_id = row["path"], row["work_id"], row.get("recording_id") or None
    if not name:
        return []
    file, hash_sign, key = name.partition(".npz#")
    if hash_sign:
        source = folder / f"{file}.npz"
        work_id = work_id or _works_beside(source).get(key) or key.partition("_v")[0]
        return [Item(str(source), work_id, name, key, recording_id)]
    if name.lower().endswith(".npz"):
        return _arrays(folder / name, name, work_id, recording_id)
    if not work_id:
        raise InputError(f"the manifest's row for {name} has no work_id; name the work it is a version of")
    return [Item(str(folder / name), work_id, name, None, recording_id)]


def _arrays(path: Path, label: str, work_id: str, recording_id: str | None) -> list[Item]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            keys = sorted(archive.files)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no .npz of CQT features: {error}; check its path") from error
    works = _works_beside(path)
    return [
        Item(str(path), work_id or works.get(key) or key.partition("_v")[0], f"{label}#{key}", key, recording_id)
        for key in keys
    ]


def _works_beside(path: Path) -> dict[str, str]:
    index = path.parent / "index.json"
    if not index.is_file():
        return {}
    entries = json.loads(index.read_text(encoding="utf-8"))
    return {str(e["id"]): str(e["work"]) for e in entries if isinstance(e, dict) and "id" in e and "work" in e}
