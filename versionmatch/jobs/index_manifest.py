"""Manifests: CSV, TSV, JSON lines or Parquet, whose columns are recognised by their usual names."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import InputError, MissingExtra
from .index_inputs import Named

COLUMNS = {
    "path": "path file filename filepath file_path file_name audio audio_path location",
    "partition": "partition split subset",
    "title": "title track_title track track_name name song song_title",
    "version_title": "version_title version subtitle remix",
    "artist": "artist artists performer performers main_artist artist_name",
    "work_id": "work_id work work_title mbid_work musicbrainz_workid",
    "isrc": "isrc isrc_code",
    "iswc": "iswc iswc_code",
    "isni": "isni",
    "ipi": "ipi ipi_name_number",
    "upc": "upc ean barcode gtin",
    "label": "label record_label",
    "p_line": "p_line pline",
    "release": "release album album_title release_title",
    "licence": "licence license licence_url license_url",
    "mbid_recording": "mbid_recording mbid musicbrainz_trackid recording_mbid",
    "grant_id": "grant_id grant",
    "source_id": "id track_id source_id",
    "composer": "composer composers composed_by",
    "date": "date year composed date_composed composition_date composition_year",
}
"""What a column is taken for, and the names by which it is known: in any case, with spaces or hyphens too."""

LONGEST = 1000
_NAMES = {name: column for column, names in COLUMNS.items() for name in names.split()}


def mapped_columns(names: Iterable[str]) -> dict[str, str]:
    """Column of the manifest → what it is taken for; the first of several that mean the same.

    >>> mapped_columns(["File Name", "Artist", "bpm", "ISRC"])
    {'File Name': 'path', 'Artist': 'artist', 'ISRC': 'isrc'}
    """
    found: dict[str, str] = {}
    for name in names:
        meaning = _NAMES.get(str(name).strip().lower().replace(" ", "_").replace("-", "_"))
        if meaning and meaning not in found.values():
            found[name] = meaning
    return found


def manifest_rows(path: Path) -> Iterator[Named]:
    """The inputs that a manifest names; paths are relative to it. A row without a path is quarantined, not lost.

    Raises InputError where the manifest cannot be read or has no column for paths.
    """
    columns: dict[str, str] | None = None
    try:
        for number, row in enumerate(_rows(path), start=1):
            columns = (
                mapped_columns(row) if columns is None or path.suffix.lower() in {".jsonl", ".ndjson"} else columns
            )
            if "path" not in columns.values() and path.suffix.lower() not in {".jsonl", ".ndjson"}:
                raise InputError(
                    f"{path} has no column for paths; name one of its columns path (found: {', '.join(map(str, row))})"
                )
            yield _named(path, number, row, columns)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the manifest {path} cannot be read: {error}; check it, and save it as UTF-8") from error


def _named(path: Path, number: int, row: Mapping[str, Any], columns: Mapping[str, str]) -> Named:
    facts = {meaning: _text(row.get(name)) for name, meaning in columns.items()}
    facts = {meaning: text for meaning, text in facts.items() if text}
    file, partition = facts.pop("path", ""), facts.pop("partition", "")
    if not file or "\0" in file:
        key = f"{path}#row={number}"
        return Named(key, key, verdict=("quarantined", "path_unsafe", f"row {number} names no path"))
    full = os.path.abspath(path.parent / file)
    return Named(full, full, partition=partition, facts=facts)


def _text(value: Any) -> str:
    """A cell as one line of text; lists are joined, other structures are left out."""
    if isinstance(value, list):
        return "; ".join(filter(None, map(_text, value)))[:LONGEST]
    if value is None or isinstance(value, (dict, bytes)) or value != value:  # noqa: PLR0124 - NaN
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())[:LONGEST]


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        yield from _parquet(path)
    elif suffix in {".jsonl", ".ndjson"}:
        with path.open(encoding="utf-8-sig") as file:
            for line in file:
                if line.strip():
                    yield _json_row(line)
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=_delimiter(file.readline(), suffix))
            file.seek(0)
            yield from ({k: v for k, v in row.items() if k is not None} for row in reader)


def _json_row(line: str) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _delimiter(head: str, suffix: str) -> str:
    return "\t" if suffix == ".tsv" else max(",;\t|", key=head.count)


def _parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingExtra(f"the manifest {path}", extra="catalogue") from error
    try:
        with parquet.ParquetFile(path) as file:
            wanted = list(mapped_columns(file.schema_arrow.names)) or file.schema_arrow.names
            for batch in file.iter_batches(batch_size=4096, columns=wanted):
                yield from batch.to_pylist()
    except pyarrow.ArrowException as error:
        raise InputError(f"the manifest {path} is no Parquet file that can be read: {error}; write it again") from error
