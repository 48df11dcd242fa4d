"""Sound that nobody vouches for is decoded apart: whatever happens there is one file's error, in time."""

import os
import random
import sys
import time

import numpy as np
import pytest

from tests.audio.sounds import FORMATS, contained, encoded, music, named
from tests.jobs.sounds import SR, tune, wav
from versionmatch.audio.decode import load
from versionmatch.audio.isolated import IsolatedDecoder, Isolation
from versionmatch.audio.limits import Limits
from versionmatch.errors import AudioDecodeError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits of processes are POSIX's")
CRASHES = ["abort", "segfault", "exit", "half"]
LIES = ["noise", "endless", "huge header", "no json", "a list", "no fields", "other length", "endless sound", "odd id"]
HANGS = ["hang", "half and hang"]


@pytest.fixture(scope="module")
def decoder():
    found = IsolatedDecoder(Isolation(deadline_s=20))
    yield found
    found.close()


def code_of(decoder, path):
    with pytest.raises(AudioDecodeError) as caught:
        decoder.load(str(path))
    return caught.value.code


def liar(how, deadline_s=30.0):
    command = (sys.executable, "-m", "tests.audio.lying_decoder", how)
    return IsolatedDecoder(Isolation(command=command, deadline_s=deadline_s))


def test_what_comes_from_the_other_process_is_what_load_gives(decoder, tmp_path):
    path = tmp_path / "a.flac"
    path.write_bytes(named("flac", 4.0))
    (recording, audio), (expected, samples) = decoder.load(str(path)), load(path)
    assert recording == expected
    np.testing.assert_array_equal(audio.samples, samples.samples)


def test_a_part_is_a_recording_of_its_own(decoder, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(tune(1, 12.0)))
    part, audio = decoder.load(str(path), span=(4.0, 8.0))
    assert part.duration_s == 4.0
    assert part.id == load((tune(1, 12.0)[4 * SR : 8 * SR] / np.float32(32768), SR))[0].id
    assert audio.samples.size == 64000


@pytest.mark.parametrize("how", [*CRASHES, *LIES, "odd flag", "nan"])
def test_a_decoder_that_crashes_or_lies_is_an_error_of_that_file_alone(how, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(tune(1)))
    decoder = liar(how)
    assert [code_of(decoder, path) for _ in range(2)] == ["decoder_error"] * 2
    decoder.close()


@pytest.mark.parametrize("how", [*HANGS, "spin"])
def test_a_decoder_that_hangs_is_given_up_at_the_deadline(how, tmp_path):
    decoder, clock = liar(how, deadline_s=1.0), time.monotonic()
    assert code_of(decoder, tmp_path / "a.wav") == "timeout"
    assert time.monotonic() - clock < 10
    decoder.close()


def test_after_a_crash_the_next_file_is_decoded(decoder, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(tune(1)))
    decoder.load(str(path))
    decoder._child.kill()
    with pytest.raises(AudioDecodeError, match=r"the decoder (crashed|ended)"):
        decoder.load(str(path))
    assert decoder.load(str(path))[0].duration_s == 3.2


