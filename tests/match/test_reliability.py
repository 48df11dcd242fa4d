import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.errors import InputError
from versionmatch.match.reliability import at_share, auc, diagram, intervals, reliability, uniformity


def test_probabilities_that_hold_have_no_calibration_error():
    probability = np.repeat([0.25, 0.75], 4)
    told = reliability(probability, [1, 0, 0, 0, 1, 1, 1, 0])
    assert told.ece == pytest.approx(0)
    assert told.brier == pytest.approx(0.1875)
    assert [b.n_pairs for b in told.bins] == [4, 4]


def test_overconfidence_is_measured():
    told = reliability([1.0, 1.0, 0.0, 0.0], [1, 0, 1, 0])
    assert (told.ece, told.brier, told.auc) == (0.5, 0.5, 0.5)


def test_a_weight_of_two_is_a_pair_that_stands_twice():
    p, y = [0.9, 0.6, 0.3, 0.2], [1, 0, 1, 0]
    weighed = reliability(p, y, [2, 1, 1, 1])
    twice = reliability([0.9, *p], [1, *y])
    assert (weighed.ece, weighed.brier, weighed.auc) == pytest.approx((twice.ece, twice.brier, twice.auc))


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(1, 3)), min_size=2, max_size=30))
def test_auc_is_that_of_the_slow_twin(rows):
    scores, labels, weights = (np.array(c) for c in zip(*rows, strict=True))
    if labels.all() or not labels.any():
        return
    total = won = 0.0
    for i in np.flatnonzero(labels):
        for j in np.flatnonzero(~labels):
            total += weights[i] * weights[j]
            won += weights[i] * weights[j] * ((scores[i] > scores[j]) + 0.5 * (scores[i] == scores[j]))
    assert auc(scores, labels, weights) == pytest.approx(won / total)


def test_versions_are_weighed_to_their_share():
    label = np.array([1, 1, 0, 0, 0])
    weights = at_share(label, 0.2, [3, 1, 1, 1, 1])
    assert weights[:2].tolist() == pytest.approx([0.15, 0.05])
    assert weights.sum() == pytest.approx(1)


def test_intervals_draw_works_and_hold_the_figure():
    rng = np.random.default_rng(440)
    works = [(f"w{i % 12}", f"w{i % 12}" if i % 2 else f"w{(i + 5) % 12}") for i in range(120)]
    label = np.array([a == b for a, b in works])
    probability = np.clip(rng.normal(np.where(label, 0.7, 0.3), 0.2), 0, 1)
    bounds = intervals(probability, label, works, seed=440, n_bootstrap=200)
    low, high = bounds["auc"]
    assert low < reliability(probability, label).auc < high
    assert bounds == intervals(probability, label, works, seed=440, n_bootstrap=200)


def test_one_label_alone_is_refused():
    with pytest.raises(InputError, match=r"both labels; got 2 versions of 2 pairs"):
        reliability([0.1, 0.2], [1, 1])
    with pytest.raises(InputError, match="no draw of works holds pairs of both labels"):
        intervals(np.array([0.1, 0.2]), np.array([True, True]), [("a", "a"), ("b", "b")], seed=1, n_bootstrap=5)


def test_uniform_p_values_are_called_so_and_small_ones_not():
    rng = np.random.default_rng(440)
    told = uniformity(rng.random(2000))
    assert told["ks_p"] > 0.01
    small = uniformity(rng.random(200) ** 3)
    assert small["ks_p"] < 1e-6
    assert small["ks_above"] > 0.3
    assert uniformity(np.sqrt(rng.random(200)))["ks_above"] < 0.1


def test_ks_is_that_of_scipy():
    from scipy.stats import kstest

    p = np.random.default_rng(3).beta(2, 3, 50)
    assert uniformity(p)["ks"] == pytest.approx(kstest(p, "uniform").statistic)


def test_what_is_no_p_value_is_refused():
    with pytest.raises(InputError, match=r"p-values lie in \[0, 1\]"):
        uniformity([0.2, 1.5])


def test_the_diagram_has_a_dot_for_each_bin():
    told = reliability([0.05, 0.55, 0.95], [0, 1, 1])
    assert diagram(told.bins).count("<circle") == 3
