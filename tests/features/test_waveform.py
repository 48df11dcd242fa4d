"""The waveform's outline is that of the slow twin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.naive_sound import envelope
from versionmatch.audio import synth
from versionmatch.audio.decode import Limits, load
from versionmatch.features.waveform import Envelope
from versionmatch.types import Audio


@given(st.integers(1, 5000), st.integers(11, 2000), st.integers(0, 2**32 - 1))
def test_it_is_the_slow_twins_outline(n_samples, sr, seed):
    samples = np.random.default_rng(seed).normal(0, 0.7, n_samples).astype(np.float32)
    np.testing.assert_array_equal(Envelope().extract({"audio": Audio(samples, sr)}).values, envelope(samples, sr))


def test_a_minute_and_a_half_from_a_temporary_file_is_the_same():
    sound = synth.noise(90.3, sr=2000, level=0.2)
    backed = load((sound.samples, 2000), sr=2000, limits=Limits(memory_s=1.0))[1]
    values = Envelope().extract({"audio": backed}).values
    np.testing.assert_array_equal(values, envelope(sound.samples, 2000))
    assert values.shape == (2, 903)


def test_sound_beyond_full_scale_is_drawn_at_full_scale():
    loud = Audio(np.array([3.0, -7.0] * 1600, dtype=np.float32), 16000)
    np.testing.assert_array_equal(Envelope().extract({"audio": loud}).values, [[-1.0] * 2, [1.0] * 2])


def test_low_is_never_above_high():
    values = Envelope().extract({"audio": synth.song(verses=1).audio}).values
    assert (values[0] <= values[1]).all()
    assert values.max() == pytest.approx(0.99, abs=0.5)
