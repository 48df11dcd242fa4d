"""What the engine finds in the example recordings, against what was played."""

import json
from pathlib import Path

import numpy as np
import pytest

from versionmatch.align.oti import optimal_transposition
from versionmatch.align.passage import shared_passages
from versionmatch.jobs.opening import open_track

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TRUTH = json.loads((EXAMPLES / "truth.json").read_text(encoding="utf-8"))
PAIRS = np.array([(p["query_s"], p["reference_s"]) for p in TRUTH["correspondence"]])


@pytest.fixture(scope="module")
def tracks():
    return tuple(open_track(EXAMPLES / TRUTH[side]) for side in ("query", "reference"))


@pytest.fixture(scope="module")
def passages(tracks):
    query, reference = tracks
    chroma = query["chroma"], reference["chroma"]
    return shared_passages(
        *chroma, transposition=optimal_transposition(*chroma), onsets=(query["onsets"], reference["onsets"])
    )


def section(side, label):
    found = next(s for s in TRUTH["recordings"][TRUTH[side]]["sections"] if s["label"] == label)
    return found["start_s"], found["end_s"]


def covered(passages, side, span):
    """Share of a stretch that lies in passages at the pieces' main transposition."""
    times = np.linspace(*span, 200)
    inside = np.zeros(200, dtype=bool)
    for p in passages:
        if p.transposition == TRUTH["transposition"]:
            inside |= (times >= getattr(p.span, f"{side}_start_s")) & (times <= getattr(p.span, f"{side}_end_s"))
    return inside.mean()


def test_the_keys_are_those_that_were_played(tracks):
    for track, side in zip(tracks, ("query", "reference"), strict=True):
        assert track["key"].labels == (TRUTH["recordings"][TRUTH[side]]["key"],)


def test_the_transposition_is_that_of_the_arrangements(tracks):
    found = optimal_transposition(tracks[0]["chroma"], tracks[1]["chroma"])
    assert found == TRUTH["transposition"] % 12


def test_the_tempo_ratio_is_that_of_the_arrangements(passages):
    seconds = np.array([p.span.query_duration_s for p in passages])
    ratios = np.array([p.tempo_ratio for p in passages])
    assert np.average(ratios, weights=seconds) == pytest.approx(TRUTH["tempo_ratio"], rel=0.03)


@pytest.mark.parametrize("label", ["verse 1", "chorus 1", "chorus 2"])
def test_a_section_that_both_play_is_found_in_both(passages, label):
    assert covered(passages, "query", section("query", label)) > 0.9
    assert covered(passages, "reference", section("reference", label)) > 0.9


def test_what_only_one_plays_is_not_aligned_by_force(passages):
    assert covered(passages, "query", section("query", "verse 2")) < 0.2
    assert covered(passages, "reference", section("reference", "intro")) < 0.4


def test_bars_that_correspond_are_aligned_within_a_tenth_of_a_second(passages):
    errors = []
    for query_s, reference_s in PAIRS:
        here = [p for p in passages if p.span.query_start_s <= query_s <= p.span.query_end_s]
        found = [np.interp(query_s, *p.path_s.T) for p in here if p.transposition == TRUTH["transposition"]]
        errors.append(min((abs(f - reference_s) for f in found), default=np.inf))
    assert np.median(errors) <= 0.1
    assert np.quantile(errors, 0.9) <= 0.25
