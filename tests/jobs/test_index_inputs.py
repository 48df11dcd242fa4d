"""What is named comes out as it was meant: manifests by their columns, cue sheets by their tracks, folders whole."""

import json
import os

import numpy as np
import pytest

from tests.jobs.sounds import SR, Inline, tune, wav
from versionmatch.errors import InputError, MissingExtra
from versionmatch.jobs.catalogue import Catalogue
from versionmatch.jobs.index_inputs import named_inputs
from versionmatch.jobs.index_manifest import mapped_columns

ROWS = [
    {
        "File": "a.wav",
        "Track Title": "Greensleeves",
        "ARTIST": "Anon",
        "isrc": "GBAYE0000351",
        "split": "test",
        "bpm": 3,
    },
    {"File": "b.wav", "Track Title": "Lachrimæ", "ARTIST": "Dowland", "isrc": "", "split": "train", "bpm": 4},
]


def written(path, rows=ROWS):
    names, suffix = list(rows[0]), path.suffix
    if suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows))
    elif suffix == ".parquet":
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    else:
        mark = {".tsv": "\t", ".csv": ";"}[suffix]
        path.write_text(
            "\n".join(mark.join(map(str, line)) for line in [names, *[r.values() for r in rows]]), "utf-8-sig"
        )
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_the_columns_of_a_manifest_are_recognised(tmp_path, suffix):
    first, second = named_inputs([written(tmp_path / f"list{suffix}")])
    assert first.path == str(tmp_path / "a.wav")
    assert first.facts == {"title": "Greensleeves", "artist": "Anon", "isrc": "GBAYE0000351"}
    assert first.partition == "test"
    assert second.facts["title"] == "Lachrimæ"
    assert "isrc" not in second.facts


def test_of_columns_that_mean_the_same_the_first_is_taken():
    assert mapped_columns(["path", "filename", "Licence", "licence_url"]) == {"path": "path", "Licence": "licence"}


def test_a_row_without_a_path_is_told_and_the_others_are_read(tmp_path):
    rows = [ROWS[0], {**ROWS[1], "File": ""}, {**ROWS[1], "File": "c.wav"}]
    found = list(named_inputs([written(tmp_path / "list.csv", rows)]))
    assert [n.verdict and n.verdict[1:] for n in found] == [None, ("path_unsafe", "row 2 names no path"), None]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "list.csv",
            b"title,artist\nx,y\n",
            "has no column for paths; name one of its columns path .found: title, artist",
        ),
        ("list.csv", b"path\n\xff\xfe.wav\n", "cannot be read: 'utf-8' codec.*save it as UTF-8"),
        ("list.parquet", b"PAR1 not really", "is no Parquet file that can be read"),
        ("side.cue", b"REM nothing\n", "names no tracks"),
        ("side.cue", b'FILE "a.wav" WAVE\nTRACK 01 AUDIO\nINDEX 01 later\n', "'later' is no time"),
    ],
)
def test_a_list_that_cannot_be_read_says_why(tmp_path, name, content, words):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=words):
        list(named_inputs([tmp_path / name]))


def test_without_pyarrow_a_parquet_manifest_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "list.parquet").touch()
    with pytest.raises(MissingExtra, match=r"pip install 'versionmatch\[catalogue\]'"):
        list(named_inputs([tmp_path / "list.parquet"]))


CUE = """PERFORMER "The Consort"
TITLE "Side One"
FILE "side.wav" WAVE
  TRACK 01 AUDIO
    TITLE "Pavan"
    ISRC GBAYE0000351
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Galliard"
    PERFORMER "Another"
    INDEX 00 00:03:70
    INDEX 01 00:04:00
"""


def test_the_tracks_of_a_cue_sheet_are_recordings(tmp_path):
    (tmp_path / "side.cue").write_text(CUE)
    (tmp_path / "side.wav").write_bytes(wav(np.concatenate([tune(1, 4.0), tune(2, 5.0)])))
    with Catalogue.create(tmp_path / "c", kinds=("waveform",)) as catalogue:
        assert catalogue.add(tmp_path / "side.cue", executor=Inline(), jobs=1).done == 2
        found = {r.title: r for r in catalogue.recordings()}
        assert {t: (r.duration_s, r.artist, r.isrc) for t, r in found.items()} == {
            "Pavan": (4.0, "The Consort", "GBAYE0000351"),
            "Galliard": (5.0, "Another", None),
        }
        alone = tmp_path / "alone.wav"
        alone.write_bytes(wav(tune(1, 4.0), SR))
        catalogue.add(alone, executor=Inline(), jobs=1)
        assert len(catalogue) == 2  # the same sound, whatever it was cut from
        assert catalogue.add(executor=Inline(), jobs=1).done == 3


def test_a_manifest_says_more_than_tags_and_can_be_read_again(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(tune(1)))
    (tmp_path / "b.wav").write_bytes(wav(tune(2)))
    with Catalogue.create(tmp_path / "c", kinds=("waveform",)) as catalogue:
        assert catalogue.add(tmp_path, executor=Inline(), jobs=1).done == 2
        assert catalogue.add(written(tmp_path / "list.csv"), executor=Inline(), jobs=1).done == 2
        assert {r.title for r in catalogue.recordings()} == {"Greensleeves", "Lachrimæ"}
        assert [r.title for r in catalogue.recordings(partition="test")] == ["Greensleeves"]


def test_a_folder_is_read_in_order_and_not_its_own_catalogue(tmp_path):
    (tmp_path / "b" / "deep").mkdir(parents=True)
    for name in ("z.wav", "b/a.wav", "b/deep/c.wav"):
        (tmp_path / name).touch()
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "x.wav").touch()
    found = [os.path.relpath(n.path, tmp_path) for n in named_inputs([tmp_path], catalogue=tmp_path / "c")]
    assert found == ["z.wav", "b/a.wav", "b/deep/c.wav"]
