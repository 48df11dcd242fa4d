"""``versionmatch index``: what it prints, and how it ends."""

import io
import json
import sys

import pytest

from tests.jobs.sounds import folder_of
from versionmatch.cli.main import main


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    base = tmp_path_factory.mktemp("built")
    sounds = folder_of(base / "sounds", 2)
    code = main(["index", "build", str(base / "a.catalogue"), str(sounds), "--kinds", "waveform", "--jobs", "1", "-q"])
    assert code == 3  # four files are in quarantine
    return base / "a.catalogue", sounds


def run(*arguments):
    return main(["index", *map(str, arguments)])


def test_the_coverage_adds_up_and_the_end_says_that_files_were_left(built, capsys):
    assert run("add", built[0], "-q") == 3
    out = capsys.readouterr().out
    assert "9 seen = 4 done + 4 quarantined + 1 skipped + 0 pending\n" in out
    assert "     1  truncated\n" in out
    assert f"versionmatch index stat {built[0]} --quarantine" in out


def test_a_clean_folder_ends_with_0(built, tmp_path, capsys):
    assert run("build", tmp_path / "c", built[1] / "000.wav", "--kinds", "waveform", "--jobs", 1, "--json") == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["done"] == 1
    lines = [json.loads(line) for line in captured.err.splitlines()]
    assert lines[-1]["event"] == "progress"
    assert lines[-1]["pending"] == 0
    assert {"x_real_time", "mb_per_s", "eta_s"} <= set(lines[-1])


def test_a_list_on_standard_input_may_be_separated_by_nul(built, capsys, monkeypatch):
    names = f"{built[1]}/000.wav\0{built[1]}/001.wav\0".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(names)))
    assert run("add", built[0], "-", "-0", "--json", "-q") == 0
    assert json.loads(capsys.readouterr().out)["seen"] == 2


def test_stat_lists_recordings_quarantine_and_runs(built, capsys):
    assert run("stat", built[0], "--json") == 0
    assert json.loads(capsys.readouterr().out)["recordings"] == 2
    run("stat", built[0], "--quarantine")
    reasons = {json.loads(line)["reason"] for line in capsys.readouterr().out.splitlines()}
    assert reasons == {"empty_file", "not_audio", "truncated", "silent"}
    run("stat", built[0], "--recordings")
    assert len(capsys.readouterr().out.splitlines()) == 2
    run("stat", built[0], "--runs")
    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert first["seen"] == first["done"] + first["quarantined"] + first["skipped"] + first["pending"]


def test_verify_tells_damage_by_exit_code_5_and_repairs_it(built, capsys):
    assert run("verify", built[0]) == 0
    assert capsys.readouterr().out == "all is what was written\n"
    path = next((built[0] / "features").rglob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-3])
    assert run("verify", built[0]) == 5
    assert "is not what was written" in capsys.readouterr().out
    assert run("verify", built[0], "--repair") == 0
    run("add", built[0], "-q", "--jobs", 1)
    assert run("verify", built[0]) == 0


def test_removal_and_compaction_say_what_they_did(built, capsys):
    run("stat", built[0], "--recordings")
    first = json.loads(capsys.readouterr().out.splitlines()[0])["id"]
    assert run("remove", built[0], first[:10], "--reason", "withdrawn") == 0
    assert run("compact", built[0]) == 0
    assert "1 recordings and 1 files deleted" in capsys.readouterr().out
    assert run("remove", built[0], first) == 3
    assert "there is no such recording" in capsys.readouterr().err


def test_other_settings_for_a_catalogue_that_is_there_are_refused(built, capsys):
    assert run("build", built[0], built[1], "--kinds", "cqt") == 2
    assert "catalogue.toml" in capsys.readouterr().err


def test_where_there_is_no_catalogue_it_is_said(tmp_path, capsys):
    assert run("add", tmp_path, "x.wav") == 3
    assert "is no catalogue; make one with `versionmatch index build" in capsys.readouterr().err


def test_doctor_describes_a_catalogue(built, capsys):
    assert main(["doctor", str(built[0])]) == 0
    out = capsys.readouterr().out
    assert "all is what was written" in out
    assert "recordings" in out
