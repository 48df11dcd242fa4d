"""What other programs say about a recording is read by our own code, and checked."""

import base64
import importlib.util
import json
import stat

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fingerprint.examples import SR, sound
from versionmatch.errors import AudioDecodeError, InputError, MissingExtra
from versionmatch.fingerprint.chromaprint import answer, decoded, error_rate, fpcalc, of_samples


def encoded(items, algorithm=1):
    """The compressed form, from its description: distances between set bits, three bits each, then five."""
    threes, fives, before = [], [], 0
    for item in items:
        bits, last = item ^ before, 0
        for bit in range(1, 33):
            if bits >> (bit - 1) & 1:
                threes.append(min(bit - last, 7))
                fives += [bit - last - 7] if bit - last >= 7 else []
                last = bit
        threes.append(0)
        before = item
    packed = b""
    for numbers, width in ((threes, 3), (fives, 5)):
        bits = [n >> k & 1 for n in numbers for k in range(width)]
        packed += np.packbits(np.array(bits, np.uint8), bitorder="little").tobytes()
    data = bytes([algorithm]) + len(items).to_bytes(3, "big") + packed
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 2**32 - 1), max_size=30))
def test_any_fingerprint_is_read_as_it_was_written(items):
    algorithm, read = decoded(encoded(items))
    assert algorithm == 1
    assert read.tolist() == items


def test_a_fingerprint_by_hand():  # one item with its lowest bit set: algorithm 1, length 1, bits 001 000
    assert decoded("AQAAAQE")[1].tolist() == [1]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_broken_fingerprints_are_refused_or_read_and_never_more(data):
    text = base64.urlsafe_b64encode(data).decode()
    try:
        _, items = decoded(text)
    except InputError:
        return
    assert items.size == int.from_bytes(data[1:4], "big")


@pytest.mark.parametrize("text", ["", "AQ", "!!!", "AQAAZgA"])
def test_what_is_no_fingerprint_is_refused(text):
    with pytest.raises(InputError, match="chromaprint"):
        decoded(text)


@pytest.mark.parametrize(
    "output",
    [
        b"",
        b"not json",
        b"[]",
        b'{"duration": 1}',
        b'{"duration": 1, "fingerprint": []}',
        b'{"duration": 1, "fingerprint": [1.5]}',
        b'{"duration": NaN, "fingerprint": [1]}',
        b'{"duration": 1, "fingerprint": [4294967296]}',
    ],
)
def test_an_answer_that_is_no_fingerprint_is_refused(output):
    with pytest.raises(AudioDecodeError, match="fpcalc's answer"):
        answer(output)


@pytest.fixture
def program(tmp_path):
    def made(code, output):
        path = tmp_path / "fpcalc"
        path.write_text(f"#!/bin/sh\necho \"$@\" > {tmp_path}/asked\nprintf '%s' '{output}'\nexit {code}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return made


GOOD = json.dumps({"duration": 2.5, "fingerprint": [7, -1]})


@pytest.mark.parametrize("code", [0, 3])
def test_the_program_is_asked_for_all_of_the_file_and_may_end_with_3(program, tmp_path, code):
    found = fpcalc("song.mp3", program=program(code, GOOD))
    assert (found.items.tolist(), found.duration_s) == ([7, 2**32 - 1], 2.5)
    assert (tmp_path / "asked").read_text().split() == ["-raw", "-json", "-length", "0", "--", "song.mp3"]


def test_other_exit_codes_and_broken_answers_are_errors(program):
    with pytest.raises(AudioDecodeError, match="ended with 2"):
        fpcalc("song.mp3", program=program(2, GOOD))
    with pytest.raises(AudioDecodeError, match=r"song\.mp3: fpcalc's answer"):
        fpcalc("song.mp3", program=program(3, "{}"))


def test_without_the_program_the_remedy_is_named():
    with pytest.raises(MissingExtra, match="versionmatch"):
        fpcalc("song.mp3", program="no-such-fpcalc")


def test_the_error_rate_is_least_where_a_part_was_taken():
    items = np.random.default_rng(1).integers(0, 2**32, 500, dtype=np.uint32)
    assert error_rate(items[120:200], items) == (0.0, 120)
    assert error_rate(items, items[120:200]) == (0.0, -120)
    assert error_rate(items[:0], items) == (1.0, 0)
    assert error_rate(items[:80] ^ np.uint32(1), items)[0] == pytest.approx(1 / 32)


@pytest.mark.skipif(importlib.util.find_spec("essentia") is None, reason="essentia is not installed")
def test_samples_have_a_fingerprint_that_finds_their_parts():
    samples = sound(4, 30.0)
    whole, part = of_samples(samples, SR), of_samples(samples[10 * SR : 20 * SR], SR)
    rate, offset = error_rate(part.items, whole.items)
    assert rate < 0.1
    assert offset == pytest.approx(10 / (4096 / 3 / 11025), abs=2)
