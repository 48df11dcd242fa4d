"""Noise belongs to an item and a draw."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.attribution.draws import Draws
from versionmatch.errors import InputError

IDS = st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=6, unique=True)


@given(IDS, st.integers(0, 2**40))
def test_an_items_noise_is_the_same_in_any_batch(ids, seed):
    draws = Draws.first(3, seed=seed, stream="score")
    whole = draws.normal(ids, (5,))
    assert all((draws.normal([item], (5,))[0] == whole[i]).all() for i, item in enumerate(ids))
    assert (draws.normal(ids[::-1], (5,)).flip(0) == whole).all()


@given(st.integers(1, 9), st.integers(1, 9))
def test_draws_taken_a_few_at_a_time_are_the_same(count, size):
    draws = Draws.first(count)
    parts = [part.levels(["a", "b"]) for part in draws.split(size)]
    assert np.concatenate(parts, axis=1).tolist() == draws.levels(["a", "b"]).tolist()


@pytest.mark.parametrize("other", [Draws.first(2, seed=441), Draws.first(2, stream="query")])
def test_another_seed_or_stream_is_other_noise(other):
    assert (Draws.first(2).normal(["a"], (4,)) != other.normal(["a"], (4,))).all()


def test_items_and_draws_have_noise_of_their_own_unless_it_is_shared():
    own = Draws.first(2).normal(["a", "b"], (50,))
    assert len(set(own.reshape(-1).tolist())) == 200
    shared = Draws.first(2, shared=True).normal(["a", "b"], (50,))
    assert (shared[0] == shared[1]).all()
    assert (shared[:, 0] != shared[:, 1]).all()


def test_normal_numbers_are_normal():
    from scipy.stats import kstest

    found = Draws.first(40).normal([str(i) for i in range(50)], (25,)).numpy().reshape(-1)
    assert kstest(found, "norm").pvalue > 0.01  # 50,000 numbers
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 0.02


def test_each_level_lies_in_the_part_of_its_draw():
    levels = Draws.first(8).levels([str(i) for i in range(30)]).numpy()
    assert (np.floor(levels * 8) == np.arange(8)).all()
    assert (levels < 1).all()


def test_whole_numbers_are_below_their_bound_and_reach_it():
    found = Draws.first(200).integers(["a"], 3)
    assert sorted(set(found.reshape(-1).tolist())) == [0, 1, 2]


def test_the_numbers_do_not_change_from_release_to_release():
    """Golden: scores that were stored can be checked later. SplitMix64 of sha256 keys has no version."""
    draws = Draws.first(1, seed=440, stream="score")
    assert draws.uniform(["tune"], (2,)).reshape(-1).tolist() == pytest.approx(GOLDEN, abs=1e-7)


GOLDEN = [0.311445027589798, 0.5734937191009521]


@pytest.mark.parametrize("numbers", [(), (2,), (-1,)])
def test_draws_that_there_are_not_are_named(numbers):
    with pytest.raises(InputError, match="from 0 to below 2"):
        Draws(numbers, 2)
