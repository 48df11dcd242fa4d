"""Moments as a feature of a recording: where they lie in time, silence, keys, and that they need torch."""

import numpy as np
import pytest

from versionmatch.embed.moment_features import HOP, VersionMoments, moments
from versionmatch.plugins import find
from versionmatch.testing import check_extractor
from versionmatch.types import Features

torch = pytest.importorskip("torch")
DIM = 192


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
    assert found.values.shape == (12 * DIM, 200 // HOP)
    assert found.frame_rate == 10 / HOP
    assert np.linalg.norm(found.values, axis=0) == pytest.approx(np.ones(found.n_frames), abs=1e-5)


def test_a_transposed_recording_has_its_moments_rotated():
    cqt = transform(2, 30.0)
    values = np.array(cqt.values)
    values[:12] = values[-12:] = 0.01  # nothing at the edges, where a transposition loses notes
    raised = np.roll(values, 2, axis=0)
    found, higher = (heard(Features("cqt", v, 10.0)).values.reshape(DIM, 12, -1) for v in (values, raised))
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
    assert np.linalg.norm(found[:, :10], axis=0).min() > 0.99
    assert (found[:, -3:] == 0).all()


@pytest.mark.parametrize("frames", [1, 7, 8, 9, 16, 17, 40])
def test_short_recordings_have_as_many_moments_as_their_length_asks(frames):
    levels = np.random.default_rng(frames).random((84, frames)).astype(np.float32)
    assert len(moments(VersionMoments().model, levels)) == -(-frames // HOP)


def test_the_plugin_conforms():
    check_extractor(VersionMoments())
