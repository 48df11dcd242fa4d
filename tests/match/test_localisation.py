import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.errors import InputError
from versionmatch.match.localisation import Truth, best_answer, iou, overlap
from versionmatch.types import Passage, Span


def passage(a0, a1, b0, b1, transposition=0, tempo=1.0):
    path = np.array([[a0, b0], [a1, b1]], float)
    return Passage(Span(a0, a1, b0, b1), path, ("harmony",), 0.9, transposition, tempo)


TRUTH = Truth(Span(10, 30, 50, 75), 2, 1.25)

spans = st.tuples(st.floats(0, 100), st.floats(1, 50), st.floats(0, 100), st.floats(1, 50)).map(
    lambda v: Span(v[0], v[0] + v[1], v[2], v[2] + v[3])
)


def test_the_passage_itself_answers_without_error():
    answer = best_answer([passage(10, 30, 50, 75, 2, 1.25)], TRUTH)
    assert (answer.iou, answer.errors_s, answer.transposition_right) == (1.0, (0, 0, 0, 0), True)
    assert answer.tempo_error == pytest.approx(0)


def test_the_side_that_fares_worse_counts():
    assert iou(Span(0, 10, 0, 10), Span(0, 10, 5, 15)) == pytest.approx(1 / 3)
    assert iou(Span(0, 10, 0, 10), Span(0, 10, 20, 30)) == 0


def test_the_best_of_several_speaks_and_the_others_are_counted():
    found = [passage(0, 5, 0, 5), passage(12, 30, 52, 75, -10, 1.2), passage(12, 20, 0, 8)]
    answer = best_answer(found, TRUTH)
    assert answer.errors_s == (2, 0, 2, 0)
    assert answer.transposition_right  # 12 semitones are the same pitch classes
    assert answer.tempo_error == pytest.approx(0.04)
    assert answer.further == 2


def test_what_meets_on_one_side_only_is_no_answer():
    assert best_answer([passage(10, 30, 80, 100)], TRUTH) is None
    assert best_answer([], TRUTH) is None


def test_what_the_truth_does_not_say_is_not_judged():
    answer = best_answer([passage(10, 30, 50, 75, 5, 2.0)], Truth(TRUTH.span))
    assert (answer.transposition_right, answer.tempo_error) == (None, None)


def test_an_empty_truth_is_refused():
    with pytest.raises(InputError, match="must last longer than 0 s"):
        best_answer([], Truth(Span(1, 1, 2, 3)))


@given(spans, spans)
def test_iou_is_symmetric_and_between_none_and_all(one, other):
    assert iou(one, other) == pytest.approx(iou(other, one))
    assert 0 <= iou(one, other) <= 1
    assert iou(one, one) == pytest.approx(1)


@given(spans, spans)
def test_overlap_is_never_longer_than_either(one, other):
    a, b = (one.query_start_s, one.query_end_s), (other.query_start_s, other.query_end_s)
    assert 0 <= overlap(a, b) <= min(a[1] - a[0], b[1] - b[0]) + 1e-9
