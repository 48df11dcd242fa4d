"""What a person corrected stands in place of the machine's, and the match says so."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

import versionmatch as vm
from versionmatch.audio import synth
from versionmatch.cli.main import main
from versionmatch.errors import InputError, ParamsError
from versionmatch.jobs.corrections import corrected
from versionmatch.jobs.opening import excerpt, open_track

TABLES = {
    "melody": "onset_s,duration_s,pitch,confidence\n1.0,2.0,61,1\n4.0,1.0,66,1\n",
    "chords": "onset_s,offset_s,label\n0,4,Gm\n4,16,Eb:maj7\n",
    "beats": "onset_s\n0.25\n1.25\n2.25\n",
}


@pytest.fixture(scope="module")
def track():
    audio = synth.song(verses=1).audio
    return open_track((audio.samples, audio.sr))


@pytest.fixture
def files(tmp_path):
    for kind, text in TABLES.items():
        (tmp_path / f"{kind}.csv").write_text(text)
    return {kind: str(tmp_path / f"{kind}.csv") for kind in TABLES}


def test_each_part_is_the_one_given(track, files):
    chroma = track["chroma"]
    mended = corrected(track, {**files, "key": "f# minor"})
    assert mended["notes"].pitch.tolist() == [61, 66]
    assert mended["melody"].values.shape == track["melody"].values.shape
    assert mended["melody"].values[:, 100].tolist() == [61, 1]
    assert mended["chords"].labels == ("G:min", "Eb:maj7")
    assert mended["beats"].facts["tempo_bpm"] == pytest.approx(60)
    assert mended["key"].labels == ("F♯ minor",)
    assert mended["chroma"] is chroma
    assert mended.settings("melody").startswith("corrected-")
    assert mended.settings("cqt") == track.settings("cqt")


def test_nothing_corrected_leaves_the_recording_as_it_is(track):
    assert corrected(track, {}) is track


def test_what_was_made_of_a_corrected_part_is_made_anew(track):
    notes, _ = track["notes"], track["cens"]
    chroma = vm.Features("chroma", np.eye(12)[:, np.zeros(160, int)], 10.0)
    mended = track.corrected({"chroma": chroma})
    assert mended["notes"] is notes
    assert "cens" not in mended


def test_an_excerpt_keeps_what_was_corrected(track, files):
    part = excerpt(corrected(track, {**files, "key": "G major"}), 2.0, 8.0)
    assert part["notes"].onset_s.tolist() == [0.0, 2.0]
    assert part["chords"].duration_s.tolist() == [2.0, 4.0]
    assert part["beats"].onset_s.tolist() == [0.25]
    assert part["key"].labels == ("G major",)


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        ("chords", "onset_s,duration_s,label\n0,1,Fine\n", "line 2: 'Fine' from 0 s for 1 s; chords such as"),
        ("chords", "0,1,Am\n", "begins with a line that names its columns; got '0,1,Am'"),
        ("beats", "onset_s\n1\n1\n", "each later than the one before"),
        ("beats", "onset_s\nsoon\n", "line 2: onset is 'soon'"),
        ("melody", "onset,offset,pitch\n500,501,60\n", r"begins at 500\.00 s, and array lasts 16\.00 s"),
        ("melody", "nothing", "names its columns"),
    ],
)
def test_a_table_that_cannot_be_used_is_named_with_its_line(track, tmp_path, kind, text, told):
    path = tmp_path / "fixed.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"fixed\.csv: .*{told}"):
        corrected(track, {kind: str(path)})


def test_a_missing_file_and_an_odd_key_are_named(track):
    with pytest.raises(InputError, match="the corrected beats cannot be read"):
        corrected(track, {"beats": "missing.csv"})
    with pytest.raises(InputError, match="the key 'H dur' cannot be read"):
        corrected(track, {"key": "H dur"})


def test_only_four_kinds_can_be_corrected():
    with pytest.raises(ParamsError, match=r"corrections_a = .*of the kinds melody, chords, key, beats"):
        vm.CompareParams(corrections_a={"lyrics": "words.txt"})


def test_the_match_and_its_report_say_what_was_corrected(track, files):
    digest = hashlib.sha256(Path(files["melody"]).read_bytes()).hexdigest()
    match = vm.compare(track, track, corrections_a={"melody": files["melody"], "key": "G major"}, cues=("harmony",))
    assert f"Melody of A: corrected by hand, file sha256 {digest}." in match.notes
    assert "Key of A: given by hand, G major." in match.notes
    assert match.manifest.inputs["melody of A"] == digest
    assert match.manifest.params["corrections_a"] == {"melody": "melody.csv", "key": "G major"}
    page = match.to_html()
    assert digest in page
    assert (
        "--melody-a melody.csv --key-a &#x27;G major&#x27;" in page or "--melody-a melody.csv --key-a 'G major'" in page
    )


def test_the_command_line_takes_corrections(files, tmp_path, capsys):
    scale = tmp_path / "scale.abc"
    scale.write_text("X:1\nL:1/4\nK:C\n" + "CDEF|GABc|BAGF|EDCD|\n" * 4)
    line = ["compare", str(scale), str(scale), "--chords-b", files["chords"], "--key-b", "G major", "--no-cache"]
    assert main([*line, "--cues", "harmony", "--json"]) == 0
    assert "Chords of B: corrected by hand, file sha256" in capsys.readouterr().out
    assert main([*line, "--beats-a", "missing.csv"]) == 3
    assert "missing.csv: the corrected beats cannot be read" in capsys.readouterr().err
