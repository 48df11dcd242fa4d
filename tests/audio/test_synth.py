"""The synthesiser's songs are what their truth says."""

import numpy as np
import pytest

from versionmatch.audio import synth
from versionmatch.errors import InputError


def test_a_sine_crosses_zero_as_often_as_its_pitch_says():
    sound = synth.melody([(69, 0.0, 2.0)], timbre="sine").samples
    assert np.count_nonzero(np.diff(np.signbit(sound))) == pytest.approx(2 * 2 * 440, abs=2)


def test_clicks_come_with_the_beat():
    sound = synth.clicks(90, 8.0, start_s=0.5).samples
    loud = np.abs(sound) > 0.1
    onsets = np.flatnonzero(loud & ~np.r_[False, np.maximum.accumulate(loud)[:-1]])
    assert onsets[0] / 16000 == pytest.approx(0.5, abs=0.01)
    assert synth.beat_times(90, 8.0, start_s=0.5).size == 12


@pytest.mark.parametrize("symbol", ["C:maj", "F#:min", "Bb:7", "G"])
def test_a_chords_root_is_its_lowest_tone(symbol):
    pitches = synth.chord_pitches(symbol, octave=4)
    assert pitches[0] == min(pitches)
    assert pitches[1] - pitches[0] == (3 if ":min" in symbol else 4)


@pytest.mark.parametrize("symbol", ["H:maj", "C:sus4", "", "Cx"])
def test_an_unknown_chord_is_refused(symbol):
    with pytest.raises(InputError, match="is no chord of this synthesiser"):
        synth.chord_pitches(symbol)


def test_an_unknown_timbre_lists_the_known_ones():
    with pytest.raises(InputError, match="no timbre named 'kazoo'; there are: flute, pluck, reed"):
        synth.melody([(60, 0, 1)], timbre="kazoo")


def test_nothing_to_sound_is_refused():
    with pytest.raises(InputError, match="needs a duration_s above 0"):
        synth.melody([])


def test_sounds_of_different_rates_are_not_mixed():
    with pytest.raises(InputError, match=r"one sample rate can be mixed; got \[16000, 8000\]"):
        synth.mix(synth.noise(1.0), synth.noise(1.0, sr=8000))


def test_equal_seeds_are_one_work_in_any_key_and_tempo():
    one, other = synth.song(verses=1), synth.song(verses=1, transposition=3, tempo_bpm=150)
    np.testing.assert_array_equal(one.notes.pitch + 3, other.notes.pitch)
    np.testing.assert_allclose(one.notes.onset_s * 120 / 150, other.notes.onset_s)
    assert not np.array_equal(one.notes.pitch, synth.song(verses=1, seed=441).notes.pitch)


def test_the_same_call_gives_the_same_samples():
    np.testing.assert_array_equal(synth.song(verses=1).audio.samples, synth.song(verses=1).audio.samples)
