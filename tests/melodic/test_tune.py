"""A tune is checked once, and says what is wrong with it."""

import numpy as np
import pytest

from versionmatch.errors import InputError
from versionmatch.melodic import Tune


def test_of_notes_that_begin_together_the_highest_is_kept():
    tune = Tune.of_notes([[1, 1, 50], [1, 1, 64], [0, 1, 60]])
    assert (tune.pitches.tolist(), tune.onsets.tolist()) == ([60, 64], [0, 1])


def test_intervals_of_pitch_classes_are_the_nearest():
    assert Tune.of_pitch_classes([11, 0, 6, 11, 4]).intervals.tolist() == [1, 6, 5, 5]
    assert Tune.of_pitch_classes([0, 11, 5]).intervals.tolist() == [-1, 6]


def test_a_tune_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        Tune([60, 62]).pitches[0] = 61


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Tune([60, 60.5]), r"whole numbers of semitones.*number 1 is 60\.5"),
        (lambda: Tune([60, np.nan]), "number 1 is nan"),
        (lambda: Tune(["c"]), "some value is no number"),
        (lambda: Tune([[60]]), r"one row of numbers; got shape \(1, 1\)"),
        (lambda: Tune([60, 62], [0, 1]), "onsets and durations, or neither"),
        (lambda: Tune([60, 62], [0, 0], [1, 1]), "note 1 of a tune begins at 0, not after note 0"),
        (lambda: Tune([60, 62], [0, 1], [1, -1]), "note 1 of a tune lasts -1"),
        (lambda: Tune([60, 62], [0], [1]), "2 pitches need 2 finite onsets"),
        (lambda: Tune.of_notes([[0, 1]]), r"rows of \[onset, duration, pitch\]"),
        (lambda: Tune.of_notes([[0, 1, 60], [np.inf, 1, 60]]), "note 1 is not finite"),
        (lambda: Tune.of_pitch_classes([0, 12]), "12 is no pitch class"),
        (lambda: Tune([60]).spans, "needs rhythm"),
    ],
)
def test_what_is_no_tune_is_named(make, message):
    with pytest.raises(InputError, match=message):
        make()
