"""Which items a model was trained on, and where each one's codes, latents or sound lie.

A manifest is a table (CSV, TSV, JSON or JSON lines) with a row per item, or a folder that holds one as ``corpus.csv``,
``.tsv``, ``.json`` or ``.jsonl``; a folder without one is taken for its files. Columns: ``id`` (else the name of the
file), ``holder``, ``path`` (of sound, or of arrays; relative to the manifest), ``text`` (the prompt), ``start`` and
``seconds`` (the part of the sound that is the item). Others are left alone.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from torch import Tensor

from ...errors import InputError
from ...types.attribution import Corpus
from ..cache import digest_of

COLUMNS = {
    "id": "id item item_id track_id source_id asset asset_id",
    "holder": "holder rights_holder rightsholder owner owners label licensor",
    "path": "path file filename filepath file_path location",
    "text": "text prompt caption description",
    "start": "start start_s",
    "seconds": "seconds duration_s",
}
"""What a column of a manifest is taken for, and the names by which it is known."""
_NAMES = {name: column for column, names in COLUMNS.items() for name in names.split()}
NOBODY = "(not stated)"
"""The holder of an item whose holder the manifest does not name."""
MANIFESTS = ("corpus.csv", "corpus.tsv", "corpus.json", "corpus.jsonl")
ARRAYS = (".safetensors", ".npz")
SOUNDS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff", ".m4a")
"""Endings of the files in a folder that are taken for items."""


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """An item: its id, who holds the rights, its prompt, and its file or its arrays."""

    id: str
    holder: str = NOBODY
    path: Path | None = None
    text: str = ""
    start: float = 0.0
    seconds: float = 0.0  # 0: to the end
    arrays: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def content(self) -> str:
        """sha256 of all that the item is: its bytes, its prompt, which part of the sound."""
        try:
            data = b"" if self.path is None else self.path.read_bytes()
        except OSError as error:
            raise InputError(f"item {self.id!r}: {self.path} cannot be read: {error.strerror}") from error
        sums = {name: hashlib.sha256(_bytes(a)).hexdigest() + str(a.shape) for name, a in self.arrays.items()}
        file = hashlib.sha256(data).hexdigest()
        return digest_of({"file": file, "arrays": sums, "text": self.text, "part": [self.start, self.seconds]})


def _bytes(values: Tensor) -> bytes:
    return bytes(values.detach().cpu().contiguous().numpy().tobytes())


def read_entries(corpus: str | Path, codes: str | Path = "") -> tuple[Entry, ...]:
    """The items of a manifest or a folder, with the files in the folder ``codes`` that have their ids as names.

    Raises InputError where there is no manifest, no item, an id is there twice, or an item has no file.
    """
    source = Path(corpus)
    found = [source / name for name in MANIFESTS if (source / name).is_file()] if source.is_dir() else [source]
    rows = _rows(found[0]) if found else _files(source)
    entries = [_entry(row, (found[0].parent if found else source), number) for number, row in enumerate(rows, 1)]
    entries = [_with_codes(entry, Path(codes)) if codes else entry for entry in entries]
    ids = [entry.id for entry in entries]
    if not ids or len(set(ids)) < len(ids):
        twice = next((i for i in ids if ids.count(i) > 1), None)
        raise InputError(f"{source} names {'no item' if twice is None else f'item {twice!r} twice'}; name each once")
    for entry in entries:
        if entry.path is None or not entry.path.is_file():
            raise InputError(
                f"item {entry.id!r} of {source} has no file: there is no {entry.path or 'path in its row'}"
                f"{f' and no {file_name(entry.id)}.safetensors in {codes}' if codes else ''}"
            )
    return tuple(entries)


def corpus_of(entries: Sequence[Entry], name: str) -> Corpus:
    """The frozen corpus: ids, holders, and what each item is."""
    return Corpus(
        tuple(e.id for e in entries), tuple(e.holder for e in entries), tuple(e.content for e in entries), name
    )


def file_name(id: str) -> str:
    """The name, without its ending, of the file with an item's codes or latents.

    >>> file_name("song 1"), file_name("a/b")
    ('song 1', 'a%2Fb')
    """
    return quote(id, safe=" ()[]!'&,+=@~")


def _with_codes(entry: Entry, folder: Path) -> Entry:
    for ending in ARRAYS:
        path = folder / f"{file_name(entry.id)}{ending}"
        if path.is_file():
            return Entry(entry.id, entry.holder, path, entry.text, entry.start, entry.seconds)
    return entry


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        text, ending = path.read_text(encoding="utf-8-sig"), path.suffix.lower()
        if ending in {".jsonl", ".ndjson"}:
            rows: Any = [json.loads(line) for line in text.splitlines() if line.strip()]
        elif ending == ".json":
            rows = json.loads(text)
            rows = rows.get("items") if isinstance(rows, dict) else rows
        else:
            rows = list(csv.DictReader(text.splitlines(), delimiter="\t" if ending == ".tsv" else ","))
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"the corpus {path} cannot be read: {error}; write it as CSV or JSON in UTF-8") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path}: a corpus is a list of objects, or an object whose 'items' is one")
    return [_known(row) for row in rows]


def _known(row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        meaning = _NAMES.get(str(name).strip().lower().replace(" ", "_").replace("-", "_"))
        if meaning and value is not None and value != "":
            found.setdefault(meaning, value)
    return found


def _files(folder: Path) -> list[dict[str, Any]]:
    if not folder.is_dir():
        raise InputError(f"there is no corpus at {folder}; give a folder, a CSV table or JSON lines")
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in {*ARRAYS, *SOUNDS})
    return [{"id": p.stem, "path": p.name, "text": text_beside(p)} for p in paths]


def text_beside(path: Path) -> str:
    """The prompt in the text file of the same name, if there is one."""
    beside = path.with_suffix(".txt")
    return beside.read_text(encoding="utf-8").strip() if beside.is_file() else ""


def _entry(row: Mapping[str, Any], folder: Path, number: int) -> Entry:
    given = {name: str(row.get(name) or "").strip() for name in ("id", "holder", "path", "text")}
    id = given["id"] or Path(given["path"]).stem
    if not id:
        raise InputError(f"row {number} of the corpus in {folder} has no id; give it one, the name of the item")
    path = folder / given["path"] if given["path"] else None
    start, seconds = (_number(row.get(name), name, id) for name in ("start", "seconds"))
    return Entry(id, given["holder"] or NOBODY, path, given["text"], start, seconds)


def _number(value: Any, name: str, item: str) -> float:
    try:
        found = float(value or 0.0)
    except (TypeError, ValueError):
        found = -1.0
    if not 0 <= found < float("inf"):
        raise InputError(f"item {item!r}: {name} is seconds, 0 or more; got {value!r}")
    return found


def is_arrays(path: Path) -> bool:
    """Whether a file is of arrays rather than sound, by its ending."""
    return path.suffix.lower() in ARRAYS


def read_arrays(path: Path) -> dict[str, Tensor]:
    """Arrays by name in a .safetensors or .npz file; InputError where it holds none or is damaged."""
    try:
        if path.suffix.lower() == ".npz":
            with np.load(path, allow_pickle=False) as file:
                found = {name: torch.from_numpy(np.ascontiguousarray(file[name])) for name in file.files}
        else:
            found = load_safetensors(path.read_bytes())
    except (OSError, ValueError, SafetensorError, TypeError) as error:
        raise InputError(f"{path} cannot be read as arrays: {error}; write it again") from error
    return found


def source_entry(id: str, source: Any, main: str) -> Entry:
    """A piece that is not of the corpus: a path, an array, or a mapping of arrays with, perhaps, its ``text``."""
    if isinstance(source, Entry):
        return source
    if isinstance(source, (str, PathLike)):
        path = Path(source)
        if not path.is_file():
            raise InputError(f"there is no file {path} for {id!r}")
        return Entry(id, path=path, text=text_beside(path))
    if isinstance(source, Mapping):
        arrays = {k: torch.as_tensor(v) for k, v in source.items() if k not in {"text", "path"}}
        beside = Path(source["path"]) if "path" in source else None
        return Entry(id, path=beside, text=str(source.get("text", "")), arrays=arrays)
    return Entry(id, arrays={main: torch.as_tensor(source)})
