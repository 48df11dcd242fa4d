import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.errors import InputError
from versionmatch.web.assets import json_block
from versionmatch.web.markup import Markup, details, element, join, number, table
from versionmatch.web.png import data_uri, encode, ramp


@given(st.text())
def test_no_text_opens_an_element(text):
    assert element("p", text).count("<") == 2
    assert element("p", title=text).count('"') == 2


def test_markup_is_not_escaped_twice():
    assert element("p", element("b", "&")) == "<p><b>&amp;</b></p>"


def test_children_may_be_nested_and_absent():
    assert join("a", None, ["b", [Markup("<br>")]]) == "ab<br>"


def test_a_table_has_a_header_for_every_row_and_column():
    text = table(("x", "y"), [("1", "2")], caption="c")
    assert text.count('scope="col"') == 2
    assert text.count('scope="row"') == 1


def test_an_open_detail_says_so():
    assert details("more", "text", open_=True).startswith("<details open>")


@given(st.floats(-1e6, 1e6))
def test_a_number_is_right_to_three_decimals(value):
    assert float(number(value)) == pytest.approx(value, abs=5.01e-4)


@given(st.text())
def test_json_in_a_page_never_ends_its_script(text):
    block = json_block({"title": text})
    assert "<" not in block
    assert "&" not in block


def test_an_image_can_be_read_by_another_decoder(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow decodes the image for comparison")
    levels = (np.arange(7 * 5).reshape(7, 5) % 16).astype(np.uint8)
    path = tmp_path / "x.png"
    path.write_bytes(encode(levels, ramp((0, 0, 0, 255), (150, 150, 150, 255))))
    pixels = np.asarray(image.open(path).convert("RGBA"))[..., 0]
    np.testing.assert_array_equal(pixels, 10 * levels)


def test_values_out_of_range_are_drawn_at_the_end_of_the_ramp():
    palette = ramp((0, 0, 0, 0), (9, 9, 9, 255))
    assert data_uri(np.array([[-3.0, 7.0]]), palette) == data_uri(np.array([[0.0, 1.0]]), palette)


def test_a_level_without_colour_is_refused():
    with pytest.raises(InputError, match="level 3 has no colour in a palette of 2"):
        encode(np.array([[3]], np.uint8), [(0, 0, 0, 255)] * 2)


def test_an_image_without_pixels_is_refused():
    with pytest.raises(InputError, match="an image needs"):
        encode(np.zeros((0, 3), np.uint8), [(0, 0, 0, 255)])
