"""The singing voice: on pitch, gliding, trembling, the same for the same seed, and fast."""

import time

import numpy as np
import pytest

from versionmatch.factory.damage import rms
from versionmatch.factory.voice import RATE, Singer, formant_envelopes, pitch_track, sing
from versionmatch.features.cqt import LibrosaCQT
from versionmatch.types import Audio

PLAIN = Singer(
    tract=1.0, tilt=0.3, vibrato_hz=5.5, vibrato_cents=0.0, glide_s=0.1, jitter_cents=0.0, off_cents=0.0,
    breath=0.0, consonants=0.0,
)  # fmt: skip
SCALE = np.array([[k * 0.5, 0.5, 60 + k, 0.8] for k in range(8)], dtype=np.float32)
LONG = np.array([[0.0, 3.0, 62.0, 0.8]], dtype=np.float32)


def track(notes: np.ndarray, singer: Singer, seconds: float) -> np.ndarray:
    at = np.arange(round(seconds * RATE)) / RATE
    index = np.maximum(np.searchsorted(notes[:, 0], at, side="right") - 1, 0).astype(np.int32)
    return pitch_track(notes, at, index, singer, np.random.default_rng(2))


def test_each_sung_note_has_a_fundamental_or_harmonic_at_its_pitch():
    sound = sing(SCALE, 16000 * 5, PLAIN, np.random.default_rng(1))
    cqt = LibrosaCQT(tuning=False).extract({"audio": Audio(sound, 16000)}).values
    for onset, _, pitch, _ in SCALE:
        frame = cqt[:, round(50 * (onset + 0.3))]
        assert (int(frame.argmax()) + 24 - int(pitch)) % 12 in {0, 4, 7, 10}
        assert frame[int(pitch) - 24] > 4 * np.median(frame)


def test_touching_notes_are_joined_by_a_glide():
    leap = np.array([[0, 1, 60, 0.8], [1, 1, 67, 0.8]], dtype=np.float32)
    pitch = track(leap, PLAIN, 2.0)
    assert pitch[round(0.9 * RATE)] == pytest.approx(60)
    assert 61 < pitch[round(1.04 * RATE)] < 66
    assert pitch[round(1.5 * RATE)] == pytest.approx(67)


def test_vibrato_comes_late_and_is_as_wide_and_fast_as_asked():
    singer = Singer(1.0, 0.3, 6.0, 50.0, 0.05, 0.0, 0.0, 0.0, 0.0)
    swing = track(LONG, singer, 3.0) - 62
    assert np.abs(swing[round(0.06 * RATE) : round(0.09 * RATE)]).max() < 0.01
    steady = swing[round(1.2 * RATE) :]
    assert 0.2 < np.abs(steady).max() < 0.65
    crossings = np.count_nonzero(np.diff(np.signbit(steady))) / 2 / 1.8
    assert crossings == pytest.approx(6.0, abs=1.2)


def test_it_sounds_at_unit_level_and_is_silent_before_and_after():
    late = LONG + np.array([1, 0, 0, 0], dtype=np.float32)
    sound = sing(late, 16000 * 6, PLAIN, np.random.default_rng(0))
    assert rms(sound[16000 * 1 + 1600 : 16000 * 4 - 1600]) == pytest.approx(1.0, rel=0.3)
    assert rms(sound[: 16000 - 800]) < 0.01
    assert rms(sound[int(16000 * 4.4) :]) < 0.01


def test_the_same_seed_is_the_same_voice():
    first, again, other = (
        sing(SCALE, 16000 * 4, Singer.draw(np.random.default_rng(s), 1.0), np.random.default_rng(s)) for s in (5, 5, 6)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_shorter_tract_has_higher_formants():
    man, woman = formant_envelopes(1.0), formant_envelopes(1.16)
    for low, high in zip(man, woman, strict=True):
        assert high[:60].argmax() >= low[:60].argmax()


def test_a_minute_is_sung_in_less_than_a_second():
    verse = np.array([[k * 0.5, 0.45, 60 + k % 12, 0.8] for k in range(120)], dtype=np.float32)
    begin = time.process_time()
    sing(verse, 16000 * 60, PLAIN, np.random.default_rng(0))
    assert time.process_time() - begin < 1.0  # 0.07 s on a quiet machine
