"""One match in a real Chromium: what it tells, that both sound, and what becomes of decisions."""

import csv
import io
import re

import pytest

from tests.web.chromium import until
from tests.web.dashboard import runs
from tests.web.dashboard.pages import GARDEN, PLAYING, VERSION, opened
from versionmatch.match.decisions import read_decisions

pytestmark = pytest.mark.browser


def test_an_opened_match_tells_where_and_by_how_much(page):
    text = opened(page, GARDEN).inner_text()
    for words in (
        "0:01 – 0:03",
        "0:02 – 0:04.1",
        "1.0 s later in B",
        "B raised by 2 semitones",
        "A 2.0 % faster (1.020)",
        "40 % of A, 35 % of B",
        "p = 0.00052 against “covers: 30 works, 1,891 unrelated pairs”",
    ):
        assert words in text
    bars = page.locator(".time-bars").get_attribute("aria-label")
    assert bars == "A from 0:01 to 0:03, B from 0:02 to 0:04"


def test_a_score_without_null_says_so(page):
    assert "no p-value: no null stands beside this score" in opened(page, VERSION).inner_text()
    assert "B lowered by 3 semitones" in page.inner_text(".facts")


def test_sound_is_there_only_while_a_row_is_open(page):
    assert page.locator("audio").count() == 0
    row = opened(page, GARDEN)
    until(page, "[...document.querySelectorAll('audio')].length === 2")
    sources = page.evaluate("[...document.querySelectorAll('audio')].map((e) => e.getAttribute('src'))")
    assert sources == ["../music/garden.wav#t=1.00,3.00", "../music/live/50%25%20%231%20%C3%A9%3F.wav#t=2.00,4.10"]
    until(page, "[...document.querySelectorAll('audio')].every((e) => e.readyState >= 1)")
    assert page.evaluate("[...document.querySelectorAll('audio')].map((e) => Math.round(e.duration))") == [6, 6]
    row.locator(".opener").click()
    assert page.locator("audio").count() == 0


def test_both_are_played_from_the_matched_place_one_after_another(page):
    opened(page, GARDEN)
    page.click(".in-turn")
    until(page, f"({PLAYING})[0]")
    assert page.evaluate("document.querySelector('.side-a audio').currentTime") >= 1.0
    page.evaluate("document.querySelector('.side-a audio').currentTime = 2.8")
    until(page, f"({PLAYING})[1]")
    assert page.evaluate(PLAYING) == [False, True]
    assert 2.0 <= page.evaluate("document.querySelector('.side-b audio').currentTime") < 4.2
    until(page, "document.querySelector('.in-turn').getAttribute('aria-pressed') === 'false'")
    assert page.evaluate(PLAYING) == [False, False]


def test_playing_both_can_be_stopped(page):
    opened(page, GARDEN)
    page.click(".in-turn")
    until(page, f"({PLAYING})[0]")
    page.click(".in-turn")
    until(page, "document.querySelector('.in-turn').getAttribute('aria-pressed') === 'false'")
    assert page.evaluate(PLAYING) == [False, False]


def test_sound_that_is_not_there_is_told(page):
    opened(page, 1)
    until(page, "document.querySelectorAll('#rows .missing').length === 2")
    assert "../music/gone.wav: the file is not there" in page.locator(".side-a").inner_text()
    page.click(".in-turn")
    until(page, "document.querySelector('.hearing').textContent === 'B cannot be played.'")
    opened(page, 3)
    until(page, "document.querySelectorAll('#rows audio').length === 1")
    assert "Where its sound lies is not known." in page.locator("#rows > li").nth(3).locator(".side-b").inner_text()


def download(page, tmp_path):
    with page.expect_download() as waiting:
        page.click("#download")
    assert waiting.value.suggested_filename == "decisions.csv"
    waiting.value.save_as(tmp_path / "decisions.csv")
    return tmp_path / "decisions.csv"


