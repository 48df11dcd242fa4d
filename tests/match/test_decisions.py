"""Decisions are read as they were made, the last about a pair counts, and what does not fit is named by its row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.errors import InputError
from versionmatch.match.clusters import Edge, clustered
from versionmatch.match.decisions import CHOICES, Decision, apart, read_decisions
from versionmatch.store.table_file import write_table
from versionmatch.tables import DECISIONS

HEADER = "query_id,ref_id,tier,decision,note,decided_at\r\n"
# a text that begins with an apostrophe and a formula's sign cannot be told from one that was guarded
IDS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'"), min_size=1, max_size=6)
NOTES = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="'\x00"), min_size=1)
MADE = st.builds(
    lambda a, b, *rest: Decision(a, a + b, "version", *rest), IDS, IDS, st.sampled_from(CHOICES), NOTES, st.none()
)


@pytest.fixture
def read(tmp_path):
    def reading(text):
        path = tmp_path / "decisions.csv"
        path.write_bytes(text.encode())
        return read_decisions(path)

    return reading


def test_a_decision_is_read_with_its_note_and_time(read):
    found = read(HEADER + 'a,b,same recording,reject,"other take, ""live""",2026-11-28T01:00:00Z\r\n')
    assert found == [Decision("a", "b", "same recording", "reject", 'other take, "live"', "2026-11-28T01:00:00Z")]


def test_the_last_decision_about_a_pair_counts_whichever_way_round(read):
    found = read(HEADER + "b,c,version,accept,,\r\na,b,version,reject,,\r\nb,a,version,unsure,,\r\n")
    assert [(d.pair, d.decision) for d in found] == [(("a", "b"), "unsure"), (("b", "c"), "accept")]


@pytest.mark.parametrize(
    "text",
    [
        "decision,tier,ref_id,query_id\nreject,version,b,a\n",
        "\ufeffquery_id;ref_id;tier;decision;note\r\na;b;version;reject;\r\n\r\n",
        "query_id\tref_id\ttier\tdecision\r\na\tb\tversion\treject",
    ],
)
def test_a_file_that_went_through_a_spreadsheet_is_read_all_the_same(read, text):
    assert read(text) == [Decision("a", "b", "version", "reject")]


def test_a_file_without_decisions_has_none(read):
    assert read(HEADER) == []


@pytest.mark.parametrize(("text", "message"), [
    (HEADER + "a,b,version,accept,,\r\nc,d,version,maybe,,\r\n",
     r"decisions\.csv, row 3: the decision 'maybe' is unknown; there are: accept, reject, unsure"),
    (HEADER + ",b,version,accept,,\r\n", "row 2: the query_id is missing"),
    (HEADER + "a\r\n", "row 2: the ref_id is missing"),
    (HEADER + "a,b,,accept,,\r\n", "row 2: the tier is missing"),
    (HEADER + "a,a,version,accept,,\r\n", "row 2: both ids are 'a'; a decision is about two recordings"),
    (HEADER + "a,b,version,accept,x,y,z\r\n", "row 2: 7 cells, but 6 columns"),
    ("query_id,ref_id,tier,verdict\r\n", r"row 1: versionmatch\.decisions/1 has no column 'verdict'; there are"),
    ("query_id,tier,decision\r\n", "row 1: the column 'ref_id' is absent"),
    ("query_id,ref_id,tier,decision,note,note\r\n", "row 1: a column stands there twice"),
    ("", "row 1: the column 'query_id' is absent"),
])  # fmt: skip
def test_what_does_not_fit_is_named_by_its_row(read, text, message):
    with pytest.raises(InputError, match=message):
        read(text)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "d.csv"
    path.write_bytes(HEADER.encode() + "a,b,version,accept,ü,\r\n".encode("latin-1"))
    with pytest.raises(InputError, match="is not UTF-8"):
        read_decisions(path)


@given(st.lists(MADE, unique_by=lambda d: d.pair, max_size=8))
def test_what_is_written_is_what_is_read(tmp_path_factory, decisions):
    path = write_table(DECISIONS, (d.row() for d in decisions), tmp_path_factory.mktemp("d") / "d.csv")
    assert read_decisions(path) == sorted(decisions, key=lambda d: d.pair)


def test_what_was_rejected_never_comes_together(read):
    decisions = read(HEADER + "b,a,same recording,reject,,\r\nc,b,same recording,accept,,\r\n")
    assert apart(decisions) == [("a", "b")]
    edges = [Edge(*pair, "same recording", 0.9) for pair in (("a", "b"), ("b", "c"), ("a", "c"))]
    assert all({"a", "b"} - set(c.members) for c in clustered(edges, apart(decisions)).clusters)
