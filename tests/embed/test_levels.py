"""Levels: the magnitude is averaged, then the root is taken; gain and rate do not matter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import naive_embed as naive
from versionmatch.embed.levels import _means, levels_of
from versionmatch.errors import FeatureMismatch, InputError
from versionmatch.types import Features


def cqt(n, rate=50.0, seed=440):
    return Features("cqt", np.random.default_rng(seed).random((84, n)) ** 4, rate)


def test_magnitudes_are_averaged_before_the_root_is_taken():
    levels = levels_of(Features("cqt", np.tile([[0.0, 1.0, 1.0, 1.0]], (84, 1)), 20.0))
    assert levels[0].tolist() == [pytest.approx(0.5**0.5), 1.0]


def test_levels_of_a_slower_transform_are_those_of_the_fast_one():
    fast = cqt(600)
    slow = Features("cqt", fast.values.reshape(84, 120, 5).mean(axis=2), 10.0)
    assert np.abs(levels_of(fast) - levels_of(slow)).max() < 1e-6


def test_levels_are_those_that_the_network_was_measured_on():
    as_loud = pytest.importorskip("versionmatch.train.measure", reason="needs torch", exc_type=ImportError).as_loud
    root = np.random.default_rng(1).integers(0, 256, (84, 90)).astype(np.uint8)
    magnitude = (root.astype(np.float32) / 255.0) ** 2
    assert np.abs(levels_of(Features("cqt", magnitude, 10.0)) - as_loud(root)).max() < 1e-6


@pytest.mark.parametrize("gain", [1e-4, 3.0, 1e5])
def test_gain_does_not_matter(gain):
    quiet = cqt(100)
    assert np.abs(levels_of(Features("cqt", quiet.values * gain, 50.0)) - levels_of(quiet)).max() < 1e-6


@pytest.mark.parametrize("magnitude", [0.0, 1e-9])
def test_silence_is_zero_and_never_nan(magnitude):
    assert not levels_of(Features("cqt", np.full((84, 33), magnitude), 50.0)).any()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.floats(1.01, 9.0))
def test_means_over_part_of_a_frame_are_those_of_the_slow_twin(row, ratio):
    found = _means(np.array([row], np.float32), ratio)[0]
    assert found == pytest.approx(naive.means([float(np.float32(v)) for v in row], ratio), abs=1e-6)


def test_a_constant_stays_constant_at_any_rate():
    assert levels_of(Features("cqt", np.full((84, 431), 0.3), 22050 / 512)) == pytest.approx(1.0, abs=1e-6)


def test_a_rate_below_ten_is_refused():
    with pytest.raises(FeatureMismatch, match="10 frames a second or more; got 9"):
        levels_of(cqt(10, rate=9.0))


@pytest.mark.parametrize("shape", [(72, 10), (84, 0)])
def test_another_shape_is_refused(shape):
    with pytest.raises(InputError, match="84, n ≥ 1"):
        levels_of(Features("cqt", np.zeros(shape), 50.0))