def test_memory_is_bounded(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(wav(tune(1)))
    decoder = IsolatedDecoder(Isolation(max_memory=64 << 20))
    assert code_of(decoder, path) in {"decoder_error", "memory_cap"}
    decoder.close()


def _odd_files():
    yield "empty_file", "a.wav", b""
    yield "not_audio", "a.mp3", b"Die Gedanken sind frei\n" * 99
    yield "playlist_refused", "a.mp3", b"#EXTM3U\nfile:///etc/passwd\n"
    yield "playlist_refused", "a.wav", b"ffconcat version 1.0\nfile /etc/passwd\n"
    yield "encrypted_drm", "a.m4p", b"\0\0\0\x18ftypM4P " + b"\0" * 64 + b"drms" + b"\0" * 64
    yield "silent", "a.wav", wav(np.zeros(40000, np.int16))
    yield "dc_only", "a.wav", wav(np.full(40000, 9000, np.int16))
    yield "too_short", "a.wav", wav(tune(1, 1.0))
    frames = tune(1)
    yield "mono_sum_cancel", "a.wav", wav(np.stack([frames, -frames], axis=1))
    broken = np.where(np.arange(40000) % 50 == 0, np.nan, 0.1 * np.sin(np.arange(40000)))
    yield "nonfinite", "a.wav", encoded(broken, 8000, "WAV", "FLOAT")
    yield "bad_sample_rate", "a.wav", wav(tune(1), 500)
    yield "bad_channels", "a.wav", wav(np.zeros((4000, 70), np.int16) + np.arange(4000, dtype=np.int16)[:, None])


@pytest.mark.parametrize(("code", "name", "content"), list(_odd_files()), ids=lambda v: v if isinstance(v, str) else "")
def test_each_kind_of_unusable_file_has_its_code(decoder, tmp_path, code, name, content):
    (tmp_path / name).write_bytes(content)
    assert code_of(decoder, tmp_path / name) == code


def test_the_other_refusals_have_their_codes(decoder, tmp_path):
    assert code_of(decoder, tmp_path / "nowhere.wav") == "unreadable_io"
    assert code_of(decoder, tmp_path) == "special_file"
    for limits, frames, code in (
        (Limits(max_duration_s=2.0), tune(1), "too_long"),
        (Limits(max_bytes=10), tune(1), "too_large"),
        (Limits(max_duration_s=100.0), np.zeros(SR * 200, np.int16), "decode_bomb"),
    ):
        path = tmp_path / f"{code}.flac"
        path.write_bytes(wav(frames, form="FLAC"))
        small = IsolatedDecoder(Isolation(limits=limits))
        assert code_of(small, path) == code
        small.close()


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("share", [0.2, 0.5, 0.97])
def test_a_file_that_was_cut_off_is_not_taken_for_whole(decoder, tmp_path, extension, share):
    content, path = named(extension, 6.0), tmp_path / f"a.{extension}"
    path.write_bytes(content[: int(len(content) * share)])
    assert code_of(decoder, path) == "truncated"
    path.write_bytes(content)
    assert decoder.load(str(path))[0].duration_s == pytest.approx(6.0, abs=0.1)


def test_an_mp3_with_many_flipped_bytes_is_not_taken_for_whole(decoder, tmp_path):
    content, rng, path = bytearray(named("mp3", 20.0)), random.Random(440), tmp_path / "a.mp3"
    for _ in range(200):
        content[rng.randrange(4000, len(content))] ^= 0xFF
    path.write_bytes(content)
    assert code_of(decoder, path) in {"decoder_error", "decoder_disagree", "truncated"}


def test_a_file_whose_end_is_missing_can_be_wanted_as_it_is(tmp_path):
    content, path = named("flac", 6.0), tmp_path / "a.flac"
    path.write_bytes(content[: len(content) * 2 // 3])
    decoder = IsolatedDecoder(Isolation(partial=True))
    recording, _ = decoder.load(str(path))
    decoder.close()
    assert "truncated" in recording.flags
    assert 3.0 < recording.duration_s < 4.5


def test_an_m4a_without_the_extra_is_told_from_a_broken_one(decoder, tmp_path):
    pytest.importorskip("av")
    path = contained(tmp_path / "a.m4a", "m4a", 4.0)
    assert decoder.load(str(path))[0].duration_s == pytest.approx(4.0, abs=0.1)
    path.write_bytes(path.read_bytes()[:9000])
    assert code_of(decoder, path) in {"decoder_error", "truncated"}


MUTATED = {"wav": 250, "flac": 400, "ogg": 400, "opus": 250, "mp3": 450, "aiff": 250}
CHECKED = ("flac", "ogg", "opus")  # every page or frame carries a checksum


@pytest.mark.parametrize("extension", FORMATS)
def test_of_mutated_files_none_crashes_hangs_or_comes_out_short(decoder, tmp_path, extension):
    """Bits flipped, bytes put in or cut out, ends missing, headers spliced: in 2,000 files of 3.3 s."""
    rng, path = random.Random(440), tmp_path / "a"
    content, other = _short(extension, 0), _short(extension, 30000)
    path.write_bytes(content)
    whole = decoder.load(str(path))[0]
    taken, codes = 0, set()
    for _ in range(MUTATED[extension]):
        path.write_bytes(_mutated(content, other, rng))
        clock = time.monotonic()
        try:
            recording = decoder.load(str(path))[0]
        except AudioDecodeError as error:
            codes.add(error.code)
            continue
        finally:
            assert time.monotonic() - clock < 22
        taken += 1
        if recording.sr == whole.sr and extension not in {"wav", "aiff"}:
            assert recording.duration_s >= whole.duration_s - 0.16
        if extension in CHECKED and recording.sr == whole.sr and extension != "flac":
            assert recording.duration_s == whole.duration_s
    assert taken < MUTATED[extension] * 0.9
    assert not codes & {"timeout", "internal_error", "memory_cap"}


def _short(extension, shift):
    form, subtype, sr = FORMATS[extension]
    frames = np.roll(music(5.0, sr=sr, channels=1), -shift, axis=0)[: round(3.3 * sr)]
    return encoded(frames / 32768 if form == "MP3" else frames, sr, form, subtype)


def _mutated(content, other, rng):
    data, kind, at = bytearray(content), rng.randrange(6), rng.randrange(len(content))
    if kind == 0:
        for _ in range(rng.randint(1, 20)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[at : at + rng.randint(1, 2000)] = bytes(rng.randint(0, 50))
    elif kind == 2:
        data[at:at] = rng.randbytes(rng.randint(1, 2000))
    elif kind == 3:
        data = data[: max(1, at)]
    elif kind == 4:
        data[: min(at, 200)] = other[: min(at, 200)]
        data[at : at + 400] = other[at : at + 400]
    else:
        data[rng.randrange(200)] = rng.choice([0, 1, 0x7F, 0x80, 0xFF])
    return bytes(data)
