"""Passages that two tunes share, one after another, and how often unrelated works share as strong a one."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.naive_located import telling_score
from versionmatch.errors import InputError, IntegrityError
from versionmatch.melodic.chance import KINDS, SCHEMA, chances
from versionmatch.melodic.located import LEAST, MOST, line_of, located, occurrences, scores_by_key
from versionmatch.melodic.located_kernels import telling_path, telling_scores
from versionmatch.melodic.passage import ALIKE, LEFT_OUT
from versionmatch.melodic.tune import Tune

MOTIF = [60, 67, 64, 65, 71, 62, 69, 60]
OTHER = [55, 55, 57, 59, 60, 60, 59, 57, 55, 62, 60, 55]


def column(values, dtype):
    return np.array(values, dtype=dtype)


@st.composite
def lines(draw):
    n = draw(st.integers(1, 9))
    row = lambda values: draw(st.lists(values, min_size=n, max_size=n))  # noqa: E731
    return row(st.integers(0, 11)), row(st.sampled_from([0.5, 1.0, 1.5])), row(st.integers(-6, 6))


def columns(line):
    return column(line[0], np.int32), column(line[1], np.float64), column(line[2], np.int32)


@given(lines(), lines())
def test_scores_are_those_of_the_slow_twin_in_every_key(one, other):
    found = telling_scores(*columns(one), *columns(other), ALIKE, 0.25, LEFT_OUT)
    raised = [[(p + key) % 12 for p in other[0]] for key in range(12)]
    twin = [telling_score(*one, r, *other[1:], ALIKE[12:24], 0.25, LEFT_OUT) for r in raised]
    assert found == pytest.approx(twin)


@given(lines(), lines(), st.randoms(use_true_random=False))
def test_a_path_has_the_best_score_runs_forward_and_avoids_what_is_used(one, other, random):
    a, b = columns(one), columns(other)
    free = np.zeros(a[0].size, bool), np.zeros(b[0].size, bool)
    score, pairs = telling_path(*a, *b, ALIKE, 0.25, LEFT_OUT, *free)
    assert score == pytest.approx(telling_scores(*a, *b, ALIKE, 0.25, LEFT_OUT)[0])
    assert (np.diff(pairs, axis=0) > 0).all()
    assert (a[0][pairs[:, 0]] == b[0][pairs[:, 1]]).all()
    used = tuple(np.array([random.random() < 0.5 for _ in side]) for side in free)
    less, others = telling_path(*a, *b, ALIKE, 0.25, LEFT_OUT, *used)
    assert less <= score + 1e-9
    assert not (used[0][others[:, 0]] & used[1][others[:, 1]]).any()


def test_a_motif_that_comes_twice_in_one_tune_is_found_twice_and_in_the_keys_it_is_in():
    one = Tune([*OTHER, *MOTIF, *OTHER[::-1], *(p + 5 for p in MOTIF)])
    found = located(line_of(one), line_of(Tune(MOTIF)), least_notes=8)
    assert sorted((f.key, f.pairs[0, 0]) for f in found) == [(0, 12), (5, 32)]
    assert occurrences(line_of(Tune(MOTIF)), line_of(one)) == 2
    assert occurrences(line_of(Tune(MOTIF)), line_of(Tune(OTHER))) == 0


def test_an_ornament_is_left_out_and_the_passage_goes_on():
    plain, turned = Tune(MOTIF), Tune([60, 67, 64, 65, 66, 65, 71, 62, 69, 60])
    [found] = located(line_of(plain), line_of(turned))
    assert found.pairs[:, 0].tolist() == list(range(8))
    assert found.pairs[[0, -1], 1].tolist() == [0, 9]


def test_the_same_rhythm_makes_a_passage_stronger_and_another_weaker():
    def of(lengths):
        return line_of(Tune(MOTIF, np.cumsum(lengths) - lengths, lengths))

    dotted, reverse = np.array([3, 1, 3, 1, 2, 2, 3, 1.0]), np.array([1, 3, 1, 3, 2, 2, 1, 3.0])
    score = [
        float(scores_by_key(of(dotted), other).max()) for other in (of(2 * dotted), line_of(Tune(MOTIF)), of(reverse))
    ]
    assert score[0] > score[1] > score[2]


@pytest.mark.parametrize("pitches", [[], [60], [60] * 5])
def test_short_and_empty_tunes_share_no_passage(pitches):
    assert located(line_of(Tune(pitches)), line_of(Tune(MOTIF))) == ()
    assert occurrences(line_of(Tune(pitches)), line_of(Tune([]))) == 0


@given(st.lists(st.integers(40, 90), max_size=30))
def test_weights_stay_within_their_bounds(pitches):
    line = line_of(Tune(pitches))
    assert len(line) == len(pitches)
    assert ((line.weights >= LEAST) & (line.weights <= MOST)).all()


@given(st.sampled_from(KINDS), st.integers(6, 2000), st.integers(6, 2000), st.floats(0, 60), st.floats(0, 60))
def test_a_stronger_passage_is_never_likelier_and_no_chance_is_below_one_in_all(kind, n, m, one, other):
    known = chances()[kind]
    low, high = sorted((one, other))
    assert 1 / (known.tail(n, m).n_pairs + 1) <= known.p_value(high, n, m) <= known.p_value(low, n, m) <= 1
    assert known.p_value(one, n, m) == known.p_value(one, m, n)


@given(st.sampled_from(KINDS), st.integers(6, 2000), st.integers(6, 2000), st.floats(0.001, 0.5))
def test_above_the_least_score_the_chance_is_allowed_and_below_it_is_not(kind, n, m, p):
    known = chances()[kind]
    least = known.least_score(p, n, m)
    assert known.p_value(least + 1e-6, n, m) <= p < known.p_value(least - 1e-3, n, m)


def test_between_longer_works_the_same_passage_is_likelier():
    known = chances()["scores"]
    assert known.p_value(9.0, 40, 40) < known.p_value(9.0, 400, 400)


def test_no_notes_and_impossible_chances():
    known = chances()["recordings"]
    assert known.p_value(9.0, 0, 10) == 1
    assert math.isinf(known.least_score(1e-9, 100, 100))


def test_chances_that_are_not_there_or_of_another_kind_are_named(tmp_path):
    with pytest.raises(InputError, match=r"no melodic chances 'nothing'; the shipped ones are 'melody-statistics-v1'"):
        chances("nothing")
    (tmp_path / "chance.json").write_text("{")
    with pytest.raises(IntegrityError, match="cannot be read"):
        chances(str(tmp_path))
    other = tmp_path / "other"
    other.mkdir()
    (other / "chance.json").write_text(json.dumps({"schema": "something/9"}))
    with pytest.raises(IntegrityError, match=rf"schema 'something/9', this version reads {SCHEMA}"):
        chances(str(other))
