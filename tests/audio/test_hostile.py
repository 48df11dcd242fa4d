"""Input that is odd, broken or meant to hurt: each has its own flag or its own words."""

import os
import struct
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from tests.audio.sounds import CONTAINERS, FORMATS, SR, contained, encoded, music, named
from versionmatch.audio import synth
from versionmatch.audio.decode import Limits, load, stream
from versionmatch.errors import AudioDecodeError, LimitError, MissingExtra


def flags_of(frames, sr=SR):
    """The flags of the same samples in a real wav file."""
    return load(encoded(np.asarray(frames), sr, "WAV", "FLOAT"))[0].flags


def attempt(source):
    """The flags of a source, or why it cannot be loaded."""
    try:
        return " ".join(load(source)[0].flags)
    except AudioDecodeError as error:
        return str(error)


def tone(duration_s, hz=1000.0, sr=SR):
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(duration_s * sr)) / sr)


def test_an_empty_file_is_called_empty(tmp_path):
    path = tmp_path / "empty.wav"
    path.touch()
    with pytest.raises(AudioDecodeError, match=r"empty\.wav: the file is empty \(0 bytes\); export or download"):
        load(path)
    with pytest.raises(AudioDecodeError, match="bytes: the file is empty"):
        load(b"")


@pytest.mark.parametrize("name", ["lyrics.mp3", "lyrics.wav", "lyrics.m4a", "lyrics"])
def test_text_is_no_sound_whatever_its_name(tmp_path, name):
    path = tmp_path / name
    path.write_text("Die Gedanken sind frei, wer kann sie erraten\n" * 50)
    with pytest.raises(AudioDecodeError, match=f"{name}: it is not sound in any known format; give a file of these"):
        load(path)


def test_a_playlist_is_not_followed(tmp_path):
    path = tmp_path / "list.mp3"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n/etc/passwd\n")
    with pytest.raises(AudioDecodeError, match="not sound in any known format"):
        load(path)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(AudioDecodeError, match=r"nowhere\.wav: there is no such file; check the path"):
        load(tmp_path / "nowhere.wav")


def test_a_directory_is_a_directory(tmp_path):
    with pytest.raises(AudioDecodeError, match="it is a directory; name a file in it"):
        load(tmp_path)


def test_a_device_is_no_regular_file():
    with pytest.raises(AudioDecodeError, match="/dev/zero: it is not a regular file; open it yourself"):
        load("/dev/zero")


def test_an_endless_stream_stops_at_the_limit():
    with open("/dev/zero", "rb") as endless:
        endless.read(1)
        with pytest.raises(LimitError, match=r"/dev/zero: .* is more than max_bytes = 3,000,000"):
            load(endless, limits=Limits(max_bytes=3_000_000))


def test_a_name_no_system_can_open_is_refused():
    with pytest.raises(AudioDecodeError, match="cannot be opened"):
        load("a\0b.wav")


def test_no_permission_is_said(tmp_path):
    path = tmp_path / "secret.wav"
    path.write_bytes(named("wav", 1.0))
    path.chmod(0)
    program = textwrap.dedent(f"""
        from versionmatch.audio.decode import load
        import os
        if os.geteuid() == 0:
            os.setuid(65534)  # nobody; root may read everything
        load({str(path)!r})
    """)
    for folder in (tmp_path, *tmp_path.parents):
        if str(folder).startswith("/tmp/pytest-"):
            folder.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "AudioDecodeError" in done.stderr
    assert "secret.wav: no permission to read it; change its permissions or ask its owner" in done.stderr


