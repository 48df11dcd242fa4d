"""What stands in the foot of a page is what the stand-alone verifier reads out of it."""

from versionmatch.audit.note import Checkpoint
from versionmatch.audit.verify_log import printed
from versionmatch.web.dashboard import write_dashboard
from versionmatch.web.rests import resting_on

ROOT = bytes(range(32))


def test_the_line_is_read_back_and_nothing_stands_where_there_is_no_log():
    checkpoint = Checkpoint("example.org/rights", 42, ROOT)
    assert printed(str(resting_on(checkpoint.short))) == [("example.org/rights", 42, ROOT)]
    assert resting_on("") == ""


def test_the_page_of_a_scan_bears_it(tmp_path):
    checkpoint = Checkpoint("example.org/rights", 7, ROOT).short
    page = write_dashboard(tmp_path / "with", run={"id": "r"}, matches=(), recordings={}, checkpoint=checkpoint)
    assert printed(page.read_text()) == [("example.org/rights", 7, ROOT)]
    page = write_dashboard(tmp_path / "without", run={"id": "r"}, matches=(), recordings={})
    assert printed(page.read_text()) == []
