"""Segments without a network: keys rotate, time shifts move along, silence says nothing."""

import numpy as np
import pytest

from versionmatch.audio import synth
from versionmatch.embed.keys import products, spectra
from versionmatch.embed.shingles import ChromaShingles, ShingleEncoder, shingles_of
from versionmatch.features.view import Track
from versionmatch.testing import check_encoder, check_extractor
from versionmatch.types import Features, Recording


def chroma(seed: int, seconds: float = 60.0, rate: float = 10.0) -> Features:
    rng = np.random.default_rng(seed)
    chords = rng.random((int(seconds / 2) + 1, 12)) ** 4
    return Features("chroma", np.repeat(chords, int(2 * rate), axis=0)[: int(seconds * rate)].T, rate)


@pytest.mark.parametrize("semitones", [0, 1, 7, 11])
def test_a_transposed_recording_gives_the_same_vectors_rotated(semitones):
    song = chroma(1)
    one, other = shingles_of(song), shingles_of(song.transposed(semitones))
    np.testing.assert_allclose(np.roll(one.vectors, semitones, axis=2), other.vectors, atol=1e-6)
    likeness = products(spectra(other.whole[None]), spectra(one.whole[None]))[0, 0]
    assert int(likeness.argmax()) == semitones
    assert likeness.max() == pytest.approx(1.0, abs=1e-5)


def test_an_excerpt_is_nearest_to_where_it_was_cut():
    song, other = chroma(2, 90), chroma(3, 90)
    cut = shingles_of(song.between(31.2, 31.2 + 20.8))
    own = products(spectra(cut.vectors), spectra(shingles_of(song).vectors)).max(axis=2)[0]
    strange = products(spectra(cut.vectors), spectra(shingles_of(other).vectors)).max(axis=2)[0]
    assert int(own.argmax()) * 5.2 == pytest.approx(31.2, abs=2.7)
    assert own.max() > 0.9 > strange.max()


@pytest.mark.parametrize("seconds", [0.5, 5.0, 20.7, 20.8, 26.1, 300.0])
def test_recordings_of_any_length_have_segments_inside_them(seconds):
    found = shingles_of(chroma(4, seconds))
    assert len(found) >= 1
    assert found.starts_s[-1] <= max(0.0, seconds - 20.8) + 1e-9
    assert found.vectors.shape[1:] == (16, 12)


def test_silence_is_0_throughout():
    found = shingles_of(Features("chroma", np.zeros((12, 400)), 10.0))
    assert found.silent.all()
    assert not found.whole.any()


def test_it_passes_the_public_checks_of_an_extractor_and_an_encoder():
    check_extractor(ChromaShingles())
    check_encoder(ShingleEncoder())


def test_named_for_its_kind_it_takes_the_networks_place():
    song = synth.song(verses=1).audio
    track = Track(Recording("s", "s", 20.0), {"audio": song}, choice={"segments": "segments-shingles"})
    assert track["segments"].model_id == "shingles-1"
