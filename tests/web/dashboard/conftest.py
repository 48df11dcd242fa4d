"""Pages of runs on disk, and a browser that opens them without any network."""

import pytest

from tests.web.chromium import until
from tests.web.dashboard import runs
from versionmatch.web.dashboard import write_dashboard


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    write_dashboard(folder / "small", **runs.small(folder / "small"))
    write_dashboard(folder / "large", **runs.large(20_000, 30_000))
    write_dashboard(folder / "empty", run=runs.run_facts(id="empty"), matches=[], recordings={})
    twice = runs.small(folder / "twice")
    twice["matches"].append({**twice["matches"][0], "q_start": 0.2})
    write_dashboard(folder / "twice", **twice)
    write_dashboard(folder / "torn", **runs.small(folder / "torn"))
    (folder / "torn" / "data" / "index.js").unlink()
    return folder


@pytest.fixture
def visit(browser, folder):
    """Opens a page offline, in a browser that kept nothing; at the end nothing may have been said or asked for."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    complaints, requests, expected = [], [], ("net::ERR_FILE_NOT_FOUND",)

    def opened(name, hash_=""):
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
        page.on("pageerror", lambda e: complaints.append(str(e)))
        page.on("request", lambda r: requests.append(r.url))
        page.goto((folder / name / "index.html").as_uri() + hash_)
        until(page, "document.documentElement.dataset.shown")
        return page

    yield opened
    context.close()
    assert [text for text in complaints if not any(e in text for e in expected)] == []
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.fixture
def page(visit):
    return visit("small")
