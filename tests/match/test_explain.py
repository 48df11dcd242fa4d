"""Passages, differences and summaries in plain words; coverage and agreement in numbers."""

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.errors import InputError
from versionmatch.features.view import Track
from versionmatch.match.agreement import chord_agreement, melody_agreement, tempo_range
from versionmatch.match.explain import (
    coverage,
    describe_passage,
    differences,
    gaps,
    summary_sentence,
)
from versionmatch.match.phrases import pitch_words, relation_words, tempo_words
from versionmatch.types import Annotation, Evidence, Feature, Features, Manifest, Match, Passage, Recording, Span

BANNED = re.compile(r"infring|plagiar|stolen|\bcopied|\bcopying", re.IGNORECASE)


def passage(q0: float, q1: float, r0: float, r1: float, transposition: int = 0) -> Passage:
    path = np.array([[q0, r0], [q1, r1]])
    return Passage(Span(q0, q1, r0, r1), path, ("harmony",), 0.9, transposition, (r1 - r0) / (q1 - q0))


def track(name: str, seconds: float, given: Mapping[str, Feature] | None = None) -> Track:
    return Track(Recording(name, name, seconds), given or {})


def chords(*entries: tuple[str, float]) -> Annotation:
    lengths = np.array([length for _, length in entries])
    starts = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    return Annotation("chords", starts, lengths, tuple(label for label, _ in entries), np.ones(len(entries)))


def key(label: str) -> Annotation:
    return Annotation("key", np.zeros(1), np.ones(1), (label,), np.ones(1))


def beats(bpm: float) -> Annotation:
    return Annotation("beats", np.zeros(0), np.zeros(0), (), np.zeros(0), facts={"tempo_bpm": bpm})


def match(passages: tuple[Passage, ...], relation: str) -> Match:
    a, b = Recording("a", "a.wav", 100.0), Recording("b", "b.wav", 100.0)
    manifest = Manifest("compare", {}, {}, "", {})
    return Match(a, b, relation, 0.5, (), 3, 0.8, passages, 0.5, 0.25, (), (), manifest, {}, {})


def test_a_passage_is_described_by_times_place_pitch_tempo_and_chords() -> None:
    query = track("a", 100.0, {"chords": chords(("C:maj", 10.0), ("A:min", 20.0))})
    reference = track("b", 200.0, {"chords": chords(("A:maj", 12.0), ("F#:min", 24.0))})
    told = describe_passage(passage(0, 30, 0, 36, 3), query, reference)
    assert told == (
        "A 0:00–0:30 corresponds to B 0:00–0:36 (30 s; in the first third of A, in the first third of B): "
        "A lies a minor third (3 semitones) higher and is 20 % faster; "
        "the chords agree in 100 % of the time, above all Am and C."
    )


def test_a_passage_of_tracks_without_chords_is_described_without_them_and_nothing_is_extracted() -> None:
    told = describe_passage(passage(0, 95, 0, 95), track("a", 100.0), track("b", 100.0))
    assert told == "A 0:00–1:35 corresponds to B 0:00–1:35 (95 s; nearly all of A, nearly all of B): " + (
        "both at the same pitch and tempo."
    )


def test_a_passage_that_stands_elsewhere_in_the_order_or_repeats_is_called_so() -> None:
    a, b = track("a", 100.0), track("b", 100.0)
    exchanged = passage(0, 40, 30, 70), passage(40, 70, 0, 30), passage(70, 100, 70, 100)
    assert "another place in the order" in describe_passage(exchanged[1], a, b, exchanged)
    assert "another place in the order" not in describe_passage(exchanged[0], a, b, exchanged)
    twice = passage(0, 50, 0, 50), passage(50, 70, 20, 40)
    assert "A repeats here" in describe_passage(twice[1], a, b, twice)


def test_the_differences_name_length_key_tempo_missing_parts_and_cuts() -> None:
    query = track("a", 90.0, {"key": key("D major"), "beats": beats(110.0)})
    reference = track("b", 120.0, {"key": key("C major"), "beats": beats(100.0)})
    told = differences(query, reference, [passage(10, 40, 0, 33, 2), passage(40, 85, 60, 109.5, 2)])
    assert "A lasts 1:30, B 2:00: A is 30 s shorter." in told
    assert "A is heard in D major, B in C major: in what they share, A lies a whole tone (2 semitones) higher." in told
    assert "In what they share, A is 10 % faster (about 110 against 100 beats per minute)." in told
    assert "No counterpart was found in B for these parts of A: 0:00–0:10 and 1:25–1:30 (15 s in all)." in told
    assert "At 0:40 A goes straight on, where B has 0:33–1:00 in between." in told


def test_the_differences_name_inserted_parts_changed_order_and_single_transpositions() -> None:
    a, b = track("a", 100.0), track("b", 100.0)
    told = " ".join(differences(a, b, [passage(0, 30, 0, 30), passage(50, 100, 30, 80, 1)]))
    assert "At 0:30 B goes straight on, where A has 0:30–0:50 in between." in told
    assert "A 0:00–0:30 lies a semitone lower against B than the other passages do." in told
    told = " ".join(differences(a, b, [passage(0, 40, 30, 70), passage(40, 70, 0, 30), passage(70, 100, 70, 100)]))
    assert "The order differs: A 0:40–1:10 (B 0:00–0:30)" in told


