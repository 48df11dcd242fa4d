import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tinytag import TinyTag

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TRUTH = json.loads((EXAMPLES / "truth.json").read_text(encoding="utf-8"))
NAMES = ("greensleeves-a.ogg", "greensleeves-b.ogg")


@pytest.fixture
def render(monkeypatch):
    pytest.importorskip("mido", reason="the renderer needs mido")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    import render as module

    yield module
    for name in ("render", "score"):
        sys.modules.pop(name, None)


def test_both_recordings_together_stay_small_enough_for_the_repository():
    assert sum((EXAMPLES / name).stat().st_size for name in NAMES) <= 1_500_000


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_is_as_long_as_the_truth_says_and_not_clipped(name):
    samples, rate = soundfile.read(EXAMPLES / name)
    assert samples.shape[0] / rate == pytest.approx(TRUTH["recordings"][name]["duration_s"], abs=1e-3)
    assert 0.5 < np.abs(samples).max() < 1.0


@pytest.mark.parametrize("name", NAMES)
def test_a_recording_carries_its_title(name):
    assert TinyTag.get(EXAMPLES / name).title == TRUTH["recordings"][name]["title"]


def test_the_truth_is_what_the_score_plays(render):
    facts = {f"{a.name}.ogg": render.perform(a)[1] for a in (render.score.A, render.score.B)}
    for name in NAMES:
        facts[name] = {"duration_s": TRUTH["recordings"][name]["duration_s"], **facts[name]}
    assert json.loads(render.dump(render.truth(facts))) == TRUTH


def test_correspondence_runs_forward_through_the_sections_that_both_play():
    pairs = np.array([(p["query_s"], p["reference_s"]) for p in TRUTH["correspondence"]])
    assert (np.diff(pairs, axis=0) > 0).all()
    assert {p["section"] for p in TRUTH["correspondence"]} == {"verse 1", "chorus 1", "chorus 2"}


def test_the_melody_at_corresponding_bars_is_the_same_after_transposition_and_octave():
    melody = {name: np.array(TRUTH["recordings"][name]["melody"]) for name in NAMES}
    agree = []
    for pair in TRUTH["correspondence"]:
        pitches = []
        for name, time in zip(NAMES, (pair["query_s"], pair["reference_s"]), strict=True):
            on, length, pitch = melody[name].T
            sounding = (on <= time + 0.25) & (time + 0.25 < on + length)
            pitches.append(pitch[sounding][0] if sounding.any() else np.nan)
        agree.append((pitches[0] - pitches[1] - TRUTH["transposition"]) % 12 == 0)
    assert np.mean(agree) > 0.95


@pytest.mark.parametrize("name", NAMES)
def test_the_sound_begins_where_the_truth_has_the_first_chord(name):
    samples, rate = soundfile.read(EXAMPLES / name)
    loud = np.abs(samples).max(axis=1) > 0.02
    assert loud.argmax() / rate == pytest.approx(TRUTH["recordings"][name]["chords"][0][0], abs=0.03)


def test_a_bar_that_does_not_hold_six_eighths_is_named(render):
    section = render.score.Section("verse 9", "verse", "C5/2 D5/1 |", "Am . |", 0.6, 1.0, ())
    with pytest.raises(ValueError, match="bar 1 of verse 9 does not hold six eighths: C5/2 D5/1"):
        render.play_melody(section, 0, render.score.A, render.Clock(render.score.A))
