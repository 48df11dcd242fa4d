"""A statement cites what it rests on, is the same when it is made again, and shows what sharing alike would give."""

import csv
import io
import json

import pytest

from tests.rights.logs import TIMES, grant
from versionmatch.audit.verify_log import printed
from versionmatch.errors import InputError, NotPermitted
from versionmatch.rights.book import Book
from versionmatch.rights.facts import WHOLE
from versionmatch.rights.interchange import eu_summary, exported, prov
from versionmatch.rights.manifest import freeze
from versionmatch.rights.odrl import grants_of, offers, reservations, reserved_of
from versionmatch.rights.state import State
from versionmatch.rights.statement import differences, digest_of_statement, statement
from versionmatch.web.statement import statement_csv, statement_html

FACTS = (
    *(("party", {"id": p}) for p in ("ada", "ben", "lab")),
    ("work", {"id": "w1", "shares": {"ada": WHOLE}}),
    ("work", {"id": "w2", "shares": {"ada": 250_000, "ben": 750_000}}),
    ("recording", {"id": "r1", "works": ["w1"], "owners": {"lab": WHOLE}, "isrc": "SEXXX2600001"}),
    ("recording", {"id": "r2", "works": ["w2"], "owners": {"lab": WHOLE}}),
    ("recording", {"id": "r3", "works": ["w2"], "owners": {"ben": WHOLE}}),
    *(("asset", {"id": f"a{i}", "recording": f"r{i}", "sha256": f"{i}" * 64}) for i in (1, 2, 3)),
    grant("m1", "lab", "master", {"kind": "recording", "id": "r1"}),
    grant("m2", "lab", "master", {"kind": "recording", "id": "r2"}),
    grant("m3", "ben", "master", {"kind": "recording", "id": "r3"}),
    grant("p1", "ada", "publishing", {"kind": "work", "id": "w1"}),
    grant("p2", "ada", "publishing", {"kind": "work", "id": "w2"}),
    grant("p3", "ben", "publishing", {"kind": "work", "id": "w2"}, territories=["SE", "world"], end=TIMES[5]),
    grant("no", "ben", "publishing", {"kind": "work", "id": "w1"}, effect="deny", scopes=["generate"]),
    ("reservation", {"subject": {"kind": "work", "id": "w2"}, "reserved": 1, "policy": "https://p.example/tdm"}),
)  # fmt: skip


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    book = Book.create(tmp_path_factory.mktemp("s") / "rights", "example.org/s", clock=lambda: TIMES[1])
    with book.writing("test"):
        book.add_all(FACTS)
        manifest, without = freeze(book.state, ["a1", "a2", "a3"], scope="train", at=TIMES[1], model_version="v1")
        assert without == {}
        book.freeze(manifest)
        book.add("model", id="m", version="v1", manifest=manifest.root, weights_sha256="f" * 64)
        book.add("run", id="run-1", kind="attribute", model="m", self_test="passed")
        book.add("run", id="run-2", kind="attribute", model="m", self_test="failed")
    return book


def inputs(method="equal", run="run-1", self_test="passed", **other):
    rows = [
        {"output": "o1", "item": "a1", "score": "3", "stderr": "0.5"},
        {"output": "o1", "item": "a2", "score": "1", "stderr": "0.5"},
        {"output": "o2", "item": "a3", "score": "2", "verdict": "not supported"},
    ]
    document = {
        "id": f"2026-03-{method}",
        "period": "2026-03",
        "model": "m",
        "method": method,
        "pools": {"master": 10_001, "publishing": 5_000},
        "items": [{"asset": f"a{i}", "duration_ms": 60_000 * i, "uses": i} for i in (1, 2, 3)],
        "influence": {"run": run, "self_test": self_test, "rows": rows},
    }
    return {**document, **other}


def made(book, document):
    manifest = next(iter(book.manifests.values()))
    leaf = lambda seq: book.log.leaves[seq].hex()  # noqa: E731
    return statement(book.state, manifest, document, leaf, book.log.checkpoint.short)


