"""What was found leaves as files, is corrected, and comes back as it was written."""

from dataclasses import replace

import numpy as np
import pytest

from versionmatch.audio import synth
from versionmatch.cli.main import main
from versionmatch.errors import InputError, ParamsError
from versionmatch.export.feature_files import FeaturesExporter, LayersExporter, MidiExporter, MusicXmlExporter, files
from versionmatch.jobs.compare import compare
from versionmatch.jobs.corrections import corrected
from versionmatch.jobs.opening import open_track
from versionmatch.scores.sv_layer import layer_table

KINDS = {"melody": ".notes", "chords": ".chords", "beats": ".beats"}
COLUMNS = {"notes": ("onset_s", "duration_s", "pitch"), "chords": ("onset_s", "duration_s"), "beats": ("onset_s",)}


@pytest.fixture(scope="module")
def track():
    audio = synth.song(verses=1).audio
    return open_track((audio.samples, audio.sr))


def written(track, folder, suffix, formats):
    found = files(track.recording, track, formats=formats)
    for end, content in found.items():
        (folder / f"x{end}").write_bytes(content)
    return {kind: str(folder / f"x{end}{suffix}") for kind, end in KINDS.items()}


@pytest.mark.parametrize(("formats", "suffix", "near"), [(("csv",), ".csv", 1e-9), (("svl",), ".svl", 1e-4)])
def test_exported_features_are_read_back_unchanged(track, tmp_path, formats, suffix, near):
    mended = corrected(track, {**written(track, tmp_path, suffix, formats), "key": track["key"].labels[0]})
    for kind, columns in COLUMNS.items():
        for column in columns:
            assert np.abs(getattr(mended[kind], column) - getattr(track[kind], column)).max() <= near, (kind, column)
    assert mended["chords"].labels == track["chords"].labels
    assert mended["key"].labels == track["key"].labels


@pytest.mark.parametrize(("end", "near_s"), [(".mid", 1e-3), (".musicxml", 0.15)])
def test_a_melody_comes_back_from_midi_and_notation_in_the_recordings_time(track, tmp_path, end, near_s):
    (tmp_path / f"x{end}").write_bytes(files(track.recording, track)[end])
    notes = corrected(track, {"melody": str(tmp_path / f"x{end}")})["notes"]
    assert notes.pitch.tolist() == np.floor(track["notes"].pitch + 0.5).tolist()
    assert np.abs(notes.onset_s - track["notes"].onset_s).max() < near_s


def test_what_is_corrected_in_the_table_is_what_comes_back(track, tmp_path):
    paths = written(track, tmp_path, ".csv", ("csv",))
    lines = (tmp_path / "x.notes.csv").read_text().splitlines()
    cells = lines[2].split(",")
    cells[2] = "71"
    (tmp_path / "x.notes.csv").write_text("\n".join([*lines[:2], ",".join(cells), *lines[3:]]))
    pitch = corrected(track, {"melody": paths["melody"]})["notes"].pitch
    assert pitch[1] == 71
    assert np.delete(pitch, 1).tolist() == np.delete(track["notes"].pitch, 1).tolist()


def test_a_comparison_with_its_own_chords_beats_and_key_finds_the_same(track, tmp_path):
    audio = synth.song(verses=1).audio
    source = (audio.samples, audio.sr)
    paths = written(track, tmp_path, ".csv", ("csv",))
    given = {"chords": paths["chords"], "beats": paths["beats"], "key": track["key"].labels[0]}
    plain, again = compare(source, source), compare(source, source, corrections_a=given)
    assert [(e.cue, e.raw) for e in again.evidence] == [(e.cue, e.raw) for e in plain.evidence]
    assert [p.span for p in again.passages] == [p.span for p in plain.passages]
    assert sum("by hand" in note for note in again.notes) == 3


def test_chords_of_a_layer_keep_labels_that_xml_must_escape(match):
    odd = replace(match.query_track["chords"], labels=("Bb:maj", "N", 'F:7"<&>', "G:min"))
    layer = files(match.query, {"chords": odd}, ("chords",), ("svl",))[".chords.svl"]
    assert layer_table(layer).splitlines()[3].split(",")[-1] == "F:7 <&>"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<sv><data><model sampleRate='8000'/></data></sv>", "0 points"),
        ("<sv><point frame='1'/></sv>", "the sample rate of this layer is 'None'"),
        ("<sv><model sampleRate='8000'/><point/></sv>", "no frame"),
        ("<sv><model sampleRate='8000'/><point frame='x'/></sv>", "frame of this layer is 'x'"),
    ],
)
def test_a_layer_that_cannot_be_used_says_why(track, tmp_path, text, words):
    (tmp_path / "x.svl").write_text(text)
    with pytest.raises(InputError, match=rf"x\.svl: .*{words}"):
        corrected(track, {"beats": str(tmp_path / "x.svl")})


@pytest.mark.parametrize(
    ("exporter", "name", "there"),
    [
        (FeaturesExporter, "pair.notes.csv", ["beats", "chords", "key", "notes"]),
        (LayersExporter, "pair.notes.svl", ["beats", "chords", "notes"]),
        (MidiExporter, "pair.mid", []),
        (MusicXmlExporter, "pair.musicxml", []),
    ],
)
def test_a_comparison_writes_the_features_of_both_sides(match, tmp_path, exporter, name, there):
    folder = tmp_path / "out"
    folder.mkdir()
    exporter().export(match, folder / name)
    suffix = name.rpartition(".")[2]
    kinds = [f"pair.{kind}" for kind in there] or ["pair"]
    wanted = {f"{kind}{side}.{suffix}" for kind in kinds for side in ("", ".reference")}
    assert {path.name for path in folder.iterdir()} == wanted


def test_features_that_cannot_be_had_give_tables_without_rows(match):
    found = files(match.query, {})
    assert found[".notes.csv"] == b"onset_s,duration_s,pitch,confidence\n"
    assert found[".beats.svl"].count(b"<point") == 0
    assert found[".mid"].startswith(b"MThd")


@pytest.mark.parametrize(("kinds", "formats"), [(("tunes",), ("csv",)), (("notes",), ("pdf",)), ((), ("csv",))])
def test_unknown_words_list_the_known_ones(match, kinds, formats):
    with pytest.raises(ParamsError, match="there are: "):
        files(match.query, match.query_track, kinds, formats)


def test_the_command_writes_what_is_asked_for_and_says_how_it_is_taken_back(tmp_path, capsys):
    (tmp_path / "tune.abc").write_text("X:1\nT:Scale\nM:4/4\nL:1/4\nQ:1/4=120\nK:G\nGABc|defg|")
    out = tmp_path / "out"
    code = main(["features", str(tmp_path / "tune.abc"), "--formats", "csv,musicxml", "--out", str(out), "--no-cache"])
    said = capsys.readouterr()
    assert code == 0
    assert {p.name for p in out.iterdir()} == {f"tune.{k}.csv" for k in ("notes", "chords", "beats", "key")} | {
        "tune.musicxml"
    }
    assert said.out.count("\n") == 5
    assert "--key-a 'G major'" in said.err
    assert main(["features", str(tmp_path / "tune.abc"), "--export", "lyrics"]) == 2
    assert "no export named lyrics; there are: notes, chords, beats, key" in capsys.readouterr().err
