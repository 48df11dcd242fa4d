import re
from dataclasses import replace

import numpy as np
import pytest

from versionmatch.export.text import TextExporter, probability_in_words, tempo_in_words, transposition_in_words
from versionmatch.types import Control, Null

UNWANTED = re.compile(r"infring|plagiar|stolen|copied|copying", re.IGNORECASE)


def test_the_summary_fits_a_terminal_of_a_hundred_columns(match, unrelated):
    long = replace(match, differences=("A word after another " * 20,), query=replace(match.query, title="Title " * 40))
    for some in (match, unrelated, long):
        assert max(len(line) for line in some.explain().splitlines()) <= 100


def test_the_summary_says_what_was_found(match):
    text = match.explain()
    for words in (
        "relation              version",
        "very probably (0.97)",
        "B lies 4 semitones above A (shown lowered by 4)",
        "A is 17 % faster than B (ratio 1.167)",
        "80 % of A, 55 % of B",
        "P1  A 0:02–0:08  =  B 0:06–0:13",
        "The verse, in another harmony.",
        "A has a verse at 0:08–0:14 that B repeats from its first.",
        "Unrelated pairs: 4,000 of dev/covers.",
        "Without a null distribution: rhythm.",
        "B♭ major, 96 bpm",
    ):
        assert words in text


def test_each_element_has_its_value_its_percentile_and_its_p(match):
    row = next(line for line in match.explain().splitlines() if line.startswith("harmony"))
    assert row.split() == ["harmony", "8.5", "cells", "of", "Qmax", "85.0", "%", "<", ".001"]


def test_few_unrelated_pairs_are_said_to_be_too_few(match):
    few = Null("dev/anthems", 40, np.linspace(0, 1, 11))
    told = replace(match, evidence=(replace(match.evidence[0], null=few),)).explain()
    assert "40 pairs are insufficient for a statement on rarity." in told


def test_where_nothing_is_shared_the_summary_says_so(unrelated):
    text = unrelated.explain()
    assert "none found" in text
    assert "no statement: the sound does not allow one" in text
    assert "tempo  " not in text


def test_the_words_are_neutral_and_the_limits_are_stated(match, unrelated):
    for some in (match, unrelated):
        assert not UNWANTED.search(some.explain())
        assert "Lyrics, timbre and production were not compared." in some.explain().replace("\n  ", " ")


def test_colour_is_off_unless_asked_for(match):
    assert "\033[" not in match.explain()
    coloured = TextExporter(colour=True).document(match)
    assert re.sub(r"\033\[\d+m", "", coloured) == match.explain()
    assert "\033[34m" in coloured


@pytest.mark.parametrize(
    ("probability", "words"),
    [(1.0, "almost certainly (above 0.99)"), (0.5, "possibly (0.50)"), (0.0, "almost certainly not (below 0.01)")],
)
def test_a_probability_has_its_wording(probability, words):
    assert probability_in_words(probability) == words


def test_one_semitone_is_singular_and_a_slower_query_is_slower():
    assert transposition_in_words(1) == "B lies 1 semitone below A (shown raised by 1)"
    assert tempo_in_words(0.8) == "A is 20 % slower than B (ratio 0.800)"


def test_what_is_shared_comes_before_how_it_was_measured(match):
    text = match.explain()
    assert text.index("Shared passages") < text.index("Differences") < text.index("measure  ")


def test_controls_that_came_out_as_they_must_are_counted_and_the_others_told(match):
    made = (
        Control("self", "harmony", 1.0, True, "A with itself stands out, as it must."),
        Control("self", "melody", 1.0, True, "A with itself stands out, as it must."),
        Control("reversed", "melody", 1.0, False, "A is no less alike to B from its end to its beginning."),
    )
    text = replace(match, controls=made).explain()
    assert "self: 2 as they must be (harmony, melody)" in text
    assert "reversed, melody: NOT as it must be. A is no less alike" in text
    assert "A with itself" not in text
