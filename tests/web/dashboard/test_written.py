"""The page of a run: the same bytes for the same rows, small, nothing unescaped, nothing unaccounted for."""

import base64
import json
import re
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.dashboard import runs
from versionmatch.errors import InputError
from versionmatch.match.decisions import Decision
from versionmatch.web.dashboard import RecordingInfo, sound_path, write_dashboard
from versionmatch.web.dashboard_data import MISSING_LISTED, PIECE, as_script
from versionmatch.web.dashboard_head import RunFacts, head

A, B, C = (runs.identity(name) for name in "abc")


def unpacked(path):
    text = re.fullmatch(r'\(window\.versionmatchData=.*\)\["[\w-]+"\]="(.*)";\n', path.read_text("ascii")).group(1)
    return json.loads(zlib.decompress(base64.b64decode(text)))


def data(folder, name):
    return unpacked(folder / "data" / f"{name}.js")


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def page(tmp_path, **more):
    arguments = {"run": runs.run_facts(), "matches": [], "recordings": {}} | more
    return write_dashboard(tmp_path / "page", **arguments).read_text("utf-8")


def test_the_same_run_gives_the_same_bytes_whatever_the_order(tmp_path):
    one, two = (runs.small(tmp_path / "x") for _ in range(2))
    for run in (one, two):  # two passages of one pair that begin together
        run["matches"] += [runs.match(A, B, r_start=start) for start in (2.0, 3.0)]
    for table in ("matches", "clusters", "conflicts", "errors"):
        two[table].reverse()
    two["recordings"] = dict(reversed(two["recordings"].items()))
    write_dashboard(tmp_path / "one", **one)
    write_dashboard(tmp_path / "two", **two)
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_every_row_is_in_one_piece_and_can_be_read_back(tmp_path):
    run = runs.large(PIECE + 5, 300)
    write_dashboard(tmp_path, **run)
    index, first, last = (data(tmp_path, name) for name in ("index", "matches-00001", "matches-00002"))
    recordings = data(tmp_path, "recordings")
    assert [len(piece["q_start"]) for piece in (first, last)] == [PIECE, 5]
    assert index["score"] == sorted(index["score"], reverse=True)
    found = sorted(
        (recordings["id"][q], recordings["id"][r], index["tiers"][t], round(start / 100, 2))
        for q, r, t, start in zip(index["query"], index["reference"], index["tier"], first["q_start"] + last["q_start"],
                                  strict=True)
    )  # fmt: skip
    wanted = sorted((m["query_id"], m["ref_id"], m["tier"], round(m["q_start"], 2)) for m in run["matches"])
    assert found == wanted


def test_a_hundred_thousand_tracks_with_twenty_thousand_matches_stay_under_five_megabytes(tmp_path):
    """Each match is between two recordings that are in no other, the most that there can be to tell."""
    write_dashboard(tmp_path, **runs.large(20_000, 40_000))
    assert sum(map(len, files(tmp_path).values())) < 5_000_000


def test_recordings_stand_in_the_order_of_their_names(tmp_path):
    infos = {A: RecordingInfo("beta"), B: RecordingInfo("Alpha"), C: RecordingInfo(path="x/Gamma.wav")}
    write_dashboard(tmp_path, run=runs.run_facts(), matches=[runs.match(A, B), runs.match(B, C)], recordings=infos)
    assert data(tmp_path, "recordings")["id"] == [B, A, C]


def test_what_is_almost_certain_is_not_shown_as_certain(tmp_path):
    matches = [runs.match(A, B, score=0.999999), runs.match(A, C, score=1.0), runs.match(B, C, score=0.12346)]
    page(tmp_path, matches=matches)
    assert data(tmp_path / "page", "index")["score"] == [10000, 9999, 1235]


def test_files_of_an_earlier_longer_page_are_taken_away_and_others_are_left(tmp_path):
    write_dashboard(tmp_path, **runs.large(2 * PIECE + 1, 50))
    (tmp_path / "data" / "matches-mine.js").write_text("mine")
    write_dashboard(tmp_path, **runs.large(10, 50))
    names = sorted(p.name for p in (tmp_path / "data").iterdir())
    assert names == ["index.js", "matches-00001.js", "matches-mine.js", "recordings.js"]


def test_a_row_that_does_not_fit_is_refused(tmp_path):
    with pytest.raises(InputError, match="'score' holds nan"):
        page(tmp_path, matches=[runs.match(A, B, score=float("nan"))])
    assert not (tmp_path / "page").exists()


def test_missing_numbers_beyond_a_limit_are_counted_but_not_listed(tmp_path):
    rows = [{"kind": "missing_id", "number": "isrc", "value": None, "recording_ids": runs.identity(str(i)),
             "sources": f"{i}.wav", "about": "no ISRC is given"} for i in range(MISSING_LISTED + 7)]  # fmt: skip
    text = page(tmp_path, conflicts=rows)
    assert f'Conflicts <span class="count">{MISSING_LISTED + 7:,}</span>' in text
    assert '"unlisted":7' in text
    assert len(data(tmp_path / "page", "conflicts-00001")["kind"]) == MISSING_LISTED
    assert data(tmp_path / "page", "recordings")["id"] == []


def test_earlier_decisions_are_on_the_page(tmp_path):
    text = page(tmp_path, decisions=[Decision("a", "b", "version", "reject", "</script>")])
    assert '"decision":"reject","note":"\\u003c/script\\u003e"' in text


