"""Rows for scikit-learn: the same numbers from any kind of item, errors with their place, a pipeline that runs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline

pytest.importorskip("torch")

import versionmatch as vm
from tests.embed.random_model import melody_levels
from versionmatch.audio import synth
from versionmatch.embed.encoder import VersionEncoder
from versionmatch.errors import InputError, ParamsError
from versionmatch.types import Features

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sound():
    return synth.melody([(60 + step, 0.4 * i, 0.4) for i, step in enumerate([0, 4, 7, 5, 2, 0, 9, 7] * 9)])


def cqt(seed, n_frames=300):
    return Features("cqt", melody_levels(seed, n_frames) ** 2, 10.0)


@pytest.fixture
def embedder(random_models):
    return vm.VersionEmbedder(str(random_models / "versions-v2"))


def test_one_sound_has_one_row_however_it_is_given(embedder, sound, tmp_path):
    import soundfile

    path = tmp_path / "song.wav"
    soundfile.write(path, sound.samples, sound.sr, subtype="FLOAT")
    track = vm.features((sound.samples, sound.sr), "cqt")
    items = [str(path), path, path.read_bytes(), sound, (sound.samples, sound.sr), track["cqt"], track]
    rows = embedder.encode(items)
    assert rows.shape == (7, embedder.n_features_out)
    assert rows.dtype == np.float32
    assert np.abs(rows - rows[0]).max() == 0


def test_sound_at_another_rate_is_resampled(embedder, sound):
    import soxr

    fast = vm.Audio(soxr.resample(sound.samples, sound.sr, 44100).astype(np.float32), 44100)
    a, b = embedder.encode([sound, fast])
    assert a @ b > 0.999


@pytest.mark.parametrize("batch_size", [1, 2, 7])
def test_rows_do_not_depend_on_the_batch(embedder, batch_size):
    items = [cqt(seed, 150 + 10 * seed) for seed in range(5)]
    assert np.array_equal(clone(embedder).set_params(batch_size=batch_size).transform(items), embedder.transform(items))


def test_rows_are_those_of_the_segments(embedder):
    items = [cqt(1, 300), cqt(2, 90)]
    segments = embedder.segments(items)
    rows = clone(embedder).set_params(output="segments")
    found = rows.transform(items)
    assert found.shape == (sum(map(len, segments)), embedder.n_features_out)
    assert np.array_equal(found[rows.owners_ == 1][0], segments[1].vectors.ravel())
    assert np.array_equal(embedder.transform(segments), embedder.transform(items))  # segments need not be made again


def test_similarity_is_at_the_best_key_and_keys_say_which(embedder):
    segments = embedder.segments([cqt(1), cqt(2)])
    rows = embedder.transform(segments)
    up = np.roll(rows.reshape(2, -1, 12), 5, axis=2).reshape(2, -1)
    assert embedder.similarity(up, rows).diagonal() == pytest.approx(1.0, abs=1e-5)
    assert embedder.keys(up, rows).diagonal().tolist() == [5, 5]
    assert embedder.similarity(rows, up) == pytest.approx(embedder.similarity(up, rows).T, abs=1e-6)
    assert embedder.by_key(up, rows).max(axis=2) == pytest.approx(embedder.similarity(up, rows), abs=1e-6)


def test_a_bad_item_is_named_with_its_place(embedder):
    with pytest.raises(InputError, match=r"item 1 \(.*README.md\): .*not sound.*on_error='skip'"):
        embedder.encode([cqt(1), ROOT / "README.md"])


def test_a_bad_item_is_left_out_and_recorded(embedder):
    items = [cqt(1), ROOT / "README.md", "missing.ogg", 3.5, cqt(2)]
    skipping = clone(embedder).set_params(on_error="skip")
    assert np.array_equal(skipping.encode(items), embedder.encode([items[0], items[4]]))
    assert skipping.owners_.tolist() == [0, 4]
    assert [s.index for s in skipping.skipped_] == [1, 2, 3]
    assert "stands for no recording" in skipping.skipped_[2].error
    assert skipping.encode([3.5]).shape == (0, embedder.n_features_out)


def test_settings_can_be_read_set_and_cloned(embedder):
    other = clone(embedder).set_params(batch_size=3)
    assert other.get_params() == {**embedder.get_params(), "batch_size": 3}
    assert embedder.fit([]) is embedder


def test_it_stands_in_a_pipeline(embedder):
    items = [cqt(seed) for seed in range(4)]
    rows = make_pipeline(embedder).fit(items).transform(items)
    names = embedder.get_feature_names_out()
    assert (len(names), names[1]) == (rows.shape[1], "f0_C#")
    nearest = NearestNeighbors(n_neighbors=1).fit(rows)
    assert nearest.kneighbors(embedder.transform([items[2]]))[1].item() == 2


@pytest.mark.parametrize("settings", [{"output": "both"}, {"on_error": "ignore"}, {"batch_size": 0}])
def test_a_setting_out_of_range_is_named_when_it_is_used(embedder, settings):
    with pytest.raises(ParamsError, match=next(iter(settings))):
        clone(embedder).set_params(**settings).fit()


def test_one_item_is_no_list_of_items(embedder, sound):
    with pytest.raises(InputError, match=r"got one str; write \[item\]"):
        embedder.encode("song.ogg")
    with pytest.raises(InputError, match="rows of 12 times dim"):
        embedder.similarity(np.zeros((2, 13)), np.zeros((2, 13)))


def test_segments_of_another_model_are_refused(embedder, random_models):
    foreign = VersionEncoder(str(random_models / "other")).encode(cqt(1))
    with pytest.raises(InputError, match="of the model 'other', not 'versions-v2'"):
        embedder.encode([foreign])
    ours = replace(VersionEncoder(str(random_models / "versions-v2")).encode(cqt(1)), model_digest="0" * 64)
    with pytest.raises(InputError, match="the weights of 'versions-v2' differ: sha256 000000000000… against"):
        embedder.encode([ours])
