"""What is the same sound is found where it is, as fast as it is, and nothing else is."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import naive_fingerprint as naive
from tests.fingerprint.examples import SR, audio, resampled, sound
from versionmatch.errors import FeatureMismatch
from versionmatch.fingerprint.landmarks import ASKED, FRAME_RATE, landmarks
from versionmatch.fingerprint.pairwise import same_sound
from versionmatch.fingerprint.score import Sighting
from versionmatch.fingerprint.score_kernels import best_stretch
from versionmatch.fingerprint.search import sightings, stretches, window_starts
from versionmatch.fingerprint.table import table_of
from versionmatch.fingerprint.vote import candidates
from versionmatch.fingerprint.vote_kernels import WEIGHT_BITS, crowded, elect, gather
from versionmatch.fingerprint.warp import SAME, WARPS
from versionmatch.types import Peaks

SONGS = [sound(seed, 40.0) for seed in (1, 2, 3)]
PEAKS = [landmarks(audio(samples)) for samples in SONGS]


def asked(samples):
    return landmarks(audio(samples), ASKED)


HASHES = [0, 62, 63, 64, 65, 130]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(HASHES), st.integers(0, 40)), max_size=30), st.integers(0, 40), st.integers(0, 1)
)
def test_votes_are_those_of_the_slow_twin(entries, time, slack):
    entries = sorted({(h, p + 100) for h, p in entries})
    buckets = np.searchsorted([h for h, _ in entries], np.arange(193)).astype(np.int64)
    places = np.array([p for _, p in entries], np.uint32)
    hashes, times = np.arange(192, dtype=np.uint32), np.full(192, time, np.int32)
    votes, n_used = gather(buckets, places, hashes, times, 1000, 10**6, slack)
    offsets, counts = np.unique(votes >> WEIGHT_BITS, return_counts=True)
    by_hash = {h: [p for g, p in entries if g == h] for h in HASHES}
    assert n_used == hashes.size
    assert dict(zip(offsets.tolist(), counts.tolist(), strict=True)) == naive.votes(by_hash, hashes, times, slack)


def test_a_budget_ends_the_look_up_and_says_so():
    buckets, places = np.array([0, 5, 10], np.int64), np.arange(10, dtype=np.uint32) + 50
    votes, n_used = gather(buckets, places, np.array([0, 1], np.uint32), np.zeros(2, np.int32), 1000, 7, 0)
    assert (votes.size, n_used) == (5, 1)


def test_votes_of_neighbouring_offsets_count_together():
    offsets = np.array([10, 11, 12, 40, 41, 90], np.uint64)
    found, weights = elect((offsets << WEIGHT_BITS) | np.uint64(3), 2, 2)
    assert (found.tolist(), weights.tolist()) == ([11, 40], [9, 6])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2**22 + 40), max_size=60))
def test_leaving_out_votes_that_stand_alone_changes_no_election(offsets):
    votes = (np.array([*offsets, *(o + 2 for o in offsets[::3])], np.uint64) << WEIGHT_BITS) | np.uint64(7)
    some = np.sort(crowded(votes, votes.size)[0])
    for mine, theirs in zip(elect(some, 2, 2), elect(np.sort(votes), 2, 2), strict=True):
        assert np.array_equal(mine, theirs)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 600)), max_size=60), st.integers(0, 60))
def test_votes_of_light_neighbourhoods_change_no_heavy_election(entries, most):
    votes = np.array([(o << 10) | w for o, w in entries], np.uint64)
    some, bound = crowded(votes, most)
    mine, theirs = (elect(np.sort(v), 2, 2) for v in (some, votes))
    assert bound > 0 or some.size >= sum(theirs[1] > 0)
    for a, b in zip(mine, theirs, strict=True):
        assert np.array_equal(a[mine[1] >= bound], b[theirs[1] >= bound])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=12), st.floats(0.005, 0.05))
def test_the_best_stretch_is_that_of_the_slow_twin(met, chance):
    picture = np.zeros((len(met), 1024), np.int16)
    picture[:, 5] = np.where(np.array(met) > 0, np.arange(len(met)) + 1, 0)
    strong = np.array(met) == 2
    chances = np.full((2, len(met)), chance)
    rates = np.array([[0.1, 0.1], [0.2, 0.5]])
    frames, halves = np.arange(len(met), dtype=np.int32), np.full(len(met), 5, np.int32)
    best = best_stretch(picture, strong, frames, halves, chances, rates)[0]
    assert best == pytest.approx(naive.best_stretch(range(len(met)), met, chances, rates))


@pytest.mark.parametrize("start_s", [0.0, 7.3, 24.9])
def test_an_excerpt_is_found_where_it_was_taken(start_s):
    part = SONGS[1][int(start_s * SR) : int((start_s + 5) * SR)]
    (best, *_), complete = sightings(table_of(PEAKS), asked(part), [(SAME,)], most=8)
    assert complete
    assert best.recording == 1
    assert (best.reference[0] - best.query[0]) / FRAME_RATE == pytest.approx(start_s, abs=0.03)
    assert best.warp.tempo == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize("speed", [0.965, 0.9851, 1.0, 1.0237, 1.04])
def test_a_speed_between_two_warps_is_found_and_measured(speed):
    part = resampled(SONGS[2][5 * SR : 17 * SR], speed)
    (best, *_), _ = sightings(table_of(PEAKS), asked(part), [WARPS["speed"]], most=8)
    assert best.recording == 2
    assert best.warp.tempo == pytest.approx(speed, rel=0.002)
    assert best.warp.pitch == pytest.approx(speed, rel=0.004)


def test_other_recordings_do_not_change_where_one_is_found():
    part = asked(SONGS[0][3 * SR : 9 * SR])
    alone = sightings(table_of(PEAKS[:1]), part, [(SAME,)], most=8, n_tried=1e6)[0][0]
    among = sightings(table_of(PEAKS), part, [(SAME,)], most=8, n_tried=1e6)[0][0]
    assert alone == among


def test_two_recordings_at_once_are_both_found():
    mix = SONGS[0][2 * SR : 12 * SR] + 0.6 * SONGS[1][20 * SR : 30 * SR]
    found, _ = sightings(table_of(PEAKS), asked(mix), [(SAME,)], most=12)
    assert {s.recording for s in found} == {0, 1}


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(5 * SR),
        np.full(5 * SR, 0.5),
        0.5 * np.sin(2 * np.pi * 440 * np.arange(5 * SR) / SR),
        np.tile(sound(9, 0.5), 10),
        sound(1, 40.0)[: SR // 5],
        sound(77, 10.0),
    ],
    ids=["silence", "constant", "tone", "loop", "a fifth of a second", "another recording"],
)
def test_what_is_not_there_is_not_found(samples):
    found, _ = sightings(table_of(PEAKS), asked(samples), [WARPS["speed"]], most=12)
    assert not found


def test_an_empty_table_finds_nothing():
    assert candidates(table_of([]), PEAKS[0], (SAME,), most=5) == ([], True)


def test_windows_cover_a_long_query_to_its_end():
    peaks = PEAKS[0]
    starts = window_starts(peaks)
    assert starts[0][0] == 0.0
    assert starts[-1][1] == pytest.approx(peaks.duration_s)
    assert all(b[0] - a[0] <= 5.0 for a, b in pairwise(starts))


def test_the_same_sound_from_end_to_end_is_one_stretch():
    (stretch,) = same_sound(PEAKS[0], PEAKS[0])
    assert stretch.covered > 0.98 * (stretch.query[1] - stretch.query[0])
    assert (stretch.warp.tempo, stretch.warp.pitch) == (pytest.approx(1.0, abs=1e-4), pytest.approx(1.0, abs=1e-4))


def test_a_recording_played_faster_is_one_stretch_at_its_speed():
    (stretch,) = same_sound(landmarks(audio(resampled(SONGS[0], 1.02))), PEAKS[0])
    assert stretch.warp.tempo == pytest.approx(1.02, rel=5e-4)
    assert stretch.reference[1] / FRAME_RATE > 38


def test_a_cut_makes_two_stretches():
    cut = np.concatenate([SONGS[0][: 16 * SR], SONGS[0][24 * SR :]])
    found = sorted(same_sound(landmarks(audio(cut)), PEAKS[0]), key=lambda s: s.query)
    offsets = [(s.reference[0] - s.query[0]) / FRAME_RATE for s in found]
    assert offsets == [pytest.approx(0.0, abs=0.05), pytest.approx(8.0, abs=0.05)]


def test_different_recordings_share_nothing():
    assert same_sound(PEAKS[0], PEAKS[1]) == ()


def test_peaks_of_two_algorithms_are_not_compared():
    p = PEAKS[0]
    other = Peaks(p.frames, p.bins, p.levels, p.n_frames, p.frame_rate, p.bin_hz, "landmark-v0")
    with pytest.raises(FeatureMismatch, match="'landmark-v1' against 'landmark-v0'"):
        same_sound(p, other)


def test_finds_in_one_place_of_a_query_have_no_tempo_of_their_own():
    """Three answers to the same two seconds lie on no line: the tempo is the one that was tried."""
    found = [
        Sighting(0, (100.0, 190.0), (1000.0 + k, 1090.0 + k), SAME, 60.0 - k, 40, 60, SAME) for k in (0.0, 1.0, 2.0)
    ]
    joined = stretches(found, 43.0)
    assert all(s.warp.tempo == 1.0 for s in joined)