def cents(found, right):
    return {row["party"]: row["cents"] for row in found["rights"][right]["parties"]}


def test_equal_pays_each_recording_and_each_work_alike(book):
    found = made(book, inputs("equal"))
    assert cents(found, "master") == {"ben": 3334, "lab": 6667}
    assert cents(found, "publishing") == {"ada": 3125, "ben": 1875}  # w2 was recorded twice and is paid once


def test_duration_and_usage_go_by_what_was_said(book):
    for method in ("duration", "usage"):
        found = made(book, inputs(method))
        assert cents(found, "master") == {"ben": 5000, "lab": 5001}
        assert cents(found, "publishing") == {"ada": 833 + 1042, "ben": 3125}


def test_influence_leaves_to_nobody_what_it_does_not_support(book):
    found = made(book, inputs("influence"))
    assert cents(found, "master") == {"lab": 5000, "(unattributable)": 5001, "ben": 0}
    lab = found["rights"]["master"]["parties"][0]
    assert (lab["share_millionths"], lab["pro_rata_millionths"], lab["difference_millionths"]) == (
        500_000,
        666_667,
        -166_667,
    )
    ada = found["rights"]["publishing"]["parties"][0]
    low, high = ada["interval_millionths"]
    assert low < ada["share_millionths"] < high
    assert ada["beyond_the_spread"] in {True, False}


def test_with_a_fallback_all_is_paid_and_it_is_said_how_much_of_it_so(book):
    found = made(book, inputs("influence+fallback"))
    assert "(unattributable)" not in cents(found, "master")
    assert found["way"] == "influence, 50.00 % of it by equal"


def test_a_self_test_that_did_not_pass_is_refused_or_falls_back_to_all_alike(book):
    with pytest.raises(NotPermitted, match="not presented as influence"):
        made(book, inputs("influence", "run-2", "failed"))
    found = made(book, inputs("influence+fallback", "run-2", "failed"))
    assert found["way"] == "equal, as the self-test of influence did not pass"
    assert cents(found, "master") == cents(made(book, inputs("equal")), "master")
    with pytest.raises(InputError, match="run 'run-2' with self-test 'passed' is not in the log"):
        made(book, inputs("influence", "run-2"))


@pytest.mark.parametrize("method", ["equal", "duration", "usage", "influence", "influence+fallback"])
def test_every_statement_sums_to_its_pools_and_each_line_cites_leaves_of_the_log(book, method):
    found = made(book, inputs(method))
    for right in ("master", "publishing"):
        part = found["rights"][right]
        assert sum(line["cents"] for line in part["lines"]) == part["pool_cents"]
        assert sum(row["cents"] for row in part["parties"]) == part["pool_cents"]
        for line in part["lines"]:
            assert line["run"] == "run-1"
            assert all(each["leaf"] == book.log.leaves[each["entry"]].hex() for each in line["leaves"])
            assert book.state.seqs["run", "run-1"] in [each["entry"] for each in line["leaves"]]


def test_a_statement_made_again_is_the_same_to_the_byte(book, tmp_path):
    document = inputs("influence+fallback")
    first, again = made(book, document), made(Book(book.root), json.loads(json.dumps(document)))
    assert digest_of_statement(first) == digest_of_statement(again)
    assert digest_of_statement(first) != digest_of_statement(made(book, inputs("equal")))


def test_two_statements_are_set_beside_each_other(book):
    rows = differences(made(book, inputs("equal")), made(book, inputs("duration")))
    assert {"right": "master", "party": "ben", "first": 3334, "second": 5000, "change": 1666} in rows
    assert differences(made(book, inputs("equal")), made(book, inputs("equal"))) == []


