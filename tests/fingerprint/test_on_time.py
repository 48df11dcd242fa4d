"""The same moment or only about it: what tells one sound from another performance of the same notes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests import naive_fingerprint as naive
from versionmatch.fingerprint.score_kernels import on_time

PEAKS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 60)), max_size=25)


def columns(peaks):
    peaks = sorted(peaks)
    frames = np.array([f for f, _ in peaks], dtype=np.int32)
    return frames, np.array([b / 4 for _, b in peaks], dtype=np.float32)


@given(PEAKS, PEAKS)
def test_it_counts_as_its_slow_twin(one, other):
    (frames, bins), (its_frames, its_bins) = columns(one), columns(other)
    times = frames.astype(np.float64)
    assert on_time(times, bins, its_frames, its_bins, 3, 0.75, 0.75) == naive.on_time(
        times, bins, its_frames, its_bins, 3, 0.75, 0.75
    )


@given(PEAKS.filter(bool))
def test_a_sound_is_always_on_time_with_itself(peaks):
    frames, bins = columns(set(peaks))
    near, close = on_time(frames.astype(np.float64), bins, frames, bins, 3, 0.0, 0.75)
    assert near == frames.size
    assert close <= near


def test_players_who_are_a_frame_late_are_near_and_not_on_time():
    frames, bins = np.arange(0, 100, 10, dtype=np.int32), np.full(10, 50.0, np.float32)
    assert on_time(frames + 1.0, bins, frames, bins, 3, 0.75, 0.75) == (10, 0)
    assert on_time(frames + 0.5, bins, frames, bins, 3, 0.75, 0.75) == (10, 10)
