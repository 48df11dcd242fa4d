import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.plugins import find
from versionmatch.types import Features, Null
from versionmatch.web import assets
from versionmatch.web.chords import chord_name
from versionmatch.web.null_strip import null_strip
from versionmatch.web.report import HtmlExporter
from versionmatch.web.summary import percent, union_s
from versionmatch.web.words import command

SILENT = HtmlExporter(audio=False)


VOID = frozenset({"meta", "input", "br", "hr", "img", "link"})


class Page(HTMLParser):
    """Elements and texts of a page; raises where elements are not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.text, self.ids = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        self.ids += [v for k, v in attrs if k == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"script", "style"}:
            self.text.append(data)


@pytest.fixture(scope="module")
def page(match):
    return Page(SILENT.document(match))


@pytest.fixture(scope="module")
def prose(page):
    return " ".join(" ".join(page.text).split())


def test_the_page_is_well_formed_and_its_ids_are_unique(page):
    assert len(page.ids) == len(set(page.ids))


def test_every_link_leads_to_a_place_on_the_page(page):
    links = [a["href"] for tag, a in page.seen if tag == "a"]
    assert links
    assert all(link[0] == "#" and link[1:] in page.ids for link in links)


def test_nothing_is_loaded_from_anywhere(match):
    text = HtmlExporter().document(match)
    addresses = re.findall(r'(?:src|href)="([^"#][^"]{0,20})', text)
    assert all(a.startswith("data:") for a in addresses)
    assert "url(http" not in text
    assert "@import" not in text


def test_only_the_scripts_of_the_page_may_run(page):
    policy = next(a["content"] for tag, a in page.seen if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert not any(name.startswith("on") or name == "style" for _, attrs in page.seen for name in attrs)


@pytest.mark.parametrize(
    "title", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</script>", "$style ${x}", "&lt;"]
)
def test_a_title_cannot_break_out_of_the_text(match, title):
    hostile = replace(match, query=replace(match.query, title=title, artist=title, codec=title, source=f"/x/{title}"))
    hostile = replace(
        hostile, differences=(title,), notes=(title,), manifest=replace(match.manifest, params={title: title})
    )
    page = Page(HtmlExporter(audio=False, question=title, examiner=title, date=title).document(hostile))
    assert [tag for tag, _ in page.seen].count("script") == 2
    assert not any(tag == "img" or "onerror" in attrs for tag, attrs in page.seen)
    assert title in "".join(page.text)


@given(st.text(max_size=30))
def test_the_notebook_summary_shows_any_title_as_text(text):
    match = _anything()
    page = Page(SILENT.summary(replace(match, query=replace(match.query, title=text or None))))
    assert {tag for tag, _ in page.seen} <= {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td", "ul", "li"}


def _anything():
    return test_the_notebook_summary_shows_any_title_as_text.match


@pytest.fixture(autouse=True, scope="module")
def _hand_over(match):
    test_the_notebook_summary_shows_any_title_as_text.match = match


def test_the_same_comparison_gives_the_same_bytes(match):
    assert HtmlExporter().document(match) == HtmlExporter().document(match)


def test_the_page_is_dated_only_where_a_date_is_given(match):
    assert "2026-11-23" not in SILENT.document(match)
    assert "2026-11-23" in HtmlExporter(audio=False, date="2026-11-23").document(match)


def test_the_exporter_is_found_by_its_name():
    assert find("exporters", "html") is HtmlExporter
    assert (HtmlExporter.name, HtmlExporter.suffix) == ("html", ".html")


def test_export_writes_the_document(match, tmp_path):
    path = tmp_path / "report.html"
    SILENT.export(match, path)
    assert path.read_text(encoding="utf-8") == SILENT.document(match)


def test_words_are_neutral(match, bare_match):
    for text in (SILENT.document(match), SILENT.document(bare_match), SILENT.summary(match)):
        assert not re.search(r"infring|plagiar|stolen|\bcopied|\bcopying", text, re.IGNORECASE)


def test_the_relation_stands_beside_its_probability_and_its_caveat(prose):
    assert "two versions of one work. Calibrated probability of two versions of one work: 0.93" in prose
    assert "It does not say why." in prose


def test_what_was_not_analysed_is_said(prose):
    assert "lyrics and their meaning" in prose
    assert "This is not proof" in prose


def test_a_value_without_a_null_says_so(prose):
    assert "no null distribution" in prose


def test_few_unrelated_pairs_allow_no_percentile(match):
    few = replace(match.evidence[0], null=replace(match.evidence[0].null, n_pairs=150))
    text = SILENT.document(replace(match, evidence=(few,)))
    assert "too few pairs (150)" in text


def test_differences_stand_beside_likenesses(prose):
    assert prose.index("What they share") < prose.index("How they differ") < prose.index("A above, B below")
    assert "B has 9 s of introduction that A lacks." in prose


def test_chords_of_both_are_named_in_the_common_key(prose):
    assert re.search(r"0:04 G I 0:1\d(\.\d)? G B♭ I", prose)


def test_absent_features_are_named_as_absent(bare_match):
    text = SILENT.document(bare_match)
    for name in ("Chords", "Melody", "Waveform"):
        assert f"{name}: not available for this recording." in text.replace("Not", "not")
    assert "No shared passage was found." in text
    assert "No probability is stated" in text
    assert "too little musical information" in text


def test_sound_that_cannot_be_had_is_explained(bare_match):
    text = HtmlExporter().document(bare_match)
    assert "B has no sound here: its sound was not at hand" in text
    assert text.count("<audio") == 1


def test_without_audio_no_sound_and_no_player_is_in_the_page(match):
    text = SILENT.document(match)
    assert "<audio" not in text
    assert 'id="transport"' not in text
    assert len(text) < 1.5e6


def test_paths_reach_the_scripts_thinned_but_exact(match):
    text = SILENT.document(match)
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text)[1])
    for passage, entry in zip(match.passages, data["passages"], strict=True):
        known = np.array(entry["path"])
        answer = np.interp(passage.path_s[:, 0], known[:, 0], known[:, 1])
        assert np.abs(answer - passage.path_s[:, 1]).max() < 0.025


def test_long_recordings_stay_within_the_size_without_sound(match):
    rng = np.random.default_rng(440)
    chroma = Features("chroma", rng.random((12, 2400)), 10.0)
    melody = Features("melody", np.vstack([60 + 12 * rng.random(12000), rng.random(12000)]), 50.0)
    wave = Features("waveform", np.sort(rng.uniform(-1, 1, (2, 2400)), axis=0), 10.0)
    tracks = {"query_track": {"chroma": chroma, "melody": melody, "waveform": wave}}
    tracks["reference_track"] = tracks["query_track"]
    long = {side: replace(getattr(match, side), duration_s=240.0) for side in ("query", "reference")}
    assert len(SILENT.document(replace(match, **long, **tracks))) < 1.5e6


def test_the_scripts_are_small():
    assert len(assets.script()) < 40_000


@pytest.mark.parametrize(
    ("label", "transposition", "name"),
    [
        ("C:maj", 0, "C"),
        ("A:min", 3, "Cm"),
        ("G:7", -2, "F7"),
        ("Bb:maj", 2, "C"),
        ("F#:min", 0, "F♯m"),
        ("N", 5, "–"),
        ("D", 0, "D"),
    ],
)
def test_chords_are_written_as_musicians_do(label, transposition, name):
    assert chord_name(label, transposition=transposition) == name


def test_a_percentile_claims_no_more_than_its_pairs_show():
    assert percent(100.0, 400) == "above 99.8 %"
    assert percent(0.0, 5000) == "below 0.1 %"


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 9)), max_size=8))
def test_covered_seconds_are_those_of_a_fine_grid(extents):
    extents = [(a, a + d) for a, d in extents]
    grid = np.arange(0, 60, 0.05) + 0.025
    covered = sum(any(a <= t <= b for a, b in extents) for t in grid) * 0.05
    assert union_s(extents) == pytest.approx(covered, abs=0.05 * (len(extents) + 1))


def test_a_null_of_equal_values_can_still_be_drawn(match):
    flat = replace(match.evidence[0], raw=0.0, null=Null("none", 300, np.zeros(101)))
    assert "<svg" in null_strip(flat)


def test_the_command_quotes_what_a_shell_would_read(match):
    odd = replace(match, query=replace(match.query, source="/music/it's $5.wav"))
    assert (
        command(odd, audio=False)
        == "versionmatch compare 'it'\\''s $5.wav' garden-live.flac --out report.html --no-audio"
    )
