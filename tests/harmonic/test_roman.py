"""Degrees, as textbooks name them."""

import numpy as np
import pytest

from versionmatch.errors import InputError
from versionmatch.features.view import Track
from versionmatch.harmonic import Progression, numerals, roman, romans
from versionmatch.types import Annotation, Recording


@pytest.mark.parametrize(
    ("key", "chords", "names"),
    [
        ("C major", "C Dm Em F G Am B:dim", "I ii iii IV V vi vii°"),
        ("C major", "C:maj7 D:min7 E:min7 F:maj7 G:7 A:min7 B:hdim7", "Imaj7 ii7 iii7 IVmaj7 V7 vi7 viiø7"),
        ("A minor", "Am B:dim C Dm Em F G", "i ii° III iv v VI VII"),
        ("A minor", "E E:7 G#:dim7 C:aug", "V V7 vii°7 III+"),
        ("C major", "Bb Ab Eb Fm Db F#:dim7 C#:dim7", "♭VII ♭VI ♭III iv ♭II ♯iv°7 ♯i°7"),
        ("F# major", "C#:7 F#", "V7 I"),
        ("C major", "G:sus4 C:5 F:maj6 N", "Vsus4 I5 IV6 N"),
    ],
)
def test_textbook_degrees(key, chords, names):
    assert [roman(chord, key) for chord in chords.split()] == names.split()


@pytest.mark.parametrize(
    ("key", "chords", "names"),
    [
        ("C major", "C E:7 Am D G C", "I V7/vi vi V/V V I"),
        ("C major", "C C:7 F", "I V7/IV IV"),
        ("C major", "C D:7 C", "I II7 I"),  # does not resolve
        ("C major", "C G C F", "I V I IV"),  # a tonic is no dominant of the subdominant before its seventh sounds
        ("A minor", "Am E:7 Am A:7 Dm", "i V7 i V7/iv iv"),
        ("A minor", "Am B:7 E:7", "i V7/V V7"),
    ],
)
def test_dominants_of_other_degrees_are_named_where_they_resolve(key, chords, names):
    assert romans(Progression.of(chords.split()), key) == tuple(names.split())


def test_without_a_key_there_are_no_degrees():
    with pytest.raises(InputError, match="need a key, and the progression has none"):
        romans(Progression.of(["C"]))


def track(key):
    labels = ("D:min7", "G:7", "C:maj")
    chords = Annotation("chords", [0, 2, 4], [2, 2, 4], labels, np.ones(3))
    beats = Annotation("beats", np.arange(8.0), np.zeros(8), ("",) * 8, np.ones(8))
    named = Annotation("key", [0], [8], (key,), [1.0])
    return Track(Recording("id", "song", 8.0), {"chords": chords, "beats": beats, "key": named})


def test_a_wrong_key_shows_and_can_be_put_right():
    wrong = [n.numeral for n in numerals(track("E♭ major"))]
    assert wrong == ["vii7", "V7/VI", "VI"]
    right = numerals(track("E♭ major"), "C major")
    assert [(n.start_s, n.end_s, n.label, n.numeral) for n in right] == [
        (0, 2, "D:min7", "ii7"), (2, 4, "G:7", "V7"), (4, 8, "C:maj", "I"),
    ]  # fmt: skip
