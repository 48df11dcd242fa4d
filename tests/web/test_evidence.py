"""Elements, controls, melodic passages and corrections on the report, and the same facts in text and JSON."""

import bz2
import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.test_report import Page
from versionmatch.errors import InputError, MissingExtra
from versionmatch.export.document import JsonExporter
from versionmatch.plugins import find
from versionmatch.scores.musicxml import read_musicxml
from versionmatch.types import Common
from versionmatch.web import engraving, melodic
from versionmatch.web.commonness import meter
from versionmatch.web.numerals import numeral_at, numerals
from versionmatch.web.report import HtmlExporter
from versionmatch.web.staves import staves
from versionmatch.web.tune_pair import tune_pairs

SILENT = HtmlExporter(audio=False)


@pytest.fixture(scope="module")
def page(full_match):
    pytest.importorskip("verovio", reason="verovio is not installed; pip install 'versionmatch[notation]'")
    return Page(SILENT.document(full_match))


@pytest.fixture(scope="module")
def prose(page):
    return " ".join(" ".join(page.text).split())


def with_class(page, *names):
    return [a for _, a in page.seen if set(names) <= set((a.get("class") or "").split())]


def test_the_page_is_well_formed_and_its_ids_are_unique(page):
    assert len(page.ids) == len(set(page.ids))
    links = [a["href"] for tag, a in page.seen if tag in {"a", "use"}]
    assert all(link[0] == "#" and link[1:] in page.ids for link in links)
    assert not any(name.startswith("on") or name == "style" for _, attrs in page.seen for name in attrs)


def test_shares_of_the_elements_are_drawn_as_wide_as_they_are(page, full_match):
    widths = [float(a["width"].rstrip("%")) for a in with_class(page, "share")]
    assert widths == pytest.approx([100 * e.share for e in full_match.elements], abs=0.01)
    assert sum(widths) == pytest.approx(100)


def test_each_element_has_its_nats_its_parts_and_its_p(prose):
    assert "11.4 62% passages 7.5 melody 3.9 .002" in prose


def test_evidence_is_grouped_by_element(page, prose):
    heads = [i for i, (_, a) in enumerate(page.seen) if a.get("class") == "group-head"]
    rows = [(i, a["data-cue"]) for i, (_, a) in enumerate(page.seen) if "data-cue" in a]
    assert [
        [cue for i, cue in rows if low < i < high] for low, high in zip(heads, [*heads[1:], 10**9], strict=True)
    ] == [
        ["melody"],
        ["harmony"],
        ["rhythm"],
        ["embedding"],
    ]
    assert "Of no single element" in prose


def test_a_failed_control_withholds_what_its_measure_says(full_match, prose):
    assert "Withheld, because a control did not come out as it must rhythm: With B's bars shuffled" in prose
    assert "rhythm 1.5 (withheld)" in prose
    assert re.search(r"0\.330 correlation no null distribution withheld withheld", prose)
    passed = replace(full_match, controls=full_match.controls[:2])
    assert "Withheld" not in SILENT.document(passed)
    assert "All came out as they must." in SILENT.document(passed)


def test_without_elements_controls_and_notes_their_sections_are_not_there(match):
    text = SILENT.document(match)
    assert not any(f'id="{name}"' in text for name in ("controls", "melodic"))
    assert "By element of the music" not in text
    assert "group-head" not in text.partition("</style>")[2]


def test_both_directions_are_stated_for_likeness_and_for_difference(prose):
    assert "of A answered in B 87% of B answered in A 73%" in prose
    assert "of A without an answer in B 13% of B without an answer in A 27%" in prose


def test_what_was_corrected_is_marked_where_it_is_shown(page, full_match):
    marks = with_class(page, "by-hand")
    assert {a["title"] for a in marks} == {"5e" * 32}
    assert len(marks) == 4  # the element, its group of measures, the melody's lane, the melodic passages
    assert "A’s contour was corrected by hand, the other found by machine" in " ".join(page.text)
    assert "by-hand" not in SILENT.document(replace(full_match, query_track={})).partition("</style>")[2]


def test_a_roll_has_every_note_and_hollow_ones_where_none_answers(page):
    assert len(with_class(page, "rn", "a")) == 32
    assert len(with_class(page, "rn", "b", "in-common")) == len(with_class(page, "rn", "b", "in-original")) == 32
    assert len(with_class(page, "rn", "a", "free")) == 2
    assert len([a for a in with_class(page, "join", "in-common") if "%" in a["x1"]]) == 30


