"""Tables as files: CSV, JSON lines or Parquet; the same rows give the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import InputError, MissingExtra
from ..files import write_atomically
from ..tables import Row, Table

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A text that begins with one of these would be run by a spreadsheet; an apostrophe before it prevents that."""
AT_ONCE = 65_536
"""Rows of a row group in Parquet."""


def write_table(table: Table, rows: Iterable[Row], path: Path) -> Path:
    """Write a table in the format that the path's suffix names; the path.

    Every row is checked against the table's columns first. The file is whole or not there.

    Raises
    ------
    InputError
        For another suffix than ``.csv``, ``.jsonl`` and ``.parquet``, or a row that does not fit the table.
    MissingExtra
        For Parquet where pyarrow is not installed.
    """
    writers: dict[str, Callable[[Table, list[dict[str, Any]]], bytes]] = {
        ".csv": as_csv,
        ".jsonl": as_json_lines,
        ".parquet": as_parquet,
    }
    if path.suffix not in writers:
        raise InputError(f"{path} cannot be written as a table; give it one of the suffixes {', '.join(writers)}")
    content = writers[path.suffix](table, [table.checked(row) for row in rows])
    with write_atomically(path) as file:
        file.write(content)
    return path


def as_csv(table: Table, rows: list[dict[str, Any]]) -> bytes:
    """RFC 4180 in UTF-8: a header, then a line for each row; what is empty is an empty cell, true is ``true``."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.names)
    for row in rows:
        writer.writerow([_cell(value) for value in row.values()])
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return json.dumps(value)


def as_json_lines(_: Table, rows: list[dict[str, Any]]) -> bytes:
    """One JSON object on each line."""
    return "".join(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n" for row in rows).encode()


def as_parquet(table: Table, rows: list[dict[str, Any]]) -> bytes:
    """Parquet with zstd; the schema's metadata names the table and its version."""
    if find_spec("pyarrow") is None:
        raise MissingExtra("writing Parquet", extra="catalogue")
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"text": pa.string(), "number": pa.float64(), "count": pa.int64(), "flag": pa.bool_()}
    fields = [pa.field(c.name, kinds[c.kind], nullable=c.optional) for c in table.columns]
    schema = pa.schema(fields, metadata={"versionmatch.table": table.id})
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd", row_group_size=AT_ONCE)
    return sink.getvalue()


def write_schemas(folder: Path, tables: Iterable[Table]) -> list[Path]:
    """The JSON Schema of each table as ``<name>.schema.json`` in the folder."""
    paths = []
    for table in tables:
        path = folder / f"{table.name}.schema.json"
        with write_atomically(path) as file:
            file.write((json.dumps(table.schema(), indent=1) + "\n").encode())
        paths.append(path)
    return paths
