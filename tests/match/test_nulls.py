"""Nulls by kind and by what is to be expected, and p-values of several measures together."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from versionmatch.errors import InputError, IntegrityError
from versionmatch.match.graded import GradedNull, graded, read, written
from versionmatch.match.joint import JointNull, joint_p
from versionmatch.match.nulls import DEFAULT, KINDS, NullTable, joint_of, load, nulls_of
from versionmatch.types import Evidence, Null


def evidence(cue, raw, size=10.0, steps=None):
    chance = {} if steps is None else {"steps": float(steps)}
    return Evidence(cue, float(raw), "unit", element="melody", size=size, chance=chance)


def table(n=2000, seed=1, correlation=0.0):
    rng = np.random.default_rng(seed)
    first = rng.normal(5, 1, n)
    second = correlation * (first - 5) + math.sqrt(1 - correlation**2) * rng.normal(0, 1, n) + 5
    rows = {"one": [evidence("one", v) for v in first], "two": [evidence("two", v) for v in second]}
    nulls = nulls_of(rows, "made pairs")
    return NullTable("test", {"scores": nulls}, {"scores": (joint_of(nulls, rows, "made pairs"),)}, {})


def test_chance_is_kept_by_size():
    """Longer pairs reach more by chance: a value that is unusual for short ones is not for long ones."""
    rng = np.random.default_rng(3)
    sizes = rng.uniform(10, 100, 4000)
    rows = {"one": [evidence("one", rng.normal(s / 10, 1), s) for s in sizes]}
    found = NullTable("test", {"scores": nulls_of(rows, "made pairs")}, {}, {})
    short, long = (found.apply(evidence("one", 8.0, size), "scores").p_value for size in (12, 95))
    assert short < 0.005
    assert long > 0.5


def alike_by_stock(n, seed):
    """Pairs whose likeness comes of their stock alone, as a half of them has much in common."""
    rng = np.random.default_rng(seed)
    stocks = np.where(rng.random(n) < 0.5, 0.15, 0.01)
    return [evidence("one", rng.normal(10 + 3 * math.log(s), 1), 20.0, s) for s in stocks]


def test_chance_is_kept_by_stock():
    """Works of one style have more in common by chance: the same value is unusual for two of different styles."""
    found = NullTable("test", {"scores": nulls_of({"one": alike_by_stock(6000, 3)}, "made pairs")}, {}, {})
    within, across = (found.apply(evidence("one", 4.5, 20.0, stock), "scores").p_value for stock in (0.15, 0.01))
    assert across < 0.005
    assert within > 0.3


def test_within_one_style_as_few_are_unusual_as_in_all():
    """The share of p ≤ .05 is .05 among those of much stock too; beside a null that knows no stock it is double."""
    known = alike_by_stock(8000, 3)
    blind = [evidence("one", e.raw, e.size) for e in known]
    tables = [NullTable("test", {"scores": nulls_of({"one": rows}, "made")}, {}, {}) for rows in (known, blind)]
    fresh = [e for e in alike_by_stock(4000, 4) if e.chance["steps"] > 0.1]
    shares = [np.mean([t.apply(e, "scores").p_value <= 0.05 for e in fresh]) for t in tables]
    assert shares[0] == pytest.approx(0.05, abs=0.015)
    assert shares[1] > 0.08


def test_an_unknown_stock_is_taken_as_the_largest():
    null = graded(alike_by_stock(4000, 5), "made pairs")
    assert null.null(evidence("one", 5.0, 20.0)) is null.classes[-1][1]


def test_a_pair_of_which_less_is_to_be_expected_than_of_all_gets_the_smallest_class():
    known = table().nulls["scores"]["one"]
    assert known.null(evidence("one", 5.0, 0.0)) is known.classes[0][1]


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(1, 500)), min_size=200, max_size=900))
def test_every_pair_is_in_one_class(pairs):
    """However sizes are spread, ties included, the classes hold all pairs and their edges ascend."""
    null = graded([evidence("one", raw, size) for raw, size in pairs], "made pairs", least_pairs=100)
    assert sum(n.n_pairs for _, n in null.classes) == len(pairs)
    edges = [edge for edge, _ in null.classes]
    assert edges == sorted(set(edges))


def test_what_was_not_compared_or_is_not_known_has_no_p():
    known = table()
    assert known.apply(Evidence("one", 0.0, "unit"), "scores").p_value is None
    assert known.apply(evidence("one", 5.0), "recordings").p_value is None
    assert known.apply(evidence("three", 5.0), "scores").null is None


def test_a_likeness_of_zero_says_something_where_something_was_compared():
    assert table().apply(evidence("one", 0.0, size=4), "scores").p_value == 1.0


def test_the_same_measure_twice_says_no_more_than_once():
    nats = np.random.default_rng(2).exponential(1.0, 3000)
    known = JointNull.of("made", {"one": nats, "two": nats})
    once, twice = (joint_p([known], dict.fromkeys(cues, 4.0), enough=1) for cues in (["one"], ["one", "two"]))
    assert once[0] == pytest.approx(twice[0], abs=1e-3)


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.95])
def test_the_sum_of_dependent_measures_is_uniform_for_unrelated_pairs(correlation):
    """On pairs that the null does not hold; Fisher's rule for independent ones is far off where measures go along."""
    from scipy.stats import chi2

    known = table(4000, seed=1, correlation=correlation)
    rng = np.random.default_rng(7)
    p_values, fisher = [], []
    for _ in range(1500):
        a = rng.normal()
        b = correlation * a + math.sqrt(1 - correlation**2) * rng.normal()
        one, two = (known.apply(evidence(c, 5 + v), "scores").p_value for c, v in (("one", a), ("two", b)))
        p_values.append(known.together("scores", {"one": one, "two": two})[0])
        fisher.append(chi2.sf(-2 * math.log(one * two), 4))
    assert kstest(p_values, "uniform").statistic < 0.05
    if correlation > 0.9:
        assert kstest(fisher, "uniform").statistic > 0.1


