"""The corpus of an attribution: a table of what a model was trained on, or the frozen corpus of a log of rights."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, IntegrityError, NotPermitted
from ..rights.manifest import refuse_outside
from ..types.attribution import Corpus, is_digest

if TYPE_CHECKING:
    from ..rights.manifest import Manifest
    from ..rights.state import State

COLUMNS = {
    "id": "id item item_id track_id source_id asset asset_id",
    "holder": "holder rights_holder rightsholder owner owners label licensor",
    "path": "path file filename filepath file_path location",
    "sha256": "sha256 digest content content_sha256",
    "title": "title track_title track name work_title",
    "artist": "artist artists performer composer composers",
    "isrc": "isrc",
    "iswc": "iswc",
}
"""What a column of a manifest is taken for, and the names by which it is known."""
_NAMES = {name: column for column, names in COLUMNS.items() for name in names.split()}
NOBODY = "(not stated)"
"""The holder of an item whose holder the manifest does not name."""


@dataclass(frozen=True, slots=True)
class Registered:
    """What a log of rights says of the model: under which root its corpus was frozen, and by which entries."""

    model: str
    version: str
    manifest: str
    weights_sha256: str
    log_entries: int
    checkpoint: str

    def to_dict(self) -> dict[str, Any]:
        """As ``run.json`` has it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, eq=False, slots=True)
class Disclosed:
    """A frozen corpus, with titles and paths by id (``facts``, ``paths``), and where it was read from."""

    corpus: Corpus
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    paths: Mapping[str, Path] = field(default_factory=dict)
    source: str = ""
    registered: Registered | None = None

    def title(self, item: str) -> str:
        """What an item is called; its id where no title is known."""
        return self.facts.get(item, {}).get("title", "") or item


def read_corpus(source: str | os.PathLike[str], *, check: bool = True) -> Disclosed:
    """The corpus that a manifest lists: JSON, JSON lines or CSV, an item a row.

    Columns: ``id``, ``holder`` (or ``rights_holder``), and as far as known ``path`` (relative to the manifest),
    ``sha256``, ``title``, ``artist``, ``isrc``, ``iswc``. A sha256 that is missing is taken from the file; with
    ``check``, one that is given is compared with it. JSON: a list of objects, or an object with ``items`` and ``name``.

    Raises
    ------
    InputError
        The manifest cannot be read, or an item has no id, or one that is there already.
    IntegrityError
        A file is not the one that the manifest tells of.
    """
    path = Path(source)
    name, rows = _rows(path)
    ids, holders, contents = [], [], []
    facts: dict[str, Mapping[str, str]] = {}
    paths: dict[str, Path] = {}
    for number, row in enumerate(rows, 1):
        found = _known(row)
        item = found.get("id") or Path(found.get("path", "")).stem
        if not item:
            raise InputError(f"{path}: row {number} has no id; give it one, the name by which the model knows the item")
        if item in facts:
            raise InputError(
                f"{path}: row {number} has the id {item!r}, which an earlier row has; give each item its own"
            )
        if found.get("path"):
            paths[item] = path.parent / found["path"]
        ids.append(item)
        holders.append(found.get("holder") or NOBODY)
        contents.append(_content(found, paths.get(item), item, check=check))
        facts[item] = {k: v for k, v in found.items() if k not in {"id", "holder", "path", "sha256"}}
    if not ids:
        raise InputError(f"{path} lists no item; a corpus has one or more")
    whole = tuple(contents) if all(contents) else ()
    if any(contents) and not whole:
        without = ids[contents.index("")]
        raise InputError(f"{path}: {without!r} has neither sha256 nor path, as others have; give all of them or none")
    corpus = Corpus(tuple(ids), tuple(holders), whole, name)
    return Disclosed(corpus, facts, {i: p for i, p in paths.items() if p.is_file()}, str(path))


