"""Edits of one recording: chroma, in which they are nearly the same, is asked beside what a model hears."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.align.passage_path import COPY, Stretch, copies, fuller, held_s


def stretch(start_s, end_s, *, reference_s=0.0, in_chroma=0.8):
    """A straight stretch of a tempo ratio of 1."""
    times = np.arange(start_s, end_s + 0.05, 0.1)
    path = np.column_stack([times, times - start_s + reference_s])
    return Stretch(path, np.ones(times.size), path[[0, -1]], 0, 0.8, in_chroma=in_chroma)


def test_two_are_edits_of_one_recording_where_half_of_either_is_nearly_the_same():
    found = [stretch(0, 30), stretch(40, 60, reference_s=40)]
    assert copies(found, (60.0, 200.0))
    assert copies(found, (200.0, 60.0))
    assert not copies(found, (120.0, 200.0))


def test_a_version_that_is_found_whole_is_no_edit():
    assert not copies([stretch(0, 60, in_chroma=COPY - 0.01)], (60.0, 60.0))
    mixed = [stretch(0, 25), stretch(25, 60, reference_s=25, in_chroma=0.4)]
    assert not copies(mixed, (60.0, 60.0))
    assert not copies([], (60.0, 60.0))


def test_the_answer_that_holds_more_of_both_is_preferred_and_the_first_where_they_are_alike():
    part, whole, longer = [stretch(0, 40)], [stretch(0, 60)], [stretch(0, 61)]
    assert fuller(part, whole) is whole
    assert fuller(whole, part) is whole
    assert fuller(whole, longer) is whole
    assert fuller([], part) is part


def test_a_repeat_holds_more_of_the_query_alone():
    once, twice = [stretch(0, 40)], [stretch(0, 40), stretch(40, 80)]
    assert [held_s(twice, axis) for axis in (0, 1)] == pytest.approx([80.0, 40.0])
    assert fuller(once, twice) is twice


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), max_size=6))
def test_seconds_held_are_those_of_the_slow_twin(spans):
    found = [stretch(start, start + length) for start, length in spans]
    inside = {second for start, length in spans for second in range(start, start + length)}
    assert held_s(found, 0) == pytest.approx(len(inside), abs=1e-6)
