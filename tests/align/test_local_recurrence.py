import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import naive_local as naive
from versionmatch.align import recurrence_kernels as kernels
from versionmatch.align.recurrence import cross_recurrence, frame_similarity, neighbours
from versionmatch.types import Features


def walk(n_frames, seed, n_features=12):
    """Frames that change slowly, as music's do."""
    rng = np.random.default_rng(seed)
    values = np.abs(
        np.cumsum(rng.standard_normal((n_features, n_frames)) * 0.3, axis=1) % 3 + rng.random((n_features, n_frames))
    )
    return Features("chroma", values / np.linalg.norm(values, axis=0), frame_rate=2.0)


@pytest.mark.parametrize(("n", "m"), [(9, 9), (9, 40), (130, 97), (530, 600)])
@pytest.mark.parametrize(("embedding", "kappa"), [(1, 0.3), (9, 0.095), (12, 0.02), (9, 1.0)])
def test_recurrence_is_that_of_sorted_rows_and_columns(n, m, embedding, kappa):
    if embedding > min(n, m):
        pytest.skip("shorter than a moment")
    q, r = walk(n, 1), walk(m, 2)
    binary = cross_recurrence(q, r, embedding=embedding, kappa=kappa)
    assert np.array_equal(binary, naive.cross_recurrence(q.values, r.values, embedding, kappa))


@pytest.mark.parametrize("n_features", [1, 5, 12, 13, 84])
def test_any_number_of_rows_can_be_compared(n_features):
    q, r = walk(60, 1, n_features), walk(70, 2, n_features)
    q, r = (Features("x", f.values - f.values.mean(), 2.0) for f in (q, r))
    binary = cross_recurrence(q, r, embedding=5, kappa=0.1)
    slow = naive.cross_recurrence(q.values, r.values, 5, 0.1)
    assert (binary != slow).mean() < 0.002 if n_features > 1 else binary.shape == slow.shape


def test_exchanging_the_sides_transposes_the_matrix_bit_for_bit():
    q, r = walk(200, 1), walk(150, 2)
    assert np.array_equal(cross_recurrence(q, r), cross_recurrence(r, q).T)


def test_a_literal_repeat_recurs_wherever_it_stands():
    once = walk(40, 1)
    twice = Features("chroma", np.tile(once.values, 3)[:, :110], 2.0)
    binary = cross_recurrence(twice, twice, kappa=0.05)
    assert np.array_equal(binary[:30, :30], binary[40:70, 40:70])
    assert np.array_equal(binary[:30, :30], binary[:30, 40:70])


@pytest.mark.parametrize("semitones", [1, 6])
def test_the_reference_is_raised(semitones):
    q, r = walk(60, 1), walk(70, 2)
    assert np.array_equal(cross_recurrence(q, r, transposition=semitones), cross_recurrence(q, r.transposed(semitones)))
    assert np.array_equal(frame_similarity(q, r, transposition=semitones), frame_similarity(q, r.transposed(semitones)))


def test_frame_similarity_is_the_cosine_and_0_for_silence():
    q = Features("chroma", np.array([[3.0, 0.0], [4.0, 0.0]]), 2.0)
    r = Features("chroma", np.array([[1.0, 0.0], [0.0, 2.0]]), 2.0)
    assert frame_similarity(q, r) == pytest.approx(np.array([[0.6, 0.8], [0.0, 0.0]]))


@given(
    values=st.lists(st.integers(-(2**30), 2**30) | st.sampled_from([0, 7, 8]), min_size=1, max_size=60),
    data=st.data(),
)
@settings(max_examples=150, deadline=None)
def test_the_kth_largest_is_exact_from_any_guess(values, data):
    k = data.draw(st.integers(1, len(values)))
    guess = data.draw(st.integers(-(2**30), 2**30))
    step = data.draw(st.sampled_from([0.0, 1.0, 1e3, 1e8]))
    row = np.array(values, np.int32)
    assert kernels.kth_largest(row, k, guess, step)[0] == sorted(values, reverse=True)[k - 1]


@pytest.mark.parametrize(("n", "count"), [(1, 1), (10, 1), (12, 2), (472, 45)])
def test_near_are_those_up_to_the_quantile(n, count):
    assert neighbours(n, 0.095) == count
