import numpy as np
import pytest

from versionmatch.errors import FeatureMismatch
from versionmatch.features.chroma import Cens, Chroma, folded, pooled, whitened
from versionmatch.types import Features


def tones(*bins: int, n: int = 100, rate: float = 50.0) -> Features:
    values = np.zeros((84, n))
    values[list(bins)] = 1.0
    return Features("cqt", values, rate)


def test_an_a_is_an_a_in_every_octave():
    for octave in range(1, 7):
        chroma = Chroma().extract({"cqt": tones(9 + 12 * octave)})
        assert chroma.values.argmax(axis=0).tolist() == [9] * chroma.n_frames


def test_fifty_frames_a_second_become_ten_and_ten_stay_ten():
    assert Chroma().extract({"cqt": tones(40, n=103)}).values.shape == (12, 21)
    ten = Chroma().extract({"cqt": tones(40, n=103, rate=10.0)})
    assert (ten.n_frames, ten.frame_rate) == (103, 10.0)


def test_frames_have_length_one_and_silence_stays_silent():
    cqt = tones(40, 44, 47).values.copy()
    cqt[:, 50:] = 0.0
    norms = np.linalg.norm(Chroma().extract({"cqt": Features("cqt", cqt, 50.0)}).values, axis=0)
    assert norms == pytest.approx([1.0] * 10 + [0.0] * 10)


def test_a_recording_made_quieter_has_the_same_chroma():
    cqt = np.random.default_rng(440).random((84, 200)).astype(np.float32)
    loud, quiet = (Chroma().extract({"cqt": Features("cqt", f * cqt, 10.0)}).values for f in (1.0, 0.125))
    assert np.array_equal(loud, quiet)


def test_a_semitone_higher_in_the_spectrum_is_a_semitone_higher_in_the_chroma():
    rng = np.random.default_rng(440)
    inner = np.zeros((84, 60))
    inner[36:48] = rng.random((12, 60)) ** 6  # far from both ends, where the window is cut
    low, high = (Chroma().extract({"cqt": Features("cqt", np.roll(inner, k, axis=0), 10.0)}).values for k in (0, 1))
    assert np.einsum("ij,ij->j", np.roll(low, 1, axis=0), high).min() > 0.99


def test_whitening_takes_a_broad_noise_away_and_keeps_the_tone():
    noisy = np.full((84, 1), 0.3, np.float32)
    noisy[40] = 0.8
    white = whitened(noisy)[:, 0]
    assert white.argmax() == 40
    assert np.delete(white, 40).max() < 0.05 * white[40]


def test_pooling_keeps_the_mean_of_an_incomplete_group():
    assert pooled(np.arange(7, dtype=np.float32)[None], 3).tolist() == [[1.0, 4.0, 6.0]]


def test_bins_that_are_no_whole_octaves_are_refused():
    with pytest.raises(FeatureMismatch, match="whole octaves of 12 bins can be folded; got 80"):
        folded(np.ones((80, 3), np.float32))


def test_cens_keeps_two_frames_a_second_and_forgets_the_articulation():
    legato = Chroma().extract({"cqt": tones(40, 44, 47, n=400, rate=10.0)})
    gaps = legato.values.copy()
    gaps[:, ::3] = 0.0
    smooth, broken = (Cens().extract({"chroma": Features("chroma", v, 10.0)}) for v in (legato.values, gaps))
    assert smooth.frame_rate == 2.0
    assert np.einsum("ij,ij->j", smooth.values, broken.values).min() > 0.99
