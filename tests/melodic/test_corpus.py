"""One passage against many lines, and how unusual its best place is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.naive_prior import best_local, discovery_rates
from versionmatch.errors import InputError
from versionmatch.melodic import pitch_passage
from versionmatch.melodic.corpus import Lines, line_scores, place_in
from versionmatch.melodic.rarity import (
    BINS,
    CONTROLS,
    Chance,
    Searched,
    bins_of,
    null_counts,
    p_values,
    q_values,
    reversed_intervals,
)
from versionmatch.melodic.tune import Tune

pitches = st.lists(st.integers(55, 80), min_size=1, max_size=12)


def walks(n: int, length: int, seed: int = 440) -> list[Tune]:
    rng = np.random.default_rng(seed)
    return [Tune(60 + np.cumsum(rng.choice([-4, -2, -1, 1, 2, 3, 5], length))) for _ in range(n)]


def searched_of(lines: Lines) -> Searched:
    every = np.arange(len(lines))
    return Searched(lines.classes, lines.starts, every, every)


@given(pitches, st.lists(pitches, min_size=1, max_size=4))
def test_the_score_of_each_line_is_that_of_the_slow_twin(passage, others):
    lines = Lines.of([Tune(o) for o in others])
    score, _ = line_scores(Tune(passage), lines.classes, lines.starts, np.arange(len(lines)))
    assert score == pytest.approx([best_local(passage, o) for o in others])


@given(pitches, pitches)
def test_the_place_has_the_score_of_pitch_passage_and_holds_what_it_says(passage, line):
    a, b = Tune(passage), Tune(line)
    lines = Lines.of([b])
    score, key = line_scores(a, lines.classes, lines.starts, np.arange(1))
    place = place_in(a, b, int(key[0]))
    assert place.score == pytest.approx(score[0]) == pytest.approx(pitch_passage(a, b)[0].score)
    assert place.identical <= min(place.a_end - place.a_start, place.b_end - place.b_start)
    assert place.score <= place.identical + 1e-9


@pytest.mark.parametrize("semitones", range(-6, 7))
def test_a_passage_is_placed_in_any_key(semitones):
    tune = walks(1, 40)[0]
    part = Tune(tune.pitches[11:20] + semitones)
    lines = Lines.of([tune])
    _, key = line_scores(part, lines.classes, lines.starts, np.arange(1))
    place = place_in(part, tune, int(key[0]))
    assert (place.b_start, place.b_end, place.identical) == (11, 20, 9)
    assert place.key == semitones % 12


def test_a_note_put_in_leaves_all_notes_the_same():
    part, line = Tune([60, 62, 64, 67, 65]), Tune([72, 60, 62, 63, 64, 67, 65, 72])
    place = place_in(part, line, 0)
    assert (place.identical, place.b_start, place.b_end) == (5, 1, 7)
    assert place.score == pytest.approx(5 - 1.1)


def test_reversing_intervals_twice_gives_the_tune_again():
    tune = walks(1, 12)[0]
    twice = reversed_intervals(reversed_intervals(tune))
    assert twice.pitches.tolist() == tune.pitches.tolist()
    assert reversed_intervals(Tune([])).pitches.size == 0


def test_chance_grows_with_the_length_of_a_work():
    notes = np.array([50, 100, 200, 400] * 10)
    scores = 2 + 0.5 * np.log(notes)
    chance = Chance.fitted(scores, notes)
    assert (chance.at, chance.slope) == pytest.approx((2.0, 0.5))
    assert chance.heights(scores + chance.spread, notes) == pytest.approx(np.ones(40))


def test_works_of_one_length_have_no_slope():
    assert Chance.fitted(np.array([3.0, 5.0]), np.array([40, 40])).slope == 0.0


def test_p_values_count_what_comes_as_high():
    counts = np.bincount(bins_of(np.array([0.0, 1.0, 2.0, 3.0])), minlength=BINS)
    assert p_values(np.array([2.5, 0.5, 9.0]), counts) == pytest.approx([2 / 5, 4 / 5, 1 / 5])


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=12))
def test_q_values_are_those_of_the_slow_twin(p):
    assert q_values(np.array(p)) == pytest.approx(discovery_rates(p))


def test_passages_that_nobody_wrote_are_seldom_beyond_chance():
    lines = Lines.of(walks(220, 60))
    searched = searched_of(lines)
    counts = null_counts(11, lines, searched, range(len(lines)), seed=440, workers=1)
    assert counts.sum() == CONTROLS * len(lines)
    p = []
    for stranger in walks(20, 11, seed=7):
        scores = searched.best(stranger)
        p.append(p_values(Chance.of(stranger, searched).heights(scores, searched.notes), counts))
    beyond = [bool((q_values(each) <= 0.05).any()) for each in p]
    assert sum(beyond) <= 3
    assert 0.02 < float((np.concatenate(p) <= 0.05).mean()) < 0.1


def test_a_null_does_not_depend_on_threads():
    lines = Lines.of(walks(30, 30))
    one, four = (null_counts(8, lines, searched_of(lines), range(30), seed=440, workers=w) for w in (1, 4))
    assert (one == four).all()
    assert not null_counts(31, lines, searched_of(lines), range(30), seed=440).any()


def test_lines_whose_starts_do_not_fit_are_refused():
    with pytest.raises(InputError, match="starts of lines ascend"):
        Lines(np.zeros(3, np.int32), np.array([0, 4]))
