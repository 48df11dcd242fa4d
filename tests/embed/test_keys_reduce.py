"""Likeness key by key, and what one number is made of it: against slow twins and cases from the literature."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tests import naive_embed as naive
from versionmatch.embed.keys import by_key, products, spectra
from versionmatch.embed.reduce import REDUCTIONS, best, best_match_mean, best_pairs, mean, reduced, symmetric
from versionmatch.errors import InputError, ParamsError

TABLES = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.sampled_from([-0.5, 0.0, 0.25, 0.5, 1.0]),  # many ties
)
PUBLISHED = 1 - np.array([[0.1, 0.5, 0.9], [0.2, 0.05, 0.7]])  # distances with the known values of CLEWS' reductions


def vectors(n, seed, dim=3):
    drawn = np.random.default_rng(seed).normal(size=(n, dim, 12)).astype(np.float32)
    return drawn / np.sqrt((drawn**2).sum(axis=(1, 2), keepdims=True))


def test_likeness_by_key_is_that_of_the_slow_twin():
    a, b = vectors(3, 1), vectors(4, 2)
    assert np.abs(by_key(a, b) - naive.by_key(a, b)).max() < 1e-6


def test_likeness_by_key_is_that_of_the_training():
    torch = pytest.importorskip("torch")
    from versionmatch.embed import similarity

    a, b = vectors(5, 1, 24), vectors(4, 2, 24)
    assert np.abs(by_key(a, b) - similarity.by_key(*map(torch.from_numpy, (a, b))).numpy()).max() < 1e-6


@pytest.mark.parametrize("key", range(12))
def test_a_reference_that_lies_lower_is_to_be_raised(key):
    reference = vectors(1, 1)
    assert by_key(query=np.roll(reference, key, axis=2), reference=reference)[0, 0].argmax() == key


def test_many_vectors_are_compared_as_few_are():
    many, other = vectors(600, 1), vectors(5, 2)
    assert np.array_equal(by_key(many, other)[520:], by_key(many[520:], other))


def test_up_a_third_one_way_is_down_a_third_the_other():
    a, b = vectors(3, 1), vectors(4, 2)
    assert np.abs(by_key(a, b) - by_key(b, a).transpose(1, 0, 2)[:, :, (-np.arange(12)) % 12]).max() < 1e-6


def test_vectors_of_other_sizes_are_not_compared():
    with pytest.raises(InputError, match="3 and of 4 features"):
        products(spectra(vectors(1, 1, 3)), spectra(vectors(1, 1, 4)))
    with pytest.raises(InputError, match=r"\(n, dim, 12\)"):
        spectra(np.zeros((2, 36), np.float32))


@pytest.mark.parametrize(
    ("reduction", "distance"),
    [(best_pairs(1), 0.05), (best_pairs(2), 0.075), (best_pairs(10), 0.075), (best, 0.05), (best_match_mean, 0.075)],
)
def test_reductions_have_their_published_values(reduction, distance):
    assert 1 - reduction(PUBLISHED) == pytest.approx(distance)


@given(TABLES, st.integers(1, 8))
def test_best_pairs_are_those_of_the_slow_twin(table, r):
    assert best_pairs(r)(table) == pytest.approx(naive.best_pairs(table.tolist(), r))


@given(TABLES)
def test_reductions_lie_in_order(table):
    assert mean(table) <= best_match_mean(table) + 1e-12
    assert best_match_mean(table) == pytest.approx(naive.best_match_mean(table.tolist()))
    assert best_pairs(10)(table) <= best_pairs(1)(table) == best(table) == table.max()


@given(TABLES)
def test_a_symmetric_reduction_does_not_mind_who_asks(table):
    both = symmetric(best_match_mean)
    assert both(table) == pytest.approx(both(table.T))


@pytest.mark.parametrize("name", REDUCTIONS)
def test_each_key_is_reduced_by_itself_and_the_best_one_kept(name):
    keys = np.random.default_rng(1).random((5, 4, 12))
    found = reduced(keys, name)
    alone = [float(REDUCTIONS[name](keys[:, :, k])) for k in range(12)]
    assert found.values == pytest.approx(alone)
    assert (found.key, found.value) == (int(np.argmax(alone)), pytest.approx(max(alone)))


def test_of_equal_keys_the_smallest_is_kept():
    assert reduced(np.zeros((2, 3, 12))).key == 0


def test_a_reduction_leaves_its_table_as_it_was():
    table = np.random.default_rng(1).random((4, 4))
    kept = table.copy()
    best_pairs(3)(table)
    assert np.array_equal(table, kept)


def test_what_cannot_be_reduced_is_said():
    with pytest.raises(ParamsError, match="no reduction 'bpwr-3'; there are: best"):
        reduced(np.zeros((1, 1, 12)), "bpwr-3")
    with pytest.raises(ParamsError, match="r = 0"):
        best_pairs(0)
    with pytest.raises(InputError, match=r"key by key has shape \(n, m, 12\)"):
        reduced(np.zeros((2, 2)))
    with pytest.raises(InputError, match="finite"):
        mean(np.zeros((0, 3)))
