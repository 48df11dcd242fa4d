import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.types import Passage, Span
from versionmatch.web.timemap import TimeMap, local_tempo_ratio, single_valued, thinned


def _passage(path, similarity=0.9):
    path = np.asarray(path, dtype=float)
    span = Span(*path[[0, -1], 0], *path[[0, -1], 1])
    return Passage(span, path, ("harmony",), similarity, 0, 1.0)


steps = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60)


@given(steps)
def test_thinning_keeps_every_point_within_the_tolerance(moves):
    path = np.cumsum(np.array(moves, dtype=float) / 10, axis=0)
    kept = thinned(path, tolerance_s=0.05)
    known, other = single_valued(kept, 0, 1)
    for q, r in path:
        beside = kept[np.isclose(kept[:, 0], q)][:, 1]
        low, high = (beside.min(), beside.max()) if beside.size else (np.interp(q, known, other),) * 2
        assert low - 0.35 <= r <= high + 0.35
    strict = np.diff(path[:, 0]) > 0
    if strict.all():
        np.testing.assert_allclose(np.interp(path[:, 0], known, other), path[:, 1], atol=0.0501)


def test_outside_of_passages_there_is_no_counterpart():
    there = TimeMap([_passage([[10, 0], [20, 20]])])
    assert np.isnan(there.reference_times(np.array([9.9, 20.1]))).all()
    assert there.reference_times(np.array([15.0])) == 10.0


def test_there_and_back_is_the_same_moment():
    there = TimeMap([_passage([[3, 1], [7, 9], [9, 10]])])
    times = np.linspace(3, 9, 31)
    np.testing.assert_allclose(there.query_times(there.reference_times(times)), times)


def test_of_two_passages_the_more_similar_decides():
    low, high = _passage([[0, 0], [10, 10]], 0.5), _passage([[0, 50], [10, 60]], 0.8)
    assert TimeMap([low, high]).reference_times(np.array([4.0])) == 54.0
    assert TimeMap([low, high]).order == (1, 0)


def test_a_query_played_at_twice_the_speed_has_ratio_two():
    curve = local_tempo_ratio(np.array([[5.0, 10.0], [15.0, 30.0]]))
    np.testing.assert_allclose(curve[:, 2], 2.0)
    assert curve[0, :2] == pytest.approx((5.0, 10.0))
