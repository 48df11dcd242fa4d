import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.align.oti import optimal_transposition, transposition_order
from versionmatch.errors import FeatureMismatch
from versionmatch.types import Features


def chroma(values):
    return Features("chroma", values, frame_rate=2.0)


@pytest.mark.parametrize("semitones", range(12))
def test_a_song_in_another_key_is_found_at_its_interval(semitones):
    song = chroma(np.random.default_rng(440).random((12, 80)))
    assert optimal_transposition(query=song.transposed(semitones), reference=song) == semitones


@given(st.integers(0, 11), st.integers(0, 2**32 - 1))
def test_the_order_moves_with_the_key(semitones, seed):
    rng = np.random.default_rng(seed)
    query, reference = chroma(rng.random((12, 30))), chroma(rng.random((12, 20)))
    order = transposition_order(query, reference)
    assert sorted(order) == list(range(12))
    np.testing.assert_array_equal(transposition_order(query.transposed(semitones), reference), (order + semitones) % 12)


def test_a_tie_goes_to_the_smaller_transposition():
    diminished = chroma(np.eye(12)[:, [0, 3, 6, 9]])  # the same chord again every three semitones
    assert transposition_order(diminished, diminished)[:4].tolist() == [0, 3, 6, 9]


def test_silence_has_no_key_and_stays_where_it_is():
    silence = chroma(np.zeros((12, 5)))
    assert transposition_order(silence, chroma(np.random.default_rng(440).random((12, 9)))).tolist() == list(range(12))


def test_loudness_does_not_matter():
    rng = np.random.default_rng(440)
    song = rng.random((12, 50))
    assert optimal_transposition(chroma(song * 1e-6), chroma(np.roll(song, 4, axis=0) * 1e6)) == 8


def test_other_features_than_chroma_have_no_transposition():
    with pytest.raises(FeatureMismatch, match="12 rows"):
        optimal_transposition(chroma(np.ones((13, 4))), chroma(np.ones((13, 4))))
