"""What happens to sound: each damage does the one thing it is named after, and no other."""

import numpy as np
import pytest

from versionmatch.factory import codec, damage, noise
from versionmatch.factory.damage import SR, Band, rms

TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * SR) / SR)).astype(np.float32)
MUSIC = (
    TONE * (1 + np.sin(np.arange(TONE.size) / 5000)) + 0.02 * np.random.default_rng(0).standard_normal(TONE.size)
).astype(np.float32)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def level_db(samples: np.ndarray, hz: float) -> float:
    """The level of one frequency."""
    wave = np.exp(-2j * np.pi * hz * np.arange(samples.size) / SR)
    return float(20 * np.log10(np.abs(np.mean(samples * np.hanning(samples.size) * wave)) + 1e-12))


DAMAGES = {
    "room": lambda x: damage.room(x, 0.8, -6, rng()),
    "distort": lambda x: damage.distort(x, 20, 0.3),
    "clip": lambda x: damage.clip(x, 0.05),
    "equalise": lambda x: damage.equalise(x, [Band("low", 200, 6), Band("peak", 900, -5), Band("high", 3000, 4)]),
    "band_limit": lambda x: damage.band_limit(x, 300, 3400),
    "compress": lambda x: damage.compress(x, -10, 4),
    "wow_and_flutter": lambda x: damage.wow_and_flutter(x, 20, 8, rng()),
    "fade": lambda x: damage.fade(x, 1, 9),
    "white": lambda x: noise.added(x, noise.white(x.size, rng()), 20),
    "pink": lambda x: noise.added(x, noise.pink(x.size, rng()), 20),
    "hum": lambda x: noise.added(x, noise.hum(x.size, rng()), 20),
    "crackle": lambda x: noise.added(x, noise.crackle(x.size, rng()), 20),
    "crowd": lambda x: noise.added(x, noise.crowd(x.size, rng()), 10),
    **{name: (lambda x, name=name: codec.transcoded(x, name, 0.8)) for name in codec.CODECS},
}


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("sound", [MUSIC, MUSIC[:100], np.zeros(5000, np.float32)], ids=["music", "short", "silence"])
def test_the_sound_stays_as_long_as_it_was_and_finite(name, sound):
    before = sound.copy()
    after = DAMAGES[name](sound)
    assert after.dtype == np.float32
    assert after.shape == sound.shape
    assert np.isfinite(after).all()
    assert np.array_equal(sound, before)


@pytest.mark.parametrize("name", DAMAGES)
def test_the_same_seed_does_the_same_damage(name):
    assert np.array_equal(DAMAGES[name](MUSIC), DAMAGES[name](MUSIC))


@pytest.mark.parametrize("rt60_s", [0.3, 1.0, 2.5])
def test_a_room_s_impulse_decays_by_60_db_in_its_reverberation_time(rt60_s):
    response = damage.room_response(rt60_s, rng(4), direct=0.0)
    left_db = 10 * np.log10(np.cumsum(response[::-1] ** 2)[::-1] / np.sum(response**2) + 1e-12)
    from_20, to_40 = (np.argmax(left_db < level) / SR for level in (-20, -40))  # below, the late low half alone sounds
    assert 3 * (to_40 - from_20) == pytest.approx(rt60_s, rel=0.2)


def test_a_room_leaves_the_direct_sound_first_and_sounds_on_after_it():
    click = np.zeros(SR, np.float32)
    click[4000] = 1.0
    wet = damage.room(click, 0.5, 0.0, rng())
    assert np.abs(wet[:4000]).max() < 1e-4
    assert np.abs(wet).argmax() == 4000
    assert rms(wet[5000:8000]) > 10 * rms(wet[:4000])


def test_speed_moves_pitch_and_length_together():
    faster = damage.varispeed(TONE, 50)
    ratio = 2 ** (50 / 1200)
    assert faster.size == pytest.approx(TONE.size / ratio, abs=2)
    assert level_db(faster, 440 * ratio) > level_db(faster, 440) + 20
    assert damage.varispeed(TONE, 0) is TONE


