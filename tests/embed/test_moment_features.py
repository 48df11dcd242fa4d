"""Moments as a feature of a recording: where they lie in time, silence, keys, and that they need torch."""

import numpy as np
import pytest

from versionmatch.embed import heard as hearing
from versionmatch.embed.levels import levels_of
from versionmatch.embed.moment_features import HOP, STEP, VersionMoments, moments, vectors_of
from versionmatch.plugins import find
from versionmatch.testing import check_extractor
from versionmatch.types import Features

torch = pytest.importorskip("torch")
AXES = 32


def transform(seed, seconds, rate=10.0):
    rng = np.random.default_rng(seed)
    n = int(seconds * rate)
    values = 0.01 * rng.random((84, n))
    for start in range(0, n, 8):
        for note in rng.choice(84, 4, replace=False):
            values[note, start : start + 8] += 1.0
    return Features("cqt", values, rate)


def heard(cqt):
    return find("extractors", "moments")().extract({"cqt": cqt})


def test_a_moment_every_eight_tenths_of_a_second_of_length_one():
    found = heard(transform(1, 20.0))
    assert found.values.shape == (12 * AXES, 200 // HOP)
    assert found.frame_rate == 10 / HOP
    assert np.linalg.norm(found.values, axis=0) == pytest.approx(np.ones(found.n_frames), abs=0.03)


def test_a_transposed_recording_has_its_moments_rotated():
    cqt = transform(2, 30.0)
    values = np.array(cqt.values)
    values[:12] = values[-12:] = 0.01  # nothing at the edges, where a transposition loses notes
    raised = np.roll(values, 2, axis=0)
    found, higher = (heard(Features("cqt", v, 10.0)).values.reshape(AXES, 12, -1) for v in (values, raised))
    inner = slice(4, -4)
    likeness = [float((np.roll(found, k, axis=1) * higher)[:, :, inner].sum(axis=(0, 1)).mean()) for k in range(12)]
    assert int(np.argmax(likeness)) == 2
    assert likeness[2] > 0.8


def test_a_moment_hears_what_sounds_at_its_time():
    one, other = (np.array(transform(k, 40.0).values) for k in (3, 4))
    joined = Features("cqt", np.concatenate([one[:, :200], other[:, 200:]], axis=1), 10.0)
    apart = heard(Features("cqt", one, 10.0)), heard(Features("cqt", other, 10.0))
    found = heard(joined).values
    near = [(found * side.values).sum(axis=0) for side in apart]
    assert (near[0] > near[1])[:23].all()  # 20 s lie at moment 25
    assert (near[1] > near[0])[27:].all()


def test_silence_has_no_moment():
    values = np.array(transform(5, 20.0).values)
    values[:, 100:] = 0.0
    found = heard(Features("cqt", values, 10.0)).values
    assert np.linalg.norm(found[:, :10], axis=0).min() > 0.97
    assert (found[:, -3:] == 0).all()


@pytest.mark.parametrize("frames", [1, 7, 8, 9, 16, 17, 40])
def test_short_recordings_have_as_many_moments_as_their_length_asks(frames):
    levels = np.random.default_rng(frames).random((84, frames)).astype(np.float32)
    assert len(moments(VersionMoments().model, levels)) == -(-frames // HOP)


def test_every_value_is_a_whole_number_of_steps_that_a_byte_holds():
    steps = heard(transform(6, 30.0)).values / np.float32(STEP)
    assert np.array_equal(steps, np.rint(steps))
    assert -128 <= steps.min() < steps.max() <= 127


def test_a_rotation_of_what_the_network_hears_rotates_every_moment():
    model = VersionMoments().model
    levels = levels_of(transform(7, 30.0))
    with hearing.steady():
        each = model.net(torch.tensor(levels)[None])[0]
        found, turned = (model.axes.along(model.net.pooled(m[:, None])) for m in (each, each.roll(5, dims=2)))
    assert turned.numpy() == pytest.approx(found.roll(5, dims=2).numpy(), abs=1e-4)


def test_likeness_is_nearly_that_of_all_features():
    model = VersionMoments().model
    heard_now = hearing.heard(model, levels_of(transform(8, 60.0)))
    with hearing.steady():
        whole = vectors_of(model, heard_now)
        kept = model.axes.along(whole)
        tables = [(v.flatten(1) @ v.flatten(1).T).numpy() for v in (whole, kept)]
    off = ~np.eye(len(tables[0]), dtype=bool)
    assert np.corrcoef(*(table[off] for table in tables))[0, 1] > 0.9


@pytest.mark.parametrize("order", [("segments", "moments"), ("moments", "segments")])
def test_segments_and_moments_share_a_hearing_and_are_those_of_each_alone(order, monkeypatch):
    cqt = transform(9, 40.0)
    alone = {kind: find("extractors", kind)().extract({"cqt": transform(9, 40.0)}) for kind in order}
    times, hear = [], hearing.heard

    def counted(model, levels):
        times.append(levels.shape)
        return hear(model, levels)

    monkeypatch.setattr(hearing, "heard", counted)
    both = {kind: find("extractors", kind)().extract({"cqt": cqt}) for kind in order}
    assert len(times) == 1  # and one half a moment early, which moments need besides
    assert both["moments"].values.tobytes() == alone["moments"].values.tobytes()
    assert both["segments"].vectors.tobytes() == alone["segments"].vectors.tobytes()
    assert cqt not in hearing._LEFT


def test_the_plugin_conforms():
    check_extractor(VersionMoments())
