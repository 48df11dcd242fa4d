"""All formats: one tune is one tune, content decides, and what is broken is named."""

import doctest
import io
import random
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scores.written import TUNE, attributes, musicxml, mxl, note, tune_as
from versionmatch.errors import InputError, LimitError
from versionmatch.scores.midi import read_midi
from versionmatch.scores.reading import READERS, format_of, read_score

FORMATS = ("midi", "musicxml", "mxl", "abc", "kern", "csv")
SUFFIX = {"midi": ".mid", "musicxml": ".musicxml", "mxl": ".mxl", "abc": ".abc", "kern": ".krn", "csv": ".csv"}


@pytest.mark.parametrize("kind", FORMATS)
def test_one_tune_has_the_same_notes_in_every_notation(kind):
    score = read_score(tune_as(kind))
    onsets = np.concatenate([[0], np.cumsum([d for _, d in TUNE])[:-1]])
    assert score.pitch.tolist() == [p for p, _ in TUNE]
    np.testing.assert_allclose(score.onset_q, onsets, atol=1e-9)
    np.testing.assert_allclose(score.duration_q, [d for _, d in TUNE], atol=1e-9)
    np.testing.assert_allclose(score.onset_s, onsets / 2, atol=1e-9)


def test_one_tune_has_one_id_which_is_no_sounds():
    ids = {read_score(tune_as(kind)).id for kind in FORMATS}
    assert len(ids) == 1
    assert ids.pop().startswith("score-")


@pytest.mark.parametrize("kind", FORMATS)
def test_content_decides_whatever_the_name_says(kind, tmp_path):
    for name in ("tune" + SUFFIX[kind], "tune.wav", "tune"):
        (tmp_path / name).write_bytes(tune_as(kind))
        assert len(read_score(tmp_path / name)) == len(TUNE)


def test_sound_is_no_score_whatever_its_name(tmp_path):
    assert format_of(b"OggS", "tune.mid") is None
    assert read_score(b"fLaC" + bytes(100)) is None
    assert read_score(tmp_path / "missing.mid") is None


def test_a_name_tells_where_the_content_does_not(tmp_path):
    (tmp_path / "tune.mid").write_bytes(b"not a song")
    with pytest.raises(InputError, match=r"tune\.mid: a MIDI file begins with MThd"):
        read_score(tmp_path / "tune.mid")


def test_an_open_file_is_left_where_it_was():
    file = io.BytesIO(tune_as("kern"))
    assert len(read_score(file)) == len(TUNE)
    assert file.tell() == 0


def test_a_tune_of_a_book_is_named_by_its_number(tmp_path):
    book = tmp_path / "book.abc"
    book.write_text("X:1\nL:1/4\nK:C\nCDE\n\nX:7\nL:1/4\nK:G\nGFG\n")
    assert read_score(f"{book}#7").pitch.tolist() == [67, 66, 67]
    with pytest.raises(InputError, match=r"book\.abc: this ABC file has 2 tunes; name one, .*X: 1, 7"):
        read_score(book)
    with pytest.raises(InputError, match=r"no tune X:3; there are: 1, 7"):
        read_score(f"{book}#3")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_cut_or_damaged_file_is_read_or_refused_and_nothing_else(kind):
    rng, whole = random.Random(440), tune_as(kind)
    for _ in range(150):
        data = bytearray(whole[: rng.randrange(1, len(whole) + 1)])
        for _ in range(rng.randrange(4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        reader = "musicxml" if kind == "mxl" else kind
        with suppress(InputError):
            assert len(READERS[reader](bytes(data), None)) > 0


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    for reader in READERS.values():
        with suppress(InputError):
            assert len(reader(data, None)) > 0


def test_a_cut_midi_file_says_how_much_is_missing():
    with pytest.raises(InputError, match="its last track lacks 10 bytes"):
        read_midi(tune_as("midi")[:-10])


@pytest.mark.parametrize("token", ["[", "{", "[K:", '"', "!a", "(", "|", ":", "1/11", "C", ">", "/", "^", "1"])
def test_a_long_line_of_abc_takes_no_longer_than_its_length(token):
    started = time.process_time()
    for line in (token * 20_000, "C" + token * 20_000):
        for head in ("X:1\nL:1/8\nK:C\n", "X:1\nQ:1/4=120\nK:", "X:1\nK:C\nCDE\nQ:"):
            with suppress(InputError):
                READERS["abc"]((head + line + "\n").encode(), None)
    assert time.process_time() - started < 20


def test_lengths_without_a_common_measure_are_refused():
    odd = list(range(1001, 1400, 2))
    with pytest.raises(InputError, match="mend the lengths before it"):
        read_score(musicxml(("P", [attributes(n) + note("C4", 1) for n in odd])))
    with pytest.raises(InputError, match="mend the lengths before it"):
        read_score(("**kern\n" + "\n".join(f"{n}c" for n in odd)).encode())


def test_a_zip_bomb_is_refused():
    bomb = mxl(b"<score-partwise>" + b" " * (65 << 20))
    assert len(bomb) < 100_000
    with pytest.raises(LimitError, match=r"MAX_BYTES"):
        read_score(bomb)


def test_a_zip_without_a_score_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("META-INF/other", "x")
    with pytest.raises(InputError, match="holds no MusicXML"):
        read_score(out.getvalue())


@pytest.mark.parametrize(
    "declared",
    [
        '<!ENTITY a "aaaa">',
        '<!ENTITY file SYSTEM "file:///etc/hostname">',
        '<!ENTITY % p SYSTEM "http://example.org/">',
    ],
)
def test_xml_entities_are_refused(declared):
    head = f"<!DOCTYPE score-partwise [{declared}]>"
    with pytest.raises(InputError, match="declares an entity"):
        read_score(musicxml(("P", [attributes() + note("C4", 6)]), head=head))


def test_the_usual_doctype_of_musicxml_is_no_harm():
    head = '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.1 Partwise//EN" "http://example.org/p.dtd">'
    assert len(read_score(musicxml(("P", [attributes() + note("C4", 6)]), head=head))) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("onset,offset,pitch\n0,1,60\n1,0.5,60\n", "line 3: a note from 1 s on that lasts -0.5 s"),
        ("onset,offset,pitch\n0,1,C4\n", "line 2: pitch is 'C4'"),
        ("onset,offset,pitch\n0,1e99999999,60\n", "line 2: offset is '1e99999999'"),
        ("onset,offset,pitch\n0,1,200\n", "MIDI pitch 200"),
        ("onset,offset,pitch\n", "no notes that could be sounded"),
        ("onset,offset,pitch\n0,1\n", "line 2 has 2 columns"),
        ('onset,offset,pitch\n"' + "0,1,60\n" * 30_000, "field larger than field limit"),
        ("onset,offset,pitch\n0,9000,60\n", "9,000 seconds is more than MAX_DURATION_S"),
        ("X:1\nL:1/8\nK:C\nC99999\n", "cannot be read"),
        ("**kern\n4c\t4d\n", "line 2 has 2 columns where there are 1 spines"),
        ("**kern\n4cccccccccc\n", "out of range"),
        ("**kern\nc\n", "has no length"),
    ],
)
def test_what_is_wrong_is_said_with_the_place(text, told):
    with pytest.raises(InputError, match=told):
        read_score(text.encode())


def test_the_examples_of_the_page_on_scores_run():
    page = Path(__file__).parents[2] / "docs" / "scores.md"
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 3
    assert found.failed == 0
