import numpy as np
import pytest

from versionmatch.audio import synth
from versionmatch.features.cqt import LibrosaCQT
from versionmatch.features.key import KeyProfile, key_likeness
from versionmatch.types import Features


def key_of(audio):
    return KeyProfile().extract({"cqt": LibrosaCQT().extract({"audio": audio})})


@pytest.mark.parametrize("semitones", [0, 2, 5, 6, 9])
def test_the_key_of_a_song_is_found_in_every_transposition(semitones):
    song = synth.song(transposition=semitones, verses=1)
    key = key_of(song.audio)
    assert key.labels == (song.key,)
    assert key.confidence[0] > 0.5


def test_a_minor_cadence_is_minor():
    assert key_of(synth.chords(["A:min", "D:min", "E:7", "A:min"], chord_s=1.5)).labels == ("A minor",)


def test_the_key_spans_the_whole_recording():
    key = KeyProfile().extract({"cqt": Features("cqt", np.ones((84, 120)), 10.0)})
    assert (key.onset_s.tolist(), key.duration_s.tolist()) == ([0.0], [12.0])


@pytest.mark.parametrize("values", [np.zeros((84, 9)), np.ones((84, 9))])
def test_where_no_tone_stands_out_nothing_is_sure(values):
    assert KeyProfile().extract({"cqt": Features("cqt", values, 10.0)}).confidence[0] < 0.1


@pytest.mark.parametrize("semitones", range(12))
def test_transposing_the_chroma_moves_the_keys_along(semitones):
    chroma = np.random.default_rng(440).random(12)
    moved = key_likeness(np.roll(chroma, semitones))
    expected = np.concatenate([np.roll(half, semitones) for half in np.split(key_likeness(chroma), 2)])
    assert moved == pytest.approx(expected)
