"""Measures of scores, on truths that are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from versionmatch.attribution import metrics
from versionmatch.errors import InputError


def truth(noise=0.0, n_subsets=80, n_items=60, n_queries=10, n_seeds=2, seed=1):
    """Losses that are sums of the weights of the items a subset has, and noise of each retraining."""
    rng = np.random.default_rng(seed)
    members = np.stack([rng.permutation(n_items) < n_items // 2 for _ in range(n_subsets)])
    weights = rng.normal(size=(n_queries, n_items))
    losses = -(members @ weights.T)[:, None, :] + noise * rng.normal(size=(n_subsets, n_seeds, n_queries))
    return metrics.Truth(members, losses), weights


def test_the_true_weights_have_an_lds_of_one():
    what, weights = truth()
    assert metrics.lds(weights, what) == pytest.approx(1)
    assert metrics.lds(-weights, what) == pytest.approx(-1)


def test_the_true_weights_reach_the_ceiling_when_retraining_is_noisy():
    what, weights = truth(noise=3.0, n_subsets=400)
    ceiling = metrics.ceiling(what)
    assert 0.5 < ceiling < 0.9
    assert metrics.lds(weights, what) == pytest.approx(ceiling, abs=0.03)


def test_two_seeds_that_agree_have_a_ceiling_of_one_and_one_seed_has_none():
    what, _ = truth()
    assert metrics.ceiling(what) == pytest.approx(1)
    with pytest.raises(InputError, match="two seeds or more"):
        metrics.ceiling(metrics.Truth(what.members, what.losses[:, :1]))


@given(st.integers(0, 2**32 - 1), st.integers(3, 30))
def test_rank_correlation_is_scipys(seed, n):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 9, (n, 1)).astype(float), rng.normal(size=(n, 1))
    if len(set(a[:, 0])) > 1:
        assert metrics.spearman(a, b)[0] == pytest.approx(spearmanr(a[:, 0], b[:, 0]).statistic)


def test_a_constant_score_correlates_with_nothing():
    assert metrics.spearman(np.ones((5, 1)), np.arange(5.0)[:, None])[0] == 0


def test_scores_that_are_the_same_for_every_query_have_no_centred_lds():
    what, weights = truth()
    same = np.broadcast_to(weights.mean(axis=0), weights.shape)
    assert metrics.agnostic_lds(weights, what) == pytest.approx(metrics.lds(same, what))
    assert abs(metrics.centred_lds(same, what)) < 1e-9
    assert metrics.centred_lds(weights, what) == pytest.approx(1)


def test_a_better_method_is_told_from_a_worse_and_a_method_from_itself_is_not():
    what, weights = truth(noise=2.0)
    worse = weights + 3 * np.random.default_rng(2).normal(size=weights.shape)
    better = metrics.bootstrap(weights, what, worse, rounds=200)
    assert 0 < better.low < better.value < better.high
    itself = metrics.bootstrap(weights, what, weights, rounds=50)
    assert (itself.low, itself.value, itself.high) == (0, 0, 0)


def test_settings_can_be_chosen_on_some_subsets_and_reported_on_the_others():
    what, weights = truth()
    dev, test = what.only(range(40)), what.only(range(40, 80))
    assert len(dev.members) == len(test.members) == 40
    assert metrics.lds(weights, test) == pytest.approx(1)


def test_the_overlap_of_tops():
    a, b = np.array([[5.0, 4, 3, 2, 1, 0]]), np.array([[5.0, 0, 3, 2, 1, 4]])
    assert metrics.top_overlap(a, b, k=2).tolist() == [0.5]


def test_the_union_of_tops_takes_all_firsts_before_any_second():
    scores = np.array([[9.0, 8, 0, 0, 0, 0, 0, 0], [0, 0, 0, 9, 8, 0, 0, 0]])
    assert metrics.union_of_tops(scores, 0.25).tolist() == [0, 3]
    assert metrics.union_of_tops(scores, 0.5).tolist() == [0, 1, 3, 4]


def test_leaving_the_top_out_is_set_beside_leaving_any_out():
    top, random = np.array([[3.0, 1.0], [3.2, 1.0]]), np.array([[2.0, 1.0], [2.0, 1.1]])
    found = metrics.left_out(top, random, [True, False])
    assert found.targets == pytest.approx(1.1)
    assert found.targets_error == pytest.approx(0.1)
    assert found.controls == pytest.approx(-0.05)


def test_shares_of_holders_sum_to_one_or_are_none():
    shares = metrics.shares([[1.0, 3.0, -5.0], [-1.0, -1.0, 0.0]], ["ann", "bob", "ann"])
    assert shares["ann"].tolist() == [0.25, 0]
    assert shares["bob"].tolist() == [0.75, 0]


def test_scores_of_another_shape_are_named():
    what, weights = truth()
    with pytest.raises(InputError, match=r"\(10, 60\) here; got \(60, 10\)"):
        metrics.lds(weights.T, what)
    with pytest.raises(InputError, match="three subsets or more"):
        metrics.Truth(what.members[:2], what.losses[:2])
