"""What the tests of a run's page ask of it."""

from tests.web.chromium import until

TITLES = "[...document.querySelectorAll('#rows .one:first-child .title')].map((e) => e.textContent)"
PLAYING = "[...document.querySelectorAll('#rows audio')].map((e) => !e.paused)"
GARDEN, VERSION = 0, 2  # rows of the small run, by score: 0.999, 0.97, 0.91, 0.55


def told(page):
    return page.inner_text("#count")


def settled(page, text):
    until(page, f"document.getElementById('count').textContent.startsWith({text!r})")


def opened(page, row):
    page.locator("#rows .opener").nth(row).click()
    until(page, "document.querySelector('#rows .facts')")
    return page.locator("#rows > li").nth(row)
