"""The page of a run in a real Chromium: opened from disk it lists, filters, pages, and can be used by anybody."""

import re

import pytest

from tests.web.chromium import axe, until
from tests.web.dashboard import runs
from tests.web.dashboard.pages import TITLES, opened, settled, told

pytestmark = pytest.mark.browser


def test_matches_are_listed_surest_first(page):
    assert told(page) == "4 matches"
    assert page.evaluate(TITLES) == ["In the Garden", runs.HOSTILE, "In the Garden", "River"]
    assert page.locator("#rows .score b").all_inner_texts() == ["0.999", "0.970", "0.910", "0.550"]


def test_rows_are_not_called_matches_where_a_pair_has_several(visit):
    page = visit("twice")
    assert told(page) == "5 rows"
    assert page.inner_text("#tab-matches .count") == "4"


def test_hostile_titles_are_text(page):
    assert page.title() == "music: catalogue run"
    assert page.locator("#rows script").count() == 0


def test_a_search_finds_title_artist_path_and_id_without_accents(page):
    for text, n in (("garden river", 1), ("angel", 2), ("live/50%", 1), (runs.identity("f")[:9], 1), ("GARDEN", 2)):
        page.fill("#text", text)
        settled(page, f"{n} of 4")
    page.fill("#text", "nothing like it")
    settled(page, "No match fits")


def test_relations_stand_in_their_order_surest_first(page):
    names = "[...document.querySelectorAll('#kinds input')].map((e) => e.value)"
    assert page.evaluate(names) == ["same recording", "altered recording", "version", "related passage"]


def test_filters_by_relation_score_and_what_is_undecided(page):
    page.check("#kinds input[value=version]")
    assert told(page) == "1 of 4 matches"
    page.check("#kinds input[value='same recording']")
    assert told(page) == "2 of 4 matches"
    page.locator("[data-choice=reject]").first.click()
    page.check("#undecided")
    assert told(page) == "1 of 4 matches"
    page.evaluate("document.getElementById('least').value = 0.95")
    page.locator("#least").dispatch_event("input")
    settled(page, "No match fits")


def test_the_address_keeps_what_is_shown(page, visit):
    page.fill("#text", "garden")
    settled(page, "2 of 4")
    page.check("#kinds input[value=version]")
    page.select_option("#sort", "title")
    again = visit("small", "#" + page.url.partition("#")[2])
    assert told(again) == "1 of 4 matches"
    assert again.input_value("#text") == "garden"
    assert again.input_value("#sort") == "title"
    again.evaluate("location.hash = '#view=errors'")
    until(again, "document.documentElement.dataset.shown === 'errors'")
    assert again.locator("#rows > li").count() == 2


def test_a_broken_address_shows_the_matches(visit):
    page = visit("small", "#view=__proto__&page=-3&least=many&sort=constructor&kind=")
    assert told(page) == "No match fits these filters."
    assert told(visit("small", "#view=nothing&page=99")) == "4 matches"


def test_tabs_are_walked_by_arrows(page):
    page.focus("#tab-matches")
    for view in ("clusters", "conflicts", "errors", "matches"):
        page.keyboard.press("ArrowRight")
        until(page, f"document.documentElement.dataset.shown === '{view}'")
        assert page.get_attribute(f"#tab-{view}", "aria-selected") == "true"
        assert page.evaluate("document.activeElement.id") == f"tab-{view}"


def test_clusters_conflicts_and_errors_tell_their_rows(visit):
    clusters = visit("small", "#view=clusters")
    opened_ = clusters.locator("#rows .opener")
    assert "2 files of one recording" in opened_.inner_text()
    opened_.click()
    until(clusters, "document.querySelectorAll('.members audio').length === 2")
    assert clusters.locator(".members .role").all_inner_texts() == ["original", "duplicate"]
    conflicts = visit("small", "#view=conflicts&q=river")
    assert "one number, many recordings" in conflicts.inner_text("#rows")
    assert told(conflicts) == "1 of 2 conflicts"
    errors = visit("small", "#view=errors&kind=truncated")
    assert "12 of 180 s could be read" in errors.inner_text("#rows")
    assert told(errors) == "1 of 2 errors"