def test_distortion_adds_odd_harmonics_and_bias_even_ones():
    plain, biased = damage.distort(TONE, 25), damage.distort(TONE, 25, 0.5)
    assert level_db(plain, 1320) > level_db(TONE, 1320) + 40
    assert level_db(plain, 880) < level_db(plain, 1320) - 30
    assert level_db(biased, 880) > level_db(plain, 880) + 20
    assert rms(plain) == pytest.approx(rms(TONE), rel=1e-3)


@pytest.mark.parametrize(
    ("band", "hz", "gain_db"),
    [
        (Band("peak", 440, 9), 440, 9),
        (Band("low", 2500, -8), 440, -8),
        (Band("high", 100, 5), 440, 5),
        (Band("high", 5000, 12), 440, 0),
    ],
)
def test_an_equaliser_s_band_has_the_gain_that_it_says(band, hz, gain_db):
    assert level_db(damage.equalise(TONE, [band]), hz) - level_db(TONE, hz) == pytest.approx(gain_db, abs=0.7)


def test_a_telephone_takes_the_bass_and_leaves_the_middle():
    low, middle = (np.sin(2 * np.pi * hz * np.arange(SR) / SR).astype(np.float32) for hz in (60, 1000))
    assert rms(damage.band_limit(low, 300, 3400)) < 0.1 * rms(low)
    assert rms(damage.band_limit(middle, 300, 3400)) == pytest.approx(rms(middle), rel=0.05)


def test_a_compressor_brings_loud_and_soft_together():
    loud_soft = TONE * np.where(np.arange(TONE.size) < TONE.size // 2, 1.0, 0.1).astype(np.float32)
    pressed = damage.compress(loud_soft, -15, 4, 0.1)
    half = TONE.size // 2
    before, after = (rms(x[4000 : half - 4000]) / rms(x[-half // 2 :]) for x in (loud_soft, pressed))
    assert after < 0.5 * before


def test_clipping_flattens_the_share_that_was_asked_for():
    clipped = damage.clip(MUSIC, 0.05)
    assert np.mean(np.abs(clipped) >= np.abs(clipped).max() * 0.9999) == pytest.approx(0.05, abs=0.01)


def test_a_fade_starts_and_ends_in_silence():
    faded = damage.fade(TONE, 0.5, 0.5)
    assert abs(faded[0]) < 1e-6
    assert abs(faded[-1]) < 1e-4
    assert np.array_equal(faded[SR : 2 * SR], TONE[SR : 2 * SR])


def test_wow_moves_the_pitch_by_no_more_than_its_cents():
    moved = damage.wow_and_flutter(TONE, 30, 0, rng())
    crossings = np.flatnonzero((moved[:-1] < 0) & (moved[1:] >= 0))
    exact = crossings - moved[crossings] / (moved[crossings + 1] - moved[crossings])
    cents = 1200 * np.log2(SR / np.diff(exact)[5:] / 440)
    assert 15 < np.abs(cents).max() < 34


@pytest.mark.parametrize("make", [noise.white, noise.pink, noise.hum, noise.crackle, noise.crowd])
@pytest.mark.parametrize("seconds", [2, 60])
def test_noise_lies_as_far_below_the_music_as_it_is_told(make, seconds):
    sound = np.resize(MUSIC, seconds * SR)
    other = noise.added(sound, make(sound.size, rng(1)), 12) - sound
    assert 20 * np.log10(rms(sound) / rms(other)) == pytest.approx(12, abs=0.1)


def test_pink_noise_falls_by_3_db_an_octave():
    power = np.abs(np.fft.rfft(noise.pink(20 * SR, rng()))) ** 2
    hz = np.fft.rfftfreq(20 * SR, 1 / SR)
    low, high = (power[(hz > f) & (hz < 2 * f)].mean() for f in (200, 1600))
    assert 10 * np.log10(low / high) == pytest.approx(9, abs=1)


def test_a_long_piece_passes_every_codec_without_being_moved():
    sound = np.resize(MUSIC, 40 * SR) + noise.pink(40 * SR, rng()) * np.float32(0.02)
    for name in codec.available_codecs():
        back = codec.transcoded(sound, name, 0.6)
        assert rms(back - sound) < 0.3 * rms(sound)


def test_a_codec_that_is_not_there_changes_nothing():
    assert codec.transcoded(MUSIC, "wax", 0.5) is MUSIC