@pytest.mark.parametrize("extension", FORMATS)
def test_a_file_cut_off_in_the_middle_gives_what_is_there_and_says_so(extension):
    whole = named(extension, 5.0)
    recording, audio = load(whole[: len(whole) * 8 // 10])
    assert recording.flags == ("truncated",)
    assert 3.0 < recording.duration_s < 4.5
    assert audio.duration_s == pytest.approx(recording.duration_s, abs=1e-3)


@pytest.mark.parametrize("extension", FORMATS)
@pytest.mark.parametrize("n_bytes", [4, 40, 200])
def test_a_file_of_a_few_bytes_is_an_error_or_flagged(extension, n_bytes):
    outcome = attempt(named(extension, 1.0)[:n_bytes])
    assert outcome.endswith(("download it again", "video containers")) or {"truncated", "too_short"} <= set(
        outcome.split()
    )


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_container_cut_off_is_an_error_or_flagged(tmp_path, container):
    pytest.importorskip("av")
    whole = contained(tmp_path / "whole", container).read_bytes()
    outcome = attempt(whole[: len(whole) * 8 // 10])
    if container in {"aac", "ts", "flv", "avi"}:  # these state no length
        assert outcome in {"", "truncated"}
    else:
        assert "cut off or broken" in outcome or outcome == "truncated"


@pytest.mark.parametrize("container", ["m4a", "alac.m4a", "mp4", "mov"])
def test_with_its_index_in_front_a_cut_container_gives_what_is_there(tmp_path, container):
    pytest.importorskip("av")
    whole = contained(tmp_path / "whole", container, index_first=True).read_bytes()
    recording, _ = load(whole[: len(whole) * 8 // 10])
    assert recording.flags == ("truncated",)
    assert 3.0 < recording.duration_s < 4.5


@pytest.mark.parametrize("extension", FORMATS)
def test_a_file_with_a_hole_still_decodes_or_says_that_it_broke_off(extension):
    whole = bytearray(named(extension, 5.0))
    middle = len(whole) // 2
    whole[middle : middle + 3000] = np.random.default_rng(440).bytes(3000)
    recording, _ = load(bytes(whole))
    assert "truncated" in recording.flags or recording.duration_s == pytest.approx(5.0, abs=0.2)


def test_junk_after_the_end_does_not_matter():
    whole = named("flac", 5.0)
    assert load(whole + b"\x99" * 5000)[0] == load(whole)[0]


LYING = ("wav", "flac", "mp3", "aiff")


def lying(extension):
    """Five seconds whose header claims many hours."""
    data = bytearray(named(extension, 5.0))
    if extension == "wav":
        data[4:8], data[40:44] = struct.pack("<I", 0xFFFFFF00), struct.pack("<I", 0xF0000000)
    elif extension == "flac":
        data[21] |= 0x0F
        data[22:26] = b"\xff" * 4
    elif extension == "mp3":
        at = max(data.find(b"Xing"), data.find(b"Info"))
        data[at + 8 : at + 12] = struct.pack(">I", 0x7FFFFFFF)
    else:
        at = data.find(b"COMM")
        data[at + 10 : at + 14] = struct.pack(">I", 0x7FFFFFFF)
        at = data.find(b"SSND")
        data[at + 4 : at + 8] = struct.pack(">I", 0x7FFFFFF0)
    return bytes(data)


@pytest.mark.parametrize("extension", LYING)
def test_a_header_that_claims_hours_is_not_believed(extension):
    recording, _ = load(lying(extension))
    assert recording.duration_s == pytest.approx(5.0, abs=1.0)
    assert recording.flags == ("truncated",)
    assert sum(block.size for block in stream(lying(extension))) == round(recording.duration_s * SR)


def test_a_claimed_rate_of_one_hertz_or_of_a_gigahertz_passes_a_limit():
    for rate, limit in ((1, "min_sr"), (10**9, "max_sr")):
        data = bytearray(named("wav", 1.0))
        data[24:28] = struct.pack("<I", rate)
        with pytest.raises(LimitError, match=limit):
            load(bytes(data))


def test_a_thousand_claimed_channels_pass_a_limit():
    data = bytearray(named("wav", 1.0))
    data[22:24], data[32:34] = struct.pack("<H", 1000), struct.pack("<H", 2000)
    with pytest.raises(LimitError, match="1,000 channels is more than max_channels = 64"):
        load(bytes(data))


def test_silence_allows_no_statement():
    assert flags_of(np.zeros((5 * SR, 2))) == ("low_information", "silence")


def test_almost_silence_is_silence():
    assert flags_of(tone(5.0) * 1e-4) == ("low_information", "silence")


def test_a_constant_is_dc_only():
    assert flags_of(np.full(5 * SR, 0.25)) == ("low_information", "dc_only")


def test_music_on_an_offset_keeps_its_information():
    assert flags_of(music()[:, 0] / 65536 + 0.2) == ("dc_offset",)


def test_music_driven_into_the_ceiling_is_clipped():
    assert flags_of(np.clip(music() / 2000, -1, 1)) == ("clipped",)


def test_one_sample_is_too_short():
    assert flags_of([0.5]) == ("low_information", "too_short", "dc_only")


@pytest.mark.parametrize("duration_s", [0.3, 2.9])
def test_less_than_three_seconds_is_too_short(duration_s):
    assert flags_of(music(duration_s) / 32768) == ("low_information", "too_short")


def test_a_note_in_minutes_of_silence_is_too_short():
    assert flags_of(np.concatenate([np.zeros((8 * SR, 2)), music(1.0) / 32768])) == ("low_information", "too_short")


@pytest.mark.parametrize("hz", [50.0, 440.0, 1000.0, 7999.0])
def test_a_sine_is_a_tone(hz):
    assert flags_of(tone(5.0, hz)) == ("low_information", "tone")


def test_a_held_complex_tone_is_a_tone_and_a_melody_is_none():
    held = synth.melody([(57, 0.0, 6.0)], timbre="reed")
    tune = synth.melody([(57 + i, 0.5 * i, 0.5) for i in range(12)], timbre="sine")
    assert load((held.samples, held.sr))[0].flags == ("low_information", "tone")
    assert load((tune.samples, tune.sr))[0].flags == ()


def test_noise_is_no_tone():
    assert load((synth.noise(5.0).samples, 16000))[0].flags == ()


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf, 1e30])
def test_a_few_broken_samples_become_zero_and_are_flagged(broken):
    frames = music() / 32768
    repaired = frames.copy()
    frames[1000:1010], repaired[1000:1010] = broken, 0.0
    recording, audio = load(encoded(frames, SR, "WAV", "FLOAT"))
    assert recording.flags == ("non_finite",)
    np.testing.assert_array_equal(audio.samples, load((repaired, SR))[1].samples)


def test_mostly_broken_samples_are_an_error():
    with pytest.raises(AudioDecodeError, match="60% of its samples are not finite numbers; export it again"):
        load((np.where(np.arange(50000) % 5 < 3, np.nan, 0.1), 16000))


def test_a_video_without_sound_says_so(tmp_path):
    av = pytest.importorskip("av")
    path = tmp_path / "mute.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width = video.height = 64
        for _ in range(25):
            container.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(video.encode(None))
    with pytest.raises(AudioDecodeError, match="this mov file holds no sound; name a file with an audio track"):
        load(path)


def test_without_pyav_an_m4a_names_the_extra(tmp_path, monkeypatch):
    pytest.importorskip("av")
    path = contained(tmp_path / "a.m4a", "m4a", 1.0)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r"a\.m4a: decoding .* pip install 'versionmatch\[av\]'"):
        load(path)


def test_without_pyav_a_broken_wav_is_still_called_broken(monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(
        AudioDecodeError, match=r"this wav file is cut off, broken or of a rare kind \(.*data.*\); export"
    ):
        load(named("wav", 1.0)[:40])


MEASURE = """
import resource, sys
from versionmatch.audio.decode import Limits, load
from versionmatch.features.cqt import LibrosaCQT
import numpy as np
def extracted(path, memory_s):
    recording, audio = load(path, limits=Limits(memory_s=memory_s))
    return recording.duration_s, LibrosaCQT().extract({"audio": audio}).values.nbytes
extracted(sys.argv[1], 1.0)  # imports, compiled code and the buffers of one block
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
duration_s, n_bytes = extracted(sys.argv[2], 60.0)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(duration_s, (after - before) / 1024, n_bytes / 2**20)
"""


def test_memory_grows_with_the_transform_and_not_with_the_sound(tmp_path):
    block = music(5.0, sr=8000, channels=1)
    short, long = tmp_path / "short.flac", tmp_path / "long.flac"
    short.write_bytes(encoded(np.tile(block, (30, 1)), 8000, "FLAC", "PCM_16"))
    long.write_bytes(encoded(np.tile(block, (288, 1)), 8000, "FLAC", "PCM_16"))
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(short), str(long)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    duration_s, grown_mib, transform_mib = map(float, done.stdout.split())
    assert duration_s == 1440.0
    assert grown_mib < 2 * transform_mib + 20  # 66; the sound itself would be 88
