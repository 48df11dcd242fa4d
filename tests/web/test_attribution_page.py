"""The page of an attribution: influence beside likeness, neutral words, nothing asked of any network."""

import copy
import re

import pytest

from tests.test_house import VERDICTS as OPINIONS
from tests.web.attributions import CORPUS, RETRAINED, VALIDATION, documents
from tests.web.chromium import axe
from versionmatch.web.attribution import attribution_html


def made(**more):
    facts, rows = documents()
    return attribution_html(facts, rows, CORPUS, **more)


@pytest.fixture(scope="module")
def page():
    return made(validation=VALIDATION, retrained=RETRAINED, about="Made for a test.")


def text_of(html):
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def article(html, number):
    return re.findall(r"<article.*?</article>", html, re.DOTALL)[number]


def test_it_asks_nothing_of_any_network_and_runs_nothing(page):
    assert not re.search(r"https?:|//", page.replace("<!DOCTYPE html>", ""))
    assert "<script" not in page
    assert "default-src &#x27;none&#x27;; style-src &#x27;sha256-" in page
    assert set(re.findall(r'href="([^"]*)"', page)) == {
        *(f"#{name}" for name in ("summary", "reading", "outputs", "retrained", "self-tests", "method", "limits")),
        *("#reproduce", "#output-1", "#output-2", "#output-3", "evidence/x--t1.html"),
    }


def test_its_words_pass_no_judgement(page):
    text = text_of(page)
    assert not OPINIONS.search(text)
    assert not re.search(r"untrained|forgotten|responsible|guilt|theft|memoris", text, re.IGNORECASE)
    assert "no proof that music was taken over" in text
    assert "No share of money follows from a score" in text


def test_texts_are_escaped(page):
    assert "Air &lt;1&gt;" in page
    assert "<1>" not in page


def test_every_output_has_its_verdict_its_coverage_and_its_reason(page):
    for number, word in enumerate(("ranked", "unattributable", "refused")):
        text = text_of(article(page, number))
        assert word in text
        assert f"Because it is {word}" in text
        assert "Coverage: scored 4 of 4, gate = all." in text


def test_only_a_ranking_that_may_be_looked_at_stands_open_and_names_an_item(page):
    assert "<details" not in article(page, 0)
    for number in (1, 2):
        assert article(page, number).index("<details") < article(page, number).index("<table")
        assert "no item is named by them" in article(page, number)
    summary = page[page.index('id="summary"') : page.index('id="reading"')]
    assert text_of(summary).count("none can be named") == 2
    assert "Air &lt;1&gt; (Ann &amp; Co)" in summary


def test_influence_with_its_interval_stands_beside_likeness_and_what_the_music_says(page):
    text = text_of(article(page, 0))
    assert "0.2 ± 0.024" in text  # 2.36, Student's t at seven degrees of freedom, times the standard error
    assert "0.30 (no. 2)" in text
    assert "version of one work (probability of versions 0.91), 81 % identical notes, 2 in one passage" in text
    assert "not compared: there is no music of 't3' to compare" in text
    assert "0.90 0.1, no. 2" in text  # the most alike item is only the second by influence


def test_the_plane_shows_every_item_and_names_what_stands_out(page):
    plane = re.search(r'<svg viewBox="0 0 640 420".*?</svg>', article(page, 0), re.DOTALL).group()
    assert plane.count('class="dot"') == 4
    assert plane.count('class="top"') == 4
    assert plane.count('class="whisker"') == 4
    for words in ("matters, little alike", "alike, matters little", "Air &lt;1&gt;", "Reel"):
        assert words in plane
    heights = [float(y) for y in re.findall(r'cy="([\d.]+)" r="4.5" class="top"', plane)]
    assert heights == sorted(heights)  # the most influential is drawn highest


def test_the_plane_of_a_ranking_that_cannot_be_relied_upon_names_nothing(page):
    for number in (1, 2):
        plane = re.search(r'<svg viewBox="0 0 640 420".*?</svg>', article(page, number), re.DOTALL).group()
        assert 'class="label"' not in plane
        assert "scatter doubtful" in plane


def test_counts_of_holders_stand_beside_chance(page):
    assert "Ann &amp; Co 2 2.0 50%" in text_of(article(page, 0))


def test_whether_the_self_tests_passed_is_said_at_the_top():
    facts, rows = documents()
    assert "The self-tests were not run" in text_of(made())
    facts["validation"] = {"usable": False, "reasons": ["strangers: 9 of 10"], "sha256": "0", "path": "validate.json"}
    failed = text_of(attribution_html(facts, rows, CORPUS))
    assert "did not pass (strangers: 9 of 10): the rankings below are not to be used" in failed
    facts["validation"] |= {"usable": True, "reasons": []}
    assert "passed; they are listed below" in text_of(attribution_html(facts, rows, CORPUS, validation=VALIDATION))


def test_training_again_is_told_with_its_interval(page):
    text = text_of(page)
    assert "Outputs ranked, made by the model: +0.2500 nats per token (+0.0400 to +0.4600)" in text
    assert "The whole interval is above 0" in text
    doubtful = copy.deepcopy(RETRAINED)
    doubtful["groups"][0]["interval"] = [-0.1, 0.6]
    assert "The interval holds 0: this may be chance." in text_of(made(retrained=doubtful))


def test_a_checkpoint_stands_in_the_foot_of_a_registered_models_page():
    facts, rows = documents()
    facts["registered"] = {"model": "m", "version": "v1", "manifest": "f" * 64, "checkpoint": "example.org 7 abc="}
    page = attribution_html(facts, rows, CORPUS)
    assert "checkpoint: <code>example.org 7 abc=</code>" in page[page.index("<footer") :]


def test_pages_of_evidence_are_linked_from_where_the_page_lies():
    assert 'href="run/evidence/x--t1.html"' in made(base="run/")


def test_the_same_documents_give_the_same_page(page):
    assert made(validation=VALIDATION, retrained=RETRAINED, about="Made for a test.") == page


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (375, "dark")])
def test_it_is_accessible_and_fits_any_width(browser, page, tmp_path, width, scheme):
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    context = browser.new_context(
        viewport={"width": width, "height": 900}, offline=True, color_scheme=scheme, bypass_csp=True
    )
    opened, complaints = context.new_page(), []
    opened.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    opened.goto(path.as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    opened.evaluate(axe())
    found = opened.evaluate("axe.run().then((r) => r.violations.map((v) => `${v.id}: ${v.nodes[0].html}`))")
    context.close()
    assert found == []
    assert complaints == []
