"""What is kept comes back bit for bit, or not at all."""

import logging
import multiprocessing
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from versionmatch.audio import synth
from versionmatch.audio.decode import load
from versionmatch.errors import InputError
from versionmatch.features.view import Track
from versionmatch.store.artefacts import ArtefactStore
from versionmatch.types import Annotation, Features, Notes

CHROMA = Features("chroma", np.eye(12), 10.0, "s1", {"tuning_cents": -3.0, "whitened": "yes"})
NOTES = Notes(*(np.array(c) for c in ([0.0, 0.1], [0.5, 1 / 3], [60.0, 61.5], [1.0, 0.2])), settings="s1")
BEATS = Annotation("beats", np.array([0.1, 0.6]), np.zeros(2), ("", "♭"), np.ones(2), "s1", {"tempo_bpm": 120.0})


def same(a, b):
    """Whether two features agree in every bit of every field."""
    fields = [name for kind in type(a).__mro__ for name in getattr(kind, "__slots__", ())]
    for name in fields:
        mine, theirs = getattr(a, name), getattr(b, name)
        if isinstance(mine, np.ndarray):
            assert (mine.dtype, mine.shape, mine.tobytes()) == (theirs.dtype, theirs.shape, theirs.tobytes())
        else:
            assert mine == theirs
    return type(a) is type(b)


@pytest.mark.parametrize("feature", [CHROMA, NOTES, BEATS], ids=["features", "notes", "annotation"])
def test_each_kind_of_value_comes_back(tmp_path, feature):
    store = ArtefactStore(tmp_path)
    store.save("ab12", feature.kind, "s1", feature)
    assert same(feature, store.load("ab12", feature.kind, "s1"))


def test_empty_values_come_back(tmp_path):
    store = ArtefactStore(tmp_path)
    for feature in (
        Features("chroma", np.zeros((12, 0)), 10.0),
        Notes(*[np.zeros(0)] * 4),
        Annotation("key", np.zeros(0), np.zeros(0), (), np.zeros(0)),
    ):
        store.save("ab12", feature.kind, "", feature)
        assert same(feature, store.load("ab12", feature.kind, ""))


@settings(max_examples=30, deadline=None)
@given(arrays(np.float32, (3, 7), elements=st.floats(allow_nan=False, allow_infinity=False, width=32)), st.text())
def test_any_finite_values_and_any_text_come_back(tmp_path_factory, values, text):
    store = ArtefactStore(tmp_path_factory.mktemp("store"))
    feature = Features("cqt", values, 50.0, "s", {"remark": text})
    store.save("ab12", "cqt", "s", feature)
    assert same(feature, store.load("ab12", "cqt", "s"))


def test_the_file_lies_where_the_layout_says(tmp_path):
    ArtefactStore(tmp_path).save("abcdef", "chroma", "s1", CHROMA)
    assert (tmp_path / "features/chroma-s1/ab/abcdef.safetensors").is_file()
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1


def test_what_is_not_there_is_none(tmp_path, caplog):
    assert ArtefactStore(tmp_path / "nowhere").load("ab12", "chroma", "s1") is None
    assert not caplog.records


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:20],
        lambda data: data[:-1],
        lambda data: b"not a feature at all" * 30,
        lambda data: data[:-8] + b"\x01" + data[-7:],
        lambda data: data.replace(b"versionmatch.feature/1", b"versionmatch.feature/9"),
        lambda data: data.replace(b"tuning_cents", b"tuning_Cents"),
        lambda data: data.replace(b'"format"', b'"fOrmat"'),
    ],
    ids=["empty", "head", "tail", "text", "bit", "format", "metadata", "key"],
)
def test_a_damaged_file_is_named_and_made_again(tmp_path, caplog, damage):
    store = ArtefactStore(tmp_path)
    store.save("ab12", "chroma", "s1", CHROMA)
    path = store.path_of("ab12", "chroma", "s1")
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert store.load("ab12", "chroma", "s1") is None
    assert f"{path} is damaged and will be made again" in caplog.text
    store.save("ab12", "chroma", "s1", CHROMA)
    assert same(CHROMA, store.load("ab12", "chroma", "s1"))


def test_a_file_under_another_name_is_ignored(tmp_path, caplog):
    store = ArtefactStore(tmp_path)
    store.save("ab12", "chroma", "s1", CHROMA)
    other = store.path_of("ab12", "chroma", "s2")
    other.parent.mkdir(parents=True)
    other.write_bytes(store.path_of("ab12", "chroma", "s1").read_bytes())
    assert store.load("ab12", "chroma", "s2") is None
    assert "holds chroma with settings 's1' and is ignored" in caplog.text


@pytest.mark.parametrize("part", ["../evil", "", "a/b", ".hidden", "a b"])
def test_no_name_leads_out_of_the_store(tmp_path, part):
    with pytest.raises(InputError, match="cannot name a file"):
        ArtefactStore(tmp_path).load(part, "chroma", "s1")


def test_a_feature_is_kept_only_under_its_own_name(tmp_path):
    with pytest.raises(InputError, match="chroma with settings 's1' cannot be kept as cqt with 's1'"):
        ArtefactStore(tmp_path).save("ab12", "cqt", "s1", CHROMA)


def test_a_failed_write_leaves_nothing_behind(tmp_path, monkeypatch):
    store = ArtefactStore(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        store.save("ab12", "chroma", "s1", CHROMA)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def _save_often(root, seed):
    store = ArtefactStore(root)
    for i in range(30):
        values = np.full((12, 500), float(seed * 100 + i))
        store.save("ab12", "chroma", "s1", Features("chroma", values, 10.0, "s1"))


def test_two_writers_at_once_leave_one_whole_file(tmp_path):
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_save_often, args=(tmp_path, seed)) for seed in (1, 2)]
    for writer in writers:
        writer.start()
    store = ArtefactStore(tmp_path)
    seen = [store.load("ab12", "chroma", "s1") for _ in range(200)]
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    for feature in [*filter(None, seen), store.load("ab12", "chroma", "s1")]:
        assert np.unique(feature.values).size == 1
    assert len(list(tmp_path.rglob("*.safetensors"))) == 1


def test_a_track_reads_from_the_store_what_it_extracted_before(tmp_path):
    sound = synth.song(verses=1, tempo_bpm=384).audio
    recording, audio = load((sound.samples, sound.sr))
    first = Track(recording, {"audio": audio}, cache=ArtefactStore(tmp_path))["waveform"]
    silence = load((np.zeros(80000), 16000))[1]
    again = Track(recording, {"audio": silence}, cache=ArtefactStore(tmp_path))["waveform"]
    assert same(first, again)