def test_recordings_that_are_one_are_paid_once_and_held_where_owners_differ(book):
    items = [{"asset": a, "recording_cluster": "one"} for a in ("a2", "a3")]
    assert cents(made(book, inputs("equal", items=items)), "master") == {
        "lab": 5001,
        "(held: claims differ)": 5000,
    }


@pytest.mark.parametrize(
    ("other", "about"),
    [
        ({"method": "luck"}, "methods are equal"),
        ({"pools": {"master": 1}}, "pools are of master and of publishing"),
        ({"model": "m9"}, "was not registered with"),
        ({"items": [{"asset": "zz"}]}, "item 'zz' is not in the frozen corpus"),
        ({"colour": "red"}, "cannot be used"),
        ({"influence": None, "method": "influence"}, "needs a table of influence"),
    ],
)
def test_inputs_that_are_not_right_are_told(book, other, about):
    with pytest.raises(InputError, match=about):
        made(book, {**inputs(), **other})


def test_the_table_and_the_page_say_the_same_and_the_page_shows_the_checkpoint(book):
    found = made(book, inputs("influence"))
    rows = list(csv.DictReader(io.StringIO(statement_csv(found))))
    assert sum(int(row["cents"]) for row in rows) == 15_001
    page = statement_html(found)
    ((name, size, root),) = printed(page)
    assert (name, size, root) == ("example.org/s", len(book.log), book.log.checkpoint.root)
    assert "100.01 EUR" in page
    assert "<script" not in page
    assert "http" not in page


def test_names_that_could_be_formulas_or_markup_stay_text(book):
    found = made(book, inputs("equal"))
    found["rights"]["master"]["lines"][0]["party"] = "=1+1"
    found["rights"]["master"]["parties"][0]["party"] = "<b>"
    assert "'=1+1" in statement_csv(found)
    assert "&lt;b&gt;" in statement_html(found)


def test_grants_come_back_from_odrl_as_they_were(book):
    policies = json.loads(json.dumps(offers(book.state)))
    assert {p["uid"] for p in policies} == {f"urn:versionmatch:rights:grant:{g}" for g in book.state.grants}
    assert next(p for p in policies if "prohibition" in p)["uid"].endswith(":no")
    read = State.of(book.log.entries(12))
    for kind, body in grants_of(policies):
        checked = read.check(kind, body)
        before = book.state.grants[checked["id"]]
        for name in ("grantor", "licensee", "effect", "right", "start", "end", "terms_sha256"):
            assert checked[name] == getattr(before, name)
        for name in ("scopes", "models"):
            assert set(checked[name]) == getattr(before, name)


def test_a_policy_with_a_limit_that_is_not_understood_is_refused(book):
    policy = json.loads(json.dumps(offers(book.state)[0]))
    rule = policy.get("permission", policy.get("prohibition"))[0]
    rule["constraint"].append({"leftOperand": "count", "operator": "lteq", "rightOperand": 3})
    with pytest.raises(InputError, match=r"constraint \('count', 'lteq'\) is not known"):
        grants_of([policy])
    with pytest.raises(InputError, match="a policy cannot be used"):
        grants_of([{"permission": []}])


def test_reservations_come_back_from_tdmrep_as_they_were(book):
    found = reservations(book.state)
    assert found == [{"location": "work:w2", "tdm-reservation": 1, "tdm-policy": "https://p.example/tdm"}]
    ((kind, body),) = reserved_of(found)
    assert book.state.check(kind, body)["policy"] == "https://p.example/tdm"
    with pytest.raises(InputError, match="give a location KIND:ID"):
        reserved_of([{"location": "work:w2"}])


