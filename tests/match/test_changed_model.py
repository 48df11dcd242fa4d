"""Probabilities of a changed element: a softmax over what is kept, and a file that is checked."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.errors import IntegrityError
from versionmatch.match.changed_model import ANSWERS, ChangedModel, Weights, load

LAYERS = ("bass", "line", "middle", "moving", "onsets")
shares = st.floats(-1, 1)


def test_odds_are_weighed_layers_by_name():
    weights = Weights([0.0, 0.0, 0.0, 1.0], [[-2.0, 0.0], [0.0, -2.0], [0.0, 0.0], [0.0, 0.0]])
    model = ChangedModel("m", {"a+b": weights}, {})
    found = model.probabilities({"b": 0.5, "a": 1.0})
    assert list(found) == list(ANSWERS) == ["melody", "harmony", "rhythm", "none"]
    assert found["none"] / found["rhythm"] == pytest.approx(2.718281828)
    assert found["melody"] / found["rhythm"] == pytest.approx(2.718281828**-2)
    assert found["harmony"] / found["rhythm"] == pytest.approx(2.718281828**-1)


def test_other_layers_have_no_probabilities():
    assert load().probabilities({"bass": 1.0}) == {}
    assert load().probabilities({}) == {}


@given(st.fixed_dictionaries(dict.fromkeys(LAYERS, shares)))
def test_probabilities_sum_to_one(kept):
    found = load().probabilities(kept)
    assert sum(found.values()) == pytest.approx(1.0)
    assert min(found.values()) >= 0


def test_where_all_is_kept_nothing_was_changed():
    assert load().probabilities(dict.fromkeys(LAYERS, 1.0))["none"] > 0.9


@pytest.mark.parametrize(
    ("lost", "changed"), [(("line",), "melody"), (("bass", "middle"), "harmony"), (("onsets",), "rhythm")]
)
def test_the_layer_that_is_lost_names_the_element(lost, changed):
    found = load().probabilities(dict.fromkeys(LAYERS, 0.9) | dict.fromkeys(lost, 0.0))
    assert max(found, key=lambda name: found[name]) == changed


def test_the_file_is_read_back():
    again = ChangedModel.of_json(load().to_json())
    kept = dict.fromkeys(LAYERS, 0.5)
    assert again.probabilities(kept) == load().probabilities(kept)
    assert (again.id, again.to_json()) == (load().id, load().to_json())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema": "other/1"}, "has schema 'other/1'"),
        ({"answers": ["melody"]}, "this version reads"),
        ({"choices": {"bass": {"intercept": [0.0] * 4, "weights": [[0.0]]}}}, "is damaged"),
        ({"choices": None}, "is damaged"),
    ],
)
def test_a_damaged_file_is_refused(change, told):
    with pytest.raises(IntegrityError, match=told):
        ChangedModel.of_json(json.dumps(json.loads(load().to_json()) | change))
