"""Checkpoints are read without running anything in them; what is hostile or damaged is refused by name."""

import collections
import contextlib
import functools
import io
import os
import pickle
import pickletools
import struct
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.embed import pickle_data, unpickle
from versionmatch.embed.pickle_data import Inert, read_pickle
from versionmatch.embed.unpickle import read_checkpoint
from versionmatch.errors import InputError, LimitError

torch = pytest.importorskip("torch")


def saved(path, value, *, legacy=False):
    torch.save(value, path, _use_new_zipfile_serialization=not legacy)
    return path


def archived(path, pickled, entries=(), *, compression=zipfile.ZIP_STORED):
    """A checkpoint made by hand: the bytes of its pickle, and further entries."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", pickled)
        for name, content in dict(entries).items():
            archive.writestr(name, content)
    return path


def described(path, offset, shape, strides, n_items=4, n_bytes=16, kind="FloatStorage"):
    """A checkpoint with one tensor of a storage, whatever they claim."""

    def number(n):
        return b"J" + struct.pack("<i", n)

    def numbers(values):
        return b"(" + b"".join(map(number, values)) + b"t"

    storage = b"(X\x07\x00\x00\x00storagectorch\n" + kind.encode() + b"\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
    storage += number(n_items) + b"tQ"
    tensor = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + number(offset) + numbers(shape) + numbers(strides)
    return archived(path, b"\x80\x02}X\x01\x00\x00\x00w" + tensor + b"\x89NtRs.", {"archive/data/0": bytes(n_bytes)})


class Calls:
    """Pickles as a call."""

    def __init__(self, what, *arguments):
        self.what, self.arguments = what, arguments

    def __reduce__(self):
        return self.what, self.arguments


DTYPES = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_are_those_that_were_saved(tmp_path, dtype, legacy):
    given = torch.arange(24).reshape(2, 3, 4).to(getattr(torch, dtype))
    checkpoint = read_checkpoint(saved(tmp_path / "a.pt", {"w": given, "n": 3}, legacy=legacy))
    assert checkpoint.root["n"] == 3
    found = checkpoint.arrays({"w": checkpoint.root["w"]})["w"]
    assert found.dtype == np.dtype(dtype)
    assert np.array_equal(found, given.numpy())


@pytest.mark.parametrize("legacy", [False, True])
def test_views_are_read_as_they_are_seen(tmp_path, legacy):
    base = torch.arange(24.0).reshape(4, 6)
    views = {"turned": base.T, "part": base[1:, ::2], "one": base[2, 3], "none": base[:0], "brain": base.bfloat16()}
    checkpoint = read_checkpoint(saved(tmp_path / "a.pt", views, legacy=legacy))
    found = checkpoint.arrays(checkpoint.root)
    for name, view in views.items():
        assert np.array_equal(found[name], view.float().numpy()), name
        assert found[name].flags.c_contiguous
        assert found[name].dtype == np.float32


def test_the_containers_of_training_are_seen_through(tmp_path):
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    optimiser = {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"betas": (0.9, 0.999), "params": [0]}]}
    given = {
        "epoch": 7,
        "model": model.state_dict(),
        "optim": optimiser,
        "parameter": torch.nn.Parameter(torch.ones(2)),
        "shape": torch.Size([2, 3]),
        "where": torch.device("cpu"),
        "best": np.float64(0.5),
        "seen": {1, 2},
        "partial": functools.partial(max, 1),
        "many": collections.defaultdict(list, a=[1]),
    }
    root = read_checkpoint(saved(tmp_path / "a.ckpt", given)).root
    assert root["epoch"] == 7
    assert list(root["model"]) == list(model.state_dict())
    assert root["optim"]["param_groups"][0]["betas"] == (0.9, 0.999)
    assert root["parameter"].shape == root["shape"][:1] == (2,)
    assert root["many"] == {"a": [1]}
    for name in ("where", "best", "partial"):
        assert isinstance(root[name], Inert)


class Configuration:
    """Stands for a class that is not installed where the file is read."""

    def __init__(self):
        self.content = {"rate": 16000}

    def __setstate__(self, state):
        raise AssertionError("an object was filled")


def test_objects_of_unknown_classes_are_inert(tmp_path):
    path = saved(tmp_path / "a.ckpt", {"conf": Configuration(), "w": torch.ones(2)})
    root = read_checkpoint(path).root
    assert root["conf"].name == f"{__name__}.Configuration"
    assert root["w"].shape == (2,)


@pytest.mark.parametrize("protocol", range(6))
def test_plain_values_are_those_of_the_standard_reader_in_every_protocol(protocol):
    value = {"a": [1, -2, 2**40, 2**70, 0.5, True, None], "b": ("x", b"y", "ü", ()), 3: {"c": [[], {}]}, "d": {4, "e"}}
    value["f"] = value["a"]
    stream = io.BytesIO(pickle.dumps(value, protocol) + b"behind")
    found = read_pickle(stream, source="it", known={}, stored=lambda _: None)
    if protocol < 4:  # earlier ones make sets and bytes by a call, which stays inert
        for read in (found, value):
            read.pop("d")
            read["b"] = read["b"][0]
    assert found == value
    assert found["f"] is found["a"]
    assert stream.read() == b"behind"


HOSTILE = {
    rf"{os.name}\.system": lambda mark: Calls(os.system, f"touch {mark}"),
    r"__builtin__\.eval": lambda mark: Calls(eval, f"open({str(mark)!r}, 'w')"),
    r"__builtin__\.exec": lambda mark: Calls(exec, f"open({str(mark)!r}, 'w')"),
    r"__builtin__\.getattr": lambda mark: Calls(getattr, str(mark), "x"),
    r"__builtin__\.__import__": lambda mark: Calls(__import__, "antigravity"),
    r"io\.open": lambda mark: Calls(open, str(mark), "w"),
    r"torch\.storage\._load_from_bytes": lambda mark: Calls(torch.storage._load_from_bytes, b""),
    r"torch\.serialization\.load": lambda mark: Calls(torch.load, str(mark)),
    r"torch\.hub\.load": lambda mark: Calls(torch.hub.load, "a/b", "c"),
}


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("name", HOSTILE)
def test_what_runs_code_is_refused_by_name_and_not_run(tmp_path, name, legacy):
    mark = tmp_path / "mark"
    path = saved(tmp_path / "a.pt", {"w": torch.ones(2), "hidden": [HOSTILE[name](mark)]}, legacy=legacy)
    with pytest.raises(InputError, match=rf"a\.pt asks for {name}, which runs code .*nothing of it was run"):
        read_checkpoint(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    "pickled",
    [
        b"cos\nsystem\n(X\x04\x00\x00\x00trueotR.",
        b"(X\x04\x00\x00\x00trueios\nsystem\n.",
        b"(cos\nsystem\nX\x04\x00\x00\x00trueo.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85\x81.",
        b"\x80\x04\x8c\x0asubprocess\x8c\x05Popen\x93)}\x92.",
        b"c__builtin__\neval\n(X\x01\x00\x00\x001tR.",
        b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93.",
    ],
)
def test_every_way_of_a_pickle_to_a_call_is_closed(tmp_path, pickled, monkeypatch):
    called = []
    monkeypatch.setattr(os, "system", called.append)
    with pytest.raises(InputError, match=r"(asks for .* runs code|is malformed)"):
        read_checkpoint(archived(tmp_path / "a.pt", pickled))
    assert called == []


def test_a_name_that_no_list_has_is_not_imported_either(tmp_path):
    (tmp_path / "trap_module.py").write_text("raise SystemExit('imported')")
    sys.path.insert(0, str(tmp_path))
    try:
        pickled = b"\x80\x02}X\x01\x00\x00\x00actrap_module\nspring\n)RX\x01\x00\x00\x00bbs."
        root = read_checkpoint(archived(tmp_path / "a.pt", pickled)).root
    finally:
        sys.path.remove(str(tmp_path))
    assert root["a"].name == "trap_module.spring"
    assert "trap_module" not in sys.modules


def test_attributes_cannot_be_set_on_what_is_known(tmp_path):
    pickled = b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x08\x00\x00\x00__code__K\x01sb."
    before = vars(unpickle._rebuilt_tensor).copy()
    read_checkpoint(archived(tmp_path / "a.pt", pickled))
    assert vars(unpickle._rebuilt_tensor) == before


@pytest.mark.parametrize(
    ("pickled", "message"),
    [
        (b"\x80\x02}", "pickle exhausted"),
        (b".", "stack empty"),
        (b"0.", "pop from empty list"),
        (b"(.", "stack empty"),
        (b"t.", "no beginning"),
        (b"h\x05.", "malformed"),
        (b"K\x01K\x02K\x03s.", "no dictionary"),
        (b"K\x01K\x02a.", "no list"),
        (b"}(K\x01u.", "a key has no value"),
        (b"K\x01)R.", "no name is called"),
        (b"ccollections\nOrderedDict\nK\x01R.", "given no arguments"),
        (b"ccollections\nOrderedDict\n]K\x01a\x85R.", "not made of pairs"),
        (b"K\x01K\x02\x93.", "a global name is no text"),
        (b"K\x01Q.", "a persistent id is no storage"),
        (b"Pstorage\n.", "PERSID has no place"),
        (b"\x82\x01.", "EXT1 has no place"),
        (b"\x96\xff\xff\xff\xff\xff\xff\xff\x7f.", "malformed"),
        (b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.", "malformed"),
        (b"ctorch._utils\n_rebuild_tensor_v2\n)R.", "malformed"),
        (b"\xff", "malformed"),
    ],
)
def test_a_malformed_pickle_is_refused(tmp_path, pickled, message):
    with pytest.raises(InputError, match=rf"a\.pt: its pickle is malformed \(.*{message}|pickle is {message}"):
        read_checkpoint(archived(tmp_path / "a.pt", pickled))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The pickle of a checkpoint as torch writes it."""
    given = {"model": torch.nn.Linear(2, 2).state_dict(), "optim": {0: torch.ones(2)}, "conf": Configuration()}
    with zipfile.ZipFile(saved(tmp_path_factory.mktemp("whole") / "a.pt", given)) as archive:
        return archive.read("a/data.pkl")


