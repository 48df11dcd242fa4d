"""Money: nothing is lost, nothing invented; what is there twice is paid once; what no test bears is not paid by."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from versionmatch.errors import InputError, NotPermitted, ParamsError
from versionmatch.rights.facts import WHOLE
from versionmatch.rights.influence import Influence, Row, draws_of, influence_parts, refuse_unsupported, with_fallback
from versionmatch.rights.shares import (
    HELD,
    UNATTRIBUTABLE,
    Item,
    by_party,
    informativeness,
    normalised,
    plain_parts,
    rounded,
    split,
)

A, B, C = {"ada": WHOLE}, {"ben": WHOLE}, {"ada": 333_333, "ben": 333_333, "cy": 333_334}

shares = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, WHOLE // 6), max_size=6)
items = st.lists(
    st.tuples(st.integers(0, 9), shares, st.integers(0, 10**7), st.integers(0, 10**6)), min_size=1, max_size=12
).map(lambda rows: [Item(f"i{n}", f"c{c}", s, d, u) for n, (c, s, d, u) in enumerate(rows)])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**13), items, st.sampled_from(["equal", "duration", "usage"]))
def test_lines_sum_to_the_pool_exactly_and_none_is_off_by_a_cent(pool, some, method):
    lines = split(pool, some, plain_parts(method, some), method)
    assert sum(line.cents for line in lines) == pool
    assert sum(line.part for line in lines) == 1
    assert all(abs(line.cents - pool * line.part) < 1 and line.cents >= 0 for line in lines)
    assert split(pool, some[::-1], plain_parts(method, some[::-1]), method) == lines


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_rounding_is_that_of_largest_remainders(pool, weights):
    parts = {(f"p{i:02d}", ""): part for i, part in enumerate(normalised(dict(enumerate(weights))).values())}
    if not parts:
        return
    cents = rounded(pool, parts)
    up = {k for k in parts if cents[k] > pool * parts[k]}
    down = {k for k in parts if k not in up}
    rest = {k: pool * parts[k] - (pool * parts[k]).__floor__() for k in parts}
    assert all(rest[u] >= rest[d] for u in up for d in down)


def test_a_euro_over_three_is_34_33_33():
    lines = split(100, [Item("x", "x", C)], {"x": Fraction(1)})
    assert [line.cents for line in lines] == [33, 33, 34]  # cy holds a millionth more


def test_works_that_are_there_twice_are_paid_once():
    once = [Item("a", "a", A, 100, 5), Item("b", "b", B, 100, 5)]
    twice = [*once, *(Item(f"a{i}", "a", A, 100, 0) for i in range(20))]
    for method in ("equal", "duration", "usage"):
        first, second = (by_party(split(10_000, some, plain_parts(method, some))) for some in (once, twice))
        assert first == second == {"ada": (5000, Fraction(1, 2)), "ben": (5000, Fraction(1, 2))}


def test_usage_counts_all_uses_and_duration_the_longest():
    some = [Item("a", "a", A, 100, 1), Item("a2", "a", A, 300, 2), Item("b", "b", B, 100, 1)]
    assert plain_parts("usage", some) == {"a": Fraction(3, 4), "b": Fraction(1, 4)}
    assert plain_parts("duration", some) == {"a": Fraction(3, 4), "b": Fraction(1, 4)}


def test_two_claims_on_one_recording_are_held_until_they_agree():
    lines = split(100, [Item("a", "same", A), Item("b", "same", B), Item("c", "c", B)], {"same": Fraction(1, 2)})
    assert [(line.party, line.cents) for line in lines] == [(UNATTRIBUTABLE, 50), (HELD, 50)]


def test_shares_whose_holder_is_not_known_are_nobodys():
    lines = split(1000, [Item("a", "a", {"ada": 900_000})], {"a": Fraction(1)})
    assert by_party(lines) == {"ada": (900, Fraction(9, 10)), UNATTRIBUTABLE: (100, Fraction(1, 10))}


def table(*rows, self_test="passed"):
    return Influence("run-1", self_test, tuple(Row(*row) for row in rows))


TWO = [Item("a", "a", A), Item("b", "b", B)]


def test_influence_is_shared_by_output_and_scores_below_zero_count_nothing():
    found = table(("o1", "a", "3"), ("o1", "b", "1"), ("o2", "a", "-2"), ("o2", "b", "5"))
    assert influence_parts(found, TWO) == {"a": Fraction(3, 8), "b": Fraction(5, 8)}
    assert influence_parts(found, TWO, {"o1": 3, "o2": 1}) == {"a": Fraction(9, 16), "b": Fraction(7, 16)}


def test_what_no_verdict_supports_goes_to_nobody_and_by_fallback_to_all():
    found = table(("o1", "a", "1"), ("o1", "b", "1", "0", "not supported"), ("o2", "a", "0"))
    parts = influence_parts(found, TWO)
    assert parts == {"a": Fraction(1, 4)}
    assert by_party(split(100, TWO, parts)) == {"ada": (25, Fraction(1, 4)), UNATTRIBUTABLE: (75, Fraction(3, 4))}
    mixed, rest = with_fallback(parts, plain_parts("equal", TWO))
    assert (mixed, rest) == ({"a": Fraction(5, 8), "b": Fraction(3, 8)}, Fraction(3, 4))


def test_the_mean_over_draws_is_paid_and_each_draw_is_told():
    found = table(("o", "a", "1", "0", "supported", "s1"), ("o", "b", "1", "0", "supported", "s1"),
                  ("o", "a", "1", "0", "supported", "s2"))  # fmt: skip
    assert influence_parts(found, TWO) == {"a": Fraction(3, 4), "b": Fraction(1, 4)}
    assert draws_of(found, TWO) == [{"a": 0.5, "b": 0.5}, {"a": 1.0}]


def test_standard_errors_spread_the_shares_and_the_same_seed_gives_the_same():
    found = table(("o", "a", "3", "1"), ("o", "b", "3", "1"))
    first = draws_of(found, TWO)
    assert first == draws_of(found, TWO) != draws_of(found, TWO, seed=1)
    shares_ = [draw.get("a", 0.0) for draw in first]
    assert min(shares_) < 0.45
    assert max(shares_) > 0.55
    assert draws_of(table(("o", "a", "3")), TWO) == []


@pytest.mark.parametrize("n", [2, 5, 50])
def test_splitting_a_work_into_duplicates_gains_nothing_by_influence(n):
    others = [Item(f"x{i}", f"x{i}", B) for i in range(4)]
    rows = [("o", f"x{i}", "1") for i in range(4)]
    honest = influence_parts(table(*rows, ("o", "a", "2")), [*others, Item("a", "a", A)])
    many = [Item(f"a{i}", "a", A) for i in range(n)]
    same = influence_parts(table(*rows, *(("o", f"a{i}", "2") for i in range(n))), [*others, *many])
    diluted = influence_parts(table(*rows, *(("o", f"a{i}", str(2 / n)) for i in range(n))), [*others, *many])
    assert same == honest
    assert diluted["a"] <= honest["a"]


def test_influence_whose_self_test_did_not_pass_is_refused():
    for said in ("failed", "none"):
        with pytest.raises(NotPermitted, match=f"self-test of run 'run-1' is '{said}', not 'passed'"):
            refuse_unsupported(table(("o", "a", "1"), self_test=said))
    refuse_unsupported(table(("o", "a", "1")))


def test_informativeness_is_one_for_the_truth_and_none_where_nothing_varies():
    assert informativeness([0.1, 0.2, 0.4], [0.1, 0.2, 0.4]) == pytest.approx(1)
    assert informativeness([0.1, 0.2, 0.3], [0.2, 0.2, 0.2]) == pytest.approx(0)
    assert informativeness([1, 2, 3], [0.5, 1, 1.5]) == pytest.approx(0.5)
    assert informativeness([0.1, 0.1], [0.1, 0.3]) is None
    with pytest.raises(InputError, match="one truth for each"):
        informativeness([1], [])


@pytest.mark.parametrize(
    ("call", "error", "about"),
    [
        (lambda: split(-1, TWO, {}), InputError, "whole cents"),
        (lambda: split(1.5, TWO, {}), InputError, "whole cents"),
        (lambda: split(1, TWO, {"a": Fraction(3, 2)}), InputError, "1 at most together"),
        (lambda: split(1, TWO, {"z": Fraction(1)}), InputError, "of known clusters"),
        (lambda: split(1, [TWO[0], TWO[0]], {}), InputError, "'a' is there twice"),
        (lambda: plain_parts("loud", TWO), ParamsError, "equal, duration and usage"),
        (lambda: Item("a", "a", {"ada": WHOLE + 1}), InputError, "millionths at most"),
        (lambda: Row("o", "a", "much"), InputError, "is no number"),
        (lambda: Row("o", "a", "nan"), InputError, "must be finite"),
        (lambda: influence_parts(table(("o", "zz", "1")), TWO), InputError, "no item 'zz'"),
        (lambda: influence_parts(table(("o", "a", "1")), TWO, {"p": 1}), InputError, "output 'o' has no value"),
        (lambda: rounded(5, {}), InputError, "cannot be split over nothing"),
    ],
)
def test_what_cannot_be_split_is_told(call, error, about):
    with pytest.raises(error, match=about):
        call()
