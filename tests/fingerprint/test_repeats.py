"""What comes again is told from what is new, so that a loop is not taken for a recording."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import naive_fingerprint as naive
from tests.fingerprint.examples import audio, sound
from versionmatch.fingerprint.landmarks import landmarks
from versionmatch.fingerprint.pairwise import same_sound
from versionmatch.fingerprint.repeat_kernels import came_before, met_at
from versionmatch.fingerprint.repeats import shared

PEAKS = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 24)), max_size=25)


def columns(peaks):
    peaks = sorted(peaks)
    return np.array([f for f, _ in peaks], dtype=np.float64), np.array([b / 2 for _, b in peaks], dtype=np.float64)


@given(PEAKS, PEAKS)
def test_peaks_are_met_as_by_the_slow_twin(one, other):
    assert list(met_at(*columns(one), *columns(other))) == naive.met_at(*columns(one), *columns(other))


@given(PEAKS, st.integers(1, 20))
def test_what_came_before_is_found_as_by_the_slow_twin(peaks, least):
    peaks = columns(set(peaks))
    assert list(came_before(*peaks, float(least), 60.0)) == naive.came_before(*peaks, least, 60)


def new_of(samples):
    peaks = landmarks(audio(samples))
    found = shared(peaks, peaks, same_sound(peaks, peaks))
    assert found.met == 1.0
    return found.new


def test_of_a_loop_little_more_than_its_first_round_is_new():
    assert new_of(np.tile(sound(3, 2.0), 15)) < 0.2


@pytest.mark.parametrize("rounds", [1, 2, 4])
def test_the_share_that_is_new_falls_with_each_round(rounds):
    assert new_of(np.tile(sound(3, 10.0), rounds)) == pytest.approx(1 / rounds, abs=0.15)