@given(st.data())
def test_no_change_of_a_checkpoint_does_more_than_refuse_it(whole, data):
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with contextlib.suppress(InputError):
        read_pickle(
            io.BytesIO(content), source="it", known=unpickle.KNOWN, stored=unpickle._storages({"0": 16, "1": 8, "2": 8})
        )


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(content):
    with contextlib.suppress(InputError):
        read_pickle(io.BytesIO(content), source="it", known=unpickle.KNOWN, stored=unpickle._storages(None))


def test_a_name_that_fills_a_page_is_malformed(tmp_path):
    with pytest.raises(InputError, match="a global name has 2,001 characters"):
        read_checkpoint(archived(tmp_path / "a.pt", b"ca\n" + b"b" * 2000 + b"\n."))


def test_a_place_far_away_in_the_memo_takes_no_memory(tmp_path):
    assert read_checkpoint(archived(tmp_path / "a.pt", b"K\x01r\xff\xff\xff\xff.")).root == 1


def test_deep_nests_are_read_without_recursion(tmp_path):
    deep = b"\x80\x02}" + b")" + b"\x85" * 200_000 + b"K\x01s."
    root = read_checkpoint(archived(tmp_path / "a.pt", deep)).root
    assert [key.name for key in root] == ["a key that is no text and no number"]


