"""Numbers of the industry: published examples, and every single mistyped digit found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.errors import InputError
from versionmatch.identifiers import KINDS, normalised, problem

PUBLISHED = {
    "isrc": ["GBAYE0601498", "USRC17607839", "FR-Z03-98-00212"],
    "iswc": ["T-034.524.680-1", "T-000.000.001-0"],
    "isni": ["0000 0001 2103 2683", "0000-0002-1825-0097", "0000 0001 2150 090X"],
    "ipi": ["00017798450", "17798450"],
    "upc": ["036000291452", "4006381333931", "73513537"],
}


@pytest.mark.parametrize(("kind", "text"), [(k, t) for k, texts in PUBLISHED.items() for t in texts])
def test_published_numbers_are_right_and_normalising_twice_changes_nothing(kind, text):
    once = normalised(kind, text)
    assert once == normalised(kind, once)
    assert once.isalnum()


def test_every_kind_shows_a_right_example():
    assert all(problem(kind, known.example) is None for kind, known in KINDS.items())


@given(st.sampled_from(["isni", "upc"]), st.data())
def test_any_single_wrong_digit_is_noticed(kind, data):
    text = normalised(kind, data.draw(st.sampled_from(PUBLISHED[kind])))
    at = data.draw(st.sampled_from([i for i, c in enumerate(text) if c.isdigit()]))
    wrong = text[:at] + data.draw(st.sampled_from("0123456789".replace(text[at], ""))) + text[at + 1 :]
    assert problem(kind, wrong) is not None


def test_an_iswc_notices_a_wrong_digit_where_its_weight_and_ten_have_no_common_factor():
    text = "T0345246801"
    for place in (1, 3, 7, 9):
        for by in range(1, 10):
            wrong = text[:place] + str((int(text[place]) + by) % 10) + text[place + 1 :]
            assert problem("iswc", wrong) is not None


@given(st.integers(0, 10), st.integers(1, 9))
def test_any_single_wrong_digit_of_an_ipi_is_noticed(at, by):
    text = "00017798450"
    wrong = text[:at] + str((int(text[at]) + by) % 10) + text[at + 1 :]
    assert problem("ipi", wrong) is not None


def test_the_right_check_digit_is_told():
    with pytest.raises(InputError, match=r"'T-034\.524\.680-2' ends in the check digits 2.*they would be 1"):
        normalised("iswc", "T-034.524.680-2")


@pytest.mark.parametrize("text", ["", "GBAYE06014", "1BAYE0601498", "GBAYE06O1498X"])
def test_another_form_is_told_with_an_example(text):
    with pytest.raises(InputError, match="has not the form of an ISRC; one looks like GBAYE0601498"):
        normalised("isrc", text)


def test_an_unknown_kind_lists_the_known_ones():
    with pytest.raises(InputError, match="no kind of number 'isbn'; there are: isrc, iswc, isni, ipi, upc"):
        normalised("isbn", "9783161484100")


def test_prefixes_and_punctuation_of_all_sorts_are_taken_off():
    assert normalised("isrc", "ISRC GB-AYE-06-01498") == "GBAYE0601498"
    assert normalised("isrc", "isrc: gbaye0601498") == "GBAYE0601498"
    assert normalised("isni", "0000‑0001‑2103‑2683") == "0000000121032683"
