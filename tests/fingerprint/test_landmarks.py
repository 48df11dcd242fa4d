"""Peaks lie where the sound stands out, whatever the blocks in which it comes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests import naive_fingerprint as naive
from tests.fingerprint.examples import SR, audio, resampled, sound
from versionmatch.errors import InputError
from versionmatch.fingerprint.landmark_kernels import highest_along_columns, highest_along_rows, outrank
from versionmatch.fingerprint.landmarks import (
    ALGORITHM,
    ASKED,
    BIN_HZ,
    FRAME_RATE,
    Density,
    Landmarks,
    chosen,
    landmarks,
    landmarks_of,
    strong,
)

SOUND = sound(1, 70.0)


def columns(peaks):
    return peaks.frames.tobytes(), peaks.bins.tobytes(), peaks.levels.tobytes(), peaks.n_frames


def test_a_tone_burst_has_its_peak_at_its_time_and_frequency():
    samples = np.zeros(4 * SR, np.float32)
    time = np.arange(2048) / SR
    samples[2 * SR - 1024 : 2 * SR + 1024] = 0.5 * np.hanning(2048) * np.sin(2 * np.pi * 1000.0 * time)
    peaks = landmarks(audio(samples))
    top = int(np.argmax(peaks.levels))
    assert peaks.times_s[top] == pytest.approx(2.0, abs=1 / FRAME_RATE)
    assert peaks.bins[top] * BIN_HZ == pytest.approx(1000.0, abs=BIN_HZ / 16)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 400_000), min_size=1, max_size=12))
def test_any_cut_into_blocks_gives_the_same_peaks_bit_for_bit(lengths):
    edges = [0, *np.minimum(np.cumsum(lengths), SOUND.size).tolist(), SOUND.size]
    blocks = [SOUND[a:b] for a, b in pairwise(edges)]
    assert columns(landmarks_of(SR, blocks)) == columns(landmarks(audio(SOUND)))


def test_any_cut_gives_the_same_peaks_also_where_the_sound_is_resampled():
    blocks = [SOUND[i : i + 9999] for i in range(0, SOUND.size, 9999)]
    assert columns(landmarks_of(16000, blocks)) == columns(landmarks(audio(SOUND, 16000)))


def test_an_excerpt_has_the_peaks_of_the_whole_but_for_its_ends():
    start = 256 * 40
    whole, part = landmarks(audio(SOUND)), landmarks(audio(SOUND[start : start + 10 * SR]))
    expected = {(f - 40, b) for f, b in zip(whole.frames.tolist(), whole.bins.tolist(), strict=True)}
    inner = [
        (f, b) for f, b in zip(part.frames.tolist(), part.bins.tolist(), strict=True) if 60 < f < part.n_frames - 60
    ]
    assert len(inner) > 50
    assert set(inner) <= expected


def test_louder_sound_has_its_peaks_in_the_same_places():
    soft, loud = landmarks(audio(0.25 * SOUND)), landmarks(audio(SOUND))
    both = {*zip(soft.frames.tolist(), soft.bins.tolist(), strict=True)} & {
        *zip(loud.frames.tolist(), loud.bins.tolist(), strict=True)
    }
    assert len(both) > 0.95 * len(loud)


def test_no_second_holds_more_peaks_than_asked_for_and_a_query_holds_those_that_are_kept():
    kept, asked = landmarks(audio(SOUND)), landmarks(audio(SOUND), ASKED)
    per_second = [((kept.frames >= f) & (kept.frames < f + 21)).sum() for f in range(0, kept.n_frames - 21, 7)]
    assert max(per_second) <= 20
    places = set(zip(asked.frames.tolist(), asked.bins.tolist(), strict=True))
    found = sum(p in places for p in zip(kept.frames.tolist(), kept.bins.tolist(), strict=True))
    assert found > 0.95 * len(kept)


def test_the_strong_peaks_of_a_query_are_mostly_those_that_are_kept_of_a_recording():
    asked, kept = landmarks(audio(SOUND), ASKED), landmarks(audio(SOUND))
    thin = chosen(asked, strong(asked))
    mine = set(zip(thin.frames.tolist(), thin.bins.tolist(), strict=True))
    theirs = set(zip(kept.frames.tolist(), kept.bins.tolist(), strict=True))
    assert len(mine & theirs) > 0.8 * len(theirs)


def test_faster_sound_has_peaks_as_much_higher_and_earlier():
    slow, fast = landmarks(audio(SOUND)), landmarks(audio(resampled(SOUND, 1.05)))
    moved = set(zip(np.round(fast.frames * 1.05).tolist(), np.round(fast.bins / 1.05).tolist(), strict=True))
    near = {(t + d, f + e) for t, f in moved for d in (-1, 0, 1) for e in (-1, 0, 1)}
    met = [(t, f) in near for t, f in zip(slow.frames.tolist(), np.round(slow.bins).tolist(), strict=True)]
    assert np.mean(met) > 0.6


@pytest.mark.parametrize(
    "samples",
    [np.zeros(SR), np.full(SR, 0.5), np.zeros(1), np.ones(100), np.sin(np.arange(SR // 5) / 5)],
    ids=["silence", "constant", "one sample", "a click", "a fifth of a second"],
)
def test_sound_that_says_little_has_few_peaks_or_none(samples):
    peaks = landmarks(audio(samples))
    assert len(peaks) <= 10
    assert peaks.n_frames == 1 + samples.size // 256


def test_no_sound_at_all_has_no_frames():
    assert landmarks_of(SR, []).n_frames == 0


def test_settings_out_of_range_are_refused():
    with pytest.raises(InputError, match="above 0; got 0"):
        landmarks_of(0, [])
    with pytest.raises(InputError, match="1 to 1000 peaks a second"):
        Density(per_second=0)


def test_the_extractor_names_the_version_of_the_algorithm():
    extractor = Landmarks()
    assert extractor.settings["algorithm"] == ALGORITHM == "landmark-v1"
    assert extractor.extract({"audio": audio(SOUND[: 5 * SR])}).algorithm == ALGORITHM


@settings(max_examples=40, deadline=None)
@given(arrays(np.float32, (13, 21), elements=st.floats(-50, 50, width=32)), st.integers(1, 7), st.integers(1, 7))
def test_both_maximum_filters_give_what_the_slow_twin_does(levels, rows, bins):
    along, both = np.empty_like(levels), np.empty_like(levels)
    highest_along_rows(levels, bins, along)
    highest_along_columns(along, rows, both)
    assert np.array_equal(both, naive.highest_around(levels, rows, bins))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), max_size=40).map(sorted),
    st.integers(1, 20),
    st.integers(1, 6),
)
def test_which_peaks_are_kept_is_what_the_slow_twin_says(peaks, reach, most):
    frames = np.array([f for f, _ in peaks], np.int32)
    heights = np.array([h for _, h in peaks], np.float32)
    assert outrank(frames, heights, reach, most).tolist() == naive.outrank(frames, heights, reach, most)