def test_times_of_excerpts_are_told_as_times_of_the_whole() -> None:
    told = " ".join(differences(track("a", 60.0), track("b", 60.0), [passage(10, 60, 0, 50)], offsets_s=(100.0, 200.0)))
    assert "this part of A: 1:40–1:50" in told
    assert "this part of B: 4:10–4:20" in told


def test_without_passages_the_differences_say_that_none_stood_out() -> None:
    told = differences(track("a", 60.0), track("b", 60.0), [])
    assert told == ("No passage was found that stands out from what unrelated recordings share by chance.",)


def test_of_a_single_line_no_chords_are_said_to_differ() -> None:
    """What a machine hears as chords in a bare line is its melody once more."""
    given = {"chords": chords(("C", 30.0), ("G", 30.0))}, {"chords": chords(("F", 30.0), ("D", 30.0))}
    song, other = (track(name, 60.0, found) for name, found in zip("ab", given, strict=True))

    class Line(dict):
        """A track whose chords are a machine's, not written."""

        recording = replace(other.recording, flags=("single_line",))

    line = Line(given[1])
    assert any("the chords differ" in told for told in differences(song, other, [passage(0, 60, 0, 60)]))
    assert not any("the chords differ" in told for told in differences(song, line, [passage(0, 60, 0, 60)]))


def test_a_cue_that_had_nothing_to_compare_is_told_with_the_differences() -> None:
    noted = Evidence("melody", 0.0, "share", notes=("too little melody to compare in one of the two",))
    assert "Melody: too little melody to compare in one of the two." in differences(
        track("a", 60.0), track("b", 60.0), [], [noted]
    )


def test_a_varying_tempo_relation_is_told() -> None:
    path = np.array([[0.0, 0.0], [30.0, 30.0], [60.0, 66.0]])
    bent = Passage(Span(0, 60, 0, 66), path, ("harmony",), 0.9, 0, 1.1)
    assert tempo_range([bent]) == pytest.approx((1.0, 1.2), abs=0.01)
    told = differences(track("a", 60.0), track("b", 66.0), [bent])
    assert "The tempo relation varies: A's speed lies between 1.00 and 1.20 times B's." in told


def test_chords_agree_where_root_and_third_do_in_the_querys_key() -> None:
    mine = chords(("G:7", 10.0), ("C:maj", 10.0), ("N", 10.0))
    theirs = chords(("F:maj", 10.0), ("Bb:min", 10.0), ("C:maj", 10.0))
    found = chord_agreement(mine, theirs, [passage(0, 30, 0, 30, 2)])
    assert found.share == pytest.approx(0.5, abs=0.01)
    assert found.seconds == pytest.approx(20, abs=0.2)
    assert found.common == ("G7",)


def test_melodies_agree_octaves_and_tuning_aside() -> None:
    pitch = np.tile([60.0, 64.0, 67.0, 65.0], 125).repeat(5)
    mine = Features("melody", np.stack([pitch + 12.3, np.ones(pitch.size)]), 50.0)
    theirs = Features("melody", np.stack([pitch - 5, (np.arange(pitch.size) < 1250).astype(float)]), 50.0)
    found = melody_agreement(mine, theirs, [passage(0, 50, 0, 50, 5)])
    assert found.share == 1.0
    assert found.seconds == pytest.approx(25, abs=0.2)
    assert melody_agreement(mine, theirs, [passage(0, 50, 0, 50, 0)]).share < 0.6


def test_coverage_counts_overlapping_passages_once() -> None:
    both = [passage(0, 30, 0, 30), passage(20, 50, 60, 90)]
    assert coverage(both, 100.0, "query") == pytest.approx(0.5)
    assert coverage(both, 100.0, "reference") == pytest.approx(0.6)
    assert gaps(both, 100.0, "reference") == ((30, 60), (90, 100.0))
    assert coverage([], 100.0, "query") == 0.0
    with pytest.raises(InputError, match="'left' is no side"):
        coverage(both, 100.0, "left")


spans = st.lists(st.tuples(st.floats(0, 90), st.floats(1, 60)), max_size=6)


@given(spans=spans)
def test_what_is_covered_and_the_gaps_make_up_the_whole(spans: list[tuple[float, float]]) -> None:
    held = [passage(start, min(100.0, start + length), 0, 10) for start, length in spans]
    missing = sum(end - start for start, end in gaps(held, 100.0, "query"))
    assert coverage(held, 100.0, "query") + missing / 100 == pytest.approx(1.0)


def test_the_summary_counts_passages_and_coverage() -> None:
    two = (passage(0, 20, 0, 10), passage(30, 60, 30, 45))
    assert summary_sentence(match(two, "version")) == (
        "A and B appear to be versions of one work: 2 shared passages cover 50 % of A and 25 % of B; "
        "A lies a minor third (3 semitones) higher and is 20 % slower."
    )
    assert "1 shared passage covers 50 %" in summary_sentence(match(two[:1], "related passage"))
    assert summary_sentence(match((), "unrelated")).endswith("no shared passage was found.")


@given(transposition=st.integers(-20, 20), ratio=st.floats(0.3, 3))
def test_words_for_pitch_and_tempo_are_neutral_and_never_empty(transposition: int, ratio: float) -> None:
    for told in (pitch_words(transposition), tempo_words(ratio), relation_words(transposition, ratio)):
        assert told
        assert not BANNED.search(told)
