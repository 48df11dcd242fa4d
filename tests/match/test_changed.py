"""Which element was changed: a matter of what is kept of each, measured by what the same would give."""

from types import SimpleNamespace

import numpy as np
import pytest

from versionmatch.match.changed import KEPT, changed_element, kept_elements
from versionmatch.match.null import null_of
from versionmatch.types import Control, ElementScore, Evidence

NULL = null_of("unrelated", np.linspace(0.0, 2.0, 101))  # its median is 1
OWN = {"harmony": 11.0, "melody": 21.0, "rhythm": 5.0}


def match(kept, *, elements=(), controls=True, null=NULL, p_value=None, scores=False):
    """A match whose cues lie that share of the way from chance to themselves."""
    evidence = tuple(
        Evidence(name, 1.0 + share * (OWN[name] - 1.0), "u", element=name, null=null, p_value=p_value)
        for name, share in kept.items()
    )
    told = tuple(Control("self", name, OWN[name], True, "") for name in OWN) if controls else ()
    side = SimpleNamespace(is_score=scores)
    tracks = {"query_track": {}, "reference_track": {}}
    return SimpleNamespace(evidence=evidence, elements=elements, controls=told, query=side, reference=side, **tracks)


def test_measures_of_notes_are_asked_between_scores_alone():
    """A machine hears other notes when other instruments play the same."""
    tune = Evidence("tune", 1.0, "u", element="melody", null=NULL, size=50)
    of_scores, of_sound = (match({"melody": 0.8}, scores=scores) for scores in (True, False))
    told = (Control("self", "tune", 21.0, True, ""), Control("self", "melody", 21.0, True, ""))
    for made in (of_scores, of_sound):
        made.evidence, made.controls = (*made.evidence, tune), told
    assert kept_elements(of_scores)["melody"] == pytest.approx(0.4)
    assert kept_elements(of_sound)["melody"] == pytest.approx(0.8)


def test_what_is_kept_lies_between_chance_and_identity():
    kept = {"harmony": 0.5, "melody": 1.0, "rhythm": 0.0}
    assert kept_elements(match(kept)) == pytest.approx(kept)


@pytest.mark.parametrize("changed", ["harmony", "melody", "rhythm"])
def test_the_element_that_kept_least_was_changed(changed):
    assert changed_element(match({name: 0.2 if name == changed else 0.8 for name in OWN})) == changed


def test_where_all_keep_about_as_much_none_was_changed():
    assert changed_element(match({"harmony": 0.6, "melody": 0.5, "rhythm": 0.55})) == "none"
    assert changed_element(match({"harmony": 1.0, "melody": KEPT + 0.01, "rhythm": 1.0})) == "none"


def test_one_element_alone_says_nothing_of_the_others():
    assert changed_element(match({"melody": 0.1})) == "none"


def test_above_identity_and_below_chance_are_cut():
    assert kept_elements(match({"harmony": 1.7, "melody": -0.4})) == {"harmony": 1.0, "melody": 0.0}


def test_only_the_cues_that_an_element_adds_up_count():
    score = ElementScore("melody", 3.0, {"tunes": 3.0}, 0.5)
    assert set(kept_elements(match({"harmony": 0.5, "melody": 0.5}, elements=(score,)))) == {"harmony"}


def test_without_features_and_controls_the_p_value_stands_in():
    found = kept_elements(match({"harmony": 0.5}, controls=False, p_value=1 / 102))
    assert found["harmony"] == pytest.approx(1.0)
    assert kept_elements(match({"harmony": 0.5}, controls=False, p_value=1.0))["harmony"] == pytest.approx(0.0)


def test_a_cue_without_a_null_is_not_measured():
    assert kept_elements(match({"harmony": 0.5}, null=None)) == {}