def test_instructions_are_counted(tmp_path, monkeypatch):
    monkeypatch.setattr(pickle_data, "MAX_OPCODES", 10)
    with pytest.raises(InputError, match="more than 10 instructions"):
        read_checkpoint(archived(tmp_path / "a.pt", b"NNNNNNNNNNNN."))


def test_one_long_list_cannot_be_handed_over_again_and_again(tmp_path, monkeypatch):
    monkeypatch.setattr(pickle_data, "MAX_OPCODES", 200)
    filled = b"]q\x00(" + b"K\x01K\x02\x86" * 20 + b"e"
    again = b"0ccollections\nOrderedDict\nh\x00\x85R"
    with pytest.raises(InputError, match="more than 200 items are handed over"):
        read_checkpoint(archived(tmp_path / "a.pt", filled + 11 * again + b"."))


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"offset": 0, "shape": (5,), "strides": (1,)}, r"shape \(5,\) reaches beyond its 4 numbers"),
        ({"offset": 3, "shape": (2,), "strides": (1,)}, "reaches beyond"),
        ({"offset": -1, "shape": (2,), "strides": (1,)}, "reaches beyond"),
        ({"offset": 0, "shape": (2, 2), "strides": (3, 1)}, "reaches beyond"),
        ({"offset": 0, "shape": (2**30, 2**30), "strides": (0, 0)}, "reaches beyond"),
        ({"offset": 0, "shape": (-2,), "strides": (1,)}, "a shape is no tuple of sizes"),
        ({"offset": 0, "shape": (2,), "strides": (-1,)}, "a shape is no tuple of sizes"),
        ({"offset": 0, "shape": (1,) * 17, "strides": (1,) * 17}, "a shape is no tuple of sizes"),
        ({"offset": 0, "shape": (2, 2), "strides": (1,)}, "shape and strides do not match"),
        ({"offset": 0, "shape": (4,), "strides": (1,), "n_items": 2**30}, "has 16 bytes, not 4,294,967,296"),
        ({"offset": 0, "shape": (4,), "strides": (1,), "n_items": -4}, "kind that is not known"),
        ({"offset": 0, "shape": (4,), "strides": (1,), "n_bytes": 12}, "has 12 bytes, not 16"),
        ({"offset": 0, "shape": (4,), "strides": (1,), "kind": "QInt8Storage"}, "kind that is not known here; there"),
    ],
)
def test_a_tensor_that_claims_more_than_there_is_is_refused(tmp_path, claims, message):
    with pytest.raises(InputError, match=message):
        read_checkpoint(described(tmp_path / "a.pt", **claims))


