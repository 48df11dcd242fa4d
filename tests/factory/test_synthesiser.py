"""FluidSynth told what to play: levels, bends, glides, keys struck twice."""

import builtins

import numpy as np
import pytest

from tests.factory.soundfonts_here import FONTS, needs_soundfont
from versionmatch.errors import InputError, MissingExtra
from versionmatch.factory import soundfonts, synthesiser
from versionmatch.factory.damage import rms
from versionmatch.factory.events import BEND, NOTE_OFF, NOTE_ON, Channel, events_of
from versionmatch.factory.synthesiser import Synthesiser
from versionmatch.features.cqt import LibrosaCQT
from versionmatch.types import Audio

FLUTE, ORGAN = 73, 19
SR = 16000


def notes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


def pitch_at(samples: np.ndarray, at_s: float, low: int, high: int) -> float:
    """The strongest pitch between two MIDI numbers, by the peak of a Fourier transform of 0.12 s."""
    piece = samples[int((at_s - 0.06) * SR) : int((at_s + 0.06) * SR)]
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(piece.size), 1 << 16))
    midi = 69 + 12 * np.log2(np.maximum(np.fft.rfftfreq(1 << 16, 1 / SR), 1) / 440)
    return float(midi[np.where((midi >= low) & (midi <= high), spectrum, 0).argmax()])


@pytest.fixture(scope="module")
def synth() -> Synthesiser:
    return synthesiser.synthesiser(FONTS["timgm"])


@needs_soundfont
def test_a_flute_s_a4_is_strongest_in_the_bin_of_a4(synth):
    sound = synth.render([Channel(notes((0.2, 2.0, 69, 0.8)), FLUTE)], 3 * SR)
    cqt = LibrosaCQT(tuning=False).extract({"audio": Audio(sound, SR)}).values
    assert int(cqt[:, 40:100].mean(axis=1).argmax()) == 69 - 24


@needs_soundfont
def test_a_part_20_db_down_is_20_db_quieter(synth):
    loud, soft = (synth.render([Channel(notes((0, 2, 69, 0.8)), ORGAN, gain_db=g)], 2 * SR) for g in (0.0, -20.0))
    assert 20 * np.log10(rms(loud) / rms(soft)) == pytest.approx(20, abs=1)


@needs_soundfont
def test_a_fraction_of_a_semitone_is_heard(synth):
    sound = synth.render([Channel(notes((0, 1, 69.0, 0.8), (1, 1, 71.5, 0.8)), FLUTE, mono=True)], 2 * SR)
    assert pitch_at(sound, 0.5, 60, 80) == pytest.approx(69.0, abs=0.15)
    assert pitch_at(sound, 1.5, 60, 80) == pytest.approx(71.5, abs=0.15)


@needs_soundfont
def test_a_glide_passes_through_what_lies_between(synth):
    gliding = Channel(notes((0, 1, 64, 0.8), (1, 1.5, 71, 0.8)), ORGAN, glide_s=0.8, mono=True)
    sound = synth.render([gliding], int(2.6 * SR))
    heard = [pitch_at(sound, t, 62, 73) for t in (0.5, 1.4, 2.2)]
    assert heard[0] == pytest.approx(64, abs=0.3)
    assert 65.5 < heard[1] < 69.5
    assert heard[2] == pytest.approx(71, abs=0.3)


@needs_soundfont
def test_forty_channels_all_sound_though_the_synth_has_fewer(synth):
    parts = [Channel(notes((0.5 * k, 0.4, 60 + k % 12, 0.8)), ORGAN) for k in range(40)]
    sound = synth.render(parts, 21 * SR)
    assert min(rms(sound[int((0.5 * k + 0.1) * SR) : int((0.5 * k + 0.35) * SR)]) for k in range(40)) > 1e-3


@needs_soundfont
def test_a_kit_that_the_bank_lacks_is_replaced_without_a_word(synth, capfd):
    sound = synth.render([Channel(notes((0, 0.1, 38, 0.9)), 77, 128)], SR)
    assert rms(sound) > 1e-4
    assert capfd.readouterr().err == ""


@needs_soundfont
def test_a_file_that_is_no_bank_is_named(tmp_path):
    path = tmp_path / "text.sf2"
    path.write_text("not a bank")
    with pytest.raises(InputError, match=r"text\.sf2 is no soundfont that FluidSynth can read; name an sf2 or sf3"):
        Synthesiser(path)


def test_an_absent_library_names_the_extra_and_the_packages(monkeypatch, tmp_path):
    path = tmp_path / "bank.sf2"
    path.touch()
    synthesiser._fluidsynth.cache_clear()
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "fluidsynth":
            raise ImportError("Couldn't find the FluidSynth library.")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"tools/soundfonts\.sh.*libfluidsynth3.*versionmatch\[train\]"):
        Synthesiser(path)


def test_where_no_soundfont_is_installed_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(soundfonts, "SOUNDFONT_FILES", {"fluid": ("/nowhere/a.sf2",), "timgm": ()})
    assert soundfonts.installed_soundfonts() == {}
    with pytest.raises(InputError, match=r"none of the soundfonts fluid is on this machine; run tools/soundfonts\.sh"):
        soundfonts.training_soundfonts()


def test_a_key_struck_again_is_released_first():
    twice = Channel(notes((0, 5, 60, 0.8), (1, 1, 60, 0.8)), 0)
    events = [e for e in events_of([twice], 64, 64, 100, 16) if e[1] != BEND]
    assert [(block, kind) for block, kind, *_ in events] == [(0, NOTE_ON), (1, NOTE_OFF), (1, NOTE_ON), (2, NOTE_OFF)]


def test_what_starts_after_the_end_is_not_sent():
    late = Channel(notes((0, 1, 60, 0.8), (200, 1, 62, 0.8)), 0)
    assert max(block for block, *_ in events_of([late], 64, 64, 100, 16)) < 100
