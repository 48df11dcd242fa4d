"""How far a place stands out among others, and which of several it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import naive_fingerprint as naive
from tests.fingerprint.examples import SR, audio, sound
from versionmatch.fingerprint.landmarks import ASKED, landmarks
from versionmatch.fingerprint.score import ACCEPTED, believed
from versionmatch.fingerprint.score_kernels import closest, standing
from versionmatch.fingerprint.search import sightings
from versionmatch.fingerprint.table import table_of
from versionmatch.fingerprint.vote import candidates
from versionmatch.fingerprint.warp import SAME

CELLS = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 9)), min_size=1, max_size=30)


def drawn(cells):
    picture = np.zeros((20, 1024), np.int16)
    for i, (t, f) in enumerate(cells):
        picture[t, f] = i + 1
    return picture


@settings(max_examples=60, deadline=None)
@given(CELLS, CELLS)
def test_standing_is_that_of_the_slow_twin(cells, peaks):
    picture, weights = drawn(cells), np.linspace(0.1, 1, len(cells)).astype(np.float32)
    frames, halves = (np.array(column, np.int32) for column in zip(*peaks, strict=True))
    shifts = np.arange(4, 17, dtype=np.int32)
    found = standing(picture, weights, frames, halves, shifts)
    assert found == pytest.approx(naive.standing(picture, weights, frames, halves, shifts), abs=1e-4)


@settings(max_examples=60, deadline=None)
@given(CELLS, CELLS)
def test_the_closest_warp_is_that_of_the_slow_twin(cells, peaks):
    frames = np.array([t for t, _ in peaks], np.int64)
    bins = np.array([f / 2 for _, f in peaks], np.float32)
    tempi, pitches = np.array([1.0, 1.25, 0.75]), np.array([1.0, 1.0, 2.0])
    mine = closest(drawn(cells), frames, bins, tempi, pitches)
    assert mine == naive.closest(drawn(cells), frames, bins, tempi, pitches)


def test_a_loop_stands_out_nowhere_and_a_tune_where_it_was_taken():
    bar = np.zeros((20, 1024), np.int16)
    bar[::5, 7] = np.arange(1, 5)
    frames, halves, ones = np.arange(0, 20, 5, dtype=np.int32), np.full(4, 7, np.int32), np.ones(4, np.float32)
    assert standing(bar, ones, frames, halves, np.array([5, 10, 15], np.int32)) == 0.0
    assert standing(bar, ones, frames, halves, np.array([6, 11, 13], np.int32)) == 4.0


def test_what_peaks_say_is_believed_as_far_as_the_place_stands_out():
    assert believed(12.0, stands=8.0) > ACCEPTED  # little said, but nowhere else
    assert believed(29.0, stands=3.3) < ACCEPTED  # the same drums in another piece
    assert believed(60.0, stands=3.3) > ACCEPTED  # a loop of its own


@pytest.mark.parametrize("snr_db", [-3.0, 0.0])
def test_three_seconds_in_noise_are_found_among_many_where_they_stand_out(snr_db):
    songs = [sound(seed, 40.0) for seed in (1, 2, 3)]
    table = table_of([landmarks(audio(samples)) for samples in songs])
    part = songs[1][12 * SR : 15 * SR]
    noise = np.random.default_rng(440).standard_normal(part.size).astype(np.float32)
    noise *= np.sqrt(np.mean(part**2) / np.mean(noise**2)) * np.float32(10 ** (-snr_db / 20))
    alone, _ = sightings(table, landmarks(audio(part + noise), ASKED), [(SAME,)], most=8)
    among, _ = sightings(table, landmarks(audio(part + noise), ASKED), [(SAME,)], most=8, among_many=True)
    assert among[0].recording == 1
    assert not alone or among[0].score > alone[0].score


def test_a_short_query_is_looked_up_a_frame_either_side():
    song = sound(5, 30.0)
    table = table_of([landmarks(audio(song))])
    late = landmarks(audio(song[10 * SR + 128 : 14 * SR + 128]), ASKED)  # half a frame
    best = candidates(table, late, (SAME,), most=4)[0][0]
    begins = table.starts[0] + 10 * SR / 256 + 0.5
    assert abs(best.offset - begins) <= 1.5
