"""The melodic measures as cues: textbook tunes, keys, sizes, and what they say where there is nothing to compare."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.naive_located import contour_score
from versionmatch.align.contour_kernels import contour_passage
from versionmatch.jobs.opening import open_track
from versionmatch.match.cues.contour import ALIKE, WAIT, ContourCue, contour_of
from versionmatch.match.cues.notes import (
    FiguresCue,
    IdentityCue,
    IntervalsCue,
    OrnamentedCue,
    TuneCue,
    TverskyCue,
)
from versionmatch.types import Annotation, Features, Notes

HEAD = "X:1\nT:Tune\nM:4/4\nL:1/4\nQ:1/4=120\nK:{}\n"
TWINKLE = "CCGG|AAG2|FFEE|DDC2|"
TWINKLE_IN_G = "GGdd|eed2|ccBB|AAG2|"
JACQUES = "CDEC|CDEC|EFG2|EFG2|"
CUES = (IdentityCue, FiguresCue, TverskyCue, IntervalsCue, OrnamentedCue, TuneCue)


def score(music, key="C"):
    return open_track((HEAD.format(key) + music).encode())


@pytest.mark.parametrize("cue", CUES)
def test_a_tune_in_another_key_is_the_same_tune_and_another_tune_is_less(cue):
    found = cue().compare(score(TWINKLE), score(TWINKLE_IN_G, "G"))
    assert found.raw == pytest.approx(cue().compare(score(TWINKLE), score(TWINKLE)).raw)
    assert found.raw > cue().compare(score(TWINKLE), score(JACQUES)).raw >= 0
    assert (found.transposition, found.element, found.size) == (5, "melody", 14)
    assert found.spans[0].query_end_s == pytest.approx(8)


@pytest.mark.parametrize("cue", CUES)
def test_with_too_few_notes_there_is_nothing_to_compare(cue):
    found = cue().compare(score("CDEF|"), score(TWINKLE))
    assert (found.raw, found.spans, found.size) == (0, (), 0)
    assert found.notes == ("too few notes to compare in one of the two",)


@pytest.mark.parametrize("cue", CUES)
def test_a_sketch_gives_what_a_comparison_gives(cue):
    a, b = score(TWINKLE), score(JACQUES)
    row = cue().by_key(cue().sketch(a), cue().sketch(b))
    assert row.tolist() == [cue().compare(a, b).raw] * 12 + [0]


def test_a_wrong_note_of_four_leaves_three_quarters_identical():
    found = IdentityCue().compare(score("CDEF|CDEF|"), score("CDEF|CD^DF|"))
    assert found.raw == pytest.approx(87.5)
    assert "88 % of the notes are the same" in found.notes[0]


def test_a_phrase_in_a_longer_tune_has_its_figures_there_and_not_the_other_way_round():
    found = TverskyCue().compare(score(TWINKLE), score(TWINKLE + "e^Gf^A|^c_B=AE|"))
    assert found.details["share_of_query"] == 1 == found.raw
    assert 0 < found.details["share_of_reference"] < 1


def test_intervals_are_located_and_a_passage_need_not_be_all():
    found = IntervalsCue().compare(score("e^Gf^A|" + TWINKLE), score(TWINKLE + "^c_B=AE|"))
    assert found.raw == 13
    assert (found.spans[0].query_start_s, found.spans[0].reference_start_s) == (2, 0)


def test_an_ornamented_tune_is_found_by_its_plain_notes():
    plain, turned = score(TWINKLE), score("C/D/C/B,/G/A/G|A/B/AG2|F/G/FE/F/E|D/E/DC2|")
    found = OrnamentedCue().compare(plain, turned)
    assert found.raw > 2 * OrnamentedCue().compare(plain, score(JACQUES)).raw


def test_without_rhythm_the_ornamented_cue_has_nothing_to_compare_and_the_tune_has():
    notes = Notes(np.arange(8.0), np.ones(8), [60, 62, 64, 65, 67, 69, 71, 72], np.ones(8))
    track = {"notes": notes, "beats": Annotation("beats", [], [], (), [], facts={"tempo_bpm": 0.0})}
    found = OrnamentedCue().compare(track, track)
    assert (found.raw, found.notes) == (0, ("the rhythm of one of the two is not known",))
    assert TuneCue().compare(track, track).raw > 0


def test_the_tune_has_a_chance_where_both_are_written_and_none_where_one_is_heard():
    written = score(TWINKLE + JACQUES)
    notes = written["notes"]
    heard = {"notes": Notes(notes.onset_s, notes.duration_s, notes.pitch, notes.confidence), "beats": written["beats"]}
    assert TuneCue().compare(written, score(TWINKLE_IN_G + JACQUES, "G")).details["p_value"] < 0.05
    assert "p_value" not in TuneCue().compare(written, heard).details


symbols = st.lists(st.integers(0, 36), min_size=1, max_size=10)


@given(symbols, symbols)
def test_the_contours_passage_is_that_of_the_slow_twin(a, b):
    score, a0, a1, b0, b1 = contour_passage(np.array(a, np.uint8), np.array(b, np.uint8), ALIKE, WAIT)
    assert score == pytest.approx(contour_score(a, b, ALIKE, WAIT))
    if score > 0:
        assert contour_score(a[a0:a1], b[b0:b1], ALIKE, WAIT) == pytest.approx(score)


def sung(pitches, note_s=0.6, rate=50.0, vibrato=0.0):
    n = int(note_s * rate)
    line = np.repeat(np.asarray(pitches, float), n)
    line = line + vibrato * np.sin(2 * np.pi * 5.5 * np.arange(line.size) / rate)
    return {"melody": Features("melody", np.stack([line, np.full(line.size, 0.9)]).astype(np.float32), rate)}


RNG = np.random.default_rng(440)
LINE = 60 + np.array([0, 2, 4, 5, 7, 9, 11])[RNG.integers(0, 7, 60)]
ANOTHER = 60 + np.array([0, 2, 4, 5, 7, 9, 11])[RNG.integers(0, 7, 60)]


def test_vibrato_octave_errors_tuning_and_another_key_leave_a_contour_as_it_is():
    slips = LINE + 12 * (np.arange(60) % 7 == 3)
    found = ContourCue().compare(sung(slips + 3.3, vibrato=0.4), sung(LINE))
    own, other = (ContourCue().compare(sung(LINE), sung(side)).raw for side in (LINE, ANOTHER))
    assert found.transposition == 3
    assert found.raw > 0.8 * own > 2 * other


def test_a_slower_contour_still_agrees_and_lies_where_it_is():
    slow = ContourCue().compare(sung(np.append(ANOTHER[:20], LINE), 0.75), sung(LINE))
    assert slow.raw > 2 * ContourCue().compare(sung(ANOTHER, 0.75), sung(LINE)).raw
    assert slow.spans[0].query_start_s == pytest.approx(15, abs=1.5)
    assert slow.size == pytest.approx(36)


def test_held_notes_and_rests_say_no_more_than_a_moment():
    assert len(contour_of(sung([60], 30.0)["melody"]).symbols) == 5
    rest = {"melody": Features("melody", np.zeros((2, 500), np.float32), 50.0)}
    assert len(contour_of(rest["melody"]).symbols) == 2
    found = ContourCue().compare(rest, sung(LINE))
    assert (found.raw, found.notes) == (0, ("too little melody to compare in one of the two",))
    assert ContourCue().by_key(ContourCue().sketch(rest), ContourCue().sketch(sung(LINE))).tolist() == [0] * 13