def test_the_notes_of_the_common_figure_are_framed(page):
    assert len(with_class(page, "rn", "a", "figure")) == 5 + 4
    assert [float(a["data-at"]) for a in with_class(page, "rn", "a", "figure")][:2] == [4.0, 5.2]


def test_in_the_common_key_answering_notes_of_one_tune_lie_on_one_height(full_match):
    for pair in tune_pairs(full_match):
        mine = pair.notes_a.pitch[pair.pairs[:, 0]]
        assert (mine == pair.notes_b.pitch[pair.pairs[:, 1]] + pair.raised).all()
        b_at = pair.in_a(pair.notes_b.onset_s[pair.pairs[:, 1]])
        assert np.abs(b_at - pair.notes_a.onset_s[pair.pairs[:, 0]]).max() < 0.35  # the fixture's tempo wavers so much


def test_the_facts_of_a_passage_stand_beside_it(prose):
    assert "14 of 16 of A (88%), 14 of 16 of B (88%)" in prose
    assert "A 2–9, B 3–10" in prose
    assert "3 times in A, twice in B" in prose
    assert "a run of five notes: in 41 of 909 works of folk tunes" in prose
    assert "a leap: in none of 909 works" in prose


@given(st.integers(2, 10**6), st.floats(0, 1))
def test_the_meter_is_logarithmic_and_stays_on_its_scale(works, share):
    n = int(share * works)
    at = [float(x) for x in re.findall(r'cx="([\d.]+)"', meter(Common("c", n, works, "f")))]
    assert at == [pytest.approx(8 + 204 * np.log(max(n, 1)) / np.log(works), abs=0.01)]


def test_notes_on_the_staves_carry_the_place_where_they_sound(page, full_match):
    times = {(a["data-side"], float(a["data-at"])) for a in with_class(page, "sn")}
    sides = {"a": full_match.query_track["notes"], "b": full_match.reference_track["notes"]}
    assert times == {(side, round(float(t), 3)) for side, notes in sides.items() for t in notes.onset_s[:32]}


def test_the_staves_show_b_in_the_key_of_a(full_match):
    pair = tune_pairs(full_match)[0]
    score = read_musicxml(staves(full_match, pair).xml.encode())
    a, b = (score.pitch[score.part == part].tolist() for part in (0, 1))
    assert a == b == pair.notes_a.pitch[:16].tolist()
    assert np.abs(score.onset_q[score.part == 0] - score.onset_q[score.part == 1]).max() < 0.5


def test_beats_found_twice_as_fast_are_counted_by_twos(full_match):
    fast = full_match.reference_track["beats"]
    times = np.sort(np.concatenate([fast.onset_s, (fast.onset_s[1:] + fast.onset_s[:-1]) / 2]))
    track = {
        **full_match.reference_track,
        "beats": replace(
            fast,
            onset_s=times,
            duration_s=np.zeros(times.size),
            labels=("",) * times.size,
            confidence=np.ones(times.size),
        ),
    }
    doubled = replace(full_match, reference_track=track)
    assert staves(doubled, tune_pairs(doubled)[0]).xml == staves(full_match, tune_pairs(full_match)[0]).xml


def test_where_beats_do_not_agree_b_is_written_in_the_beats_of_a(full_match):
    odd = replace(
        full_match.reference_track["beats"],
        **{
            k: v[:40]
            for k in ("duration_s", "labels", "confidence")
            for v in [getattr(full_match.reference_track["beats"], k)]
        },
        onset_s=np.cumsum(np.linspace(0.3, 2.2, 40)),
    )
    strange = replace(full_match, reference_track={**full_match.reference_track, "beats": odd})
    pair = tune_pairs(strange)[0]
    written = staves(strange, pair)
    assert (written.by_a, staves(full_match, pair).by_a) == (True, False)
    score = read_musicxml(written.xml.encode())
    apart = score.onset_q[score.part == 0] - score.onset_q[score.part == 1]
    assert np.abs(apart).max() < 0.75  # the path of the fixture wavers by a third of a second
    if "B is written in A’s beats" not in SILENT.document(strange):
        pytest.importorskip("verovio", reason="verovio is not installed; pip install 'versionmatch[notation]'")
        pytest.fail("the page does not say whose beats are written")


def test_without_verovio_the_roll_is_there_and_the_page_says_what_is_missing(full_match, monkeypatch):
    monkeypatch.setitem(sys.modules, "verovio", None)
    with pytest.raises(MissingExtra, match=r"versionmatch\[notation\]"):
        engraving.Engraver()
    text = SILENT.document(full_match)
    assert "With it, the passages are also written on staves." in text
    assert 'class="rn a"' in text
    assert '<svg viewBox="0 0 2' not in text