def test_many_tensors_of_one_storage_cannot_fill_the_memory(tmp_path):
    checkpoint = read_checkpoint(saved(tmp_path / "a.pt", {"w": torch.zeros(200_000)}))
    with pytest.raises(InputError, match=r"has 80\d,\d+ bytes, but its tensors would take 8,000,000"):
        checkpoint.arrays({str(i): checkpoint.root["w"] for i in range(10)})


def test_a_compressed_archive_is_refused(tmp_path):
    path = archived(tmp_path / "bomb.pt", b"N.", {"archive/data/0": bytes(10**7)}, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match=r"bomb\.pt: 'archive/data.pkl' is compressed or encrypted"):
        read_checkpoint(path)


@pytest.mark.parametrize("name", ["../data/0", "/etc/passwd", "archive/../../x", "c:x", "archive\\data"])
def test_an_entry_that_leads_out_of_the_archive_is_refused(tmp_path, name):
    with pytest.raises(InputError, match="a name that leads out of the archive"):
        read_checkpoint(archived(tmp_path / "a.pt", b"N.", {name: b""}))


def test_an_entry_that_is_there_twice_is_refused(tmp_path):
    path = archived(tmp_path / "a.pt", b"N.")
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("archive/data.pkl", b"K\x01.")
    with pytest.raises(InputError, match=r"'archive/data.pkl' more than once"):
        read_checkpoint(path)


def test_entries_that_overlap_are_refused(tmp_path):
    path = archived(tmp_path / "a.pt", b"N.", {"archive/data/0": bytes(4000), "archive/data/1": bytes(4000)})
    content = bytearray(path.read_bytes())
    first = content.index(b"PK\x01\x02")  # both entries of the directory now claim the whole file
    for name in (b"archive/data/0", b"archive/data/1"):
        at = content.index(name, first) - 46
        content[at + 20 : at + 28] = struct.pack("<II", 8000, 8000)
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"its entries claim 16,0\d\d bytes of 8,\d+ in the file"):
        read_checkpoint(path)


