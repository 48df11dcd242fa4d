"""Who influences what, over time: the shares of the statements, output by output, and a page that says the same."""

import json
import re

import pytest

from tests.rights.test_statement import book, inputs, made
from versionmatch.audit.verify_log import printed
from versionmatch.errors import InputError
from versionmatch.rights.analytics import analytics
from versionmatch.web.analytics import analytics_html

__all__ = ["book"]


@pytest.fixture(scope="module")
def found(book):
    documents = [inputs("influence", id="2026-04", period="2026-04"), inputs("equal", id="2026-03", period="2026-03")]
    manifest = next(iter(book.manifests.values()))
    return analytics([made(book, one) for one in documents], [(book.state, manifest, documents[0])])


def test_periods_are_in_order_and_shares_are_those_of_the_statements(found):
    assert [row["period"] for row in found["periods"]] == ["2026-03", "2026-04"]
    lab = found["rights"]["master"]["parties"]["lab"]
    assert [(row["period"], row["share_millionths"]) for row in lab] == [("2026-03", 666_667), ("2026-04", 500_000)]
    assert lab[0]["interval_millionths"] is None
    low, high = lab[1]["interval_millionths"]
    assert low <= 500_000 <= high
    for right in ("master", "publishing"):
        for period in ("2026-03", "2026-04"):
            rows = [r for some in found["rights"][right]["parties"].values() for r in some if r["period"] == period]
            assert sum(row["share_millionths"] for row in rows) == pytest.approx(1_000_000, abs=len(rows))


def test_each_output_is_handed_out_whole(found):
    first, second = found["outputs"]
    assert (first["output"], {r["party"]: r["share_millionths"] for r in first["parties"]}) == (
        "o1",
        {"lab": 1_000_000},
    )
    assert {r["party"]: r["share_millionths"] for r in second["parties"]}["(unattributable)"] == 1_000_000


def test_the_largest_recordings_come_first(found):
    rows = found["rights"]["master"]["largest"]
    sums = [sum(row["millionths"].values()) for row in rows]
    assert sums == sorted(sums, reverse=True)
    assert rows[0]["cluster"] == "r1"


def test_influence_that_its_self_test_does_not_support_is_told_of_no_output(book):
    document = inputs("influence+fallback", "run-2", "failed")
    manifest = next(iter(book.manifests.values()))
    told = analytics([made(book, document)], [(book.state, manifest, document)])
    assert told["outputs"] == []
    assert "No statement here rests on influence" in analytics_html(told)


def test_two_statements_of_one_period_are_refused(book):
    with pytest.raises(InputError, match="2 statements of 2026-03; give one"):
        analytics([made(book, inputs("equal")), made(book, inputs("usage"))])


def test_the_page_draws_each_party_and_bears_the_checkpoint(found, book):
    page = analytics_html(found)
    assert "<script" not in page
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", page)
    parties = sum(len(one["parties"]) for one in found["rights"].values())
    assert page.count("<svg") == parties
    circles = sum(len(rows) for one in found["rights"].values() for rows in one["parties"].values())
    assert page.count("<circle") == circles
    assert [origin for origin, _, _ in printed(page)] == ["example.org/s"]
    assert printed(page)[0][1] == len(book.log)
    assert json.loads(json.dumps(found)) == found
