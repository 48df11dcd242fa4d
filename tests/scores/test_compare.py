"""A lead sheet of Greensleeves beside recordings of it."""

import json
from pathlib import Path

import pytest

import versionmatch as vm
from tests.scores.greensleeves import lead_sheet
from tests.scores.written import tune_as
from versionmatch.cli.main import main

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    path = tmp_path_factory.mktemp("scores") / "greensleeves.abc"
    path.write_text(lead_sheet())
    return path


@pytest.mark.parametrize(("side", "transposition"), [("a", -2), ("b", 2)])  # G minor and B minor beside A minor
def test_a_recording_is_a_version_of_its_lead_sheet(sheet, side, transposition):
    match = vm.compare(EXAMPLES / f"greensleeves-{side}.ogg", sheet)
    assert (match.relation, match.transposition) == ("version", transposition)
    assert match.coverage_reference > 0.7
    assert match.notes[0] == (
        "B (Greensleeves) is a score (abc), sounded in plain tones; its melody is the part 'part 1'; "
        "chords and beats are those written."
    )


def test_another_tune_is_no_version_of_it(sheet):
    other = "X:1\nM:4/4\nL:1/4\nQ:1/4=100\nK:D\n" + "D2A2|d3c|BGED|A4|F2d2|e3f|gfed|B4|\n" * 4
    assert vm.compare(sheet, other.encode()).relation == "unrelated"


def test_two_scores_are_compared_and_reported_with_their_sound(sheet, tmp_path, capsys):
    report = tmp_path / "report.html"
    line = [
        "compare",
        str(sheet),
        str(sheet),
        "--melody-part-b",
        "skyline",
        "--out",
        str(report),
        "--formats",
        "json,sv",
    ]
    assert main([*line, "--no-cache"]) == 0
    page = report.read_text(encoding="utf-8")
    assert page.count("data:audio/ogg") == 2
    assert "--melody-part-b skyline" in page
    assert "its melody is the highest notes of all parts" in page
    document = json.loads(report.with_suffix(".json").read_text())
    assert document["query"]["id"].startswith("score-")
    assert report.with_suffix(".sv").exists()


def test_align_takes_scores(sheet, capsys):
    assert main(["align", str(sheet), str(EXAMPLES / "greensleeves-b.ogg"), "--csv", "--no-cache"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0] == "reference_s,other_s"
    assert len(rows) > 200


def test_a_broken_score_is_named(tmp_path, capsys):
    path = tmp_path / "cut.mid"
    path.write_bytes(tune_as("midi")[:-20])
    assert main(["compare", str(path), str(path)]) == 3
    assert "cut.mid: this MIDI file is cut" in capsys.readouterr().err
