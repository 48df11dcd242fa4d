"""Nulls by kind and size, and p-values of several measures together."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from versionmatch.errors import InputError, IntegrityError
from versionmatch.match.nulls import NullTable, brown, covariance, load, table_of
from versionmatch.types import Evidence


def evidence(cue, raw, size=10.0):
    return Evidence(cue, float(raw), "unit", element="melody", size=size)


def table(n=2000, seed=1, correlation=0.0):
    rng = np.random.default_rng(seed)
    first = rng.normal(5, 1, n)
    second = correlation * (first - 5) + math.sqrt(1 - correlation**2) * rng.normal(0, 1, n) + 5
    rows = {"one": [evidence("one", v) for v in first], "two": [evidence("two", v) for v in second]}
    nulls, together = table_of(rows, "scores", "made pairs")
    return NullTable("test", {"scores": nulls}, {"scores": together}, {})


def test_chance_is_kept_by_size():
    """Longer pairs reach more by chance: a value that is unusual for short ones is not for long ones."""
    rng = np.random.default_rng(3)
    sizes = rng.uniform(10, 100, 4000)
    rows = {"one": [evidence("one", rng.normal(s / 10, 1), s) for s in sizes]}
    nulls, _ = table_of(rows, "scores", "made pairs")
    found = NullTable("test", {"scores": nulls}, {}, {})
    short, long = (found.apply(evidence("one", 8.0, size), "scores").p_value for size in (12, 95))
    assert short < 0.001
    assert long > 0.5


def test_a_pair_smaller_than_all_of_the_null_gets_the_smallest_class():
    known = table()
    assert known.null("scores", "one", 0.0) is known.nulls["scores"]["one"][0][1]


def test_what_was_not_compared_or_is_not_known_has_no_p():
    known = table()
    assert known.apply(Evidence("one", 0.0, "unit"), "scores").p_value is None
    assert known.apply(evidence("one", 5.0), "recordings").p_value is None
    assert known.apply(evidence("three", 5.0), "scores").null is None


def test_a_likeness_of_zero_says_something_where_something_was_compared():
    assert table().apply(evidence("one", 0.0, size=4), "scores").p_value == 1.0


@given(st.floats(0, 60), st.integers(1, 6))
def test_of_independent_measures_brown_is_fisher(x, k):
    from scipy.stats import chi2

    assert brown(x, k, 4.0 * k) == pytest.approx(chi2.sf(x, 2 * k), rel=1e-9)


def test_the_same_measure_twice_says_no_more_than_once():
    p = 0.01
    assert brown(-4 * math.log(p), 2, 16.0) == pytest.approx(p, rel=1e-6)


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.95])
def test_the_sum_of_dependent_measures_is_uniform_for_unrelated_pairs(correlation):
    """On pairs that the null does not hold; Fisher's own rule is far off where measures go together."""
    known = table(4000, seed=1, correlation=correlation)
    rng = np.random.default_rng(7)
    p_values, fisher = [], []
    for _ in range(1500):
        a = rng.normal()
        b = correlation * a + math.sqrt(1 - correlation**2) * rng.normal()
        one, two = (known.apply(evidence(c, 5 + v), "scores").p_value for c, v in (("one", a), ("two", b)))
        p_values.append(known.together("scores", {"one": one, "two": two}, 4000))
        fisher.append(brown(-2 * math.log(one * two), 2, 8.0))
    assert kstest(p_values, "uniform").statistic < 0.05
    if correlation > 0.9:
        assert kstest(fisher, "uniform").statistic > 0.1


def test_a_sum_is_never_rarer_than_the_null_can_show():
    assert table().together("scores", {"one": 1e-9, "two": 1e-9}, 2000) == pytest.approx(1 / 2001)


def test_no_sum_of_a_cue_that_is_not_in_the_table():
    assert table().together("scores", {"one": 0.5, "three": 0.5}, 2000) is None
    assert table().together("scores", {}, 2000) is None


def test_measures_seldom_seen_together_are_taken_as_one():
    a = np.full(500, np.nan)
    a[:100] = 1.0
    assert covariance(a, np.arange(500.0)) == 4.0


def test_a_table_is_read_back_as_it_was_written():
    known = table(correlation=0.5)
    again = NullTable.of_json(known.to_json())
    assert again.to_json() == known.to_json()
    one = known.apply(evidence("one", 6.5), "scores").p_value
    assert again.apply(evidence("one", 6.5), "scores").p_value == pytest.approx(one, abs=0.002)


def test_what_is_no_table_is_refused():
    with pytest.raises(IntegrityError, match="install the package again"):
        NullTable.of_json("{}")
    with pytest.raises(IntegrityError, match="other/9"):
        NullTable.of_json('{"schema": "other/9"}')
    with pytest.raises(InputError, match="no table of nulls 'none'"):
        load("none")
