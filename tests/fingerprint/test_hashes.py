"""Hashes are what stays the same when a few peaks are heard elsewhere; warps undo what a player does to them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import naive_fingerprint as naive
from versionmatch.errors import InputError
from versionmatch.fingerprint.hash_kernels import pairs
from versionmatch.fingerprint.hashes import PAIRS, TRIPLES, Hashing
from versionmatch.fingerprint.warp import WARPS, Warp, speeds, warps_named
from versionmatch.types import Peaks

PLACES = st.lists(st.tuples(st.integers(0, 300), st.integers(8, 500)), max_size=40, unique=True).map(sorted)


def peaks_at(places, n_frames=400):
    frames, bins = np.array(places, np.int32).reshape(-1, 2).T
    return Peaks(frames, bins.astype(np.float32), np.full(frames.size, 9), n_frames, 43.0, 10.8, "landmark-v1")


def test_the_textbook_pair():  # Wang 2003: frequency, frequency difference, time difference
    hashes, anchors = PAIRS.of(np.array([3, 13], np.int32), np.array([100.0, 90.0], np.float32))
    assert hashes.tolist() == [100 * 2**13 + (90 - 100 + 64) * 2**6 + 10]
    assert anchors.tolist() == [0]


@settings(max_examples=80, deadline=None)
@given(PLACES, st.integers(1, 8))
def test_pairs_are_those_of_the_slow_twin(places, fan):
    frames, bins = np.array(places, np.int32).reshape(-1, 2).T
    hashes, anchors = pairs(np.ascontiguousarray(frames), np.ascontiguousarray(bins), fan)
    assert list(zip(hashes.tolist(), anchors.tolist(), strict=True)) == naive.pairs(frames.tolist(), bins.tolist(), fan)


@settings(max_examples=40, deadline=None)
@given(PLACES, st.integers(0, 5000), st.sampled_from([PAIRS, TRIPLES]))
def test_a_later_time_changes_no_hash(places, shift, hashing):
    peaks = peaks_at(places)
    now, then = (hashing.of(peaks.frames + np.int32(s), peaks.bins)[0] for s in (0, shift))
    assert np.array_equal(now, then)


@given(PLACES)
def test_three_peaks_tell_more_apart_than_two(places):
    peaks = peaks_at(places)
    hashes, anchors = TRIPLES.of(peaks.frames, peaks.bins)
    assert hashes.size == anchors.size
    assert hashes.size == 0 or hashes.max() < 2**TRIPLES.bits


def test_no_peaks_have_no_hashes():
    for hashing in (PAIRS, TRIPLES):
        assert hashing.of(np.zeros(0, np.int32), np.zeros(0, np.float32))[0].size == 0


@pytest.mark.parametrize(
    ("settings_", "match"),
    [({"tier": "quads"}, "there are: pairs, triples"), ({"kept": 0}, "1 to 64"), ({"bits": 20}, "pairs have 22")],
)
def test_hashing_out_of_range_is_refused(settings_, match):
    with pytest.raises(InputError, match=match):
        Hashing(**settings_)


@settings(max_examples=60, deadline=None)
@given(PLACES, st.floats(0.9, 1.1), st.floats(0.9, 1.1))
def test_a_warp_undoes_what_was_done_to_the_sound(places, tempo, pitch):
    peaks = peaks_at(places)
    played = peaks_at(sorted((round(f / tempo), b) for f, b in places), 600)
    frames, bins, which = Warp(tempo, pitch)(played)
    assert np.array_equal(np.sort(which), np.unique(which))
    assert (np.diff(frames) >= 0).all()
    assert np.allclose(np.sort(bins), np.sort(played.bins[which] / np.float32(pitch)))
    if which.size == len(peaks):
        assert np.abs(np.sort(frames) - np.sort(peaks.frames)).max(initial=0) <= 1


def test_no_warp_changes_nothing():
    peaks = peaks_at([(0, 10), (5, 20)])
    frames, bins, _ = Warp()(peaks)
    assert (frames.tolist(), bins.tolist()) == ([0, 5], [10.0, 20.0])


def test_speeds_begin_with_none_and_reach_as_far_as_asked():
    factors = [w.tempo for w in speeds(0.02, 0.005)]
    assert factors[0] == 1.0
    assert (min(factors), max(factors)) == (pytest.approx(0.98), pytest.approx(1.02))
    assert all(w.tempo == w.pitch for w in speeds(0.02, 0.005))


def test_each_set_of_warps_holds_the_smaller_ones():
    assert set(WARPS["none"]) < set(WARPS["speed"]) < set(WARPS["single"]) < set(WARPS["full"])


def test_unknown_warps_list_the_known_ones():
    with pytest.raises(InputError, match="'fast'; there are: none, speed, single, full"):
        warps_named("fast")
    with pytest.raises(InputError, match=r"0\.25 to 4"):
        Warp(tempo=9.0)
