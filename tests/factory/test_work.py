import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factory.works import random_work, small_work
from versionmatch.errors import InputError
from versionmatch.factory.harmonise import harmonised
from versionmatch.factory.read import harte_chord, left_out
from versionmatch.factory.work import Work, chord_mask, pitch_classes, read_works, write_works


@given(st.sets(st.integers(0, 11)))
def test_a_mask_holds_just_its_pitch_classes(classes):
    assert pitch_classes(chord_mask(classes)) == sorted(classes)


@pytest.mark.parametrize(
    ("label", "root", "bass", "classes"),
    [
        ("C:maj", 0, 0, {0, 4, 7}),
        ("Gb:min7", 6, 6, {6, 9, 1, 4}),
        ("A:min/b3", 9, 0, {9, 0, 4}),
        ("F#:sus4(b7)", 6, 6, {6, 11, 1}),
        ("D", 2, 2, {2, 6, 9}),
    ],
)
def test_chord_labels_mean_what_harte_says(label, root, bass, classes):
    assert harte_chord(label) == (root, bass, chord_mask(classes))


def test_no_chord_is_none():
    assert harte_chord("N") is None


def test_works_come_back_from_their_file_as_they_went_in(tmp_path):
    works = [small_work(), random_work("test/two", 1)]
    write_works(works, tmp_path / "works.npz")
    for before, after in zip(works, read_works(tmp_path / "works.npz"), strict=True):
        assert (before.id, before.bpm, before.length, before.bar) == (after.id, after.bpm, after.length, after.bar)
        np.testing.assert_array_equal(before.melody, after.melody)
        np.testing.assert_array_equal(before.chords, after.chords)


def test_a_file_that_holds_no_works_is_refused(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, x=np.zeros(3))
    with pytest.raises(InputError, match=r"other\.npz is no file of works"):
        read_works(path)


def test_a_work_needs_a_melody():
    with pytest.raises(InputError, match=r"test/empty: a work needs a melody.*0 notes"):
        Work("test/empty", "test", 100, 16, 4, np.zeros((0, 3), np.float32), np.zeros((0, 5), np.float32))


def test_a_tune_of_three_triads_is_harmonised_by_them():
    work = small_work(times=1)
    chords = harmonised(work.melody, 4.0)
    assert chords[:, 2].tolist() == [0, 5, 7, 0]
    assert chords[:, :2].tolist() == [[0, 4], [4, 4], [8, 4], [12, 4]]


@pytest.mark.parametrize("semitones", range(1, 12))
def test_a_transposed_tune_gets_transposed_chords(semitones):
    plain, moved = (harmonised(small_work(transposed=t).melody, 4.0) for t in (0, semitones))
    assert ((plain[:, 2] + semitones) % 12).tolist() == moved[:, 2].tolist()


def test_songs_of_the_thirties_are_left_out():
    assert {"Summertime", "All_the_Things_You_Are", "Blue_Moon"} <= left_out()
    assert not {"Amazing_Grace", "Danny_Boy", "Swanee"} & left_out()