@given(st.text(st.characters(exclude_characters="\r"), min_size=1))
def test_no_text_of_a_run_becomes_markup_or_script(text):
    facts = RunFacts.of({"id": text, "scanned": [text], "null": text, "model_id": text, "versions": {text: text}})
    plain = RunFacts.of({"id": "x", "scanned": ["x"], "null": "x", "model_id": "x", "versions": {"x": "x"}})
    assert head(facts, []).count("<") == head(plain, []).count("<")


@given(st.text(st.characters(), max_size=40))
def test_a_file_of_data_is_one_statement_whatever_is_in_it(text):
    """Also for the lone surrogates that stand for bytes of a file's name that are no UTF-8."""
    script = as_script("index", {"title": [text]}).decode("ascii")
    found = re.fullmatch(
        r"\(window\.versionmatchData=window\.versionmatchData\|\|\{\}\)\[\"index\"\]=\"([\w+/=]*)\";\n", script
    )
    assert json.loads(zlib.decompress(base64.b64decode(found.group(1)))) == {"title": [text]}


def test_the_policy_lets_nothing_come_from_a_network(tmp_path):
    text = page(tmp_path)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
    assert "default-src 'none'" in policy.replace("&#x27;", "'")
    assert "http" not in policy
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", text)


@pytest.mark.parametrize(("null", "words"), [
    (None, "This run has no null distribution: no score here says how often unrelated music is as alike."),
    ("30 works", "The p-values refer to one null distribution: <bdi>30 works</bdi>."),
    ({"version": "30 works", "related passage": None}, "version: <bdi>30 works</bdi>."),
])  # fmt: skip
def test_scores_stand_beside_their_null_or_say_that_there_is_none(tmp_path, null, words):
    assert words in page(tmp_path, run=runs.run_facts(null=null))


@pytest.mark.parametrize("state", ["done", "quarantined", "skipped", "pending"])
def test_the_ledger_tells_all_states(tmp_path, state):
    ledger = {"seen": 10, "done": 1, "quarantined": 2, "skipped": 3, "pending": 4}
    text = page(tmp_path, run=runs.run_facts(ledger=ledger))
    assert "10 inputs seen" in text
    assert f"</span> {state}</dt><dd>{ledger[state]}<" in text
    assert "unaccounted</dt>" not in text


def test_a_page_of_a_stopped_scan_says_first_that_it_is_not_complete(tmp_path):
    coverage = {"shortlisted": 1500, "done": 290, "failed": 10, "pending": 1200}
    text = page(tmp_path, run=runs.run_facts(coverage=coverage))
    said = text.index("This scan is not complete: 1,200 of 1,500 pairs wait to be compared.")
    assert said < text.index("inputs seen")
    assert "10 pairs could not be compared; each is under Errors, with its reason." in text
    assert "not complete" not in page(tmp_path, run=runs.run_facts(coverage=coverage | {"pending": 0, "failed": 0}))


def test_a_pair_is_counted_once_by_its_surest_relation_however_many_rows_it_has(tmp_path):
    matches = [
        runs.match(A, B, "version"),
        runs.match(B, A, "same recording", q_start=0.0),
        runs.match(A, C, "related passage"),
        runs.match(A, C, "related passage", q_start=1.5),
    ]
    text = page(tmp_path, matches=matches)
    assert "<h2>2 matching pairs</h2>" in text
    assert "between 3 of 6 recordings; in 4 rows, one for each stretch that a pair shares" in text
    counts = dict(re.findall(r'aria-hidden="true">.</span> ([a-z ]+)</dt><dd>(\d+)<', text))
    assert counts == {"same recording": "1", "altered recording": "0", "version": "0", "related passage": "1"}
    assert 'Matches <span class="count">2</span>' in text
    assert '"pairs":2' in text
    assert data(tmp_path / "page", "index")["score"] == [9000] * 4  # every row is listed all the same
    one = page(tmp_path / "one", matches=matches[:1])
    assert "<h2>1 matching pair</h2>" in one
    assert "rows, one for each" not in one


def test_inputs_that_are_in_no_state_are_told(tmp_path):
    text = page(tmp_path, run=runs.run_facts(ledger={"seen": 10, "done": 7}))
    assert "unaccounted</dt><dd>3<" in text


def test_even_a_single_input_among_many_is_seen_in_the_bar(tmp_path):
    text = page(tmp_path, run=runs.run_facts(ledger={"seen": 100_000, "done": 99_999, "quarantined": 1}))
    widths = [float(w) for w in re.findall(r'<rect x="[\d.]+" y="0" width="([\d.]+)" height="14"', text)]
    assert sum(widths) == pytest.approx(1000, abs=0.01)
    assert min(widths) > 5


@pytest.mark.parametrize(("run", "message"), [
    ({}, "the run has no id"),
    ({"id": "r", "ledger": {"done": -1}}, "the ledger's 'done' is -1"),
    ({"id": "r", "ledger": {"done": "many"}}, "the ledger's 'done' is 'many'"),
])  # fmt: skip
def test_a_run_that_cannot_be_told_is_refused(tmp_path, run, message):
    with pytest.raises(InputError, match=message):
        page(tmp_path, run=run)


def test_a_path_leads_from_the_page_to_the_sound(tmp_path):
    assert sound_path(tmp_path / "music" / "a b.wav", tmp_path / "runs" / "1") == "../../music/a b.wav"


def test_a_path_that_does_not_begin_at_the_page_is_refused():
    with pytest.raises(InputError, match=r"'/a\.wav' is not a path relative to the page's folder"):
        RecordingInfo(path="/a.wav")


@pytest.mark.parametrize("duration_s", [-1.0, float("nan"), float("inf")])
def test_a_duration_that_cannot_be_is_refused(duration_s):
    with pytest.raises(InputError, match=r"a duration of .* s cannot be"):
        RecordingInfo(duration_s=duration_s)
