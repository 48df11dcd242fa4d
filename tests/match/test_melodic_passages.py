"""Shared melodic passages of scores written for this test: where, in which key, how often, how common, how likely."""

import numpy as np
import pytest

from versionmatch.audio import synth
from versionmatch.errors import InputError
from versionmatch.features.view import Track
from versionmatch.jobs.opening import open_track
from versionmatch.match.melodic_passages import melodic_passages, melodic_shares
from versionmatch.types import Annotation, Notes, Recording

HEAD = "X:1\nT:Tune\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\n"
PLANTED = "G _e B/A/ f|E ^c d/_B/ ^F|"  # ten notes
RAISED = "A f ^c/B/ g|^F ^d e/c/ ^G|"  # a whole tone higher
TURNED = "G _e B/A/ f/g/|f/ E ^c d/_B/ ^F|"  # with two notes more
FIRST = "C E D C|G A G2|c B A G|F E D2|"
SECOND = "d d c B|A G A2|F G A B|c2 c2|"
THIRD = "e3 c|G3 E|A A c A|G4|"
FOURTH = "E/F/ G F E|D/E/ F E D|G B d B|c4|"


def score(*parts):
    return open_track((HEAD + "".join(parts)).encode())


def one(found):
    assert len(found) == 1
    return found[0]


def test_a_planted_passage_is_found_note_by_note_in_its_bars_and_its_key():
    found = one(melodic_passages(score(FIRST, PLANTED, THIRD), score(SECOND, FOURTH, RAISED)))
    assert found.notes[:, 0].tolist() == list(range(14, 24))
    assert (found.notes[:, 1] - found.notes[:, 0]).tolist() == [found.notes[0, 1] - 14] * 10
    assert found.transposition == -2
    assert found.bars == ((5, 6), (9, 10))
    assert (found.span.query_start_s, found.span.query_end_s) == pytest.approx((8, 12))
    assert (found.span.reference_start_s, found.span.reference_end_s) == pytest.approx((16, 20))
    assert found.path_s[:, 1] - found.path_s[:, 0] == pytest.approx(8)
    assert (found.similarity, found.tempo_ratio, found.elements) == (1, pytest.approx(1), ("melody",))
    assert found.p_value < 0.001
    assert found.times == (1, 1)


def test_the_sentence_says_where_how_high_how_often_and_how_common():
    found = one(melodic_passages(score(FIRST, PLANTED, THIRD), score(SECOND, FOURTH, RAISED)))
    assert found.sentence.startswith(
        "Ten notes of A 0:08–0:12 (bars 5–6, in the middle) answer ten of B 0:16–0:20 (bars 9–10, in the last third), "
        "B lowered by 2 semitones, both at the same tempo; the tune of it occurs once in A and once in B; "
    )
    assert " of 3,219 tunes" in found.sentence
    assert found.sentence.endswith(" % of cases.")
    assert (found.common.n_works, found.common.length) == (3219, 5)


def test_an_ornament_does_not_break_the_passage():
    found = one(melodic_passages(score(FIRST, PLANTED, THIRD), score(FOURTH, TURNED, SECOND)))
    assert found.notes[:, 0].tolist() == list(range(14, 24))
    assert 0.8 < found.similarity < 1
    assert found.p_value < 0.01


def test_a_passage_that_comes_twice_in_one_is_told_for_each_and_counted():
    found = melodic_passages(score(FIRST, PLANTED, THIRD, PLANTED), score(SECOND, RAISED))
    assert [p.bars[0] for p in found] == [(5, 6), (11, 12)]
    assert [p.bars[1] for p in found] == [(5, 6), (5, 6)]
    assert {p.times for p in found} == {(2, 1)}


def test_the_same_tune_twice_as_fast_has_the_ratio_of_the_speeds():
    quick = open_track((HEAD.replace("120", "240") + SECOND + RAISED).encode())
    found = one(melodic_passages(quick, score(FIRST, PLANTED)))
    assert found.tempo_ratio == pytest.approx(2, rel=0.05)
    assert "A is 100 % faster" in found.sentence