def test_damage_inside_a_storage_is_found(tmp_path):
    path = saved(tmp_path / "a.pt", {"w": torch.full((100,), 7.0)})
    content = bytearray(path.read_bytes())
    content[content.index(struct.pack("<f", 7.0) * 3)] ^= 1
    path.write_bytes(content)
    checkpoint = read_checkpoint(path)
    with pytest.raises(InputError, match=r"a/data/0 is damaged \(Bad CRC"):
        checkpoint.arrays(checkpoint.root)


@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_cut_short_anywhere_is_refused(tmp_path, legacy):
    content = saved(tmp_path / "whole.pt", {"w": torch.ones(20)}, legacy=legacy).read_bytes()
    for n in (*range(0, len(content), 37), len(content) - 1):
        path = tmp_path / "cut.pt"
        path.write_bytes(content[:n])
        with pytest.raises(InputError, match=r"cut\.pt"):
            read_checkpoint(path)


def test_a_large_pickle_and_many_entries_pass_a_limit(tmp_path, monkeypatch):
    path = archived(tmp_path / "a.pt", b"N.", {"archive/data/0": b""})
    monkeypatch.setattr(unpickle, "MAX_PICKLE_BYTES", 1)
    with pytest.raises(LimitError, match="2 B is more than MAX_PICKLE_BYTES"):
        read_checkpoint(path)
    monkeypatch.setattr(unpickle, "MAX_ENTRIES", 1)
    with pytest.raises(LimitError, match="2 entries is more than MAX_ENTRIES"):
        read_checkpoint(path)


def test_numbers_of_a_big_endian_machine_are_refused(tmp_path):
    with pytest.raises(InputError, match="big-endian"):
        read_checkpoint(archived(tmp_path / "a.pt", b"N.", {"archive/byteorder": b"big"}))
    values = (unpickle.LEGACY_MAGIC, unpickle.LEGACY_VERSION, {"little_endian": False}, {}, [])
    (tmp_path / "b.pt").write_bytes(b"".join(pickle.dumps(value, 2) for value in values))
    with pytest.raises(InputError, match="big-endian"):
        read_checkpoint(tmp_path / "b.pt")


def test_a_legacy_storage_that_is_not_as_announced_is_refused(tmp_path):
    path = saved(tmp_path / "a.pt", {"w": torch.ones(4)}, legacy=True)
    content = path.read_bytes()
    path.write_bytes(content[:-24] + struct.pack("<q", 5) + content[-16:])
    with pytest.raises(InputError, match="is not as announced"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is no checkpoint of torch; name the \.pt"),
        (b"hello", "is no checkpoint of torch"),
        (pickle.dumps([1, 2], 2), "is a pickle, but none of torch"),
        (bytes(257) + b"ustar" + bytes(300), "is a tar archive"),
        (b"PK\x03\x04nothing", "its archive is damaged"),
    ],
)
def test_what_is_no_checkpoint_is_named(tmp_path, content, message):
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.tar.*{message}"):
        read_checkpoint(path)


def test_an_archive_that_is_no_checkpoint_is_named(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("dvi-clews/checkpoint_best.ckpt", b"")
    with pytest.raises(InputError, match=r"a\.zip holds 0 data\.pkl; name the file that torch\.save wrote"):
        read_checkpoint(path)
    program = archived(tmp_path / "b.pt", b"N.", {"archive/code/x.py": b""})
    with pytest.raises(InputError, match=r"1 data\.pkl and program code \(TorchScript\)"):
        read_checkpoint(program)


def test_reading_needs_no_torch():
    from tests.test_house import in_a_new_process

    code = "import sys, versionmatch.embed.convert, versionmatch.embed.directory; print(*sys.modules)"
    assert not {"torch", "pickle"} & set(in_a_new_process(code).split()) - {"pickle"}


def test_every_instruction_is_known_or_refused():
    handled = pickle_data.LITERALS | set(pickle_data.CONSTANTS) | pickle_data.IGNORED | set(pickle_data._ACTIONS)
    refused = {op.name for op in pickletools.opcodes} - handled - {"STOP"}
    assert refused == {
        "PERSID", "EXT1", "EXT2", "EXT4", "BYTEARRAY8", "NEXT_BUFFER", "READONLY_BUFFER"
    }  # fmt: skip
