"""Controls: what must stand out does, what must not does not, and a claim that fails is withheld."""

import numpy as np

from versionmatch.match.controls import controls
from versionmatch.match.cues.harmony import HarmonyCue
from versionmatch.match.cues.rhythm import RhythmCue
from versionmatch.match.graded import GradedNull
from versionmatch.match.nulls import NullTable
from versionmatch.match.withheld import withheld
from versionmatch.testing import example_tracks
from versionmatch.types import Evidence, Null

NULLS = {"stock": GradedNull({"size": 1.0}, ((0.0, Null("made pairs", 999, np.linspace(0, 0.5, 201))),))}
TABLE = NullTable("test", {"recordings": NULLS}, {}, {})


class StockOfPitches:
    """How alike the stocks of pitch classes are: a likeness that no order changes."""

    name, element, needs = "stock", "melody", ("notes",)

    def compare(self, query, reference):
        a, b = (np.bincount(np.round(t["notes"].pitch).astype(int) % 12, minlength=12) for t in (query, reference))
        return Evidence(
            "stock", float(np.minimum(a, b).sum() / max(a.sum(), b.sum())), "share", element="melody", size=9
        )


def asked(cue, query, reference):
    return TABLE.apply(cue.compare(query, reference), "recordings")


def test_a_likeness_of_stock_alone_is_withheld():
    song = example_tracks()[0]
    cue = StockOfPitches()
    made = controls([cue], [asked(cue, song, song)], song, song, TABLE, "recordings")
    assert [c.name for c in made] == ["self", "self", "reversed", "blocks shuffled", "notes shuffled"]
    assert [c.passed for c in made] == [True, True, False, False, False]
    assert "does not lie in the order" in withheld(made)["stock"]
    assert "stock:" not in withheld(made)["stock"]  # the cue is the key


def test_a_side_with_itself_is_not_excused_by_its_own_stock():
    """What a tune has in common with itself by its steps is no chance: it stands beside the null of the pair."""
    song, other, _ = example_tracks()
    nulls = [(-9.0, Null("unlike stocks", 999, np.linspace(0, 0.5, 201))), (-1.0, Null("one stock", 999, [0.0, 2.0]))]
    table = NullTable("test", {"recordings": {"figures": GradedNull({"steps": 1.0}, tuple(nulls))}}, {}, {})

    class Figures:
        name, element, needs = "figures", "melody", ("notes",)

        def compare(self, query, reference):
            same = query is reference
            chance = {"steps": 1.0 if same else 0.01}
            return Evidence("figures", 1.0 if same else 0.2, "share", element="melody", size=9, chance=chance)

    cue = Figures()
    pair = table.apply(cue.compare(song, other), "recordings")
    selves = [c for c in controls([cue], [pair], song, other, table, "recordings") if c.name == "self"]
    assert [c.passed for c in selves] == [True, True]
    assert table.apply(cue.compare(song, song), "recordings").p_value > 0.4


def test_without_a_claim_nothing_is_withheld():
    """A likeness that is usual claims nothing that could be refuted."""
    song, _, _ = example_tracks()
    cue = StockOfPitches()
    usual = Evidence("stock", 0.2, "share", element="melody", size=9, p_value=0.6)
    made = controls([cue], [usual], song, song, TABLE, "recordings")
    assert withheld(made) == {}


def test_a_shared_progression_survives_its_controls():
    song, version, _ = example_tracks()
    cue = HarmonyCue()
    made = controls([cue], [cue.compare(song, version)], song, version, TABLE, "recordings")
    assert {c.cue for c in made} == {"harmony"}
    assert all(c.passed for c in made)


def test_periodicities_have_no_direction_and_are_only_compared_with_themselves():
    song, version, _ = example_tracks()
    cue = RhythmCue()
    made = controls([cue], [cue.compare(song, version)], song, version, TABLE, "recordings")
    assert {c.name for c in made} == {"self"}


def test_what_found_nothing_has_no_controls():
    song = example_tracks()[0]
    assert (
        controls([HarmonyCue()], [Evidence("harmony", 0.0, "", element="harmony")], song, song, TABLE, "scores") == ()
    )


def test_controls_are_the_same_each_time():
    song, version, _ = example_tracks()
    cue = HarmonyCue()
    found = [cue.compare(song, version)]
    first, again = (controls([cue], found, song, version, TABLE, "recordings") for _ in range(2))
    assert first == again
