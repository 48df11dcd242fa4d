"""Tables as files: read back by other programs, and the same bytes for the same rows."""

import csv
import json

import numpy as np
import pytest

from versionmatch.errors import InputError
from versionmatch.store.table_file import write_schemas, write_table
from versionmatch.tables import MATCHES, TABLES, Column, Table

COLUMNS = (Column("id", "text", "name"), Column("n", "count", "how many"),
           Column("x", "number", "how much", optional=True), Column("ok", "flag", "whether"))  # fmt: skip
SMALL = Table("small", 1, COLUMNS)
ROWS = [{"id": "a", "n": 1, "x": 0.25, "ok": True}, {"id": "=SUM(A1)", "n": 2, "x": None, "ok": False},
        {"id": 'Ünï, "quoted"\nnext', "n": np.int64(3), "x": np.float32(-1.5), "ok": True}]  # fmt: skip
PLAIN = [{"id": "a", "n": 1, "x": 0.25, "ok": True}, {"id": "=SUM(A1)", "n": 2, "x": None, "ok": False},
         {"id": 'Ünï, "quoted"\nnext', "n": 3, "x": -1.5, "ok": True}]  # fmt: skip


def test_csv_is_read_back_and_runs_no_formula(tmp_path):
    path = write_table(SMALL, ROWS, tmp_path / "t.csv")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [r["id"] for r in rows] == ["a", "'=SUM(A1)", 'Ünï, "quoted"\nnext']
    assert [r["x"] for r in rows] == ["0.25", "", "-1.5"]
    assert [r["ok"] for r in rows] == ["true", "false", "true"]


def test_json_lines_hold_the_rows_as_they_are(tmp_path):
    text = write_table(SMALL, ROWS, tmp_path / "t.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line) for line in text.splitlines()] == PLAIN


def test_parquet_is_read_back_with_its_types(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    table = pq.read_table(write_table(SMALL, ROWS, tmp_path / "t.parquet"))
    assert table.to_pylist() == PLAIN
    assert [str(t) for t in table.schema.types] == ["string", "int64", "double", "bool"]
    assert table.schema.metadata[b"versionmatch.table"] == b"versionmatch.small/1"


def test_parquet_answers_a_question_in_sql(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    pytest.importorskip("pyarrow")
    path = write_table(SMALL, ROWS, tmp_path / "t.parquet")
    assert duckdb.sql(f"SELECT sum(n) FROM '{path}' WHERE ok").fetchall() == [(4,)]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_the_same_rows_give_the_same_bytes(tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    one, two = (write_table(SMALL, ROWS, tmp_path / f"{k}{suffix}").read_bytes() for k in range(2))
    assert one == two


@pytest.mark.parametrize(("row", "message"), [
    ({"id": "a", "n": 1, "ok": True, "y": 1}, r"versionmatch\.small/1 has no column 'y'; there are: id, n, x, ok"),
    ({"id": "a", "ok": True}, "the column 'n' is empty"),
    ({"id": "a", "n": 1.5, "ok": True}, "the column 'n' holds 1.5; it must be a count"),
    ({"id": "a", "n": True, "ok": True}, "the column 'n' holds True; it must be a count"),
    ({"id": "a", "n": 1, "x": float("nan"), "ok": True}, "the column 'x' holds nan; it must be a number"),
])  # fmt: skip
def test_a_row_that_does_not_fit_is_named_and_nothing_is_written(tmp_path, row, message):
    with pytest.raises(InputError, match=message):
        write_table(SMALL, [row], tmp_path / "t.csv")
    assert not list(tmp_path.iterdir())


def test_another_suffix_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"t\.xls cannot be written as a table; .*\.csv, \.jsonl, \.parquet"):
        write_table(SMALL, ROWS, tmp_path / "t.xls")


def test_a_schema_says_of_every_row_whether_it_fits(tmp_path):
    paths = write_schemas(tmp_path, TABLES.values())
    assert sorted(p.name for p in paths) == [f"{n}.schema.json" for n in sorted(TABLES)]
    schema = json.loads((tmp_path / "matches.schema.json").read_text())
    assert schema["title"] == "versionmatch.matches/1"
    assert schema["required"] == list(MATCHES.names)
    assert schema["properties"]["p_null"]["type"] == ["number", "null"]


def test_columns_of_a_published_version_stay_where_they_are():
    published = (
        "query_id ref_id tier score p_null q_start q_end r_start r_end transpose tempo_ratio matched_s coverage_q"
    )
    assert list(MATCHES.names[:17]) == [*published.split(), "coverage_r", "method", "model_id", "rank"]
