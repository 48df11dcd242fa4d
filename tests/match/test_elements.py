"""Shares that sum to the score exactly."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.match.calibrate import Logistic
from versionmatch.match.elements import element_scores, log_odds, strengths
from versionmatch.match.nulls import NullTable
from versionmatch.types import Evidence, Null

NULL = Null("made pairs", 999, np.linspace(0, 1, 11))
EMPTY = NullTable("empty", {}, {}, {})


def found(cue, element, p):
    return Evidence(cue, 0.5, "unit", element=element, p_value=p, null=NULL, size=9)


probabilities = st.floats(1e-3, 1.0)


@given(st.lists(st.tuples(st.sampled_from(["melody", "harmony", "rhythm"]), probabilities), min_size=1, max_size=12))
def test_the_parts_sum_to_the_element_and_the_elements_to_the_whole(measures):
    evidence = [found(f"cue{i}", element, p) for i, (element, p) in enumerate(measures)]
    *elements, overall = element_scores(evidence, EMPTY, "scores")
    for score in elements:
        assert math.fsum(score.parts.values()) == score.nats
    assert math.fsum(s.nats for s in elements) == overall.nats
    assert overall.nats == pytest.approx(-sum(math.log(p) for _, p in measures))
    assert math.fsum(s.share for s in elements) == pytest.approx(1.0 if overall.nats else 0.0)
    assert dict(overall.parts) == {s.element: s.nats for s in elements}


def test_an_element_that_says_more_has_the_larger_share():
    melody, harmony, overall = element_scores(
        [found("tune", "melody", 0.001), found("chords", "harmony", 0.1)], EMPTY, "scores"
    )
    assert (melody.element, harmony.element, overall.element) == ("melody", "harmony", "overall")
    assert melody.share == pytest.approx(0.75)


def test_cues_of_no_element_or_without_a_null_are_left_out():
    embedding = Evidence("embedding", 0.9, "of 1", p_value=0.001, null=NULL)
    bare = Evidence("tune", 0.9, "unit", element="melody", size=3)
    assert element_scores([embedding, bare], EMPTY, "scores") == ()


def embedding(p):
    return Evidence("embedding", 0.9, "of 1", p_value=p, null=NULL)


ODDS = {"scores": {"embedding+melody": Logistic(-2.0, {"embedding": 0.5, "melody": 1.5})}}


def test_log_odds_are_a_sum_of_parts_against_what_chance_gives():
    """A −ln p of 1 is what chance gives on average: such evidence leaves the odds at those of the prior."""
    table = NullTable("test", {}, {}, {}, ODDS)
    usual = [found("tune", "melody", math.exp(-1)), embedding(math.exp(-1))]
    parts = log_odds(usual, element_scores(usual, table, "scores"), table, "scores")
    assert parts == pytest.approx({"prior": 0.0, "embedding": 0.0, "melody": 0.0})
    sure = [found("tune", "melody", 1e-3), embedding(1e-3)]
    parts = log_odds(sure, element_scores(sure, table, "scores"), table, "scores")
    assert sum(parts.values()) == pytest.approx(-2.0 + 2.0 * math.log(1000))


def test_an_element_counts_once_however_many_measures_it_has():
    one = [found("tune", "melody", 0.01)]
    two = [*one, found("pmi", "melody", 0.01)]
    told = [strengths(e, element_scores(e, EMPTY, "scores")) for e in (one, two)]
    assert told[0]["melody"] == pytest.approx(told[1]["melody"])


def test_kinds_and_choices_without_odds_have_none():
    table = NullTable("test", {}, {}, {}, ODDS)
    evidence = [found("tune", "melody", 0.01)]
    scores = element_scores(evidence, table, "scores")
    assert log_odds(evidence, scores, table, "scores") is None
    assert log_odds([*evidence, embedding(0.1)], scores, table, "recordings") is None
    again = NullTable.of_files(table.to_files())
    assert again.odds == table.odds
