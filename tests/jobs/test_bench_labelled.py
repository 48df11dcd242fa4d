"""Benches on labelled pairs: right answers score, wrong truths do not, bad rows are named and left out."""

import csv
import json

import numpy as np
import pytest
import soundfile

from versionmatch.audio import synth
from versionmatch.cli.main import main
from versionmatch.errors import InputError, ParamsError
from versionmatch.factory.work import write_works
from versionmatch.jobs import bench_rows
from versionmatch.jobs.bench_calibration import bench_calibration
from versionmatch.jobs.bench_explain import bench_explain
from versionmatch.jobs.bench_localise import bench_localise, figures, quantile, truth_of
from versionmatch.jobs.bench_make import MakeParams, make_set
from versionmatch.jobs.bench_rows import PairsParams, Row, draws, read_rows, share
from versionmatch.match.localisation import Answer, Truth
from versionmatch.types import Span


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two songs, one of them also higher and quicker, and a file that is no sound."""
    root = tmp_path_factory.mktemp("labelled")
    for name, key, bpm, seed in (("song", 0, 120, 3), ("version", 3, 132, 3), ("other", 5, 110, 9)):
        audio = synth.song(transposition=key, tempo_bpm=bpm, verses=2, seed=seed).audio
        soundfile.write(root / f"{name}.wav", audio.samples, audio.sr)
    (root / "broken.wav").write_text("this is no sound")
    return root


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return str(tmp_path_factory.mktemp("cache"))


def write(folder, rows, name="rows.json"):
    path = folder / name
    if name.endswith(".csv"):
        with path.open("w", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        path.write_text(json.dumps(rows))
    return str(path)


def params(folder, rows, cache=None, name="rows.json"):
    return PairsParams(manifest=write(folder, rows, name), workers=1, cache_dir=cache, n_bootstrap=50)


WHOLE = {
    "id": "whole", "a": "version.wav", "b": "song.wav", "a_start_s": 0, "a_end_s": 29.1, "b_start_s": 0, "b_end_s": 32,
    "transposition": 3, "tempo_ratio": 1.1,
}  # fmt: skip


def test_a_version_is_localised_and_a_wrong_row_named(folder, cache):
    rows = [
        WHOLE,
        {"id": "gone", "a": "nowhere.wav", "b": "song.wav"},
        {"id": "bad", "a": "broken.wav", "b": "song.wav"},
    ]
    result = bench_localise(params(folder, rows, cache))
    assert (result["n_related"], result["n_unrelated"]) == (1, 0)
    assert result["boundary_s"]["median"]["value"] < 0.5
    for key in ("iou_at_least_0_7", "transposition_right", "tempo_within_2_percent", "found"):
        assert result[key] == {"value": 1.0, "ci": [1.0, 1.0], "n": 1}
    assert [e["row"] for e in result["errors"]] == ["row 1 (gone)", "bad"]
    assert "nowhere.wav" in result["errors"][0]["error"]
    assert "broken.wav" in result["errors"][1]["error"]
    json.dumps(result, allow_nan=False)


def test_a_wrong_truth_is_not_met(folder, cache):
    wrong = {**WHOLE, "transposition": 4, "tempo_ratio": 1.3}
    result = bench_localise(params(folder, [wrong], cache))
    assert result["transposition_right"]["value"] == result["tempo_within_2_percent"]["value"] == 0


def test_the_command_reads_csv_and_prints_a_table(folder, cache, capsys):
    path = write(folder, [WHOLE, {"id": "none", "a": "song.wav", "b": "version.wav"}], "rows.csv")
    assert main(["bench", "localise", path, "--workers", "1", "--cache", cache, "-q"]) == 0
    told = capsys.readouterr().out
    assert "1 pairs that share a passage, 1 that do not" in told
    assert "transposition right" in told
    assert "unrelated with a passage      1.000" in told  # the row says so, wrongly


def test_labelled_pairs_are_judged_and_drawn(folder, cache, tmp_path, capsys):
    rows = [
        {"a": "song.wav", "b": "version.wav", "label": 1, "work_a": "x", "work_b": "x"},
        {"a": "song.wav", "b": "other.wav", "label": 0, "work_a": "x", "work_b": "y"},
        {"a": "version.wav", "b": "other.wav", "label": "0", "work_a": "x", "work_b": "y"},
        {"a": "song.wav", "b": "other.wav", "label": "maybe"},
    ]
    result = bench_calibration(params(folder, rows, cache))
    assert (result["n_pairs"], result["n_versions"]) == (3, 1)
    assert result["at_prior"]["auc"]["value"] == 1
    assert 0 <= result["at_prior"]["ece"]["value"] <= 1
    assert result["p_values"]["harmony"]["n"] == 2
    assert "label is 'maybe'" in result["errors"][0]["error"]
    svg = tmp_path / "diagram.svg"
    path = write(folder, rows)
    assert main(["bench", "calibration", path, "--workers", "1", "--cache", cache, "-q", "--svg", str(svg)]) == 0
    assert "versions weighed to 0.2:" in capsys.readouterr().out
    assert svg.read_text().startswith("<svg")


def test_one_label_alone_is_refused(folder, cache):
    rows = [{"a": "song.wav", "b": "version.wav", "label": 1}]
    with pytest.raises(InputError, match="1 of 1 pairs are versions; both are needed"):
        bench_calibration(params(folder, rows, cache))


def test_the_same_music_has_no_changed_element(folder, cache, capsys):
    rows = [
        {"a": "song.wav", "b": "version.wav", "changed": "none"},
        {"a": "song.wav", "b": "other.wav", "changed": "key"},
    ]
    result = bench_explain(params(folder, rows, cache))
    assert result["confusion"] == {"none": {"melody": 0, "harmony": 0, "rhythm": 0, "none": 1}}
    assert result["elements"]["value"] is None
    assert "changed is 'key'; write one of melody, harmony, rhythm, none" in result["errors"][0]["error"]
    assert main(["bench", "explain", write(folder, rows), "--workers", "1", "--cache", cache, "-q"]) == 0
    assert "changed, answered:" in capsys.readouterr().out


def test_another_melody_is_told_from_another_harmony(tmp_path, cache):
    made = make_set(MakeParams(kind="explain", out=str(tmp_path / "set"), n=1, seed=5, sound=False))
    [manifest] = made["manifests"]
    result = bench_explain(PairsParams(manifest=manifest, workers=1, cache_dir=cache, n_bootstrap=20))
    assert result["n_pairs"] == 4
    assert result["accuracy"]["value"] >= 0.5
    assert all(set(p["kept"]) <= {"melody", "harmony", "rhythm"} for p in result["pairs"])


def test_a_set_is_made_with_sound_scores_and_truth(tmp_path, capsys):
    out = tmp_path / "set"
    command = ["bench", "make", "localise", str(out), "--n", "1", "--unrelated", "1", "--seed", "7", "--tones", "-q"]
    assert main(command) == 0
    assert capsys.readouterr().out.split() == [str(out / "scores.json"), str(out / "sound.json")]
    rows, errors = read_rows(out / "sound.json", truth_of)
    assert errors == []
    (row, truth), (other, nothing) = rows
    assert nothing is None
    assert len(row.works) == 3
    assert len(other.works) == 2
    assert truth.span.query_end_s <= soundfile.info(row.a).duration
    first = {p.name: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert main(command) == 0
    assert {p.name: p.read_bytes() for p in out.rglob("*") if p.is_file()} == first


def test_works_of_a_file_are_used(tmp_path):
    from tests.factory.works import random_work

    write_works([random_work(f"known/{k}", k, bars=60) for k in range(4)], tmp_path / "works.npz")
    make = MakeParams(
        kind="localise", out=str(tmp_path / "set"), n=2, sound=False, works=str(tmp_path / "works.npz"), soundfonts=()
    )
    make_set(make)
    rows = json.loads((tmp_path / "set" / "scores.json").read_text())
    assert {w for row in rows for w in row["works"]} <= {f"known/{k}" for k in range(4)}
    assert all(len(set(row["works"])) == 3 for row in rows)


def test_too_few_works_are_refused(tmp_path):
    from tests.factory.works import random_work

    write_works([random_work("known/1", 1, bars=60), random_work("short", 2)], tmp_path / "works.npz")
    with pytest.raises(InputError, match="1 of the 2 works have chords and 128 quarter notes; 3 are needed"):
        make_set(MakeParams(kind="localise", out=str(tmp_path), works=str(tmp_path / "works.npz")))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "tempo"}, "kind = 'tempo'"),
        ({"kind": "explain", "unrelated": 1}, "0 for explain"),
        ({"kind": "localise", "n": 0}, "at least 1"),
        ({"kind": "localise", "disguised": True}, "disguised = True; it must be left out for localise"),
    ],
)
def test_settings_of_a_set_are_checked(settings, message):
    with pytest.raises(ParamsError, match=message):
        MakeParams(out="x", **settings)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"a": 1}, "a must be the path of a recording or a score; found 1"),
        ([], "a row is an object; found list"),
        ({**WHOLE, "a_end_s": ""}, "it lacks a_end_s; give all four times, or none"),
        ({**WHOLE, "a_end_s": "late"}, "a_end_s is 'late'; write a number"),
        ({**WHOLE, "a_end_s": 0}, "the passage must end after it starts"),
        ({**WHOLE, "transposition": 0.5}, "write whole semitones"),
        ({**WHOLE, "tempo_ratio": -1}, "write the speed of a over that of b"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(folder, row, message):
    path = write(folder, [row, {**WHOLE, "id": "good"}], "some.json")
    rows, errors = read_rows(folder / "some.json", truth_of)
    assert [r.id for r, _ in rows] == ["good"]
    assert message in errors[0]["error"]
    assert errors[0]["row"].startswith("row 0")
    assert path.endswith("some.json")


def test_an_id_that_stands_twice_is_named(folder):
    write(folder, [WHOLE, WHOLE], "twice.json")
    _, errors = read_rows(folder / "twice.json", truth_of)
    assert errors == [{"row": "row 1 (whole)", "error": "the id 'whole' stands in an earlier row; ids are unique"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("{}", "holds no list of rows"),
        ("[]", "has no row that can be used"),
        ("[1]", "row 0: a row is"),
    ],
)
def test_a_file_that_is_no_manifest_is_named(folder, text, message):
    (folder / "bad.json").write_text(text)
    with pytest.raises(InputError, match=message):
        read_rows(folder / "bad.json", truth_of)
    with pytest.raises(InputError, match="cannot be read"):
        read_rows(folder / "absent.json", truth_of)


def test_a_passage_that_was_not_found_counts_as_wrong_and_unbounded():
    truth = Truth(Span(0, 10, 0, 10), 0, 1.0)
    answers = [Answer(0.9, (0.1, -0.2, 0.3, 0.4), True, 0.01, 0), None]
    told = figures([truth, truth], answers, np.ones((3, 2)))
    assert told["boundary_s"]["median"]["value"] == 0.4
    assert told["boundary_s"]["q90"]["value"] is None
    assert told["iou"]["value"] == 0.45
    assert told["transposition_right"]["value"] == told["tempo_within_2_percent"]["value"] == 0.5


def test_a_quantile_is_the_least_value_that_so_many_reach():
    errors = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert quantile(errors, 0.5, np.ones((2, 2)))["value"] == 2
    assert quantile(errors, 0.9, np.array([[2.0, 0.0], [0.0, 2.0]])) == {"value": 4.0, "ci": [2.0, 4.0]}


def test_pairs_that_share_a_work_are_drawn_together():
    drawn = draws([("a", "b"), ("c",), ("b", "d"), ("d",)], seed=440, n_bootstrap=200)
    assert (drawn[:, 0] == drawn[:, 2]).all()
    assert (drawn[:, 0] == drawn[:, 3]).all()
    assert (drawn[:, 0] != drawn[:, 1]).any()
    assert share([1, 0, 1, 1], drawn)["value"] == 0.75
    assert share([], np.zeros((5, 0))) == {"value": None, "ci": None, "n": 0}


def test_works_of_a_row_are_those_it_names(tmp_path):
    assert Row("p", tmp_path, tmp_path, {"work_a": "x", "work_b": 3}).works == ("x", "3")
    assert Row("p", tmp_path, tmp_path, {"works": ["q"]}).works == ("q",)
    assert Row("p", tmp_path, tmp_path).works == ("p",)


def test_where_no_pair_can_be_compared_it_is_said(folder):
    rows = [{"a": "broken.wav", "b": "song.wav"}]
    with pytest.raises(InputError, match=r"no pair of .* could be compared; 0: .*broken\.wav"):
        bench_localise(params(folder, rows))


def test_two_processes_give_what_one_gives(folder, cache):
    rows = [WHOLE, {"id": "other", "a": "other.wav", "b": "song.wav"}]
    one = bench_localise(params(folder, rows, cache))
    manifest = write(folder, rows)
    assert bench_localise(PairsParams(manifest=manifest, workers=2, cache_dir=cache, n_bootstrap=50)) == one
    with pytest.raises(ParamsError, match="workers = -1"):
        bench_rows.PairsParams(manifest="x", workers=-1)
