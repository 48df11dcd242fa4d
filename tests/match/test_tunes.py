"""The tune of a recording or score: which notes, in quarter notes, and where they are."""

import numpy as np
import pytest

from versionmatch.jobs.opening import open_track
from versionmatch.match.tunes import bars_of, comparable, heard, tune_of, without_repeats
from versionmatch.types import Annotation, Notes

HEAD = "X:1\nT:Tune\nM:{meter}\nL:1/4\nQ:1/4=120\nK:C\n"


def score(music, meter="4/4"):
    return open_track((HEAD.format(meter=meter) + music).encode())


def beats(times, bpm=60.0, confidence=1.0):
    facts = {"tempo_bpm": bpm, "tempo_confidence": confidence}
    return Annotation("beats", times, [0] * len(times), ("",) * len(times), [1] * len(times), facts=facts)


def machine(rows, pulse=None):
    onset, duration, pitch, confidence = np.array(rows, dtype=float).T
    return {
        "notes": Notes(onset, duration, pitch, confidence),
        "beats": beats([0.0, 1.0, 2.0, 3.0]) if pulse is None else pulse,
    }


def test_the_tune_of_a_score_is_what_is_written():
    tune = tune_of(score("C D/ E/ F2|G4|"))
    assert tune.pitches.tolist() == [60, 62, 64, 65, 67]
    assert tune.onsets.tolist() == pytest.approx([0, 1, 1.5, 2, 4])
    assert tune.durations.tolist() == pytest.approx([1, 0.5, 0.5, 2, 4])


def test_a_beat_of_six_eighths_is_a_dotted_quarter():
    tune = tune_of(score("C/D/E/F/G/A/|B3|", "6/8"))
    assert tune.onsets.tolist() == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5, 3])


def test_what_a_machine_doubts_is_left_out_and_what_it_broke_is_joined():
    track = machine(
        [(0, 0.4, 60.1, 0.9), (0.45, 0.5, 59.8, 0.8), (1, 0.5, 64, 0.2), (1.6, 0.05, 70, 0.9), (2, 1, 62, 0.9)]
    )
    line = heard(track)
    assert line.tune.pitches.tolist() == [60, 62]
    assert (line.first.tolist(), line.last.tolist()) == ([0, 4], [1, 4])
    assert line.onset_s.tolist() == [0, 2]
    assert line.end_s.tolist() == pytest.approx([0.95, 3])
    assert not line.sure


def test_without_a_beat_to_rely_on_the_tempo_places_the_notes_and_without_tempo_nothing_does():
    rows = [(0.25, 1, 60, 1), (2, 1, 62, 1)]
    assert tune_of(machine(rows, beats([0.1, 0.9, 2.0], 120, 0.1))).onsets.tolist() == [0.5, 4]
    assert not tune_of(machine(rows, beats([], 0, 0))).timed


def test_a_pitch_that_is_struck_again_or_at_the_octave_counts_once_beside_a_recording():
    written, played = heard(score("CCcD|DE2F|")), heard(machine([(0, 1, 60, 1), (1, 1, 62, 1)]))
    short = without_repeats(written)
    assert (short.first.tolist(), short.last.tolist()) == ([0, 3, 5, 6], [2, 4, 5, 6])
    assert short.tune.durations.tolist() == pytest.approx([3, 2, 2, 1])
    assert comparable(written, written) == (written, written)
    assert [len(side) for side in comparable(written, played)] == [4, 2]


def test_nothing_heard_is_an_empty_tune():
    silence = {"notes": Notes([], [], [], []), "beats": beats([], 0, 0)}
    assert len(without_repeats(heard(silence))) == len(tune_of(silence)) == 0


def test_bars_are_those_of_the_score_and_unknown_of_a_recording():
    track = score("CDEF|GABc|defg|", "4/4")
    assert bars_of(track, 0.0, 1.9) == (1, 1)
    assert bars_of(track, 1.5, 4.5) == (1, 3)
    assert bars_of(machine([(0, 1, 60, 1)]), 0.0, 1.0) is None


def test_bars_are_counted_on_where_the_meter_changes():
    track = score("CDEF|[M:3/4]GAB|cde|")
    assert [label for label in track["beats"].labels if label] == ["1", "2", "3"]
    assert bars_of(track, 3.6, 4.9) == (3, 3)
