"""Onsets folded on beats, and bars compared: the same at any tempo, found where it is, half and double read right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.naive_rhythmic import folded, local_path_score
from versionmatch.errors import InputError
from versionmatch.rhythmic.bars import bars_of, every_reading, shared_bars
from versionmatch.rhythmic.grid import READINGS, BeatPatterns, fold, read_beats
from versionmatch.rhythmic.rhythmic_kernels import local_path
from versionmatch.rhythmic.statistics import load
from versionmatch.types import Annotation, Features

RATE = 50.0
SON_CLAVE = (0, 0.75, 1.5, 2.5, 3)
BOSSA = (0, 0.75, 1.5, 2.5, 3.25)
WALTZ = (0, 1, 2, 2.5)


def beats_at(times):
    return Annotation("beats", times, np.zeros(len(times)), ("",) * len(times), np.ones(len(times)))


def played(pattern, beat_s, n_bars, start_s=0.5, length=4.0):
    """Onset strength with a pulse of three frames at each onset, and the beats."""
    n = int((start_s + n_bars * length * beat_s + 1) * RATE)
    strength = np.zeros(n)
    for bar in range(n_bars):
        for place in pattern:
            strength += np.exp(-0.5 * ((np.arange(n) / RATE - start_s - (bar * length + place) * beat_s) / 0.015) ** 2)
    times = start_s + beat_s * np.arange(int(n_bars * length) + 1)
    return Features("onsets", np.minimum(strength, 1.0)[None], RATE), beats_at(times)


def likeness(a, b):
    return shared_bars(bars_of(fold(*a)), every_reading(*b))


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 12), st.floats(0.1, 1.0))
@settings(max_examples=40, deadline=None)
def test_the_alignment_is_as_good_as_its_slow_twins(seed, n, m, gap):
    gain = np.random.default_rng(seed).normal(0, 1, (n, m)).astype(np.float32)
    score, a0, a1, b0, b1 = local_path(gain, gap)
    assert score == pytest.approx(local_path_score(gain.tolist(), gap), abs=1e-5)
    assert 0 <= a0 <= a1 <= n
    assert 0 <= b0 <= b1 <= m


def test_folding_equals_its_slow_twin():
    rng = np.random.default_rng(440)
    values, times = rng.random(120), np.array([0.31, 0.77, 1.3, 1.72, 2.2])
    fast = fold(Features("onsets", values[None], RATE), beats_at(times)).values[:, 0]
    np.testing.assert_allclose(fast, folded(values.astype(np.float32).tolist(), RATE, times.tolist()), atol=1e-5)


def test_a_sixteenth_and_a_triplet_lie_on_places_of_their_own():
    onsets, beats = played((0, 0.25, 1 + 1 / 3), 0.6, 4)
    bar = fold(onsets, beats).values[4:6, 0]
    assert bar[0].argsort()[-2:].tolist() in ([0, 3], [3, 0])
    assert bar[1].argmax() == 4


@pytest.mark.parametrize("beat_s", [0.36, 0.45, 0.62, 0.8])
def test_the_same_pattern_at_another_tempo_is_alike_throughout(beat_s):
    found = likeness(played(SON_CLAVE, 0.5, 12), played(SON_CLAVE, beat_s, 12))
    assert found.beats > 0.85 * 45
    assert found.reading == "as tracked"
    assert found.stock > 0.85


def test_another_pattern_is_less_alike_than_the_same_and_a_near_one_lies_between():
    song = played(SON_CLAVE, 0.5, 12)
    same, near, far = (likeness(song, played(p, 0.44, 12)).beats for p in (SON_CLAVE, BOSSA, (0, 0.5, 1, 2, 3.75)))
    assert same > near > far


@pytest.mark.parametrize(("stride", "reading"), [(2, "twice the tempo"), (3, None)])
def test_beats_tracked_at_half_the_tempo_are_read_as_they_are(stride, reading):
    onsets, beats = played(SON_CLAVE, 0.4, 16)
    slow = beats_at(beats.onset_s[::stride])
    found = likeness((onsets, beats), (onsets, slow))
    if reading is None:  # a third of the tempo is not among the readings: less is found, and nothing breaks
        assert found.beats < 0.5 * len(beats)
    else:
        assert found.reading == reading
        assert found.beats > 0.85 * (len(beats) - 5)


def test_beats_on_the_off_beat_are_read_as_they_are():
    onsets, beats = played(SON_CLAVE, 0.5, 12)
    found = likeness((onsets, beats), (onsets, beats_at(beats.onset_s + 0.25)))
    assert found.reading == "between the beats"
    assert found.beats > 0.85 * (len(beats) - 5)


def test_wrong_beats_in_the_middle_cost_what_they_hold_and_no_more():
    onsets, beats = played(SON_CLAVE, 0.5, 24)
    times = beats.onset_s.copy()
    times[40:48] += 0.17
    found = likeness((onsets, beats), (onsets, beats_at(times)))
    assert 0.5 * 90 < found.beats < 90


def test_a_shared_stretch_is_found_where_it_is():
    rng = np.random.default_rng(440)
    noise, common = rng.random((2, 40, 1, 12)) ** 6, rng.random((24, 1, 12)) ** 6
    a = np.concatenate([noise[0][:20], common, noise[0][20:]])
    b = np.concatenate([noise[1][:7], common, noise[1][7:]])
    sides = [bars_of(BeatPatterns(x, np.arange(len(x) + 1.0))) for x in (a, b)]
    found = shared_bars(sides[0], {"as tracked": sides[1]})
    assert found.beats > 0.9 * 21
    assert 12 <= found.a_start <= 20  # bars on either side may be alike by chance, for two bars at most
    assert 41 <= found.a_end <= 49
    assert found.b_start <= 7
    assert found.b_end >= 28


def test_no_beats_no_patterns():
    onsets, beats = played(SON_CLAVE, 0.5, 4)
    for times in ([], [1.0], [1.0, 1.5, 2.0]):
        few = bars_of(fold(onsets, beats_at(np.array(times))))
        assert len(few) == 0
        assert shared_bars(few, every_reading(onsets, beats)).beats == 0
        assert shared_bars(bars_of(fold(onsets, beats)), {"as tracked": few}).beats == 0


@given(st.lists(st.floats(0.05, 2.0), min_size=1, max_size=30), st.sampled_from(sorted(READINGS)))
@settings(deadline=None)
def test_every_reading_lies_within_the_beats_and_rises(gaps, reading):
    times = np.cumsum([0.0, *gaps])
    read = read_beats(times, reading)
    assert (np.diff(read) > 0).all()
    assert read.size == 0 or (read[0] >= times[0] and read[-1] <= times[-1])


def test_what_is_asked_wrongly_is_named():
    with pytest.raises(InputError, match=r"'four times' is no reading of beats; there are: as tracked"):
        read_beats(np.arange(3.0), "four times")
    with pytest.raises(InputError, match=r"n \+ 1 times; got \(3, 1, 12\) and \(3,\)"):
        BeatPatterns(np.zeros((3, 1, 12)), np.arange(3.0))
    with pytest.raises(InputError, match=r"knows no bars 'violins'"):
        load().usual("violins", 48)
    with pytest.raises(InputError, match=r"have 48 places \(bands · 48\); got 96"):
        load().usual("whole", 96)