def _known(row: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in row.items():
        meaning = _NAMES.get(str(name).strip().lower().replace(" ", "_").replace("-", "_"))
        text = "; ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value).strip()
        if meaning and text:
            found.setdefault(meaning, text)
    return found


def _content(found: Mapping[str, str], path: Path | None, item: str, *, check: bool) -> str:
    """The sha256 of an item; ``""`` where nothing tells it."""
    given = found.get("sha256", "").lower()
    if given and not is_digest(given):
        raise InputError(f"the sha256 of {item!r} is {given[:80]!r}; write 64 hex digits")
    if path is None or not path.is_file() or (given and not check):
        if not given and path is not None:
            raise InputError(f"{item!r}: {path} is not there; mend the path, or give the item's sha256")
        return given
    there = hashlib.sha256(path.read_bytes()).hexdigest()
    if given and given != there:
        raise IntegrityError(
            f"{item!r}: {path} has the sha256 {there[:12]}…, the manifest {given[:12]}…; mend one of them"
        )
    return there


def _rows(path: Path) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """Name of the corpus, and its rows."""
    if not path.is_file():
        raise InputError(f"{path} is not there; a corpus is a manifest (JSON or CSV), or a folder with a log of rights")
    text, suffix = path.read_text(encoding="utf-8-sig"), path.suffix.lower()
    try:
        if suffix in {".csv", ".tsv"}:
            return path.stem, list(csv.DictReader(text.splitlines(), delimiter="\t" if suffix == ".tsv" else ","))
        if suffix in {".jsonl", ".ndjson"}:
            return path.stem, [json.loads(line) for line in text.splitlines() if line.strip()]
        document = json.loads(text)
    except (ValueError, csv.Error) as error:
        raise InputError(f"the manifest {path} cannot be read: {error}; write it as JSON or CSV in UTF-8") from error
    name, rows = (document.get("name"), document.get("items")) if isinstance(document, dict) else ("", document)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path}: a manifest is a list of objects, or an object whose 'items' is one")
    return str(name or path.stem), rows


def write_corpus(path: Path, disclosed: Disclosed) -> Path:
    """The manifest of a corpus as JSON, so that ``read_corpus`` gives the same; without paths."""
    corpus = disclosed.corpus
    contents = corpus.contents or ("",) * len(corpus)
    rows = []
    for item, holder, content in zip(corpus.ids, corpus.holders, contents, strict=True):
        rows.append(
            {"id": item, "holder": holder, **({"sha256": content} if content else {}), **disclosed.facts.get(item, {})}
        )
    from ..files import write_atomically

    with write_atomically(path) as file:
        file.write((json.dumps({"name": corpus.name, "items": rows}, indent=1, ensure_ascii=False) + "\n").encode())
    return path


def frozen_corpus(root: str | os.PathLike[str], model: str) -> Disclosed:
    """What a log of rights froze for a registered model: its assets, by their ids, with who owns the recordings.

    InputError where the log knows no such model; the folder is that of ``versionmatch corpus``.
    """
    state, manifest, registered = _registered(root, model)
    ids = tuple(sorted(manifest.assets))
    holders = tuple(_owners(state, asset) for asset in ids)
    contents = tuple(str(state.assets[asset]["sha256"]) for asset in ids)
    corpus = Corpus(
        ids, holders, contents if all(contents) else (), f"{registered.model}, frozen corpus {registered.manifest[:12]}"
    )
    facts = {
        asset: {"title": str(state.recordings[state.assets[asset]["recording"]].get("title", ""))} for asset in ids
    }
    return Disclosed(corpus, facts, {}, str(root), registered)


def within_frozen(disclosed: Disclosed, root: str | os.PathLike[str], model: str) -> Disclosed:
    """The same corpus, once it is sure that every item was frozen for the model; else NotPermitted (exit 4)."""
    _, manifest, registered = _registered(root, model)
    refuse_outside(manifest, disclosed.corpus.ids)
    return Disclosed(disclosed.corpus, disclosed.facts, disclosed.paths, disclosed.source, registered)


def refuse_items(disclosed: Disclosed, items: Iterable[str]) -> None:
    """NotPermitted where a model has items that were not frozen for it; nothing where no log was asked."""
    outside = sorted(set(items) - set(disclosed.corpus.ids))
    if disclosed.registered is not None and outside:
        raise NotPermitted(
            f"the model has {len(outside)} items, such as {outside[0]!r}, that are not in the frozen corpus "
            f"{disclosed.registered.manifest[:12]}… of {disclosed.registered.model!r}; attribute among what was frozen"
        )


def _registered(root: str | os.PathLike[str], model: str) -> tuple[State, Manifest, Registered]:
    from ..rights.book import Book
    from .governed import RIGHTS

    book = Book(Path(root) / RIGHTS)
    body = book.state.models.get(model)
    if body is None:
        known = ", ".join(sorted(book.state.models)) or "none"
        raise InputError(
            f"the log in {root} has no model {model!r}; it has: {known}. Enter it: `versionmatch corpus register-model`"
        )
    manifest = book.manifest(body["manifest"])
    told = Registered(
        model,
        str(body["version"]),
        manifest.root,
        str(body["weights_sha256"]),
        len(book.log),
        book.log.checkpoint.short,
    )
    return book.state, manifest, told


def _owners(state: State, asset: str) -> str:
    """The parties that own the recording of an asset, by their ids: names stay out of files."""
    owners = state.recordings[state.assets[asset]["recording"]].get("owners", {})
    return " + ".join(sorted(owners)) or NOBODY
