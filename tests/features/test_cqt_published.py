"""The transforms that published networks read: librosa's own, and one by spectral kernels held against its twin."""

import librosa
import numpy as np
import pytest

from versionmatch.errors import InputError
from versionmatch.features import cqt_published
from versionmatch.features.cqt_published import coverhunter_cqt, vinet_cqt
from versionmatch.types import Audio


def noise(n, sr, seed=440):
    return Audio(0.1 * np.random.default_rng(seed).standard_normal(n).astype(np.float32), sr)


def slow(samples, frame, bins):
    """Each bin's windowed exponential against the sound around the frame's centre, one product after another."""
    quality = 1 / (2 ** (1 / 12) - 1)
    found = []
    for i in bins:
        frequency_hz = 32 * 2 ** (i / 12)
        length = int(np.ceil(quality * 16000 / frequency_hz))
        time = np.arange(length) - length // 2
        at = 640 * frame + time
        heard = np.where((at >= 0) & (at < samples.size), samples[np.clip(at, 0, samples.size - 1)], 0)
        found.append(
            abs((heard * np.hamming(length) * np.exp(-2j * np.pi * frequency_hz / 16000 * time)).sum()) / length
        )
    return np.array(found)


@pytest.fixture
def fresh():
    cqt_published._kernels.cache_clear()
    yield
    cqt_published._kernels.cache_clear()


@pytest.mark.parametrize("frame", [0, 3, 130, 300])
def test_the_sparse_transform_is_that_of_its_slow_twin(monkeypatch, fresh, frame):
    sound, bins = noise(16000 * 14, 16000), np.arange(0, 96, 5)
    scaled = sound.samples * (0.999 / np.abs(sound.samples).max())
    wanted = slow(scaled, frame, bins)
    sparse = coverhunter_cqt(sound).values
    assert np.abs(sparse[bins, frame] - wanted).max() < 0.05 * sparse.max()
    cqt_published._kernels.cache_clear()
    monkeypatch.setattr(cqt_published, "THRESHOLD", 0.0)
    assert np.abs(coverhunter_cqt(sound).values[bins, frame] - wanted).max() < 1e-5 * sparse.max()


@pytest.mark.parametrize("i", [0, 33, 88])
def test_a_tone_is_loudest_in_its_bin(i):
    time_s = np.arange(16000 * 4) / 16000
    tone = 0.3 * np.sin(2 * np.pi * 32 * 2 ** (i / 12) * time_s)
    found = coverhunter_cqt(Audio(tone.astype(np.float32), 16000))
    assert found.values.shape == (96, 100)
    assert found.frame_rate == 25.0
    assert found.values[:, 50].argmax() == i
    assert found.values[i, 50] == pytest.approx(0.999 * 0.54 / 2, rel=0.02)


def test_the_transform_does_not_depend_on_loudness_nor_on_how_it_is_cut(monkeypatch):
    sound = noise(16000 * 9 + 7, 16000)
    wanted = coverhunter_cqt(sound).values
    assert wanted.shape == (96, 226)
    assert coverhunter_cqt(Audio(0.25 * sound.samples, 16000)).values == pytest.approx(wanted, rel=1e-4, abs=1e-6)
    monkeypatch.setattr(cqt_published, "FRAMES_AT_ONCE", 10)
    assert coverhunter_cqt(sound).values == pytest.approx(wanted, rel=1e-4, abs=1e-6)


def test_silence_and_a_single_sample_have_a_transform():
    assert not coverhunter_cqt(Audio(np.zeros(700, np.float32), 16000)).values.any()
    assert coverhunter_cqt(noise(1, 16000)).values.shape == (96, 1)
    assert vinet_cqt(noise(1, 22050), 8000).values.shape == (84, 1)


def test_the_first_frames_of_vinet_are_those_of_the_whole_transform():
    sound = noise(22050 * 20, 22050)
    whole = np.abs(librosa.cqt(sound.samples, sr=22050, hop_length=512, n_bins=84))
    assert np.abs(vinet_cqt(sound, 8000).values - whole).max() < 1e-6
    first = vinet_cqt(sound, 400)
    assert first.values.shape == (84, 400)
    assert np.abs(first.values - whole[:, :400]).max() < 1e-4 * whole.max()
    assert first.frame_rate == pytest.approx(43.066, abs=1e-3)


def test_sound_at_another_rate_is_refused():
    with pytest.raises(InputError, match="reads sound at 22050 Hz; got 16000 Hz; load it with sr=22050"):
        vinet_cqt(noise(100, 16000), 8000)
    with pytest.raises(InputError, match="reads sound at 16000 Hz; got 22050 Hz"):
        coverhunter_cqt(noise(100, 22050))
