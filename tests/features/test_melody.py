import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.naive_features import best_pitch_total, convolved, pitch_total
from versionmatch.audio import synth
from versionmatch.errors import MissingExtra
from versionmatch.features import salience as salience_module
from versionmatch.features.cqt import LibrosaCQT
from versionmatch.features.melody import SalienceMelody
from versionmatch.features.melody_essentia import EssentiaMelody
from versionmatch.features.melody_kernels import track_pitch
from versionmatch.features.salience import Layer, salience
from versionmatch.features.spectrum import pooled
from versionmatch.types import Features

TUNE = [(60, 0.0, 0.5), (64, 0.5, 0.5), (67, 1.0, 0.5), (65, 1.5, 0.5), (62, 2.0, 1.0)]


def cqt_of(audio, pool=1):
    cqt = LibrosaCQT(tuning=False).extract({"audio": audio})
    if pool == 1:
        return cqt
    n = cqt.n_frames // pool * pool
    return Features("cqt", cqt.values[:, :n].reshape(84, -1, pool).mean(axis=2), cqt.frame_rate / pool)


def melody_of(cqt):
    return SalienceMelody().extract({"cqt": cqt})


def share_right(melody, notes, octaves=False):
    """Raw pitch accuracy (or chroma accuracy) against notes (pitch, onset_s, duration_s)."""
    hits, total = 0, 0
    for pitch, onset_s, duration_s in notes:
        low, high = (round(t * melody.frame_rate) for t in (onset_s, onset_s + duration_s))
        off = melody.values[0, low:high] - pitch
        off = (off + 6) % 12 - 6 if octaves else off
        hits, total = hits + int((np.abs(off) < 0.5).sum()), total + off.size
    return hits / total


@pytest.mark.parametrize("octave", [-12, 0, 12])
@pytest.mark.parametrize("timbre", ["voice", "flute"])
def test_a_tune_alone_is_followed_note_by_note_in_its_octave(timbre, octave):
    tune = [(p + octave, t, d) for p, t, d in TUNE]
    assert share_right(melody_of(cqt_of(synth.melody(tune, timbre=timbre))), tune) > 0.85


@pytest.mark.parametrize("timbre", ["voice", "flute", "reed"])
def test_a_tune_is_followed_over_chords_bass_and_clicks(timbre):
    song = synth.song(timbre=timbre, verses=1)
    notes = list(zip(song.notes.pitch, song.notes.onset_s, song.notes.duration_s, strict=True))
    assert share_right(melody_of(cqt_of(song.audio)), notes, octaves=True) > 0.75


def test_ten_frames_a_second_without_sound_are_enough():
    song = synth.song(timbre="voice", verses=1)
    melody = melody_of(cqt_of(song.audio, pool=5))
    notes = list(zip(song.notes.pitch, song.notes.onset_s, song.notes.duration_s, strict=True))
    assert melody.frame_rate == 10.0
    assert share_right(melody, notes, octaves=True) > 0.7


@pytest.mark.parametrize("pitch", [57.0, 57.2, 57.4, 69.3, 68.8])
def test_pitch_is_finer_than_a_semitone(pitch):
    melody = melody_of(cqt_of(synth.melody([(pitch, 0.0, 2.0)], timbre="voice")))
    assert np.median(melody.values[0, 20:80]) == pytest.approx(pitch, abs=0.2)


def test_singing_is_voiced_and_a_rest_is_not():
    audio = synth.melody([(60, 0, 0.5), (64, 0.5, 0.5), (62, 1.0, 0.5), (65, 1.5, 0.5)], timbre="voice", duration_s=6.0)
    confidence = melody_of(cqt_of(audio)).values[1]
    assert confidence[10:90].mean() > confidence[150:].mean() + 0.3


def test_silence_has_no_melody_but_a_pitch():
    melody = melody_of(Features("cqt", np.zeros((84, 100)), 50.0))
    assert not melody.values[1].any()
    assert (melody.values[0] >= 36).all()
    assert (melody.values[0] <= 84).all()


@pytest.mark.parametrize("n_frames", [1, 2, 3, 7])
def test_the_shortest_recordings_keep_their_number_of_frames(n_frames):
    assert melody_of(Features("cqt", np.ones((84, n_frames)), 50.0)).values.shape == (2, n_frames)


def test_a_louder_copy_has_the_same_melody():
    cqt = cqt_of(synth.song(verses=1).audio)
    louder = Features("cqt", 8 * cqt.values, cqt.frame_rate)
    assert melody_of(louder).values == pytest.approx(melody_of(cqt).values, abs=1e-3)


@pytest.mark.parametrize("semitones", [-5, -3])
def test_a_transposed_recording_has_the_transposed_melody(semitones):
    cqt = cqt_of(synth.song(timbre="voice", verses=1).audio)
    moved = Features("cqt", np.roll(cqt.values, semitones, axis=0), cqt.frame_rate)
    off = melody_of(moved).values[0] - melody_of(cqt).values[0] - semitones
    assert (np.abs(off) < 0.5).mean() > 0.9


def test_tuning_is_handed_on():
    cqt = Features("cqt", np.ones((84, 9)), 50.0, facts={"tuning_cents": 12.0})
    assert dict(melody_of(cqt).facts) == {"tuning_cents": 12.0}


def test_the_melody_does_not_depend_on_how_the_recording_is_chunked(monkeypatch):
    values, _ = pooled(cqt_of(synth.song(verses=1).audio), 50 / 3)
    whole = salience(values)
    monkeypatch.setattr(salience_module, "CHUNK", 50)
    for a, b in zip(salience(values), whole, strict=True):
        assert a == pytest.approx(b, abs=1e-3)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 2), st.integers(1, 2), st.sampled_from([1, 3]), st.sampled_from([1, 3]), st.integers(1, 2))
def test_a_layer_is_the_convolution_of_the_slow_twin(n_out, n_in, high, wide, dilation):
    rng = np.random.default_rng(440)
    weights, bias = rng.standard_normal((n_out, n_in, high, wide)), rng.standard_normal(n_out)
    x = rng.standard_normal((n_in, 5, 9))
    layer = Layer(weights.astype(np.float32), bias.astype(np.float32), dilation)
    assert layer(x.astype(np.float32)) == pytest.approx(convolved(x, weights, bias, dilation), abs=1e-4)


@given(
    arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=st.floats(-3, 3)),
    st.floats(0, 2),
    st.integers(1, 3),
)
def test_no_pitch_path_is_worth_more_than_the_kernels(scores, penalty, reach):
    path = track_pitch(scores, penalty, reach)
    best = best_pitch_total(scores, penalty, reach)
    assert pitch_total(scores, penalty, reach, path) == pytest.approx(best)


def test_essentia_follows_a_tune_too():
    pytest.importorskip("essentia")
    melody = EssentiaMelody().extract({"audio": synth.melody(TUNE, timbre="voice")})
    assert melody.frame_rate == 50.0
    assert share_right(melody, TUNE) > 0.8


def test_without_essentia_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "essentia", None)
    with pytest.raises(MissingExtra, match=r"pip install 'versionmatch\[essentia\]'"):
        EssentiaMelody().extract({"audio": synth.noise(1.0)})
