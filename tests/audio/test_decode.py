"""Every way sound may come in, and that it is the same sound."""

import hashlib
import io
import os
import shutil
import struct

import numpy as np
import pytest
import soundfile
import soxr
from scipy import signal

from tests.audio.sounds import CONTAINERS, FORMATS, LOSSLESS, SR, contained, encoded, music, named
from versionmatch.audio.decode import Limits, load, probe, stream
from versionmatch.errors import InputError, LimitError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("sounds")
    for extension in FORMATS:
        (place / f"a.{extension}").write_bytes(named(extension))
    return place


@pytest.mark.parametrize("extension", FORMATS)
def test_each_format_gives_five_seconds_at_the_engines_rate(folder, extension):
    recording, audio = load(folder / f"a.{extension}")
    assert audio.sr == 16000
    assert audio.samples.size == 80000
    assert (recording.duration_s, recording.channels, recording.flags) == (5.0, 2, ())


def test_lossless_copies_of_one_sound_have_one_id(folder):
    assert len({load(folder / f"a.{extension}")[0].id for extension in LOSSLESS}) == 1


def test_the_id_is_the_digest_the_docstring_promises(folder):
    samples = music().astype("<f4") / 32768
    expected = hashlib.sha256(b"versionmatch-pcm-1" + struct.pack("<II", SR, 2) + samples.tobytes())
    assert load(folder / "a.wav")[0].id == expected.hexdigest()


def test_another_rate_or_another_channel_count_is_another_recording():
    frames = music(1.0)
    ids = {load(source)[0].id for source in ((frames, SR), (frames, 48000), (frames.reshape(-1), SR))}
    assert len(ids) == 3


def test_path_text_bytes_open_file_pipe_and_array_are_the_same_recording(folder):
    path = folder / "a.wav"
    data = path.read_bytes()
    with path.open("rb") as file:
        from_file = load(file)[0]
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        with os.fdopen(write_end, "wb") as pipe:
            pipe.write(data)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        from_pipe = load(pipe)[0]
    os.wait()
    sources = [path, str(path), data, bytearray(data), io.BytesIO(data), (music(), SR)]
    assert {load(source)[0].id for source in sources} | {from_file.id, from_pipe.id} == {load(path)[0].id}
    assert load((music(), SR))[0].source == "array"


def test_the_name_of_a_file_does_not_matter(folder, tmp_path):
    wrong = tmp_path / "really-a-flac.mp3"
    shutil.copy(folder / "a.flac", wrong)
    recording, _ = load(wrong)
    assert recording.codec == "FLAC/PCM_16"
    assert recording.id == load(folder / "a.flac")[0].id


@pytest.mark.parametrize("container", CONTAINERS)
def test_containers_are_read_by_the_second_decoder(tmp_path, container):
    pytest.importorskip("av")
    recording, audio = load(contained(tmp_path / f"a.{container}", container))
    assert recording.duration_s == pytest.approx(5.0, abs=0.06)
    assert recording.flags == ()
    sr = recording.sr
    wanted = load((music(sr=sr), sr))[1].samples
    likeness = signal.correlate(audio.samples, wanted, method="fft").max()
    assert likeness > 0.85 * np.linalg.norm(wanted) * np.linalg.norm(audio.samples)


def test_alac_in_m4a_is_the_same_recording_as_wav(tmp_path):
    pytest.importorskip("av")
    assert load(contained(tmp_path / "a.m4a", "alac.m4a"))[0].id == load((music(), SR))[0].id


def test_tags_name_the_recording_but_do_not_change_its_id(folder, tmp_path):
    tagged = tmp_path / "tagged.flac"
    with soundfile.SoundFile(tagged, "w", SR, 2, "PCM_16", format="FLAC") as file:
        file.title, file.artist = "Die Gedanken sind frei", "Trad."
        file.write(music())
    recording, _ = load(tagged)
    assert (recording.title, recording.artist, recording.label) == (
        "Die Gedanken sind frei",
        "Trad.",
        "Die Gedanken sind frei",
    )
    assert recording.id == load(folder / "a.flac")[0].id


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.uint8, np.float32, np.float64])
def test_arrays_of_each_kind_are_scaled_to_full_scale(dtype):
    wave = 0.5 * np.sin(np.arange(16000) / 7)
    if dtype is np.uint8:
        array = np.round(wave * 128 + 128).astype(np.uint8)
    elif np.issubdtype(dtype, np.integer):
        array = np.round(wave * 2.0 ** (8 * np.dtype(dtype).itemsize - 1)).astype(dtype)
    else:
        array = wave.astype(dtype)
    np.testing.assert_allclose(load((array, 16000))[1].samples, wave, atol=0.01)


def test_channels_first_and_channels_last_are_one_sound():
    frames = music(1.0)
    assert load((frames, SR))[0].id == load((frames.T, SR))[0].id


