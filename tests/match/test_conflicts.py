"""A hand-made catalogue whose every contradiction is known."""

from hypothesis import given
from hypothesis import strategies as st

from versionmatch.match.clusters import Cluster
from versionmatch.match.conflicts import Named, conflicts
from versionmatch.tables import CONFLICTS

GOOD, OTHER, THIRD = "GBAYE0601498", "USRC17607839", "FRZ039800212"
MENTIONS = [
    Named("r1", "one.mp3", {"isrc": GOOD}),
    Named("r2", "two.mp3", {"isrc": "GB-AYE-06-01498"}),  # the same number, another recording
    Named("r3", "three.flac", {"isrc": OTHER, "iswc": "T-034.524.680-1"}),
    Named("r4", "four.ogg", {"isrc": THIRD}),  # the same recording as r3
    Named("r5", "list.csv, row 6, column isrc", {"isrc": "GBAYE06O1498"}),  # a letter for a digit
    Named("r6", "six.mp3", {"iswc": "T-034.524.680-2", "title": "not a number"}),
]
CLUSTERS = (Cluster(("r3", "r4"), 0.99),)


def kinds(found):
    return [(c.kind, c.number, c.recording_ids) for c in found]


def test_every_contradiction_is_found_and_nothing_else():
    assert kinds(conflicts(MENTIONS, CLUSTERS)) == [
        ("invalid_id", "isrc", ("r5",)),
        ("invalid_id", "iswc", ("r6",)),
        ("missing_id", "isrc", ("r6",)),
        ("one_audio_many_ids", "isrc", ("r3", "r4")),
        ("one_id_many_audio", "isrc", ("r1", "r2")),
    ]


def test_two_files_of_one_recording_may_share_their_number():
    found = conflicts(
        [Named("r1", "a", {"isrc": GOOD}), Named("r2", "b", {"isrc": GOOD})], (Cluster(("r1", "r2"), 1.0),)
    )
    assert found == ()


def test_works_people_and_releases_may_have_many_recordings():
    numbers = {"isrc": GOOD, "upc": "036000291452", "ipi": "00017798450", "iswc": "T-034.524.680-1"}
    found = conflicts([Named("r1", "a", numbers), Named("r2", "b", {**numbers, "isrc": OTHER})])
    assert found == ()


def test_where_a_wrong_number_stands_and_what_would_be_right_is_told():
    wrong = next(c for c in conflicts(MENTIONS) if c.number == "iswc")
    assert wrong.sources == ("six.mp3",)
    assert "would be 1" in wrong.about


@given(st.permutations(MENTIONS))
def test_the_order_of_the_files_changes_nothing(mentions):
    assert conflicts(mentions, CLUSTERS) == conflicts(MENTIONS, CLUSTERS)


def test_every_conflict_fits_the_table():
    for found in conflicts(MENTIONS, CLUSTERS):
        CONFLICTS.checked(found.row())
