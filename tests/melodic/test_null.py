"""The null of a pair: the same notes in another order."""

import numpy as np
import pytest

from versionmatch.errors import InputError
from versionmatch.melodic import Tune, figure_cosine, ornamented_passage, percent_identity
from versionmatch.melodic.null import backwards, null_p

TUNE = [60, 60, 67, 67, 69, 69, 67, 65, 65, 64, 64, 62, 62, 60]


def test_the_least_p_is_one_in_n_plus_one():
    found = null_p(Tune(TUNE), Tune(TUNE), figure_cosine, n=99)
    assert (found.p_value, found.observed) == (0.01, 1.0)


def test_p_values_of_shuffled_tunes_are_even():
    rng = np.random.default_rng(440)
    pairs = [(Tune(rng.permutation(TUNE)), Tune(rng.permutation(TUNE))) for _ in range(60)]
    shares = [null_p(a, b, n=39, seed=k).p_value for k, (a, b) in enumerate(pairs)]
    assert np.mean(np.array(shares) <= 0.25) < 0.4
    assert 0.35 < np.mean(shares) < 0.75


def test_the_same_seed_gives_the_same_null():
    a, b = Tune(TUNE), Tune(TUNE[::-1])
    assert null_p(a, b, n=20) == null_p(a, b, n=20)
    assert null_p(a, b, n=20).reversed == percent_identity(a, a) == 100


def test_rhythm_stays_where_it_is_when_notes_are_shuffled():
    tune = Tune(TUNE, np.arange(14) * 0.5, np.full(14, 0.5))
    found = null_p(tune, tune, lambda a, b: ornamented_passage(a, b)[0].score, n=19)
    assert found.observed > found.shuffled
    assert found.p_value == 0.05


def test_backwards_twice_is_forwards():
    tune = Tune(TUNE, np.cumsum([1, 0.5] * 7) - 1, [0.5] * 14)
    again = backwards(backwards(tune))
    assert again.pitches.tolist() == TUNE
    assert again.spans == pytest.approx(tune.spans)


def test_no_draws_are_no_null():
    with pytest.raises(InputError, match="at least one shuffled tune; got n=0"):
        null_p(Tune(TUNE), Tune(TUNE), n=0)
