"""Corpora as people write them down, and the files that items lie in."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from versionmatch.attribution.adapters.items import (
    NOBODY,
    corpus_of,
    file_name,
    read_arrays,
    read_entries,
    source_entry,
)
from versionmatch.errors import InputError

ROWS = [
    {"id": "a/b", "holder": "Ann", "path": "one.wav", "text": "slow air, in minor", "start": "1.5", "seconds": "2"},
    {"id": "two", "holder": "", "path": "two.wav", "text": "", "start": "", "seconds": ""},
]


@pytest.fixture
def folder(tmp_path):
    for name in ("one.wav", "two.wav"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def written(folder, ending):
    path = folder / f"corpus.{ending}"
    if ending == "json":
        path.write_text(json.dumps({"name": "songs", "items": ROWS}))
    elif ending == "jsonl":
        path.write_text("\n".join(map(json.dumps, ROWS)))
    else:
        mark = "," if ending == "csv" else "\t"
        quoted = [[f'"{v}"' if "," in v else v for v in row.values()] for row in ROWS]
        path.write_text("\n".join(mark.join(line) for line in [ROWS[0].keys(), *quoted]))
    return path


@pytest.mark.parametrize("ending", ["csv", "tsv", "json", "jsonl"])
@pytest.mark.parametrize("of_folder", [False, True])
def test_a_table_says_the_same_however_it_is_written(ending, of_folder, folder):
    path = written(folder, ending)
    first, second = read_entries(folder if of_folder else path)
    assert (first.id, first.holder, first.text) == ("a/b", "Ann", "slow air, in minor")
    assert (first.start, first.seconds, first.path) == (1.5, 2.0, folder / "one.wav")
    assert (second.id, second.holder, second.start, second.seconds) == ("two", NOBODY, 0.0, 0.0)


def test_columns_are_known_by_their_usual_names(folder):
    (folder / "songs.csv").write_text("Rights-Holder,File Name,filename,caption,title\nAnn,no,one.wav,an air,Air\n")
    (entry,) = read_entries(folder / "songs.csv")
    assert (entry.id, entry.holder, entry.text) == ("one", "Ann", "an air")


def test_a_folder_without_a_table_is_its_files(folder):
    (folder / "two.txt").write_text(" quick reel\n")
    (folder / "notes.pdf").write_bytes(b"")
    assert [(e.id, e.text) for e in read_entries(folder)] == [("one", ""), ("two", "quick reel")]


def test_codes_come_before_sound(folder):
    table, codes = written(folder, "csv"), folder / "codes"
    codes.mkdir()
    save_file({"codes": torch.ones(2, 3)}, codes / f"{file_name('a/b')}.safetensors")
    np.savez(codes / "two.npz", codes=np.ones((2, 3)))
    entries = read_entries(table, codes)
    assert [e.path.name for e in entries] == ["a%2Fb.safetensors", "two.npz"]
    assert all(torch.equal(read_arrays(e.path)["codes"].float(), torch.ones(2, 3)) for e in entries)
    assert entries[0].text == "slow air, in minor"


def test_a_corpus_changes_with_anything_its_items_are(folder):
    table = written(folder, "csv")

    def digest():
        return corpus_of(read_entries(table), "songs").digest

    seen = {digest()}
    assert digest() in seen
    for old, new in (("Ann", "Bob"), ("minor", "major"), ("1.5", "1.6")):
        table.write_text(table.read_text().replace(old, new))
        seen.add(digest())
    (folder / "two.wav").write_bytes(b"another")
    seen.add(digest())
    assert len(seen) == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,path\na,one.wav\na,two.wav\n", "names item 'a' twice"),
        ("id,path\n", "names no item"),
        ("id,path\na,three.wav\n", r"item 'a' of .* has no file: there is no .*three\.wav"),
        ("id,text\na,air\n", "has no file: there is no path in its row"),
        ("id,path\n,\n", "row 1 of the corpus in .* has no id"),
        ("id,path,start\na,one.wav,soon\n", "start is seconds, 0 or more; got 'soon'"),
        ("id,path,seconds\na,one.wav,-1\n", "seconds is seconds, 0 or more; got '-1'"),
    ],
)
def test_a_table_that_cannot_be_used_is_named(text, told, folder):
    (folder / "odd.csv").write_text(text)
    with pytest.raises(InputError, match=told):
        read_entries(folder / "odd.csv")


def test_files_that_cannot_be_read_are_named(folder):
    (folder / "odd.json").write_text('{"items": 3}')
    with pytest.raises(InputError, match="a corpus is a list of objects"):
        read_entries(folder / "odd.json")
    (folder / "odd.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        read_entries(folder / "odd.json")
    for name in ("none", "none.csv"):
        with pytest.raises(InputError, match=r"cannot be read|there is no corpus"):
            read_entries(folder / name)
    (folder / "bad.safetensors").write_bytes(b"no")
    np.savez(folder / "objects.npz", codes=np.array([{}], dtype=object))
    for name in ("bad.safetensors", "objects.npz"):
        with pytest.raises(InputError, match=f"{name} cannot be read as arrays"):
            read_arrays(folder / name)
    with pytest.raises(InputError, match=r"there is no file .*gone\.wav for 'output'"):
        source_entry("output", folder / "gone.wav", "codes")


def test_a_source_is_a_file_an_array_or_arrays_by_name(folder):
    (folder / "one.txt").write_text("an air")
    assert source_entry("q", str(folder / "one.wav"), "codes").text == "an air"
    assert torch.equal(source_entry("q", np.ones((2, 3)), "codes").arrays["codes"], torch.ones(2, 3).double())
    named = source_entry("q", {"codes": np.ones((2, 3)), "length": 2, "text": "a reel"}, "codes")
    assert (named.text, int(named.arrays["length"]), sorted(named.arrays)) == ("a reel", 2, ["codes", "length"])
