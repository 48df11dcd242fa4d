import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import naive_local as naive
from versionmatch.align.local import smith_waterman
from versionmatch.errors import InputError, ParamsError

melodies = st.lists(st.integers(0, 4), max_size=14)


@given(
    query=melodies, reference=melodies, opening=st.sampled_from([0.0, -0.5, -2.0]), gap=st.sampled_from([-0.25, -1.5])
)
@settings(max_examples=150, deadline=None)
def test_score_is_that_of_the_slow_twin_and_the_path_earns_it(query, reference, opening, gap):
    found = smith_waterman(query, reference, gap=gap, gap_opening=opening)
    assert found.score == pytest.approx(naive.smith_waterman(query, reference, 1.0, -1.2, gap, opening), abs=1e-9)
    if found.score > 0:
        value = naive.path_value(found.path.tolist(), query, reference, 1.0, -1.2, gap, opening)
        assert value == pytest.approx(found.score, abs=1e-9)


def test_example_from_the_literature():  # TGTTACGG and GGTTGACTA: +3, -3, gap -2 (a common course example)
    symbols = {letter: number for number, letter in enumerate("ACGT")}
    q, r = ([symbols[x] for x in text] for text in ("TGTTACGG", "GGTTGACTA"))
    found = smith_waterman(q, r, match=3, mismatch=-3, gap=-2)
    assert found.score == 13  # GTT-AC against GTTGAC
    assert found.path.tolist() == [[1, 1], [2, 2], [3, 3], [3, 4], [4, 5], [5, 6]]
    assert found.n_matches == 5


def test_an_ornament_is_skipped():
    plain, ornamented = [60, 62, 64, 65, 67], [60, 62, 63, 62, 64, 65, 67]
    found = smith_waterman(plain, ornamented, gap=-0.4)
    assert found.score == pytest.approx(4.2)
    assert found.n_matches == 5


def test_one_long_gap_is_cheaper_than_many_when_opening_costs():
    reference = [1, 2, 3, 9, 9, 9, 4, 5, 6]
    query = [1, 2, 3, 4, 5, 6]
    assert smith_waterman(query, reference, gap=-0.1, gap_opening=-1).score == pytest.approx(6 - 1.3)
    scattered = [1, 9, 2, 3, 9, 4, 5, 9, 6]
    assert smith_waterman(query, scattered, gap=-0.1, gap_opening=-1).score < 6 - 1.3


def test_a_substitution_matrix_decides_what_a_pair_is_worth():
    table = np.full((12, 12), -1.0)
    for shift, worth in ((0, 1.0), (7, 0.5)):  # a fifth is half a match
        table[np.arange(12), (np.arange(12) + shift) % 12] = worth
    assert smith_waterman([0, 2, 4], [0, 9, 4], substitution=table).score == 2.5


def test_nothing_in_common_scores_0_on_an_empty_path():
    for query, reference in (([1, 2], [3, 4]), ([], [1]), ([], [])):
        found = smith_waterman(query, reference)
        assert (found.score, found.path.shape, found.n_matches) == (0.0, (0, 2), 0)


def test_what_cannot_be_aligned_is_refused():
    with pytest.raises(ParamsError, match=r"gaps must score 0 or less; got gap=1"):
        smith_waterman([1], [1], gap=1)
    with pytest.raises(InputError, match=r"one dimension; got shapes \(1, 1\) and \(1,\)"):
        smith_waterman([[1]], [1])
    with pytest.raises(InputError, match=r"the query's symbols must be whole numbers in 0…1, .* got 0 to 2"):
        smith_waterman([0, 2], [1], substitution=np.eye(2))
