import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from mir_eval.beat import f_measure

from tests.naive_features import beat_total, best_beat_total
from versionmatch.audio import synth
from versionmatch.errors import InputError
from versionmatch.features.beats import BeatTracker
from versionmatch.features.beats_kernels import track_beats
from versionmatch.features.cqt import LibrosaCQT
from versionmatch.features.onsets import SpectralFlux
from versionmatch.types import Features


def beats_of(audio, pool=1):
    cqt = LibrosaCQT().extract({"audio": audio})
    if pool > 1:
        n = cqt.n_frames // pool * pool
        cqt = Features("cqt", cqt.values[:, :n].reshape(84, -1, pool).mean(axis=2), cqt.frame_rate / pool)
    return BeatTracker().extract({"onsets": SpectralFlux().extract({"cqt": cqt})})


@pytest.mark.parametrize("bpm", [60, 75, 90, 105, 120, 135, 150, 165, 180])
def test_clicks_are_followed_at_their_tempo(bpm):
    beats = beats_of(synth.clicks(bpm, 20.0, start_s=0.4))
    assert beats.facts["tempo_bpm"] == pytest.approx(bpm, rel=0.01)
    assert beats.facts["tempo_confidence"] > 0.8
    assert f_measure(synth.beat_times(bpm, 20.0, start_s=0.4), beats.onset_s) > 0.95


@pytest.mark.parametrize("bpm", [72, 96, 132])
def test_the_beats_of_a_song_are_found(bpm):
    song = synth.song(tempo_bpm=bpm, verses=1)
    beats = beats_of(song.audio)
    assert beats.facts["tempo_bpm"] == pytest.approx(bpm, rel=0.02)
    assert f_measure(song.beats.onset_s, beats.onset_s) > 0.9


@pytest.mark.parametrize("bpm", [60, 90, 120])
def test_the_tempo_is_found_at_ten_frames_a_second_too(bpm):
    assert beats_of(synth.clicks(bpm, 30.0), pool=5).facts["tempo_bpm"] == pytest.approx(bpm, rel=0.02)


def test_a_tempo_that_changes_is_followed():
    audio = synth.joined(synth.clicks(90, 20.0), synth.clicks(120, 20.0))
    beats = beats_of(audio).onset_s
    gaps = np.diff(beats)
    assert np.median(gaps[beats[1:] < 17]) == pytest.approx(60 / 90, rel=0.02)
    assert np.median(gaps[beats[:-1] > 23]) == pytest.approx(60 / 120, rel=0.02)


@pytest.mark.parametrize("values", [np.zeros((1, 400)), np.zeros((1, 1)), np.ones((1, 2))])
def test_where_nothing_happens_there_is_no_beat_and_no_tempo(values):
    beats = BeatTracker().extract({"onsets": Features("onsets", values, 50.0)})
    assert len(beats) == 0
    assert dict(beats.facts) == {"tempo_bpm": 0.0, "tempo_confidence": 0.0}


def test_noise_has_less_of_a_tempo_than_clicks():
    assert beats_of(synth.noise(20.0)).facts["tempo_confidence"] < 0.5


@settings(max_examples=30, deadline=None)
@given(arrays(np.float64, st.integers(2, 10), elements=st.floats(0, 1, width=32)), st.floats(2, 4))
def test_no_chain_of_beats_is_worth_more_than_the_kernels(strength, length):
    period = np.full(strength.size, length)
    beats = track_beats(strength, period, 3.0)
    best = best_beat_total(strength, period, 3.0)
    assert beat_total(strength, period, 3.0, beats) == pytest.approx(best, abs=1e-9)


def test_two_rows_of_onsets_are_refused():
    with pytest.raises(InputError, match=r"\(1, n ≥ 1\); got \(2, 9\)"):
        BeatTracker().extract({"onsets": Features("onsets", np.ones((2, 9)), 50.0)})