@pytest.mark.parametrize("query", [FIRST, SECOND])
@pytest.mark.parametrize("reference", [THIRD, FOURTH])
def test_unrelated_tunes_share_none(query, reference):
    assert melodic_passages(score(query), score(reference), max_p=0.01) == ()


def test_of_shuffled_notes_hardly_any_share_one():
    song, rng = score(FIRST, PLANTED, THIRD, SECOND), np.random.default_rng(440)
    notes, found = song["notes"], 0
    for _ in range(40):
        pitch = rng.permutation(notes.pitch)
        mixed = Notes(notes.onset_s, notes.duration_s, pitch, notes.confidence, settings=notes.settings)
        track = Track(song.recording, {"notes": mixed, "beats": song["beats"]})
        found += bool(melodic_passages(track, song, max_p=0.01))
    assert found <= 4


def test_shares_are_told_of_both_sides():
    whole, part = score(FIRST, PLANTED, THIRD), score(PLANTED)
    of_whole, of_part = melodic_shares(melodic_passages(whole, part), whole, part)
    assert of_part == 1
    assert of_whole == pytest.approx(10 / 33)
    assert melodic_shares((), whole, part) == (0, 0)


def test_what_is_exchanged_is_found_the_other_way_round():
    one_way = one(melodic_passages(score(FIRST, PLANTED), score(SECOND, RAISED)))
    back = one(melodic_passages(score(SECOND, RAISED), score(FIRST, PLANTED)))
    assert back.notes[:, ::-1].tolist() == one_way.notes.tolist()
    assert (back.transposition, back.p_value) == (2, one_way.p_value)


def test_a_recording_of_the_passage_is_found_in_a_score_by_another_table_of_chance():
    song = score(FIRST, PLANTED, RAISED, SECOND)
    columns = song["notes"].pitch + 3, song["notes"].onset_s, song["notes"].duration_s
    rows = [(float(p), float(t), float(d)) for p, t, d in zip(*columns, strict=True)]
    sound = synth.melody(rows, timbre="voice")
    played = open_track((sound.samples, sound.sr))
    found = melodic_passages(played, song)
    assert max(len(p.notes) for p in found) >= 25
    longest = max(found, key=lambda p: len(p.notes))
    assert (longest.transposition, longest.bars[0]) == (3, None)
    assert longest.bars[1] is not None
    assert longest.p_value < 0.01


def test_a_section_that_is_at_hand_is_named():
    song, other = score(FIRST, PLANTED), score(SECOND, RAISED)
    sections = Annotation("sections", [0, 8], [8, 8], ("A", "B"), [1, 1])
    named = Track(song.recording, {**{k: song[k] for k in ("notes", "beats")}, "sections": sections})
    assert "(bars 5–6, section B, in the last third)" in one(melodic_passages(named, other)).sentence


def test_too_few_notes_share_nothing_and_settings_are_checked():
    assert melodic_passages(score("CDEF|"), score("CDEF|")) == ()
    empty = Track(Recording("id", "silence", 5.0), {"notes": Notes([], [], [], []), "beats": score(FIRST)["beats"]})
    assert melodic_passages(empty, score(FIRST)) == ()
    assert melodic_shares((), empty, empty) == (0, 0)
    with pytest.raises(InputError, match=r"max_p lies above 0 and at most at 1.*got 0, 6, 12"):
        melodic_passages(score(FIRST), score(FIRST), max_p=0)


def test_the_same_pair_gives_the_same_passages():
    a, b = score(FIRST, PLANTED), score(SECOND, RAISED)
    first, again = melodic_passages(a, b), melodic_passages(a, b)
    assert [(p.sentence, p.p_value, p.notes.tolist()) for p in first] == [
        (p.sentence, p.p_value, p.notes.tolist()) for p in again
    ]
