"""Shared passages: where they are, how exact their time maps are, and that there are none by chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.naive_passage import (
    chain_total,
    cosine_between_frames,
    course_total,
    graduated,
    local_total,
    offsets_total,
    path_total,
)
from versionmatch.align.passage import reference_time, roles, shared_passages, time_map
from versionmatch.align.passage_kernels import (
    best_chain,
    best_course,
    best_local_path,
    best_offsets,
    corridor,
    good_stretches,
)
from versionmatch.align.passage_path import whittaker
from versionmatch.errors import FeatureMismatch, InputError
from versionmatch.types import Features, Passage, Span

RATE = 10.0


def music(seed: int, seconds: float = 90.0) -> np.ndarray:
    """Chroma of chords that change every 0.4 to 2 s, with a melody over them, and a little noise."""
    rng = np.random.default_rng(seed)
    n = round(seconds * RATE)
    frames = np.zeros((12, n))
    for low, high, loud, size in ((4, 20, 0.7, 3), (2, 7, 1.0, 1)):
        at = 0
        while at < n:
            length = int(rng.integers(low, high))
            frames[rng.choice(12, size, replace=False), at : at + length] += loud
            at += length
    return frames + rng.uniform(0, 0.15, frames.shape)


def chroma(frames: np.ndarray) -> Features:
    return Features("chroma", frames / np.maximum(np.linalg.norm(frames, axis=0), 1e-9), RATE)


def read_at(frames: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """The frames at other times, between frames by linear interpolation."""
    grid = np.arange(frames.shape[1]) / RATE
    return np.stack([np.interp(times_s, grid, row) for row in frames])


def spoiled(frames: np.ndarray, seed: int = 1) -> np.ndarray:
    return frames * np.random.default_rng(seed).lognormal(0, 0.3, frames.shape)


def sides(passage: Passage) -> tuple[float, float, float, float]:
    s = passage.span
    return s.query_start_s, s.query_end_s, s.reference_start_s, s.reference_end_s


seeds = st.integers(0, 1000)


@given(seed=seeds)
@settings(max_examples=8, deadline=None)
def test_a_recording_shares_all_of_itself_at_its_own_tempo_without_error(seed: int) -> None:
    song = chroma(music(seed))
    [whole] = shared_passages(song, song)
    assert sides(whole) == pytest.approx((0, 89.9, 0, 89.9), abs=0.11)
    assert whole.tempo_ratio == pytest.approx(1.0, abs=3e-4)
    error = np.abs(whole.path_s[:, 0] - whole.path_s[:, 1])
    assert np.median(error) < 1e-9
    assert error.max() < 0.05
    assert whole.transposition == 0
    assert whole.similarity == pytest.approx(1.0, abs=1e-3)


@given(seed=seeds, semitones=st.integers(-5, 6))
@settings(max_examples=8, deadline=None)
def test_a_transposed_copy_is_shared_whole_and_its_transposition_is_told(seed: int, semitones: int) -> None:
    song = chroma(music(seed))
    [whole] = shared_passages(song.transposed(semitones), song)
    assert whole.transposition == semitones
    assert whole.span.query_duration_s > 89


@given(seed=seeds, ratio=st.floats(0.8, 1.25))
@settings(max_examples=10, deadline=None)
def test_a_copy_at_another_tempo_keeps_its_time_map_within_a_quarter_of_a_second(seed: int, ratio: float) -> None:
    frames = music(seed)
    times = np.arange(int(89.9 / ratio * RATE)) / RATE
    passages = shared_passages(chroma(spoiled(read_at(frames, times * ratio))), chroma(frames))
    found = time_map(passages, times[-1])[:, 1]
    error = np.abs(found - times * ratio)
    assert np.nanmedian(error) < 0.1
    assert np.nanquantile(error, 0.95) < 0.25
    assert np.isnan(found).mean() < 0.05
    assert np.average([p.tempo_ratio for p in passages]) == pytest.approx(ratio, rel=0.02)


@given(seed=seeds, start=st.integers(5, 40), length=st.integers(15, 45))
@settings(max_examples=8, deadline=None)
def test_a_trimmed_copy_is_found_where_it_was_cut_out(seed: int, start: int, length: int) -> None:
    frames = music(seed)
    part = frames[:, start * 10 : (start + length) * 10]
    [whole] = shared_passages(chroma(spoiled(part)), chroma(frames))
    assert sides(whole) == pytest.approx((0, length, start, start + length), abs=0.5)


def test_at_most_one_in_twenty_unrelated_pairs_shares_anything() -> None:
    pairs = [shared_passages(chroma(music(seed)), chroma(music(seed + 5000))) for seed in range(40)]
    assert sum(bool(p) for p in pairs) <= 2


@given(seed=seeds, ratio=st.floats(0.85, 1.2))
@settings(max_examples=6, deadline=None)
def test_exchanging_the_two_recordings_exchanges_the_spans(seed: int, ratio: float) -> None:
    frames = music(seed)
    slowed = chroma(spoiled(read_at(frames[:, 100:800], np.arange(int(69 / ratio * RATE)) / RATE * ratio), seed=2))
    there, back = shared_passages(slowed, chroma(frames)), shared_passages(chroma(frames), slowed)
    assert len(there) == len(back)
    for a, b in zip(there, back, strict=True):
        q0, q1, r0, r1 = sides(a)
        assert sides(b) == pytest.approx((r0, r1, q0, q1), abs=1.5)
        assert a.tempo_ratio * b.tempo_ratio == pytest.approx(1.0, abs=0.02)


def test_the_same_input_gives_the_same_bits() -> None:
    one, two = chroma(music(3)), chroma(spoiled(music(3)))
    first, second = shared_passages(two, one), shared_passages(two, one)
    assert [p.path_s.tobytes() for p in first] == [p.path_s.tobytes() for p in second]


def test_a_left_out_section_parts_two_passages_at_the_cut() -> None:
    frames = music(11)
    cut = np.concatenate([frames[:, :300], frames[:, 550:]], axis=1)
    first, second = shared_passages(chroma(spoiled(cut)), chroma(frames))
    assert sides(first) == pytest.approx((0, 30, 0, 30), abs=1.0)
    assert sides(second) == pytest.approx((30, 65, 55, 90), abs=1.0)
    assert roles((first, second)) == ("main", "main")


def test_an_inserted_section_has_no_counterpart_and_is_not_aligned_by_force() -> None:
    frames = music(12)
    longer = np.concatenate([frames[:, :400], music(77, 20.0), frames[:, 400:]], axis=1)
    passages = shared_passages(chroma(spoiled(longer)), chroma(frames))
    assert reference_time(passages, 50.0) is None
    found = time_map(passages, 110.0)
    inside = (found[:, 0] > 41) & (found[:, 0] < 59)
    assert np.isnan(found[inside, 1]).all()
    assert reference_time(passages, 30.0) == pytest.approx(30.0, abs=0.1)
    assert reference_time(passages, 80.0) == pytest.approx(60.0, abs=0.1)


def test_exchanged_sections_are_found_and_one_of_them_is_called_moved() -> None:
    frames = music(13)
    parts = [frames[:, a:b] for a, b in ((0, 300), (500, 700), (300, 500), (700, 900))]
    passages = shared_passages(chroma(spoiled(np.concatenate(parts, axis=1))), chroma(frames))
    starts = [sides(p)[2] for p in passages]
    assert starts == pytest.approx([0, 50, 30, 70], abs=1.0)
    assert sorted(roles(passages)) == ["main", "main", "main", "moved"]


def test_a_section_played_twice_is_found_twice_and_one_is_called_a_repeat() -> None:
    frames = music(14)
    twice = np.concatenate([frames[:, :500], frames[:, 250:]], axis=1)
    passages = shared_passages(chroma(spoiled(twice)), chroma(frames))
    found = time_map(passages, 114.0)
    expected = np.where(found[:, 0] < 50, found[:, 0], found[:, 0] - 25)
    assert np.nanquantile(np.abs(found[:, 1] - expected), 0.95) < 0.25
    only = chroma(spoiled(np.concatenate([frames[:, :500], frames[:, 200:500]], axis=1)))
    assert "query repeats" in roles(shared_passages(only, chroma(frames)))


def test_a_modulated_last_chorus_is_a_passage_of_its_own_transposition() -> None:
    frames = music(15)
    raised = np.concatenate([frames[:, :600], np.roll(frames[:, 600:], 1, axis=0)], axis=1)
    first, last = shared_passages(chroma(raised), chroma(frames))
    assert (first.transposition, last.transposition) == (0, 1)
    assert last.span.query_start_s == pytest.approx(60, abs=1.0)


def test_silence_and_noise_around_the_music_are_in_no_passage() -> None:
    frames = music(16)
    noise = np.random.default_rng(440).rayleigh(0.3, (12, 150))
    framed = np.concatenate([np.zeros((12, 150)), frames, noise], axis=1)
    passages = shared_passages(chroma(framed), chroma(frames))
    assert min(p.span.query_start_s for p in passages) == pytest.approx(15, abs=1.0)
    assert max(p.span.query_end_s for p in passages) == pytest.approx(105, abs=1.0)


def test_silence_shares_nothing_with_silence() -> None:
    silent = Features("chroma", np.zeros((12, 600)), RATE)
    assert shared_passages(silent, silent) == ()


@pytest.mark.parametrize("n", [0, 1, 5, 9, 30])
def test_recordings_too_short_for_a_passage_share_none(n: int) -> None:
    assert shared_passages(chroma(music(1)[:, :n]), chroma(music(1))) == ()


def test_no_more_passages_than_asked_for_and_none_shorter() -> None:
    frames = music(13)
    parts = [frames[:, a:b] for a, b in ((0, 300), (500, 700), (300, 500), (700, 900))]
    mixed = chroma(np.concatenate(parts, axis=1))
    assert len(shared_passages(mixed, chroma(frames), max_n=2)) == 2
    assert all(p.span.query_duration_s >= 25 for p in shared_passages(mixed, chroma(frames), min_length_s=25.0))


def test_a_transposition_that_is_known_is_not_searched_elsewhere() -> None:
    song = chroma(music(17))
    assert shared_passages(song.transposed(6), song, transposition=0) == ()
    assert len(shared_passages(song.transposed(6), song, transposition=6)) == 1


def test_onset_strength_keeps_the_map_exact() -> None:
    frames = music(18)
    strength = np.maximum(np.diff(frames, axis=1, prepend=frames[:, :1]), 0).sum(axis=0, keepdims=True)
    fine = Features("onsets", np.repeat(strength, 5, axis=1), 50.0)
    [whole] = shared_passages(chroma(frames), chroma(frames), onsets=(fine, fine))
    assert np.abs(whole.path_s[:, 0] - whole.path_s[:, 1]).max() < 0.02


def test_what_cannot_be_compared_is_refused_by_name() -> None:
    song = chroma(music(1, 20.0))
    with pytest.raises(FeatureMismatch, match="12 rows; cqt has 84"):
        shared_passages(*[Features("cqt", np.ones((84, 50)), 10.0)] * 2)
    with pytest.raises(FeatureMismatch, match="frame_rate differs"):
        shared_passages(song, Features("chroma", song.values, 5.0))
    with pytest.raises(InputError, match="at least 2 frames per second"):
        shared_passages(*[Features("chroma", np.ones((12, 50)), 1.0)] * 2)
    with pytest.raises(InputError, match="min_length_s"):
        shared_passages(song, song, min_length_s=0)


def test_where_two_passages_hold_a_moment_the_stronger_one_speaks() -> None:
    def straight(q0: float, q1: float, shift: float, similarity: float) -> Passage:
        path = np.array([[q0, q0 + shift], [q1, q1 + shift]])
        return Passage(Span(q0, q1, q0 + shift, q1 + shift), path, ("harmony",), similarity, 0, 1.0)

    pair = straight(0, 40, 5, 0.8), straight(20, 30, 90, 0.9)
    assert reference_time(pair, 25.0) == pytest.approx(30.0)
    assert np.array_equal(time_map(pair, 50.0)[250], [25.0, 30.0])
    assert np.isnan(time_map(pair, 50.0)[450, 1])
    assert roles(pair) == ("main", "reference repeats")
    assert roles(()) == ()


matrices = st.tuples(st.integers(1, 7), st.integers(1, 7), seeds)


@given(size=matrices)
@settings(max_examples=60, deadline=None)
def test_the_local_path_has_the_total_of_its_slow_twin(size: tuple[int, int, int]) -> None:
    n, m, seed = size
    score = np.random.default_rng(seed).uniform(-1, 1, (n, m)).astype(np.float32)
    total, path = best_local_path(score, np.inf)
    assert total == pytest.approx(local_total(score), abs=1e-6)
    assert total == pytest.approx(score[path[:, 0], path[:, 1]].astype(float).sum(), abs=1e-6)
    assert all(tuple(step) in {(1, 1), (2, 1), (1, 2)} for step in np.diff(path, axis=0))


def test_a_local_path_ends_where_it_has_lost_too_much() -> None:
    score = np.full((30, 30), -9.0, np.float32)
    score[np.arange(30), np.arange(30)] = [1.0] * 10 + [-0.5] * 10 + [1.0] * 10
    assert best_local_path(score, np.inf)[0] == 15
    total, path = best_local_path(score, 4.0)
    assert (total, path[0].tolist(), path[-1].tolist()) == (10, [0, 0], [9, 9])


@given(size=matrices, layers=st.integers(1, 3), jump=st.floats(0, 2))
@settings(max_examples=60, deadline=None)
def test_the_course_has_the_total_of_its_slow_twin(size: tuple[int, int, int], layers: int, jump: float) -> None:
    n, m, seed = size
    score = np.random.default_rng(seed).uniform(-1, 1, (layers, n, m)).astype(np.float32)
    course = best_course(score, jump)
    assert path_total(score, course, jump) == pytest.approx(course_total(score, jump), abs=1e-5)
    assert (np.diff(course[:, 2]) > 0).all()


@given(size=matrices, layers=st.integers(1, 3), jump=st.floats(0, 2))
@settings(max_examples=60, deadline=None)
def test_the_chain_runs_forward_in_both_and_has_the_total_of_its_slow_twin(
    size: tuple[int, int, int], layers: int, jump: float
) -> None:
    n, m, seed = size
    score = np.random.default_rng(seed).uniform(-1, 1, (layers, n, m)).astype(np.float32)
    chain = best_chain(score, jump)
    assert path_total(score, chain, jump) == pytest.approx(chain_total(score, jump), abs=1e-5)
    assert (np.diff(chain[:, 2:], axis=0) > 0).all()


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_the_corridor_is_the_cosine_between_frames(seed: int) -> None:
    rng = np.random.default_rng(seed)
    query, reference = rng.random((4, 3)).astype(np.float32), rng.random((6, 3)).astype(np.float32)
    centre, offsets = rng.uniform(-1, 7, 4), np.array([-1.0, 0.0, 0.25])
    found = corridor(query, reference, centre, offsets)
    expected = [
        [cosine_between_frames(q, reference, c + o) for o in offsets] for q, c in zip(query, centre, strict=True)
    ]
    assert np.allclose(found, expected, atol=1e-6)


@given(size=matrices, penalty=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_the_way_through_a_corridor_has_the_total_of_its_slow_twin(size: tuple[int, int, int], penalty: float) -> None:
    n, width, seed = size
    likeness = np.random.default_rng(seed).random((n, width)).astype(np.float32)
    columns = best_offsets(likeness, penalty)
    total = likeness[np.arange(n), columns].astype(float).sum() - penalty * np.abs(np.diff(columns)).sum()
    assert total == pytest.approx(offsets_total(likeness, penalty), abs=1e-5)
    assert (np.abs(np.diff(columns)) <= 1).all()


@given(seed=seeds, n=st.integers(3, 40), period=st.floats(3, 30))
@settings(max_examples=30, deadline=None)
def test_the_smoother_solves_its_normal_equations(seed: int, n: int, period: float) -> None:
    rng = np.random.default_rng(seed)
    values, weights = rng.normal(size=n), rng.uniform(0.1, 1, n)
    assert np.allclose(whittaker(values, weights, period), graduated(values, weights, period), atol=1e-6)


def test_stretches_end_at_a_long_loss_and_start_and_end_with_gain() -> None:
    score = np.array([-1, 1, 1, -0.5, 1, -1, -1, -1, -1, 1, 1, 0.5, -1.0])
    assert good_stretches(score, 3.0).tolist() == [[1, 5], [9, 12]]
    assert good_stretches(-np.ones(4), 1.0).tolist() == []
    assert good_stretches(np.ones(4), 1.0).tolist() == [[0, 4]]