def test_twenty_thousand_rows_are_paged_filtered_and_sorted(visit):
    page = visit("large")
    assert told(page) == "20,000 rows, 1 to 50 shown"
    first = page.evaluate(TITLES)
    page.locator("[data-to=next]").first.click()
    assert told(page) == "20,000 rows, 51 to 100 shown"
    assert page.evaluate(TITLES) != first
    page.locator(".pager input").first.fill("400")
    page.keyboard.press("Tab")
    assert told(page) == "20,000 rows, 19,951 to 20,000 shown"
    opened(page, 49)
    assert "A’s match no." in page.inner_text(".facts")
    page.select_option("#sort", "title")
    assert told(page) == "20,000 rows, 1 to 50 shown"
    titles = page.evaluate(TITLES)
    assert titles == sorted(titles, key=str.casefold)
    page.fill("#text", "garden quartet")
    until(page, "/^[0-9,]+ of 20,000/.test(document.getElementById('count').textContent)")
    page.reload()
    until(page, "/^[0-9,]+ of 20,000/.test(document.getElementById('count').textContent)")


def test_only_the_piece_of_an_opened_match_is_read(visit):
    page = visit("large", "#page=400")
    scripts = "[...document.querySelectorAll('head script')].map((e) => e.getAttribute('src'))"
    assert page.evaluate(scripts) == ["data/recordings.js", "data/index.js"]
    opened(page, 0)
    assert page.evaluate(scripts)[2:] == ["data/matches-00010.js"]


def test_a_run_without_matches_says_so(visit):
    assert told(visit("empty")) == "There are no matches."


def test_data_that_is_not_there_is_told(visit):
    page = visit("torn")
    assert "data/index.js cannot be read. Keep the folder “data” beside this page" in page.inner_text("#trouble")
    page.click("#tab-errors")
    until(page, "document.documentElement.dataset.shown === 'errors'")
    assert not page.locator("#trouble").is_visible()
    assert page.locator("#rows > li").count() == 2


@pytest.mark.parametrize("view", ["matches", "clusters", "conflicts", "errors"])
def test_no_view_is_wider_than_a_telephone(visit, view):
    page = visit("small", f"#view={view}")
    page.set_viewport_size({"width": 360, "height": 740})
    for opener in page.locator("#rows .opener").all():
        opener.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    ends = "[...document.querySelectorAll('.review button, .review p')].map((e) => e.getBoundingClientRect().right)"
    assert max(page.evaluate(ends)) <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", ["matches", "clusters", "conflicts", "errors"])
def test_axe_finds_nothing_to_complain_about(visit, view, scheme):
    page = visit("small", f"#view={view}")
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    for opener in page.locator("#rows .opener").all():
        opener.click()
    if view == "matches":
        page.locator("[data-choice=accept]").first.click()
        until(page, "document.querySelectorAll('.in-turn').length === 4")
    page.evaluate(axe())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [f"{v['id']}: {v['nodes'][0]['html'][:150]} {v['nodes'][0]['failureSummary']}" for v in found] == []


def test_it_prints_what_is_shown_without_what_can_be_pressed(page, tmp_path):
    page.locator("[data-choice=reject]").first.click()
    page.emulate_media(media="print")
    assert not page.locator(".filters").is_visible()
    assert not page.locator("#review").is_visible()
    assert page.locator("#rows > li").count() == 4
    assert page.evaluate("getComputedStyle(document.querySelector('.what'), '::after').content") == '"rejected"'
    page.pdf(path=tmp_path / "run.pdf", prefer_css_page_size=True)
    assert len(re.findall(rb"/MediaBox", (tmp_path / "run.pdf").read_bytes())) <= 2


def test_without_scripts_the_head_is_there_and_the_tables_are_named(browser, folder):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "small" / "index.html").as_uri())
    assert "9 inputs seen" in page.inner_text("header")
    assert "The same rows are in the tables of the run." in page.inner_text("main")
    context.close()
