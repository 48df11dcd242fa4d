import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.audio import synth
from versionmatch.errors import InputError
from versionmatch.features.cqt import LibrosaCQT
from versionmatch.features.onsets import SpectralFlux
from versionmatch.types import Features


def onsets_of(values, frame_rate=50.0):
    return SpectralFlux().extract({"cqt": Features("cqt", values, frame_rate)})


def test_each_click_is_an_onset_within_a_frame():
    audio = synth.clicks(100, 6.0, start_s=0.5)
    strength = SpectralFlux().extract({"cqt": LibrosaCQT().extract({"audio": audio})}).values[0]
    for beat_s in synth.beat_times(100, 6.0, start_s=0.5):
        frame = round(beat_s * 50)
        assert strength[frame - 1 : frame + 2].max() > 0.5


def test_a_steady_tone_with_vibrato_has_its_onset_only_at_its_beginning():
    n = 200
    values = np.full((84, n), 1e-3)
    bins = np.round(40 + 0.6 * np.sin(2 * np.pi * 6 * np.arange(n) / 50)).astype(int)
    values[bins[50:], np.arange(50, n)] = 1.0
    strength = onsets_of(values).values[0]
    assert strength[48:53].max() == 1.0
    assert strength[60:].max() < 0.3


def test_silence_has_no_onsets():
    assert not onsets_of(np.zeros((84, 30))).values.any()


@given(st.floats(1e-3, 1e3))
def test_a_louder_copy_has_the_same_onsets(gain):
    values = np.random.default_rng(440).random((84, 60)) ** 4
    assert onsets_of(gain * values).values == pytest.approx(onsets_of(values).values, abs=1e-4)


def test_a_quarter_tone_spectrum_is_refused():
    with pytest.raises(InputError, match=r"12 bins per octave .* got \(50, 4\)"):
        onsets_of(np.ones((50, 4)))