def test_what_is_no_score_is_refused_by_the_engraver():
    pytest.importorskip("verovio", reason="verovio is not installed; pip install 'versionmatch[notation]'")
    with pytest.raises(InputError, match=r"Verovio 6.* could not read these 11 letters"):
        engraving.Engraver().draw("<no-score/>", {}, [], "nothing")


def test_only_the_strongest_passages_are_engraved(full_match, monkeypatch):
    pytest.importorskip("verovio")
    monkeypatch.setattr(melodic, "MOST_STAVES", 1)
    text = SILENT.document(full_match)
    assert "The 1 strongest of 2 passages are written as notation." in text
    assert text.count('class="staves"') == 1
    assert "P1 as notation" in text  # the one with the smaller p


def test_the_notation_of_a_passage_is_small(full_match):
    pytest.importorskip("verovio")
    drawn = re.findall(r'<svg [^>]*class="staves">.*?</svg>', SILENT.document(full_match), re.DOTALL)
    assert drawn
    assert all(len(svg) < 60_000 for svg in drawn)


def test_the_engraved_page_is_the_same_each_time(full_match):
    assert SILENT.document(full_match) == SILENT.document(full_match)


def test_chords_are_degrees_of_their_own_key(full_match):
    for track in (full_match.query_track, full_match.reference_track):
        assert [name for *_, name in numerals(track)][:8] == ["I", "vi", "IV", "V7", "I", "iii", "IV", "V7"]
    assert numerals({}) == []


def test_the_numeral_at_a_time_is_that_of_the_chord_which_sounds_there():
    found = [(0.0, 4.0, "G:maj", "I"), (4.0, 9.0, "G:7", "V7/IV")]
    assert [numeral_at(found, t) for t in (0.0, 4.5, 9.0)] == ["I", "V7/IV", ""]


def test_json_holds_elements_controls_and_what_notes_tell(full_match):
    data = json.loads(JsonExporter().text(full_match))
    assert data["schema"] == "versionmatch.match/1"
    assert data["elements"][0]["parts"] == {"melody": 3.9, "passages": 7.5}
    assert [c["passed"] for c in data["controls"]] == [True, True, False]
    assert [e["element"] for e in data["evidence"]] == ["harmony", "melody", "rhythm", ""]
    first, _, last = data["passages"]
    assert first["notes"][5:7] == [[6, 6], [7, 7]]
    assert first["common"] | {"start": 0, "length": 5} == first["common"]
    assert (first["times"], first["bars"], first["p_value"]) == ([3, 2], [[2, 9], [3, 10]], 0.0004)
    assert (last["notes"], last["times"], last["bars"], last["common"]) == (None, None, [None, None], None)


def test_the_text_is_grouped_by_element_and_says_what_is_withheld(full_match):
    text = full_match.explain()
    assert max(len(line) for line in text.splitlines()) <= 100
    places = [text.index(word) for word in ("\nmelody:", "\nharmony:", "\nrhythm:", "\nof no single element:")]
    assert places == sorted(places)
    assert re.search(r"^melody +11\.4 +62 % +\.002 +passages 7\.5, melody 3\.9$", text, re.MULTILINE)
    assert re.search(r"^rhythm +0\.33 +correlation +withheld +withheld$", text, re.MULTILINE)
    assert "· rhythm: With B's bars shuffled the rhythm is as alike as before." in text
    assert "14 notes answer each other; bars 2–9 of A; bars 3–10 of B; three times in A, twice in B;" in text


VERDICTS = re.compile(
    r"infring|plagiar|stolen|\bsteal|\btheft|\bcop(?:y|ied|ying)\b|rip-?off|guilt|pirat|unlawful|illegal", re.IGNORECASE
)


@pytest.mark.parametrize(
    "name", ["html", "text", "json", "jams", "sv", "audacity", "csv", "textgrid", "musicxml", "svl"]
)
@pytest.mark.parametrize("which", ["match", "full_match"])
def test_no_export_passes_a_verdict(request, name, which, tmp_path):
    exporter = find("exporters", name)()
    exporter.export(request.getfixturevalue(which), tmp_path / f"x{exporter.suffix}")
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        text = bz2.decompress(data).decode() if data[:3] == b"BZh" else data.decode("utf-8", "replace")
        text = re.sub(r"data:[\w/]+;base64,[\w+/=]+|<script>.*?</script>", "", text, flags=re.DOTALL)
        assert not VERDICTS.search(text), path.name