def test_a_sum_is_never_rarer_than_the_null_can_show():
    p, null = table().together("scores", {"one": 1e-9, "two": 1e-9})
    assert (p, null.n_pairs) == (1 / 2001, 2000)


def test_the_null_of_a_sum_is_the_sums_of_unrelated_pairs():
    """Its quantiles are in nats, and the share of them that is as large is the p-value."""
    p, null = table().together("scores", {"one": 0.02, "two": 0.1})
    total = -math.log(0.002)
    assert 100 * (1 - p) == pytest.approx(null.percentile(total), abs=0.5)


def test_no_sum_of_a_cue_that_is_not_in_the_table():
    assert table().together("scores", {"one": 0.5, "three": 0.5}) is None
    assert table().together("scores", {}) is None


def test_measures_seldom_seen_together_have_no_null():
    """Of 2,000 pairs 150 have both: too few to say what their sum is by chance."""
    both = np.full(2000, np.nan)
    both[:150] = 1.0
    known = JointNull.of("made", {"one": np.ones(2000), "two": both})
    assert known.sums(["one", "two"]).size == 150
    assert joint_p([known], {"one": 1.0, "two": 1.0}, enough=200) is None
    assert joint_p([known], {"one": 1.0}, enough=200)[0] == 1.0


def test_of_two_joint_nulls_that_with_more_pairs_counts():
    few, many = (JointNull.of(name, {"one": np.ones(n)}) for name, n in (("few", 300), ("many", 900)))
    assert joint_p([few, many], {"one": 1.0}, enough=1)[1].corpus == "many"


def test_a_table_is_read_back_as_it_was_written():
    known = table(correlation=0.5)
    again = NullTable.of_files(known.to_files())
    assert again.to_files() == known.to_files()
    assert again.digest == known.digest != table(correlation=0.6).digest
    one = known.apply(evidence("one", 6.5), "scores").p_value
    assert again.apply(evidence("one", 6.5), "scores").p_value == pytest.approx(one, abs=0.002)
    sums = [t.together("scores", {"one": 0.02, "two": 0.1})[0] for t in (known, again)]
    assert sums[0] == sums[1]


def test_a_graded_null_needs_a_class():
    with pytest.raises(ValueError, match="without classes"):
        read(written(GradedNull({"size": 1.0}, ())))
    one = GradedNull({"size": 1.0, "steps": 0.5}, ((0.0, Null("made", 300, np.linspace(0, 1, 11))),))
    assert written(read(written(one))) == written(one)


def test_what_is_no_table_is_refused():
    files = table().to_files()
    with pytest.raises(IntegrityError, match="install the package again"):
        NullTable.of_files({})
    with pytest.raises(IntegrityError, match="install the package again"):
        NullTable.of_files(files | {"joint.safetensors": b"nothing"})
    with pytest.raises(IntegrityError, match="other/9"):
        NullTable.of_files(files | {"nulls.json": b'{"schema": "other/9"}'})
    about = json.loads(files["nulls.json"])
    about["joint"]["scores"][0]["cues"].append("three")
    with pytest.raises(IntegrityError, match="3 measures, but an array of"):
        NullTable.of_files(files | {"nulls.json": json.dumps(about).encode()})
    with pytest.raises(InputError, match="no table of nulls 'none'"):
        load("none")


@pytest.mark.parametrize("kind", KINDS)
def test_the_shipped_table_knows_each_sum_of_an_element(kind):
    """Of all measures of an element that a pair of this kind has, there are unrelated pairs enough."""
    known = load(DEFAULT)
    of_notes = {"pmi": 0.5, "figures": 0.5, "tune": 0.5, "intervals": 0.5}
    assert known.together(kind, of_notes)[1].n_pairs >= 200
    assert set(of_notes) < set(known.nulls[kind])
