"""The route through sound: the right pitches, the same bytes, the levels that were asked for."""

import hashlib

import numpy as np
import pytest

from tests.factory.soundfonts_here import FONTS, needs_soundfont
from versionmatch.errors import InputError
from versionmatch.factory.performance import Part, Performance
from versionmatch.factory.rendered import RenderedRoute, pooled_root
from versionmatch.factory.setting import SETTINGS, Chain
from versionmatch.factory.soundfonts import UNSEEN_SOUNDFONT, training_soundfonts
from versionmatch.types import Audio

A4_BIN = 69 - 24


def song(seed: int = 0, duration_s: float = 8.0) -> Performance:
    rng = np.random.default_rng(seed)
    beats = np.arange(0, duration_s, 0.5)
    tune = [(t, 0.45, 60 + rng.integers(12), 0.8) for t in beats]
    chords = [(t, 0.9, p, 0.6) for t in beats[::2] for p in (48, 52, 55)]
    drums = [(t, 0.1, (36, 38)[k % 2], 0.9) for k, t in enumerate(beats)]
    roles = {"voice": tune, "chords": chords, "power": chords[::3], "drums": drums}
    return Performance("song", tuple(Part(role, np.array(notes)) for role, notes in roles.items()), duration_s)


def digest(levels: np.ndarray) -> str:
    return hashlib.sha256(levels.tobytes()).hexdigest()


@pytest.fixture(scope="module")
def route() -> RenderedRoute:
    return RenderedRoute([FONTS["timgm"]])


@needs_soundfont
def test_the_levels_are_84_rows_at_ten_a_second_up_to_255(route):
    levels = route.synthesise(song(), np.random.default_rng(1), 0.0)
    assert levels.dtype == np.uint8
    assert levels.shape == (84, int(10 * (8.0 + 1.5)))
    assert levels.max() == 255


@needs_soundfont
@pytest.mark.parametrize("role", ["voice", "lead", "bass", "pad"])
def test_a_held_a4_has_its_energy_on_a_and_its_harmonics(route, role):
    part = Part(role, np.array([[0.5, 4.0, 69, 0.8]]))
    for seed in range(4):
        levels = route.synthesise(Performance("a4", (part,), 5.0), np.random.default_rng(seed), 0.0)
        strength = (levels[:, 7:20].astype(float) ** 2).mean(axis=1)
        harmonics = {A4_BIN + step for step in (-24, -12, 0, 12, 19, 24, 28, 31, 34, 36)}
        assert int(strength.argmax()) in harmonics
        fundamental = strength[A4_BIN - 1 : A4_BIN + 2].max()
        assert fundamental > 20 * np.median(strength)


@needs_soundfont
def test_the_same_seed_gives_the_same_bytes_whatever_was_rendered_before(route):
    first = digest(route.synthesise(song(), np.random.default_rng(7), 1.0))
    for seed in range(3):
        route.synthesise(song(seed), np.random.default_rng(seed), seed / 2)
    assert digest(route.synthesise(song(), np.random.default_rng(7), 1.0)) == first
    assert digest(route.synthesise(song(), np.random.default_rng(8), 1.0)) != first


@needs_soundfont
def test_a_performance_without_notes_is_silent(route):
    for parts in ((), (Part("voice", np.zeros((0, 4))),)):
        assert not route.synthesise(Performance("rest", parts, 3.0), np.random.default_rng(0), 0.0).any()


@needs_soundfont
def test_notes_out_of_range_or_after_the_end_do_no_harm(route):
    odd = np.array([[-1.0, 0.0, -5, 2.0], [3.0, 0.0, 140, 0.0], [50.0, 1.0, 60, 0.5]])
    parts = tuple(Part(role, odd) for role in ("voice", "lead", "chords", "drums")) * 12
    for seed in range(3):
        sound = route.sound(Performance("odd", parts, 4.0), np.random.default_rng(seed), 1.0)
        assert np.isfinite(sound.samples).all()


@needs_soundfont
def test_there_is_something_to_train_with_and_something_unseen():
    assert training_soundfonts()
    assert FONTS[UNSEEN_SOUNDFONT] not in training_soundfonts()


@needs_soundfont
def test_a_difficulty_out_of_range_is_named(route):
    with pytest.raises(InputError, match=r"must be from 0 to 1; got 1\.5"):
        route.sound(song(), np.random.default_rng(0), 1.5)


def test_a_route_without_a_soundfont_says_how_to_get_one(tmp_path):
    with pytest.raises(InputError, match=r"no soundfont .*nowhere\.sf2; run tools/soundfonts\.sh, or install Debian's"):
        RenderedRoute([tmp_path / "nowhere.sf2"])
    with pytest.raises(InputError, match=r"was given no soundfont; run tools/soundfonts\.sh"):
        RenderedRoute([])


def test_the_root_is_taken_of_means_over_a_tenth_of_a_second():
    rng = np.random.default_rng(3)
    audio = Audio(rng.standard_normal(16000 * 4).astype(np.float32), 16000)
    from versionmatch.features.cqt import LibrosaCQT

    magnitudes = LibrosaCQT(tuning=False).extract({"audio": audio}).values[:, :200]
    ten = np.sqrt(magnitudes.reshape(84, 40, 5).mean(axis=2))
    assert np.abs(pooled_root(audio) - 255 * ten / ten.max()).max() <= 0.501


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_gives_finite_sound_and_none_at_difficulty_0(setting, monkeypatch):
    monkeypatch.setattr("versionmatch.factory.setting.SETTINGS", {setting: 1.0})
    sound = np.sin(np.arange(16000 * 3) * 0.17).astype(np.float32)
    for seed in range(6):
        heard = Chain(np.random.default_rng(seed), 1.0).applied(sound)
        assert heard.dtype == np.float32
        assert np.isfinite(heard).all()
        assert abs(heard.size / sound.size - 1) < 0.036  # 60 cents of speed
    assert Chain(np.random.default_rng(0), 0.0).applied(sound) is sound
