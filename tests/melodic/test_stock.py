"""What two tunes have in common whatever the order."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.errors import InputError
from versionmatch.melodic.stock import rhythm, steps, stocks
from versionmatch.melodic.tune import Tune


@st.composite
def tunes(draw):
    pitches = draw(st.lists(st.integers(40, 90), max_size=30))
    lengths = draw(st.lists(st.sampled_from([0.25, 0.5, 0.75, 1.0, 2.0]), min_size=len(pitches), max_size=len(pitches)))
    return Tune(pitches, np.cumsum([0.0, *lengths])[:-1][: len(pitches)], lengths)


def share(one, two):
    """Every draw from both, one by one."""
    met = [x == y for x in one for y in two]
    return sum(met) / len(met) if met else 0.0


def in_pairs(values):
    return list(pairwise(values))


def counted(a, b):
    intervals, ratios = [], []
    for tune in (a, b):
        pitches, spans = tune.pitches.tolist(), tune.spans.tolist()
        intervals.append(in_pairs([(y - x) % 12 for x, y in pairwise(pitches)]))
        ratios.append(in_pairs([round(2 * np.log2(y / x)) for x, y in pairwise(spans)]))
    raised = [share([p % 12 for p in a.pitches], [(p + key) % 12 for p in b.pitches]) for key in range(12)]
    return {"steps": share(*intervals), "pitches": max(raised), "rhythm": share(*ratios)}


@given(tunes(), tunes())
def test_each_is_the_share_of_all_draws_that_agree(a, b):
    assert stocks(a, b) == pytest.approx(counted(a, b))


@given(tunes(), tunes(), st.integers(-12, 12), st.sampled_from([0.5, 1.5, 2.0]))
def test_neither_key_nor_tempo_nor_octave_nor_side_counts(a, b, raised, slower):
    assert stocks(b, a) == pytest.approx(stocks(a, b))
    other = Tune(a.pitches + raised, a.onsets * slower, a.durations * slower)
    assert stocks(other, b) == pytest.approx(stocks(a, b))
    assert stocks(Tune(a.pitches, a.onsets, a.durations, octaves=False), b) == pytest.approx(stocks(a, b))


def test_a_tune_of_one_step_has_all_in_common_with_its_like_and_nothing_with_leaps():
    scale = Tune(np.arange(60, 70))
    assert stocks(scale, scale)["steps"] == 1.0
    assert stocks(scale, Tune([60, 66, 61, 68]))["steps"] == 0.0


def test_without_rhythm_nothing_is_said_of_it():
    untimed = Tune([60, 62, 64])
    assert "rhythm" not in stocks(untimed, Tune([60, 62, 64], [0, 1, 2], [1, 1, 1]))
    with pytest.raises(InputError, match="needs rhythm"):
        rhythm(untimed)


def test_two_notes_have_no_steps():
    assert steps(Tune([60, 62])).sum() == 0.0
    assert stocks(Tune([]), Tune([60, 62, 64])) == {"steps": 0.0, "pitches": 0.0}
