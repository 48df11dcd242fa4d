import base64
import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from tests.web.naive_ogg import ogg_checksums
from versionmatch.errors import InputError
from versionmatch.types import Audio, Recording
from versionmatch.web.sound import embedded, with_serial


def _recording(source, duration_s=2.0):
    return Recording("0" * 64, str(source), duration_s)


def _decoded(sound):
    return soundfile.read(io.BytesIO(base64.b64decode(sound.uri.split(",")[1])), always_2d=True)


def _tone(sr, channels=1, seconds=2.0):
    t = np.arange(round(sr * seconds)) / sr
    return np.repeat(0.4 * np.sin(2 * np.pi * 440 * t)[:, None], channels, axis=1)


@pytest.mark.parametrize(("sr", "channels"), [(16000, 1), (44100, 2), (96000, 1), (48000, 6)])
def test_embedded_sound_is_as_long_and_as_loud_as_the_file(tmp_path, sr, channels):
    path = tmp_path / "x.wav"
    soundfile.write(path, _tone(sr, channels), sr, subtype="FLOAT")
    sound = embedded(_recording(path), {})
    samples, rate = _decoded(sound)
    assert rate == min(sr, 48000)
    assert samples.shape[1] == (2 if channels == 2 else 1)
    assert samples.shape[0] == pytest.approx(2 * rate, abs=2)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(0.4 / 2**0.5, rel=0.05)
    assert sound.rms == pytest.approx(0.4 / 2**0.5, rel=0.01)


def test_the_same_sound_gives_the_same_bytes(tmp_path):
    path = tmp_path / "x.wav"
    soundfile.write(path, _tone(22050), 22050)
    assert embedded(_recording(path), {}) == embedded(_recording(path), {})


def test_sound_in_memory_is_used_where_there_is_no_file():
    audio = Audio(_tone(16000)[:, 0].astype(np.float32), 16000)
    samples, rate = _decoded(embedded(_recording("array"), {"audio": audio}))
    assert (rate, samples.shape[0]) == (16000, 32000)


def test_samples_that_are_no_numbers_become_silence(tmp_path):
    x = _tone(16000).astype(np.float32)
    x[100:200] = np.nan
    path = tmp_path / "x.wav"
    soundfile.write(path, x, 16000, subtype="FLOAT")
    assert np.isfinite(_decoded(embedded(_recording(path), {}))[0]).all()


def test_absent_sound_is_said_to_be_absent():
    with pytest.raises(InputError, match="not at hand"):
        embedded(_recording("gone.wav"), {})


def test_a_file_that_turned_into_text_is_named_by_its_cause_not_its_path(tmp_path):
    path = tmp_path / "x.wav"
    path.write_text("no sound at all, only words " * 99)
    with pytest.raises(InputError, match="cannot be read any more") as caught:
        embedded(_recording(path), {})
    assert str(tmp_path) not in str(caught.value)


def test_an_hour_is_too_long_to_be_embedded():
    with pytest.raises(InputError, match="longer than 40 minutes"):
        embedded(replace(_recording("gone.wav"), duration_s=3600.0), {})


def test_a_stream_under_another_number_has_right_checksums():
    buffer = io.BytesIO()
    soundfile.write(buffer, _tone(16000), 16000, format="OGG", subtype="VORBIS")
    renumbered = with_serial(buffer.getvalue(), 77)
    assert all(stored == counted for stored, counted, _ in ogg_checksums(renumbered))
    assert {serial for _, _, serial in ogg_checksums(renumbered)} == {77}


def test_what_is_no_ogg_stream_is_refused():
    with pytest.raises(InputError, match="no Ogg page begins at byte 0"):
        with_serial(b"RIFF" + b"\0" * 60, 1)
