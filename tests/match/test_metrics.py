import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.naive_match import ranking_measures, z_scores
from versionmatch.errors import InputError
from versionmatch.match.metrics import KEYS, intervals, paired_difference, rank
from versionmatch.match.normalise import normalised


def drawn(seed: int, n: int, n_works: int, levels: int = 6):
    rng = np.random.default_rng(seed)
    similarity = rng.integers(0, levels, (n, n)).astype(float)  # few levels: many ties
    works = [f"w{w}" for w in rng.integers(0, n_works, n)]
    recordings = [f"r{r}" for r in rng.integers(0, 2 * n, n)]
    return similarity, works, recordings


def test_average_precision_of_the_textbook():  # relevant at ranks 1, 3 and 6 of 6: (1 + 2/3 + 3/6) / 3
    similarity = np.zeros((7, 7))
    similarity[0, 1:] = [9, 8, 7, 6, 5, 4]
    works = ["a", "a", "b", "a", "c", "d", "a"]
    measured = rank(similarity, works).values
    assert measured["map"][0] == pytest.approx((1 + 2 / 3 + 3 / 6) / 3)
    assert measured["nar"][0] == pytest.approx(100 * (1 + 3 + 6 - 6) / (3 * 3))


def test_measures_of_a_thousand_random_rankings_equal_those_of_the_slow_twin():
    for seed in range(1000):
        similarity, works, recordings = drawn(seed, n=9, n_works=4)
        expected = ranking_measures(similarity.tolist(), works, recordings)
        assert rank(similarity, works, recordings).means() == pytest.approx(expected)


def test_a_perfect_ranking_is_perfect():
    works = ["a", "a", "b", "b", "b", "c"]
    same = np.equal.outer(np.array(works), np.array(works)).astype(float)
    assert rank(same, works).means() == pytest.approx(
        {"map": 1.0, "mr1": 1.0, "mrr": 1.0, "hit_at_1": 1.0, "hit_at_10": 1.0, "nar": 0.0}
    )


def test_a_constant_similarity_earns_nothing_from_its_ties():
    works = ["a", "a", *(f"x{i}" for i in range(18))]
    assert rank(np.ones((20, 20)), works).means() == pytest.approx(
        {"map": 1 / 19, "mr1": 19.0, "mrr": 1 / 19, "hit_at_1": 0.0, "hit_at_10": 0.0, "nar": 100.0}
    )


def test_a_recording_is_not_found_by_its_own_double():
    works, recordings = ["a", "a", "a", "b"], ["r1", "r1", "r2", "r3"]
    similarity = np.array([[0, 9, 1, 2], [9, 0, 1, 2], [3, 3, 0, 1], [0, 0, 0, 0]], float)
    ranking = rank(similarity, works, recordings)
    assert ranking.values["mr1"].tolist() == [2.0, 2.0, 1.0]


def test_a_work_with_one_recording_is_only_a_candidate():
    ranking = rank(np.eye(3)[::-1], ["a", "b", "a"])
    assert (ranking.n_queries, ranking.n_candidates) == (2, 3)


@given(st.integers(0, 10_000), st.floats(0.1, 5.0))
@settings(max_examples=50, deadline=None)
def test_a_ranking_does_not_depend_on_the_scale_of_the_similarity(seed, factor):
    similarity, works, _ = drawn(seed, n=10, n_works=3)
    assert rank(similarity, works).means() == rank(factor * similarity + 3.0, works).means()


def test_nothing_to_find_is_said():
    with pytest.raises(InputError, match="no work has two recordings"):
        rank(np.eye(2), ["a", "b"])
    with pytest.raises(InputError, match="2 similarities are not a number"):
        rank(np.full((2, 2), np.nan), ["a", "a"])
    with pytest.raises(InputError, match=r"shape \(3, 3\)"):
        rank(np.eye(2), ["a", "a", "b"])


def test_intervals_hold_the_mean_and_do_not_change_between_runs():
    ranking = rank(*drawn(440, n=60, n_works=20)[:2])
    first, again = (intervals(ranking, seed=440, n_bootstrap=400) for _ in range(2))
    assert first == again
    for key in KEYS:
        assert first[key][0] <= ranking.means()[key] <= first[key][1]


def test_a_better_system_is_better_in_the_paired_difference():
    similarity, works, _ = drawn(440, n=60, n_works=20)
    same = np.equal.outer(np.array(works), np.array(works))
    better = rank(similarity + 3 * same, works)
    gain = paired_difference(better, rank(similarity, works), seed=440, n_bootstrap=500)
    assert gain["low"] > 0
    assert gain["difference"] == pytest.approx(better.means()["map"] - rank(similarity, works).means()["map"])


@pytest.mark.parametrize("seed", range(20))
def test_normalised_scores_equal_those_of_the_slow_twin(seed):
    table = np.random.default_rng(seed).normal(size=(7, 7))
    assert normalised(table) == pytest.approx(np.array(z_scores(table.tolist())))


def test_a_hub_loses_its_advantage():
    works = ["a", "a", "b", "b", "hub"]
    similarity = np.where(np.equal.outer(np.array(works), np.array(works)), 5.0, 1.0)
    similarity[4, :] = similarity[:, 4] = 6.0
    assert rank(similarity, works).means()["mr1"] == 2.0
    assert rank(normalised(similarity), works).means()["mr1"] == 1.0


def test_a_constant_similarity_normalises_to_nothing():
    assert not normalised(np.full((5, 5), 7.0)).any()


def test_pairs_left_out_do_not_count_towards_the_mean():
    table = np.array([[0, 1, 2, 1000], [1, 0, 3, 1], [2, 3, 0, 2], [1000, 1, 2, 0]], float)
    left_out = table == 1000
    other = np.where(left_out, -5.0, table)
    assert np.array_equal(normalised(table, left_out=left_out), normalised(other, left_out=left_out))
