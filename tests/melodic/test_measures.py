"""Melodic measures: textbook cases, slow twins, and laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.naive_melodic import identities, local_score, ornamented_score
from versionmatch.errors import InputError
from versionmatch.melodic import (
    Tune,
    figure_cosine,
    ornamented_passage,
    percent_identity,
    pitch_passage,
    rhythm_passage,
    shared_passage,
    shares,
)
from versionmatch.melodic.figures import figures, tversky
from versionmatch.melodic.identity import SCORES
from versionmatch.melodic.melodic_kernels import identities_by_key, local_scores, local_steps, ornamented
from versionmatch.melodic.passage import ALIKE, LEFT_OUT, pitch_passage_score
from versionmatch.melodic.rhythm import ratios, weights

classes = st.lists(st.integers(0, 11), min_size=1, max_size=12)
pitches = st.lists(st.integers(48, 72), min_size=1, max_size=24)
FRERE_JACQUES = [60, 62, 64, 60, 60, 62, 64, 60, 64, 65, 67, 64, 65, 67]
TWINKLE = [60, 60, 67, 67, 69, 69, 67, 65, 65, 64, 64, 62, 62, 60]


def ints(values):
    return np.array(values, dtype=np.int32)


def even(pitches, step=1.0):
    return Tune(pitches, np.arange(len(pitches)) * step, np.full(len(pitches), step))


@given(classes, classes)
def test_identities_are_those_of_the_slow_twin_in_every_key(a, b):
    ours = identities_by_key(ints(a), ints(b), *SCORES)
    assert ours.tolist() == [identities(a, [(p + key) % 12 for p in b], *SCORES) for key in range(12)]


@given(classes, classes, st.sampled_from([(1.0, -1.2, 0.5, 1.0), (1.0, -1.0, 0.0, 1.0), (2.0, -1.0, 1.0, 0.5)]))
def test_local_alignment_is_that_of_the_slow_twin(a, b, settings):
    assert local_steps(ints(a), ints(b), *settings)[0] == pytest.approx(local_score(a, b, *settings))


@given(classes, classes)
def test_the_score_of_pitches_is_that_of_the_slow_twin_in_every_key(a, b):
    twin = [
        ornamented_score(a, [1] * len(a), [(p + key) % 12 for p in b], [1] * len(b), ALIKE[12:24], 1, 0, LEFT_OUT, 0)
        for key in range(12)
    ]
    assert local_scores(ints(a), ints(b), ALIKE, LEFT_OUT) == pytest.approx(twin)


@given(classes, classes, st.randoms(use_true_random=False))
def test_ornamented_alignment_is_that_of_the_slow_twin(a, b, random):
    wa, wb = ([random.choice([0.5, 1, 2]) for _ in x] for x in (a, b))
    ours = ornamented(ints(a), np.array(wa), ints(b), np.array(wb), ALIKE, 4, 0.5, 0.7, 0.4)
    assert ours[0] == pytest.approx(ornamented_score(a, wa, b, wb, ALIKE[12:24], 4, 0.5, 0.7, 0.4))


@given(pitches, st.integers(-24, 24))
def test_a_transposed_tune_is_wholly_identical(tune, key):
    moved = Tune([p + key for p in tune])
    assert percent_identity(Tune(tune), moved) == 100
    assert pitch_passage_score(Tune(tune), moved) == len(tune)
    assert shared_passage(Tune(tune), moved).score == len(tune) - 1
    assert figure_cosine(Tune(tune), moved) == pytest.approx(1.0 if len(tune) > 4 else 0.0)


@given(pitches, pitches)
def test_the_order_of_two_tunes_does_not_count(a, b):
    x, y = Tune(a), Tune(b)
    assert percent_identity(x, y) == percent_identity(y, x)
    assert shared_passage(x, y).score == pytest.approx(shared_passage(y, x).score)
    assert figure_cosine(x, y) == pytest.approx(figure_cosine(y, x))
    assert pitch_passage(x, y)[0].score == pytest.approx(pitch_passage(y, x)[0].score)


@given(pitches, pitches)
def test_the_share_of_one_tune_is_the_other_share_from_the_other_side(a, b):
    assert shares(Tune(a), Tune(b)) == pytest.approx(shares(Tune(b), Tune(a))[::-1])


def test_identity_of_two_notes_in_four_with_a_gap():
    # C D E F against C D F: a gap costs 18 and the mismatch of its alternative is dearer still
    assert percent_identity(Tune([60, 62, 64, 65]), Tune([60, 62, 65])) == pytest.approx(100 * 2 * 3 / 7)


def test_a_phrase_inside_another_tune_is_located_in_both():
    phrase = TWINKLE[:7]
    whole = [55, 58, 57, 50, 54, *(p + 3 for p in phrase), 51, 64, 53]
    found = shared_passage(Tune(phrase), Tune(whole))
    assert (found.a_start, found.a_end, found.b_start, found.b_end) == (0, 7, 5, 12)
    assert found.score == 6
    place, key = pitch_passage(Tune(phrase), Tune(whole))
    assert (place.b_start, place.b_end, key) == (5, 12, 9)


def test_a_gap_of_two_costs_less_when_it_is_one_gap():
    one = shared_passage(Tune(TWINKLE), Tune([*TWINKLE[:7], 72, *TWINKLE[7:]]), gap_onset=2, gap_extension=0.1)
    assert (one.a_end, one.b_end) == (14, 15)


def test_a_tune_inside_another_is_shared_wholly_from_its_side():
    ours, theirs = shares(Tune(TWINKLE), Tune([*TWINKLE, *FRERE_JACQUES]))
    assert ours == 1
    assert 0.3 < theirs < 0.8


def test_equal_weights_of_tversky_are_jaccards_index_by_rarity():
    x, y = figures(Tune(TWINKLE)), figures(Tune(TWINKLE[:9]))
    assert tversky(x, y) == pytest.approx(y.idf.sum() / x.idf.sum())


def test_rare_figures_weigh_more_than_common_ones():
    scale, odd = [60, 62, 64, 65, 67], [60, 71, 61, 66, 58]
    common, rare = figures(Tune(scale)), figures(Tune(odd))
    assert rare.idf[0] > common.idf[0]


def test_pitch_classes_and_intervals_can_be_compared_with_notes():
    notes, bare = Tune(TWINKLE), Tune.of_pitch_classes([p % 12 for p in TWINKLE])
    steps = Tune.of_intervals(np.diff(TWINKLE).tolist())
    for other in (bare, steps):
        assert percent_identity(notes, other) == 100
        assert figure_cosine(notes, other) == pytest.approx(1)
        assert shared_passage(notes, other).score == 13


def test_an_octave_leap_is_another_interval_unless_octaves_are_unknown():
    leap = [60, 74, 64, 65]
    assert shared_passage(Tune([60, 62, 64, 65]), Tune(leap)).score == 1
    assert shared_passage(Tune([60, 62, 64, 65]), Tune.of_pitch_classes([p % 12 for p in leap])).score == 3


def test_measures_of_rhythm_say_that_rhythm_is_missing():
    with pytest.raises(InputError, match=r"needs rhythm.*give it onsets and durations"):
        ornamented_passage(Tune(TWINKLE), even(TWINKLE))
    with pytest.raises(InputError, match="needs rhythm"):
        rhythm_passage(Tune(TWINKLE), Tune(TWINKLE))


def test_an_ornamented_note_answers_to_the_plain_one():
    plain = even(TWINKLE)
    notes = [[i, 1, p] for i, p in enumerate(TWINKLE)]
    notes[6:7] = [[6, 0.25, 67], [6.25, 0.25, 69], [6.5, 0.5, 67]]
    turned = Tune.of_notes([[t, d, p + 5] for t, d, p in notes])
    passage, key = ornamented_passage(plain, turned)
    assert (passage.a_start, passage.a_end, passage.b_start, passage.b_end, key) == (0, 14, 0, 16, 7)


@given(pitches, st.sampled_from([0.5, 1.0, 2.0]))
def test_a_rhythm_is_the_same_at_any_tempo(tune, step):
    assert rhythm_passage(even(tune), even(tune, step)).score == len(tune) - 1


def test_a_dotted_rhythm_has_its_ratios():
    assert ratios(Tune([60] * 4, [0, 1.5, 2, 3], [1] * 4)).tolist() == [-3, 2, 0]


def test_notes_on_the_beat_and_long_notes_weigh_most():
    found = weights(Tune([60, 62, 64, 65], [0, 2, 2.5, 3], [2, 0.5, 0.5, 1]))
    assert np.argsort(found).tolist() == [2, 1, 3, 0]


def test_an_empty_tune_shares_nothing():
    nothing, tune = Tune([]), even(TWINKLE)
    assert percent_identity(nothing, tune) == 0
    assert figure_cosine(tune, nothing) == 0
    assert shared_passage(nothing, tune).score == pitch_passage(tune, nothing)[0].score == 0
