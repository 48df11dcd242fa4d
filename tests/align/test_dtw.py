import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import naive_align as naive
from versionmatch.align import dtw as dtw_module
from versionmatch.align.cost import cost_matrix, unit_columns
from versionmatch.align.dtw import (
    best_transposition,
    dtw,
    dtw_cost,
    dtw_costs,
    dtw_path,
    dtw_total,
    subsequence_costs,
    subsequence_places,
)
from versionmatch.align.path import band_window
from versionmatch.errors import FeatureMismatch, InputError
from versionmatch.types import Features

ENDS = [(False, False), (True, False), (False, True), (True, True)]


def frames(n, seed, rows=12):
    """A chroma-like random walk: neighbouring frames are alike."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.standard_normal((rows, n)) * 0.3, axis=1) % 3 + rng.random((rows, n))
    return np.abs(walk).astype(np.float32)


def chroma(values, rate=10.0):
    return Features("chroma", values, frame_rate=rate)


def one_hot(rng, n, notes=4):
    return np.eye(12, dtype=np.float32)[:, rng.integers(0, notes, n)]


def is_a_path(path):
    return {tuple(step) for step in np.diff(path, axis=0)} <= {(1, 1), (1, 0), (0, 1)}


@pytest.mark.parametrize(
    ("n", "m"), [(1, 1), (1, 7), (7, 1), (2, 2), (31, 33), (32, 32), (33, 31), (64, 100), (65, 5), (5, 300), (300, 5)]
)
@pytest.mark.parametrize("rows", [1, 5, 12, 13])
def test_every_length_gives_the_total_and_path_of_the_slow_twin(n, m, rows):
    x, y = frames(n, 1, rows), frames(m, 2, rows)
    for begin, end in ENDS:
        path, total = dtw_path(x, y, open_begin=begin, open_end=end)
        _, expected = naive.dtw_path(x, y, open_begin=begin, open_end=end)
        assert total == pytest.approx(expected, rel=1e-6, abs=1e-6)
        assert dtw_total(x, y, open_begin=begin, open_end=end) == pytest.approx(expected, rel=1e-6, abs=1e-6)
        assert is_a_path(path)
        assert naive.pair_costs(x, y)[tuple(path.T)].sum() == pytest.approx(total, abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 80), st.integers(1, 80), st.integers(0, 2**32 - 1), st.sampled_from(ENDS))
def test_of_ways_that_cost_the_same_the_documented_one_is_taken(n, m, seed, ends):
    rng = np.random.default_rng(seed)
    x, y = one_hot(rng, n), one_hot(rng, m)  # costs of exactly 0 and 1: ties everywhere
    path, total = dtw_path(x, y, open_begin=ends[0], open_end=ends[1])
    expected, expected_total = naive.dtw_path(x, y, open_begin=ends[0], open_end=ends[1])
    assert total == expected_total
    np.testing.assert_array_equal(path, expected)


@pytest.mark.parametrize(("n", "m"), [(700, 530), (520, 1040)])
def test_a_path_through_many_tiles_is_that_of_the_slow_twin(n, m):
    rng = np.random.default_rng(440)
    x, y = one_hot(rng, n, 7), one_hot(rng, m, 7)
    path, total = dtw_path(x, y)
    expected, expected_total = naive.dtw_path(x, y)
    assert total == expected_total
    np.testing.assert_array_equal(path, expected)


@pytest.mark.parametrize("open_begin", [False, True])
def test_long_recordings_keep_six_digits(open_begin):
    x, y = frames(3000, 1), frames(3001, 2)
    last = naive.last_totals(x, y, open_begin=open_begin)
    assert dtw_total(x, y, open_begin=open_begin) == pytest.approx(last[-1], rel=1e-6)
    assert dtw_total(x, y, open_begin=open_begin, open_end=True) == pytest.approx(last.min(), rel=1e-6)
    _, total = dtw_path(x, y, open_begin=open_begin)
    assert total == pytest.approx(last[-1], rel=1e-6)
    assert total >= last[-1] * (1 - 1e-12)  # no path is cheaper than the cheapest


def test_a_short_query_in_a_very_long_reference_keeps_six_digits():
    x, y = frames(50, 1), frames(60_000, 2)
    assert dtw_total(x, y) == pytest.approx(naive.last_totals(x, y)[-1], rel=1e-6)


def test_the_two_slow_twins_agree():
    x, y = frames(40, 3), frames(55, 4)
    assert naive.last_totals(x, y)[-1] == pytest.approx(naive.dtw_path(x, y)[1], rel=1e-12)


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 90), st.integers(2, 90), st.integers(0, 2**32 - 1), st.sampled_from(ENDS))
def test_any_window_with_a_way_through_gives_the_twins_path(n, m, seed, ends):
    rng = np.random.default_rng(seed)
    x, y = one_hot(rng, n), one_hot(rng, m)
    centre = np.round(np.arange(n) * (m - 1) / (n - 1))
    reach = np.ceil(m / n) + 1
    low = centre - reach - rng.integers(0, 9, n)
    window = np.stack([low, centre + reach + rng.integers(0, 9, n)], axis=1).clip(0, m).astype(np.int32)
    window[-1, 1] = m
    path, total = dtw_path(x, y, window=window, open_begin=ends[0], open_end=ends[1])
    expected, expected_total = naive.dtw_path(x, y, window=window, open_begin=ends[0], open_end=ends[1])
    assert total == expected_total
    np.testing.assert_array_equal(path, expected)
    assert dtw_total(x, y, window=window, open_begin=ends[0], open_end=ends[1]) == expected_total


@pytest.mark.parametrize("band", [0.0, 0.02, 0.1, 0.5, 1.0])
@pytest.mark.parametrize(("n", "m"), [(200, 200), (200, 70), (90, 300), (1, 30), (30, 1)])
def test_a_band_keeps_the_path_near_the_diagonal(n, m, band):
    x, y = frames(n, 1), frames(m, 2)
    window = band_window(n, m, band)
    path, total = dtw_path(x, y, band=band)
    assert (window[path[:, 0], 0] <= path[:, 1]).all()
    assert (path[:, 1] < window[path[:, 0], 1]).all()
    assert total == pytest.approx(naive.dtw_path(x, y, window=window)[1], rel=1e-6)
    assert dtw_cost(chroma(x), chroma(y), band=band) == pytest.approx(total, rel=1e-6)


def test_the_widest_band_is_no_band():
    x, y = frames(120, 1), frames(150, 2)
    np.testing.assert_array_equal(dtw_path(x, y, band=1.0)[0], dtw_path(x, y)[0])


def test_a_recording_aligned_to_itself_costs_nothing_and_runs_along_the_diagonal():
    song = chroma(frames(400, 5))
    found = dtw(song, song)
    assert found.cost == pytest.approx(0, abs=1e-7)
    np.testing.assert_array_equal(found.path, np.repeat(np.arange(400)[:, None], 2, axis=1))


def test_query_and_reference_may_change_places():
    x, y = frames(150, 1), frames(90, 2)
    assert dtw_total(x, y) == pytest.approx(dtw_total(y, x), rel=1e-6)


def test_loudness_does_not_matter():
    x, y = frames(80, 1), frames(90, 2)
    assert dtw_total(x * np.linspace(0.1, 50, 80, dtype=np.float32), y) == pytest.approx(dtw_total(x, y), rel=1e-6)


def test_an_excerpt_is_found_where_it_was_cut():
    song = chroma(frames(900, 6))
    found = dtw(song.between(30.0, 42.0), song, subsequence=True)
    assert found.path[0].tolist() == [0, 300]
    assert found.path[-1].tolist() == [119, 419]
    assert found.span.reference_start_s == 30.0


def test_silence_matches_nothing_not_even_silence():
    silence = np.zeros((12, 6), np.float32)
    assert dtw_total(silence, silence) == 6
    np.testing.assert_array_equal(cost_matrix(silence, frames(4, 1)), np.ones((6, 4)))
    assert not unit_columns(silence).any()


def test_opposite_frames_cost_two():
    assert dtw_total([[1.0, 1.0]], [[-3.0, -0.5]]) == 4


@pytest.mark.parametrize("n_query", [1, 20, 100])
def test_one_against_many_is_one_by_one(n_query):
    query = chroma(frames(n_query, 0))
    references = [chroma(frames(n, seed)) for seed, n in enumerate([1, 31, 250, 64, 999, 3])]
    costs, ends = subsequence_places(query, references)
    alone = [dtw(query, reference, subsequence=True) for reference in references]
    np.testing.assert_allclose(costs, [a.cost * len(a.path) for a in alone], rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(ends, [a.path[-1, 1] for a in alone])
    np.testing.assert_array_equal(costs, subsequence_costs(query, references))
    np.testing.assert_array_equal(dtw_costs(query, references), [dtw_cost(query, r) for r in references])


def test_many_references_may_come_in_several_chunks(monkeypatch):
    query, references = chroma(frames(40, 0)), [chroma(frames(n, n)) for n in (50, 200, 30, 90)]
    together = subsequence_costs(query, references)
    monkeypatch.setattr(dtw_module, "CHUNK_FRAMES", 100)
    np.testing.assert_array_equal(subsequence_costs(query, references), together)


def test_no_references_give_no_costs():
    assert subsequence_costs(chroma(frames(4, 0)), []).shape == (0,)


@pytest.mark.parametrize("semitones", range(12))
def test_the_cheapest_transposition_is_the_interval_between_the_keys(semitones):
    song = chroma(frames(150, 7))
    found, costs = best_transposition(song.transposed(semitones), song)
    assert found == semitones
    for t in (0, 5):
        assert costs[t] == dtw_cost(song.transposed(semitones), song.transposed(t))


def test_the_same_input_gives_the_same_bits():
    x, y = frames(333, 1), frames(444, 2)
    (path, total), (again, total_again) = dtw_path(x, y), dtw_path(x, y)
    assert total == total_again
    np.testing.assert_array_equal(path, again)


def test_features_of_another_rate_are_refused():
    with pytest.raises(FeatureMismatch, match="frame_rate differs"):
        dtw(chroma(frames(5, 0)), chroma(frames(5, 0), rate=2.0))


def test_matrices_of_unequal_rows_are_refused():
    with pytest.raises(InputError, match="the query has 12 rows, the reference 5"):
        dtw_path(frames(5, 0), frames(5, 0, 5))


def test_only_chroma_is_transposed():
    with pytest.raises(FeatureMismatch, match="chroma of 12 rows"):
        best_transposition(chroma(frames(5, 0, 5)), chroma(frames(5, 0, 5)))


@pytest.mark.parametrize("empty", [np.ones((12, 0)), np.ones((0, 4)), np.ones(12)])
def test_nothing_cannot_be_aligned(empty):
    with pytest.raises(InputError, match="frames of shape"):
        dtw_path(empty, frames(5, 0))


def test_a_reference_without_frames_is_refused():
    with pytest.raises(InputError, match="no frames"):
        dtw_costs(chroma(frames(5, 0)), [chroma(np.ones((12, 0)))])


def test_a_frame_that_is_not_a_number_is_named():
    broken = frames(9, 0)
    broken[3, 4] = np.nan
    with pytest.raises(InputError, match="frame 4 is not finite"):
        dtw_path(frames(5, 0), broken)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((4, [6, 6]), "no way through at query frame 4"),
        ((5, [9, 10]), "no way through at query frame 5"),
        ((0, [1, 10]), "begins at reference frame 1"),
        ((9, [0, 9]), "ends before reference frame 9"),
    ],
)
def test_a_window_without_a_way_through_says_where_it_closes(change, message):
    window = np.array([[max(0, i - 1), min(10, i + 2)] for i in range(10)], np.int32)
    window[change[0]] = change[1]
    with pytest.raises(InputError, match=message):
        dtw_path(frames(10, 0), frames(10, 1), window=window)


def test_a_window_needs_a_pair_of_limits_for_every_query_frame():
    with pytest.raises(InputError, match=r"shape \(10, 2\)"):
        dtw_path(frames(10, 0), frames(10, 1), window=np.zeros((9, 2), np.int32))


@pytest.mark.parametrize("band", [-0.1, 1.5, float("nan")])
def test_a_band_is_a_share(band):
    with pytest.raises(InputError, match="between 0 and 1"):
        dtw_path(frames(10, 0), frames(10, 1), band=band)


def test_a_band_does_not_go_with_open_ends():
    with pytest.raises(InputError, match="a band follows the diagonal"):
        dtw(chroma(frames(10, 0)), chroma(frames(10, 1)), band=0.1, subsequence=True)