def test_decisions_are_downloaded_as_they_are_read(page, tmp_path):
    assert page.locator("#download").is_disabled()
    page.locator("[data-choice=reject]").nth(GARDEN).click()
    page.locator("[data-choice=unsure]").nth(VERSION).click()
    note = '=1+1, "other take"'
    opened(page, GARDEN).locator(".note input").fill(note)
    page.keyboard.press("Tab")
    assert page.inner_text("#tally") == "2 decided: 1 rejected, 1 unsure."
    path = download(page, tmp_path)
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
    assert rows[0] == ["query_id", "ref_id", "tier", "decision", "note", "decided_at"]
    assert f"'{note}" in {row[4] for row in rows}
    a, b, c = (runs.identity(name) for name in "abc")
    found = {(d.query_id, d.ref_id): (d.tier, d.decision, d.note) for d in read_decisions(path)}
    assert found == {(a, b): ("same recording", "reject", note), (a, c): ("version", "unsure", None)}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", d.decided_at) for d in read_decisions(path))


def test_a_file_of_decisions_is_taken_in_again(page, visit, tmp_path):
    page.locator("[data-choice=reject]").nth(GARDEN).click()
    opened(page, GARDEN).locator(".note input").fill('+1, "so"')
    page.keyboard.press("Tab")
    path = download(page, tmp_path)
    page.evaluate("localStorage.clear()")
    again = visit("small")
    assert again.inner_text("#tally") == "Nothing decided yet."
    again.set_input_files("#file", path)
    until(again, "document.getElementById('tally').textContent === '1 decided: 1 rejected.'")
    assert again.locator("#rows > li").first.get_attribute("data-decided") == "reject"
    assert download(again, tmp_path / "again").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("text", "message"), [
    ("a,b\r\n", "This file has no column query_id; it is no decisions.csv."),
    ("", "This file has no column query_id"),
    ("query_id,ref_id,tier,decision\na,b,version,accept\nc,d,version,maybe\n", "Row 3 of this file is no decision"),
])  # fmt: skip
def test_a_file_that_holds_no_decisions_is_refused_whole(page, tmp_path, text, message):
    (tmp_path / "x.csv").write_text(text)
    page.set_input_files("#file", tmp_path / "x.csv")
    until(page, "!document.getElementById('trouble').hidden")
    assert message in page.inner_text("#trouble")
    assert page.inner_text("#tally") == "Nothing decided yet."


def test_decisions_outlive_the_page_and_can_be_taken_back(page, visit):
    page.locator("[data-choice=accept]").first.click()
    page.close()
    again = visit("small")
    for _ in range(30):  # the browser hands a page's storage on to another in its own time
        if again.inner_text("#tally") != "Nothing decided yet.":
            break
        again.wait_for_timeout(100)
        again.reload()
    assert again.inner_text("#tally") == "1 decided: 1 accepted."
    assert again.locator("#rows > li").first.get_attribute("data-decided") == "accept"
    again.locator("[data-choice=accept]").first.click()
    assert again.inner_text("#tally") == "Nothing decided yet."
    assert visit("torn").inner_text("#tally") == "Nothing decided yet."


def test_decisions_of_one_run_are_not_those_of_another(page, visit):
    page.locator("[data-choice=accept]").first.click()
    assert visit("large").inner_text("#tally") == "Nothing decided yet."


def test_a_browser_that_keeps_nothing_says_so(visit):
    page = visit("small")
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    page.locator("[data-choice=accept]").first.click()
    assert "1 decided: 1 accepted. This browser keeps nothing" in page.inner_text("#tally")
    assert page.locator("#download").is_enabled()


def test_rows_are_decided_from_the_keyboard(page):
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.in-turn')")
    page.keyboard.press("a")
    page.keyboard.press("r")
    assert page.inner_text("#tally") == "2 decided: 1 accepted, 1 rejected."
    assert page.evaluate("document.activeElement.closest('li') === document.querySelectorAll('#rows > li')[2]")
    page.keyboard.press("k")
    page.keyboard.press("k")
    page.keyboard.press("p")
    until(page, f"({PLAYING})[0]")
    page.keyboard.press("/")
    page.keyboard.type("jar")
    assert page.input_value("#text") == "jar"
    assert page.inner_text("#tally") == "2 decided: 1 accepted, 1 rejected."


def test_letters_can_be_switched_off(page):
    page.click(".keys-help summary")
    page.uncheck("#keys-on")
    page.locator("#rows .opener").first.focus()
    page.keyboard.press("a")
    assert page.inner_text("#tally") == "Nothing decided yet."
