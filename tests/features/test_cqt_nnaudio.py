"""nnAudio's transform is librosa's, within what its docstring says."""

import sys

import numpy as np
import pytest

from versionmatch.audio import synth
from versionmatch.errors import MissingExtra
from versionmatch.features import cqt_nnaudio as module
from versionmatch.features.cqt import LibrosaCQT
from versionmatch.features.cqt_nnaudio import NNAudioCQT

pytest.importorskip("nnAudio")


def test_it_agrees_with_librosas_within_the_stated_tolerance():
    song = synth.mix(synth.song(verses=2, transposition=1).audio, synth.noise(32.0, level=0.01))
    ours, other = (extractor.extract({"audio": song}) for extractor in (LibrosaCQT(), NNAudioCQT(device="cpu")))
    assert ours.values.shape == other.values.shape
    assert (ours.frame_rate, dict(ours.facts)) == (other.frame_rate, dict(other.facts))
    difference = np.abs(ours.values - other.values)
    assert difference.max() < 0.03 * ours.values.max()
    assert difference.mean() < 0.02 * ours.values.mean()
    assert np.vdot(ours.values, other.values) > 0.999 * np.linalg.norm(ours.values) * np.linalg.norm(other.values)


@pytest.mark.parametrize("cents", [0, -40, 33])
def test_the_tuning_is_followed_as_librosas(cents):
    scale = synth.melody([(60 + i + cents / 100, 0.5 * i, 0.5) for i in range(8)])
    ours, other = (extractor.extract({"audio": scale}).values for extractor in (LibrosaCQT(), NNAudioCQT(device="cpu")))
    assert np.vdot(ours, other) > 0.999 * np.linalg.norm(ours) * np.linalg.norm(other)


@pytest.mark.parametrize("n_samples", [1, 320, 15999, 64000, 64001])
def test_any_length_has_as_many_frames_as_librosas(n_samples, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_FRAMES", 50)
    sound = synth.noise(5.0)
    piece = type(sound)(sound.samples[:n_samples], 16000)
    assert NNAudioCQT(device="cpu").extract({"audio": piece}).values.shape == (84, 1 + n_samples // 320)


def test_the_cut_into_blocks_and_batches_does_not_matter(monkeypatch):
    sound = synth.song(verses=1).audio
    whole = NNAudioCQT(device="cpu").extract({"audio": sound}).values
    monkeypatch.setattr(module, "BLOCK_FRAMES", 100)
    monkeypatch.setattr(module, "BATCH", {"cpu": 3})
    np.testing.assert_allclose(
        NNAudioCQT(device="cpu").extract({"audio": sound}).values, whole, atol=1e-5 * whole.max()
    )


def test_the_gpu_agrees_with_the_cpu():
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    sound = synth.song(verses=1).audio
    cpu, gpu = (NNAudioCQT(device=device).extract({"audio": sound}).values for device in ("cpu", "cuda"))
    np.testing.assert_allclose(gpu, cpu, atol=1e-4 * cpu.max())


def test_without_torch_it_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"'cqt-nnaudio' needs .* pip install 'versionmatch\[torch\]'"):
        NNAudioCQT()
