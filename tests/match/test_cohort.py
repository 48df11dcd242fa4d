"""A pair's own null."""

from versionmatch.match.cohort import beside, cohort_nulls
from versionmatch.match.cues.harmony import HarmonyCue
from versionmatch.testing import example_tracks
from versionmatch.types import Evidence


class Constant:
    """A hub is as like to all as to its version: nothing of that is unusual for it."""

    name, needs = "constant", ()

    def __init__(self, table):
        self.table = table

    def compare(self, query, reference):
        return Evidence("constant", self.table[query, reference], "unit", size=1)


def test_what_is_usual_for_a_hub_is_not_unusual():
    likeness = {("hub", "b"): 0.9} | {("hub", i): 0.9 for i in range(9)} | {(i, "b"): 0.1 for i in range(9)}
    cue = Constant(likeness)
    null = cohort_nulls([cue], "hub", "b", range(9), corpus="nine others")
    found = beside(cue.compare("hub", "b"), null)
    assert found.p_value == 10 / 19  # the hub's nine are as alike
    assert found.null.n_pairs == 18
    assert found.null.corpus == "9 recordings of nine others, beside A and beside B"


def test_a_version_stands_out_beside_strangers():
    song, version, stranger = example_tracks()
    cue = HarmonyCue()
    null = cohort_nulls([cue], song, version, [stranger], corpus="one other")
    assert beside(cue.compare(song, version), null).p_value == 1 / 3


def test_without_strangers_there_is_no_null():
    found = Evidence("constant", 0.5, "unit", size=1)
    assert beside(found, cohort_nulls([Constant({})], "a", "b", [], corpus="none")) is found
