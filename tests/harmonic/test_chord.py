"""Chords and progressions, as they are written and as tracks hold them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.errors import InputError
from versionmatch.features.view import Track
from versionmatch.harmonic import Chord, Key, Progression, has_harmony, of_track, progression_of
from versionmatch.harmonic.chord import QUALITIES, TONES, quality_of
from versionmatch.jobs.opening import open_track
from versionmatch.types import Annotation, Recording

chords = st.builds(Chord, st.integers(0, 11), st.sampled_from(QUALITIES))
progressions = st.lists(st.one_of(chords, st.just(Chord.of("N"))), max_size=12).map(lambda c: Progression(tuple(c)))


def annotation(*rows, kind="chords"):
    onset, duration, labels = zip(*rows, strict=True)
    return Annotation(kind, onset, duration, labels, np.ones(len(rows)))


@given(chords)
def test_a_chord_is_read_back_from_its_name(chord):
    assert Chord.of(chord.label) == chord
    assert quality_of(TONES[chord.quality]) == chord.quality


@pytest.mark.parametrize(
    ("label", "tones"),
    [
        ("C:maj", {0, 4, 7}), ("Db:min7", {1, 4, 8, 11}), ("F##", {7, 11, 2}), ("Cb:7", {11, 3, 6, 9}),
        ("A:min/b3", {9, 0, 4}), ("G:9", {7, 11, 2, 5}), ("G:7(#9)", {7, 11, 2, 5}), ("D:maj(9)/3", {2, 6, 9}),
        ("E:min11", {4, 7, 11, 2}), ("B:hdim7", {11, 2, 5, 9}), ("C:sus4(b7)", {0, 5, 7}), ("A:5", {9, 4}),
        ("Gm", {7, 10, 2}), ("F#m7", {6, 9, 1, 4}), ("Bbmaj7/D", {10, 2, 5, 9}), ("N", set()), ("X", set()),
    ],
)  # fmt: skip
def test_labels_of_either_kind_name_their_tones(label, tones):
    assert Chord.of(label).tones == tones


@pytest.mark.parametrize("label", ["Fine", "H:maj", "C:banana", "12"])
def test_what_names_no_chord_is_refused(label):
    with pytest.raises(InputError, match="names no chord; write such as G:7"):
        Chord.of(label)


def test_a_chord_that_cannot_be_is_refused():
    with pytest.raises(InputError, match="a root of 0 to 11 and one of the qualities maj, min"):
        Chord(12, "maj")
    with pytest.raises(InputError, match="got -1 and 'maj'"):
        Chord(-1, "maj")


@given(progressions, st.integers(0, 11), st.integers(0, 11))
def test_transpositions_add_up_and_change_nothing_else(progression, one, other):
    moved = progression.transposed(one).transposed(other)
    assert moved.labels == progression.transposed((one + other) % 12).labels
    assert moved.changes == progression.changes


def test_equal_neighbours_are_one_chord_and_last_together():
    made = progression_of(annotation((0, 2, "C"), (2, 1, "C:maj"), (3, 1, "Am"), (6, 1, "?"), (7, 1, "C:maj/5")))
    assert made.labels == ("C:maj", "A:min", "N", "C:maj")
    assert made.lengths.tolist() == [3, 1, 3, 1]
    assert made.times_s.tolist() == [[0, 3], [3, 4], [4, 7], [7, 8]]


def test_durations_are_beats_where_there_are_beats():
    beats = Annotation("beats", [1.0, 1.5, 2.0, 3.0], np.zeros(4), ("",) * 4, np.ones(4))
    made = progression_of(annotation((0, 1, "C"), (1, 0.75, "F"), (1.75, 1.25, "G")), beats)
    assert made.unit == "beats"
    assert made.lengths.tolist() == pytest.approx([1.5, 1.5, 1.5])  # before the first, at the pace of those nearest


def test_errors_of_progressions_name_what_is_wrong():
    with pytest.raises(InputError, match="2 chords need as many durations, each above 0"):
        Progression.of(["C", "F"], [1, 0])
    with pytest.raises(InputError, match="durations are in beats or seconds; got 'bars'"):
        Progression((), unit="bars")
    with pytest.raises(InputError, match="need times"):
        Progression((Chord(0, "maj"),), times_s=np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("text", "key"), [("G major", Key(7)), ("f# Minor", Key(6, True)), ("Bbm", Key(10, True)), ("e", Key(4, True))]
)
def test_keys_are_read(text, key):
    assert Key.of(text) == key
    assert Key.of(key.label) == key


def test_a_key_that_cannot_be_read_is_named():
    with pytest.raises(InputError, match="the key 'H dur' cannot be read; write such as"):
        Key.of("H dur")


def test_a_bare_line_has_no_harmony_until_chords_are_written_or_given():
    tune = b"X:1\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\nCEGE|FAcA|GBdB|cGEC|"
    bare = open_track(tune)
    assert bare.recording.flags == ("single_line",)
    assert not has_harmony(bare)
    assert len(of_track(bare)) == 0
    by_hand = bare.corrected({"chords": annotation((0, 2, "C"), (2, 2, "F"))})
    assert has_harmony(by_hand)
    assert of_track(by_hand).labels == ("C:maj", "F:maj")
    sheet = open_track(tune.replace(b"CEGE|FAcA", b'"C"CEGE|"F"FAcA'))
    assert has_harmony(sheet)
    assert of_track(sheet).labels == ("C:maj", "F:maj")


def test_voices_that_sound_together_are_a_harmony():
    two = open_track(b"X:1\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\nV:1\nCEGE|\nV:2\nG,4|")
    assert "single_line" not in two.recording.flags
    assert has_harmony(two)


def test_a_recording_is_taken_to_have_harmony():
    assert has_harmony(Track(Recording("id", "song.wav", 10.0), {}))
