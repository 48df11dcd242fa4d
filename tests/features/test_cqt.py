"""The constant-Q transform hears pitches where they are, whatever the length of the recording."""

import hashlib
import os
import subprocess
import sys

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from versionmatch.audio import synth
from versionmatch.audio.decode import Limits, load
from versionmatch.errors import InputError
from versionmatch.features import cqt as module
from versionmatch.features.cqt import LibrosaCQT
from versionmatch.features.tuning import tuning_cents
from versionmatch.types import Audio

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


@pytest.fixture(scope="module")
def song():
    return synth.joined(synth.song(verses=1).audio, synth.noise(2.0), synth.song(verses=1, transposition=5).audio)


def whole(samples, tuning=0.0):
    """librosa's transform of everything at once."""
    return np.abs(librosa.cqt(np.array(samples), sr=16000, hop_length=320, fmin=32.703, tuning=tuning))


def test_without_tuning_it_is_librosas_transform(song):
    values = LibrosaCQT(tuning=False).extract({"audio": song}).values
    np.testing.assert_array_equal(values, whole(song.samples))


@pytest.mark.parametrize("block_frames", [250, 333, 800])
def test_in_blocks_it_differs_by_less_than_a_hundred_thousandth(song, monkeypatch, block_frames):
    monkeypatch.setattr(module, "BLOCK", block_frames * 320)
    values = LibrosaCQT(tuning=False).extract({"audio": song}).values
    expected = whole(song.samples)
    assert values.shape == expected.shape
    assert np.abs(values - expected).max() < 1e-5 * expected.max()


def test_a_recording_of_exactly_some_blocks_has_its_last_frame(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 250 * 320)
    sound = synth.noise(10.0)
    values = LibrosaCQT(tuning=False).extract({"audio": sound}).values
    assert values.shape == (84, 501)
    assert np.abs(values - whole(sound.samples)).max() < 1e-5 * values.max()


@pytest.mark.parametrize("n_samples", [1, 319, 320, 321, 4800, 15999, 31999, 32000])
def test_sound_of_any_length_has_one_frame_per_hop_and_one(n_samples):
    values = LibrosaCQT().extract({"audio": Audio(synth.noise(2.0).samples[:n_samples], 16000)}).values
    assert values.shape == (84, 1 + n_samples // 320)


@pytest.mark.parametrize("pitch", [24, 36, 47, 60, 69, 83, 95, 107])
def test_a_sine_stands_in_the_bin_of_its_pitch(pitch):
    sound = synth.melody([(pitch, 0, 3)], timbre="sine")
    values = LibrosaCQT().extract({"audio": sound}).values
    assert values[:, 40:110].mean(axis=1).argmax() == pitch - 24


@settings(max_examples=10, deadline=None)
@given(st.integers(-45, 45))
def test_tuning_is_heard_to_two_cents(cents):
    scale = [(60 + step + cents / 100, 0.4 * i, 0.4) for i, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12))]
    assert tuning_cents(synth.melody(scale, timbre="flute")) == pytest.approx(cents, abs=2)


def test_a_quarter_tone_is_either_half_up_or_half_down():
    scale = [(60.5 + step, 0.4 * i, 0.4) for i, step in enumerate((0, 2, 4, 5, 7))]
    assert abs(tuning_cents(synth.melody(scale, timbre="sine"))) >= 48


@pytest.mark.parametrize("sound", [synth.noise(5.0), Audio(np.zeros(50000, np.float32), 16000)])
def test_noise_and_silence_have_no_tuning(sound):
    assert tuning_cents(sound) == 0.0


def test_tuning_is_that_of_librosa_within_its_resolution(song):
    assert tuning_cents(song) == pytest.approx(100 * librosa.estimate_tuning(y=song.samples, sr=16000), abs=4)


def test_a_song_tuned_a_third_of_a_semitone_high_looks_like_the_song():
    notes = [(60 + step, 0.5 * i, 0.5) for i, step in enumerate((0, 4, 7, 12, 9, 5, 2, 7))]
    plain, high = (
        LibrosaCQT().extract({"audio": synth.melody([(p + shift, t, d) for p, t, d in notes])}) for shift in (0.0, 0.33)
    )
    assert high.facts["tuning_cents"] == pytest.approx(33, abs=2)
    a, b = plain.values.ravel(), high.values.ravel()
    assert a @ b > 0.99 * np.linalg.norm(a) * np.linalg.norm(b)


def test_twice_as_loud_is_twice_the_magnitude(song):
    louder = Audio(song.samples * 2, 16000)
    np.testing.assert_allclose(
        LibrosaCQT().extract({"audio": louder}).values, 2 * LibrosaCQT().extract({"audio": song}).values, atol=1e-6
    )


def test_silence_gives_zeros():
    silence = Audio(np.zeros(64000, np.float32), 16000)
    assert not LibrosaCQT().extract({"audio": silence}).values.any()


def test_sound_at_another_rate_is_refused_with_the_remedy():
    with pytest.raises(InputError, match="reads sound at 16000 Hz; got 22050 Hz; load it with sr=16000"):
        LibrosaCQT().extract({"audio": Audio(np.zeros(50000, np.float32), 22050)})


def test_a_file_backed_recording_gives_the_same(song):
    backed = load((song.samples, 16000), limits=Limits(memory_s=1.0))[1]
    np.testing.assert_array_equal(
        LibrosaCQT().extract({"audio": backed}).values, LibrosaCQT().extract({"audio": song}).values
    )


def test_the_number_of_threads_does_not_matter():
    program = (
        "import hashlib; from versionmatch.audio import synth; from versionmatch.features.cqt import LibrosaCQT;"
        "print(hashlib.sha256(LibrosaCQT().extract({'audio': synth.song(verses=1).audio}).values).hexdigest())"
    )
    here = hashlib.sha256(LibrosaCQT().extract({"audio": synth.song(verses=1).audio}).values).hexdigest()
    for threads in {"1", "2"} - {os.environ.get("OMP_NUM_THREADS")}:
        environment = os.environ | dict.fromkeys(THREADS, threads)
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, check=True, text=True
        )
        assert done.stdout.strip() == here


def test_settings_tell_tuned_from_untuned():
    assert LibrosaCQT().settings != LibrosaCQT(tuning=False).settings