@pytest.mark.parametrize(
    ("samples", "sr", "message"),
    [
        (np.zeros((3, 4, 5)), 16000, r"got \(3, 4, 5\)"),
        (np.zeros((7, 7)), 16000, r"got \(7, 7\)"),
        (np.zeros(0), 16000, "holds no samples at all"),
        (np.zeros(9, complex), 16000, "got complex128"),
        (np.zeros(9, np.int64), 16000, "got int64"),
        (np.zeros(9), 0, "rate must be a whole number of Hz above 0; got 0"),
        (np.zeros(9), 44100.5, "got 44100.5"),
        (np.zeros(9), "fast", "got 'fast'"),
    ],
)
def test_arrays_that_are_no_sound_say_why(samples, sr, message):
    with pytest.raises(InputError, match=message):
        load((samples, sr))


def test_something_that_is_no_source_says_what_would_be():
    with pytest.raises(InputError, match=r"comes from a path, bytes, an open binary file or .* got int"):
        load(3)
    with pytest.raises(InputError, match="open it in binary mode"):
        load(io.StringIO("text"))


def test_mono_is_the_mean_of_the_channels():
    frames = music(2.0, sr=16000, channels=6)
    np.testing.assert_allclose(load((frames, 16000))[1].samples, frames.mean(axis=1) / 32768, atol=1e-6)


def test_resampling_in_blocks_equals_resampling_the_whole():
    frames = music(12.0)
    whole = soxr.resample(frames.mean(axis=1).astype(np.float32) / np.float32(32768), SR, 16000, quality="HQ")
    np.testing.assert_allclose(load((frames, SR))[1].samples, whole, atol=1e-5)


def test_long_sound_in_a_temporary_file_equals_sound_in_memory():
    frames = music(12.0)
    in_memory = load((frames, SR))[1]
    in_file = load((frames, SR), limits=Limits(memory_s=2.0))[1]
    np.testing.assert_array_equal(in_file.samples, in_memory.samples)
    assert not in_file.samples.flags.writeable
    pieces = [block for _, block in in_file.blocks(50_000)]
    np.testing.assert_array_equal(np.concatenate(pieces), in_memory.samples)


def test_stream_is_the_file_in_equal_blocks(folder):
    blocks = list(stream(folder / "a.flac", mono=False, block_s=2.0))
    assert [b.shape for b in blocks] == [(88200, 2), (88200, 2), (44100, 2)]
    np.testing.assert_array_equal(np.concatenate(blocks), soundfile.read(folder / "a.flac", dtype="float32")[0])


@pytest.mark.parametrize("block_s", [0.01, 0.7, 60.0])
def test_stream_at_another_rate_is_what_load_gives(folder, block_s):
    np.testing.assert_array_equal(
        np.concatenate(list(stream(folder / "a.wav", sr=16000, block_s=block_s))), load(folder / "a.wav")[1].samples
    )


def test_probe_tells_rate_channels_and_codec(folder):
    assert probe(folder / "a.mp3") == (44100, 2, "MP3/MPEG_LAYER_III")


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(max_duration_s=3.0), "more than max_duration_s = 3 s; raise max_duration_s"),
        (Limits(max_bytes=1000), "more than max_bytes = 1,000 bytes"),
        (Limits(max_channels=1), "2 channels is more than max_channels = 1"),
        (Limits(max_sr=22050), "44,100 Hz is more than max_sr = 22,050 Hz"),
        (Limits(min_sr=48000), "44,100 Hz is less than min_sr = 48,000 Hz; lower min_sr"),
    ],
)
def test_each_limit_is_named_when_it_is_passed(folder, limits, message):
    with pytest.raises(LimitError, match=message):
        load(folder / "a.wav", limits=limits)
    with pytest.raises(LimitError, match=message):
        list(stream(folder / "a.wav", limits=limits))


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(InputError, match="max_duration_s must be above 0"):
        Limits(max_duration_s=0)


def test_loading_twice_is_bit_identical(folder):
    for extension in FORMATS:
        first, second = (load(folder / f"a.{extension}") for _ in range(2))
        assert first[0] == second[0]
        np.testing.assert_array_equal(first[1].samples, second[1].samples)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_wav_of_any_sample_kind_is_the_same_sound(subtype):
    frames = music(4.0) / 32768
    audio = load(encoded(frames, SR, "WAV", subtype))[1]
    np.testing.assert_allclose(audio.samples, load((frames, SR))[1].samples, atol=0.02)


def test_24_bit_wav_and_flac_have_one_id():
    frames = music(4.0).astype(np.int32) * 65536 + 256 * 77
    assert len({load(encoded(frames, SR, form, "PCM_24"))[0].id for form in ("WAV", "FLAC", "AIFF")}) == 1


def test_96_khz_and_six_channels_work():
    recording, audio = load(encoded(music(4.0, sr=96000, channels=6), 96000, "WAV", "PCM_16"))
    assert (recording.sr, recording.channels, audio.samples.size, recording.flags) == (96000, 6, 64000, ())