def test_the_croissant_has_what_the_format_needs_and_each_row_names_its_entries(book):
    manifest = next(iter(book.manifests.values()))
    doc = exported(book.state, "croissant", manifest, book.log.checkpoint, at=TIMES[1])
    assert {"@context", "@type", "conformsTo", "name", "description", "license", "url", "recordSet"} <= doc.keys()
    assert doc["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    fields = {f["@id"] for f in doc["recordSet"][0]["field"]}
    entries = {e.seq: e for e in book.log.entries()}
    for row in doc["recordSet"][0]["data"]:
        assert row.keys() == fields
        named = [entries[int(seq)] for seq in row["assets/entries"].split()]
        assert [e.type for e in named if e.body["id"] == row["assets/asset"]] == ["asset"]
        assert {e.body["id"] for e in named if e.type == "grant"} == set(row["assets/grants"].split())
    with pytest.raises(InputError, match="name the frozen corpus"):
        exported(book.state, "croissant", None, book.log.checkpoint, at=TIMES[1])
    with pytest.raises(InputError, match="there is no form 'xml'"):
        exported(book.state, "xml", None, book.log.checkpoint, at=TIMES[1])


def test_the_croissant_is_valid_to_the_library_of_its_makers(book, tmp_path):
    mlcroissant = pytest.importorskip("mlcroissant", reason="the validator of Croissant is large and not pinned here")
    manifest = next(iter(book.manifests.values()))
    doc = exported(book.state, "croissant", manifest, book.log.checkpoint, at=TIMES[1])
    dataset = mlcroissant.Dataset(jsonld=doc)
    assert dataset.metadata.ctx.issues.errors == set()
    assert len(list(dataset.records("assets"))) == 3


def test_everything_in_prov_is_linked_to_what_is_there(book):
    doc = prov(book.state, book.log.checkpoint)
    there = doc["entity"].keys() | doc["activity"].keys() | doc["agent"].keys()
    ends = {"used", "wasGeneratedBy", "wasDerivedFrom", "wasAttributedTo"}
    links = [end for kind in ends & doc.keys() for link in doc[kind].values() for end in link.values()]
    assert links
    assert set(links) <= there
    types = {e.seq: e.type for e in book.log.entries()}
    for name, facts in doc["entity"].items():
        assert name == "vm:log" or types[facts["vm:entry"]] == name.partition(":")[2].partition("/")[0]


def test_every_count_of_the_summary_is_that_of_its_entries(book):
    manifest = next(iter(book.manifests.values()))
    doc = eu_summary(book.state, manifest, book.log.checkpoint, TIMES[1])
    counts = doc["2. List of data sources"]["licensed by rights holders"]
    assert {name: each["value"] for name, each in counts.items()} == {"assets": 3, "grants": 6, "rights holders": 3}
    assert all(each["value"] == len(each["entries"]) for each in counts.values())
    assert doc["3. Data processing aspects"]["reservations recorded"]["value"] == 1
    later = eu_summary(book.state, manifest, book.log.checkpoint, TIMES[5])  # p3 has run out
    assert later["3. Data processing aspects"]["withdrawn since"]["value"] == 2


def test_how_much_a_share_tells_is_said_where_it_was_measured_and_else_that_it_was_not(book):
    measured = {"party": "ada", "estimates": [0.1, 0.2, 0.3, 0.4], "truths": [0.2, 0.1, 0.35, 0.3]}
    found = made(book, inputs(calibration=[measured]))
    rows = {row["party"]: row["informativeness"] for row in found["rights"]["publishing"]["parties"]}
    # Cov = 0.1 / 4 · Σ(e - .25)(t - .2375) = .0275 / .05
    assert rows["ada"].startswith("I = 0.55 (")
    assert rows["ben"] == "not calibrated"
    assert "I = 0.55 (" in statement_html(found)
    few = {**measured, "estimates": [0.1, 0.2], "truths": [0.1, 0.2]}
    found = made(book, inputs(calibration=[few]))
    assert {row["informativeness"] for row in found["rights"]["publishing"]["parties"]} == {"not calibrated"}
    with pytest.raises(InputError, match="one truth for each"):
        made(book, inputs(calibration=[{**measured, "truths": [1.0]}]))
    with pytest.raises(InputError, match="two calibrations of 'ada'"):
        made(book, inputs(calibration=[measured, measured]))
