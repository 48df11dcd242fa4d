"""Harmonic measures: textbook cases, slow twins, and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harmonic.test_chord import chords, progressions
from tests.naive_harmonic import figures as slow_figures
from tests.naive_harmonic import least_area, local_score, path_score
from versionmatch.errors import InputError
from versionmatch.harmonic import (
    Chord,
    Key,
    Progression,
    above_chance,
    chord_distance,
    chord_figures,
    chord_passages,
    chord_scores,
    step_distance,
    tonal_centre,
    worth,
)
from versionmatch.harmonic.alignment import EXTENSION, ONSET, VARY, weights
from versionmatch.harmonic.chord import QUALITIES
from versionmatch.harmonic.codes import CLASSES, codes_of
from versionmatch.harmonic.harmonic_kernels import least_areas
from versionmatch.harmonic.substitution import table
from versionmatch.harmonic.tonal_space import from_tonic

COSTS = (ONSET, EXTENSION, VARY)
VERSE = Progression.of(["C", "Am", "F", "G:7", "C", "E:7", "Am", "Dm", "G:7", "C"], [4, 4, 4, 4, 2, 2, 4, 2, 2, 4])
few = st.lists(st.sampled_from(["C", "C:maj7", "Am", "F", "G:7", "Dm", "N", "Bb"]), min_size=1, max_size=8)
lengths = st.lists(st.sampled_from([1.0, 2.0, 4.0, 8.0]), min_size=8, max_size=8)


def sides(a, wa, b, wb):
    """Two progressions with their durations, as chords are merged."""
    return Progression.of(a, wa[: len(a)]), Progression.of(b, wb[: len(b)])


# What one chord is worth beside another


@given(chords, chords, st.integers(0, 11))
def test_worth_is_the_same_in_both_orders_and_in_all_keys(x, y, k):
    moved = [Chord((c.root + k) % 12, c.quality) for c in (x, y)]
    assert worth(x, y) == worth(y, x) == worth(*moved)
    assert -1 <= worth(x, y) <= 1
    assert (worth(x, y) == 1) == (x == y)


@given(chords, chords, st.integers(0, 11))
def test_the_table_holds_the_worth_of_a_raised_chord(x, y, k):
    p, q = QUALITIES.index(x.quality), QUALITIES.index(y.quality)
    assert table()[p, q, (x.root - y.root) % 12, k] == worth(x, Chord((y.root + k) % 12, y.quality))


def test_what_annotators_confuse_is_nearer_than_what_sounds_different():
    order = ["C:maj", "C:maj7", "C:sus4", "C:min", "A:min", "E:min", "F:maj", "F#:maj"]
    values = [worth(Chord.of("C"), Chord.of(label)) for label in order]
    assert values == sorted(values, reverse=True)
    assert values[1] > 0.8
    assert values[-2] < 0  # the subdominant is another chord


def test_one_set_of_tones_under_two_roots_is_almost_the_same():
    assert worth(Chord.of("C:maj6"), Chord.of("A:min7")) == worth(Chord.of("C:dim7"), Chord.of("Eb:dim7")) == 0.9


# Alignment


@given(few, lengths, few, lengths)
@settings(deadline=None)
def test_scores_are_those_of_the_slow_twin_in_every_key(a, wa, b, wb):
    x, y = sides(a, wa, b, wb)
    twin = [local_score(x.chords, weights(x), y.transposed(key).chords, weights(y), worth, *COSTS) for key in range(12)]
    assert chord_scores(x, y) == pytest.approx(twin)


@given(few, lengths, few, lengths)
@settings(deadline=None)
def test_a_located_passage_has_the_score_that_its_pairs_have(a, wa, b, wb):
    x, y = sides(a, wa, b, wb)
    found = chord_passages(x, y, least=1e-6)
    scores = chord_scores(x, y)
    assert (scores.max() > 1e-6) == bool(found)
    if found:
        best = found[0]
        moved = y.transposed(best.transposition)
        told = path_score(x.chords, weights(x), moved.chords, weights(y), best.pairs.tolist(), worth, *COSTS)
        assert best.score == pytest.approx(scores.max())
        assert best.score == pytest.approx(told)


@given(progressions, progressions, st.integers(0, 11))
@settings(deadline=None)
def test_a_transposition_only_turns_the_scores(a, b, k):
    assert np.roll(chord_scores(a, b), -k) == pytest.approx(chord_scores(a, b.transposed(k)))


@pytest.mark.parametrize("semitones", range(12))
def test_a_verse_is_found_in_another_key_inside_another_song(semitones):
    other = Progression.of(["F#:min", "B:7", "E:min", "A:7", "Bb:dim"])
    song = Progression((*other.chords, *VERSE.transposed(semitones).chords, *other.chords))
    found = chord_passages(Progression(VERSE.chords), song)[0]
    assert (found.a_start, found.a_end, found.b_start, found.b_end) == (0, 10, 5, 15)
    assert found.transposition == (-semitones) % 12
    assert found.score == 10


def test_annotators_who_differ_in_sevenths_and_passing_chords_still_agree():
    heard = Progression.of(["C:maj7", "C:maj6", "A:min7", "F", "G:sus4", "G", "C", "E", "Am", "D:min7", "G:9", "C"])
    found = chord_passages(Progression(VERSE.chords), heard)[0]
    assert found.transposition == 0
    assert found.b_start <= 1  # either of the first two varies the same chord
    assert found.b_end == 12
    assert found.score > 8.5


def test_a_passage_that_returns_is_found_again_elsewhere():
    bridge = ["F#:maj7", "B:min", "Eb:7", "G#:min"]
    song = Progression.of([*VERSE.labels, *bridge, *VERSE.labels])
    found = chord_passages(Progression(VERSE.chords), song, most=3)
    assert [(p.b_start, p.b_end) for p in found[:2]] == [(0, 10), (14, 24)]


def test_nothing_is_shared_with_nothing():
    empty = Progression(())
    assert chord_scores(empty, VERSE).tolist() == [0] * 12
    assert chord_passages(VERSE, empty) == ()
    assert above_chance(empty, VERSE).tolist() == [0] * 12
    with pytest.raises(InputError, match="one passage or more can be asked for; got 0"):
        chord_passages(VERSE, VERSE, most=0)


def test_unrelated_progressions_are_near_chance_and_the_same_is_far_above():
    rng = np.random.default_rng(440)
    degrees = ["C", "Dm", "Em", "F", "G", "Am"]

    def walk(n):
        return Progression.of([degrees[i] for i in rng.integers(6, size=n)]).transposed(int(rng.integers(12)))

    values = [float(above_chance(walk(60), walk(80)).max()) for _ in range(40)]
    assert -2 < np.median(values) < 1
    one = walk(70)
    assert float(above_chance(one, one.transposed(5)).max()) > max(values)


# Tonal pitch space


@pytest.mark.parametrize(
    ("chord", "distance"), [("C", 0), ("G", 5), ("F", 5), ("Am", 7), ("Em", 7), ("Dm", 8), ("B:dim", 8)]
)
def test_distances_within_a_key_are_lerdahls(chord, distance):  # Tonal Pitch Space, ch. 2
    assert chord_distance("C", chord, "C major") == distance


@pytest.mark.parametrize(
    ("chord", "key", "distance"),
    [("G", "G major", 7), ("F", "F major", 7), ("Am", "A minor", 7), ("Cm", "C minor", 7)],
)  # I of C to the tonic of another region
def test_distances_between_keys_are_lerdahls(chord, key, distance):
    assert chord_distance("C", chord, "C major", key) == distance


@given(chords, chords, st.integers(0, 11), st.booleans(), st.integers(0, 11))
def test_distances_are_the_same_in_all_keys(x, y, tonic, minor, k):
    moved = [Chord((c.root + k) % 12, c.quality) for c in (x, y)]
    here, there = Key(tonic, minor), Key((tonic + k) % 12, minor)
    assert chord_distance(x, y, here) == chord_distance(*moved, there)
    assert chord_distance(x, x, here) == 0


def test_no_chord_has_no_place():
    with pytest.raises(InputError, match="no chord has no place in tonal space"):
        chord_distance("C", "N")
    with pytest.raises(InputError, match="without chords has no place"):
        step_distance(VERSE, Progression.of(["N"]))
    assert from_tonic(Progression.of(["N", "G", "N", "C"]), Key(0)).tolist() == [5, 5, 5, 0]


@pytest.mark.parametrize(
    ("labels", "key"), [("C F G:7 C", "C major"), ("Am Dm E:7 Am", "A minor"), ("G C D:7 G Em Am D:7 G", "G major")]
)
def test_the_tonal_centre_is_the_key(labels, key):
    assert tonal_centre(Progression.of(labels.split())) == Key.of(key)


functions = st.lists(st.integers(0, 13), min_size=1, max_size=40)


@given(functions, functions)
@settings(deadline=None)
def test_the_least_area_is_that_of_the_slow_twin(f, g):
    short, long = sorted((f, g), key=len)
    mean, row, _ = least_areas(*(np.array([x], np.float32) for x in (short, long)), np.inf)
    assert row == 0
    assert mean == pytest.approx(least_area(f, g), abs=1e-5)


@given(st.integers(0, 11), st.sampled_from([1.0, 2.0, 0.5]))
@settings(deadline=None)
def test_a_verse_in_another_key_at_another_level_lies_at_0(k, ratio):
    other = Progression(VERSE.chords, VERSE.lengths / ratio).transposed(k)
    found = step_distance(VERSE, other, ratios=(1.0, 2.0, 0.5))
    assert (found.distance, found.transposition, found.ratio) == (0, (-k) % 12, ratio)


@given(few, lengths, few, lengths)
@settings(deadline=None)
def test_the_step_distance_is_the_same_in_both_orders(a, wa, b, wb):
    x, y = sides(["C", *a][:8], wa, ["F", *b][:8], wb)
    one, other = step_distance(x, y), step_distance(y, x)
    assert one.distance == pytest.approx(other.distance, abs=1e-5)


# Figures


@given(few)
def test_figures_are_those_of_the_slow_twin(labels):
    spoken = [Chord.of(x) for x in labels if x != "N"]
    kinds = {"maj": 0, "maj7": 0, "7": 0, "min": 1}
    twin = slow_figures([(c.root, kinds[c.quality]) for c in spoken], 3)
    base, codes = 12 * len(CLASSES), []
    for first, *steps in twin:
        code = first
        for interval, kind in steps:
            code = code * base + interval * len(CLASSES) + kind
        codes.append(code)
    assert codes_of(Progression(tuple(spoken)), 3).tolist() == codes


@given(progressions, progressions, st.integers(0, 11))
def test_the_cosine_of_figures_knows_no_key_and_no_order(a, b, k):
    value = chord_figures(a, b)
    assert 0 <= value <= 1
    assert value == pytest.approx(chord_figures(b.transposed(k), a))


def test_a_rare_turn_says_more_than_a_common_one():
    rare, common = "C F#:dim Eb Ab:min", "C F G C"
    one, other = (Progression.of(f"Em A D N {turn} N G A".split()) for turn in (rare, common))
    shared = [
        chord_figures(p, Progression.of(f"{turn} N Am Dm Am E Am".split()))
        for p, turn in ((one, rare), (other, common))
    ]
    assert shared[0] > shared[1] > 0


def test_silence_parts_figures():
    assert chord_figures(Progression.of(["C", "F", "N", "G", "C"]), Progression.of(["C", "F", "G", "C"])) == 0
