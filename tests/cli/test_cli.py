"""The command line: data on standard output, everything else on standard error, exit codes that tell."""

import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from versionmatch.audio import synth
from versionmatch.cli.main import main

STEPS = [0, 4, 7, 5, 4, 2, 0, 7, 9, 7, 5, 4, 2, 4, 0, 0] * 4


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    made = []
    for name, key, beat_s in (("first.flac", 0, 0.5), ("second.ogg", 2, 0.55)):
        audio = synth.melody([(60 + key + s, beat_s * i, beat_s) for i, s in enumerate(STEPS)])
        soundfile.write(folder / name, np.array(audio.samples), audio.sr)
        made.append(str(folder / name))
    return made


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("VERSIONMATCH_CACHE", str(tmp_path / "cache"))


def test_compare_prints_a_summary_and_writes_a_report(files, tmp_path, capsys):
    report = tmp_path / "out" / "report.html"
    assert main(["compare", *files, "--out", str(report), "--no-audio", "--formats", "json,audacity"]) == 0
    said = capsys.readouterr()
    assert "harmony" in said.out
    assert "first.flac" in said.out
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert json.loads(report.with_suffix(".json").read_text())["schema"] == "versionmatch.match/1"


def test_json_is_one_document_and_nothing_else(files, capsys):
    assert main(["compare", *files, "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["transposition"] == -2
    assert said.err == ""


def test_a_second_run_from_the_cache_says_the_same(files, capsys):
    first, again = ((main(["compare", *files, "--json"]), capsys.readouterr().out)[1] for _ in range(2))
    assert first == again


def test_align_prints_rows_that_ascend(files, capsys):
    assert main(["align", *files, "--csv"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head == "reference_s,other_s"
    times = np.array([[float(x) for x in row.split(",")] for row in rows])
    assert (np.diff(times, axis=0) >= 0).all()
    assert times[len(times) // 2, 1] == pytest.approx(times[len(times) // 2, 0] * 1.1, abs=0.5)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["compare", "A", "missing.wav"], 3, "A"),
        (["compare", "A", "B", "--cues", "harmny"], 2, "harmony"),
        (["compare", "A", "B", "--a-range", "later"], 2, "write start-end"),
        (["compare", "A", "B", "--extractor", "melody"], 2, "KIND=NAME"),
        (["compare", "A", "B", "--formats", "sv"], 2, "--out"),
        (["compare", "A", "B", "--out", "x.html", "--formats", "svx"], 2, "Did you mean 'sv'"),
        (["bench", "retrieval", "missing.csv"], 3, r"missing.csv"),
    ],
)
def test_what_is_wrong_is_said_on_standard_error_with_its_code(files, tmp_path, capsys, arguments, code, says):
    text = tmp_path / "A"
    text.write_text("no sound")
    named = [{"A": str(text) if code == 3 else files[0], "B": files[1]}.get(a, a) for a in arguments]
    assert main(named) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err


def test_usage_is_code_2():
    done = subprocess.run([sys.executable, "-m", "versionmatch.cli.main", "compare"], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"usage" in done.stderr


def test_doctor_names_licences(capsys):
    assert main(["doctor"]) == 0
    assert "AGPL-3.0-only" in capsys.readouterr().out
