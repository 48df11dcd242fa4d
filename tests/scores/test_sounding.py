"""A score as a recording: its sound, its melody, its key, chords and beats."""

import io

import numpy as np
import pytest

import versionmatch as vm
from tests.scores.written import midi, played, tune_as
from versionmatch.errors import InputError, LimitError
from versionmatch.jobs.opening import open_track
from versionmatch.scores.abc_tune import read_abc
from versionmatch.scores.midi import read_midi
from versionmatch.scores.score import KeySignature, Score
from versionmatch.scores.sounding import features_of, sound_of
from versionmatch.scores.voice import melody_notes, melody_part, pitch_track
from versionmatch.scores.written import beats_of, chords_of, key_of


def four_parts(*names):
    rows = [([0, 2, 4, 5], 72), ([-5, -3, 0, 2], 72), ([4, 5, 7, 9], 60), ([0, 5, 0, -1], 48)]
    tracks = [
        played([(i, 1, base + s) for i, s in enumerate(steps)], name=n)
        for n, (steps, base) in zip(names, rows, strict=True)
    ]
    return read_midi(midi(tracks))


def test_a_chorale_has_its_melody_in_the_soprano():
    score = four_parts("Alto", "Soprano", "Tenor", "Bass")
    assert score.parts[melody_part(score)] == "Soprano"
    assert melody_notes(score, melody_part(score)).pitch.tolist() == [67, 69, 72, 74]


def test_without_a_telling_name_the_highest_notes_are_the_melody():
    score = four_parts("a", "b", "c", "d")
    assert melody_part(score) is None
    assert melody_notes(score, None).pitch.tolist() == [72, 74, 76, 77]


def test_a_broken_chord_under_a_held_note_is_no_melody():
    score = Score([0, 0.5, 1, 1.5, 2], [2, 0.5, 0.5, 0.5, 1], [72, 60, 64, 67, 71], [0] * 5, ("piano",), "midi")
    notes = melody_notes(score, None)
    assert (notes.pitch.tolist(), notes.onset_s.tolist()) == ([72, 71], [0, 1])
    assert notes.monophonic


@pytest.mark.parametrize(("wanted", "part"), [("tenor", 2), ("3", 2), ("TEN", 2), ("skyline", None)])
def test_the_melody_can_be_named(wanted, part):
    assert melody_part(four_parts("Alto", "Soprano", "Tenor", "Bass"), wanted) == part


def test_an_unknown_part_lists_those_there_are():
    with pytest.raises(InputError, match=r"no part is named like 'oboe'; there are: 1 'Alto', 2 'Soprano'"):
        melody_part(four_parts("Alto", "Soprano", "Tenor", "Bass"), "oboe")


def test_the_pitch_track_says_when_the_melody_rests():
    track = pitch_track(melody_notes(read_abc("X:1\nL:1/4\nK:C\nCzE"), None), 75, 50.0)
    assert track.values[0, [5, 30, 60]].tolist() == [60, 60, 64]
    assert track.values[1].sum() == 50
    assert track.values[1, 25:50].sum() == 0


def test_the_melody_that_is_written_is_found_in_the_sound():
    score = read_midi(tune_as("midi"))
    _, audio = sound_of(score)
    heard = vm.Track(vm.Recording("", "", 0.0), {"audio": audio})["melody"]
    told = features_of(score, audio)["melody"]
    assert heard.values.shape == told.values.shape
    sung = told.values[1] > 0
    assert np.mean(np.abs(heard.values[0] - told.values[0])[sung] < 0.5) > 0.9


@pytest.mark.parametrize(
    ("key", "label"), [("G", "G major"), ("Em", "E minor"), ("Bb", "B♭ major"), ("F#m", "F♯ minor"), ("C", "C major")]
)
def test_the_key_is_the_one_that_is_written(key, label):
    found = key_of(read_abc(f"X:1\nL:1/4\nK:{key}\nCDEF|"))
    assert (found.labels, found.confidence.tolist()) == ((label,), [1.0])


def test_a_signature_without_a_mode_leaves_the_choice_to_the_notes():
    columns = [0, 1, 2, 3], [1, 1, 1, 4], [64, 67, 63, 64], [0] * 4  # E G D♯ E
    signed = Score(*columns, ("",), "kern", keys=(KeySignature(0, 1),))
    other = Score(*columns, ("",), "kern", keys=(KeySignature(0, 0),))
    assert key_of(signed).labels == key_of(Score(*columns, ("",), "kern")).labels == ("E minor",)
    assert key_of(other).labels[0] in {"C major", "A minor"}


def test_chord_symbols_hold_until_the_next_one():
    chords = chords_of(read_abc('X:1\nL:1/4\nQ:1/4=60\nK:C\n"C"CE"G7"GB|"C"c4|'))
    assert chords.labels == ("C:maj", "G:7", "C:maj")
    assert (chords.onset_s.tolist(), chords.duration_s.tolist()) == ([0, 2, 4], [2, 2, 4])


def test_a_bar_of_six_eighths_has_two_beats_and_the_next_tempo_its_own():
    beats = beats_of(read_abc("X:1\nM:6/8\nL:1/8\nQ:3/8=60\nK:C\nCDEFGA|[Q:3/8=120]BcdBcd|"))
    assert beats.onset_s.tolist() == [0, 1, 2, 2.5]
    assert beats_of(read_abc("X:1\nM:6/8\nK:C\nCDE")) is None


def test_a_lead_sheet_sounds_its_chords():
    plain, chords = (sound_of(read_abc(f"X:1\nL:1/4\nK:C\n{body}"))[1] for body in ("c4|", '"F"c4|'))
    assert vm.Track(vm.Recording("", "", 0.0), {"audio": chords})["chords"].labels[0] == "F:maj"
    assert plain.samples.size == chords.samples.size


def test_a_score_is_loaded_as_a_recording_that_is_none():
    recording, audio = vm.load(tune_as("kern"))
    assert recording.is_score
    assert recording.id.startswith("score-")
    assert (recording.title, recording.codec, recording.source) == ("A tune", "score: kern", "bytes")
    assert (audio.sr, recording.duration_s) == (16000, 5.0)
    again, other = vm.load(io.BytesIO(tune_as("abc")), sr=8000, span=(1.0, 2.0))
    assert (again.id, other.sr, other.duration_s) == (recording.id, 8000, 1.0)


def test_the_same_score_sounds_the_same():
    first, second = (vm.load(tune_as(kind))[1].samples for kind in ("abc", "musicxml"))
    assert np.array_equal(first, second)


def test_features_of_a_score_are_those_written():
    track = vm.features(tune_as("abc"), "chroma", "notes", "key")
    assert track["notes"].pitch.tolist() == [60, 62, 64, 65, 67, 66, 67, 69, 67, 60]
    assert track["key"].labels == ("C major",)
    assert track["chroma"].values.shape[0] == 12
    assert track["beats"].facts["tempo_bpm"] == pytest.approx(120)


def test_limits_hold_for_scores():
    with pytest.raises(LimitError, match="max_duration_s"):
        vm.load(tune_as("midi"), limits=vm.Limits(max_duration_s=2.0))


def test_a_recording_has_no_parts():
    sound = np.sin(np.arange(32000) / 10).astype(np.float32)
    with pytest.raises(InputError, match="array is no score, so that it has no part 'Alto'"):
        open_track((sound, 16000), melody_part="Alto")
