"""Settings, units and plugins: what is unknown or wrong is said with the remedy."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch import plugins
from versionmatch.errors import ParamsError, UnknownPlugin
from versionmatch.params import CompareParams
from versionmatch.units import clock, hz_to_midi, midi_to_hz, parse_range, parse_time, signed_semitones


def test_settings_survive_being_written_down():
    params = CompareParams(query_range=(41, 49.5), cues=("harmony",), extractors={"melody": "melody-essentia"})
    assert CompareParams.of(params.to_dict()) == params
    assert CompareParams.of(params.to_dict()).digest() == params.digest()


def test_other_settings_have_another_digest():
    assert CompareParams().digest() != CompareParams(max_passages=3).digest()


def test_a_misspelt_setting_is_met_with_the_nearest_one():
    with pytest.raises(ParamsError, match=r"no setting 'max_passage'.*Did you mean 'max_passages'"):
        CompareParams.of({"max_passage": 3})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cues", ()),
        ("cues", ("melody", "melody")),
        ("query_range", (5, 4)),
        ("transposition", 12),
        ("min_passage_s", 0),
        ("max_passages", 0),
        ("max_duration_s", -1),
    ],
)
def test_a_setting_out_of_range_is_named_with_its_value(name, value):
    with pytest.raises(ParamsError, match=name):
        CompareParams(**{name: value})


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CompareParams().max_passages = 3


@pytest.mark.parametrize("text", ["0:41", "a-b", "0:49-0:41", "1:2:3:4-5"])
def test_what_is_no_range_is_said_with_an_example(text):
    with pytest.raises(ParamsError, match=r"write start-end|not a time"):
        parse_range(text)


@given(st.integers(0, 200_000))
def test_clock_times_are_read_as_they_are_written(tenths):
    assert parse_time(clock(tenths / 10)) == pytest.approx(tenths / 10)


@given(st.floats(20, 20000))
def test_pitch_and_frequency_are_inverse(hz):
    assert midi_to_hz(hz_to_midi(hz)) == pytest.approx(hz, rel=1e-9)


@given(st.integers(-50, 50))
def test_a_signed_transposition_is_the_smaller_move(t):
    assert -5 <= signed_semitones(t) <= 6
    assert (signed_semitones(t) - t) % 12 == 0


def test_an_unknown_plugin_is_met_with_the_known_ones():
    with pytest.raises(
        UnknownPlugin,
        match=r"no cue named 'harmny'.*harmony, melody, passages, patterns, recording, rhythm.*Did you mean 'harmony'",
    ):
        plugins.find("cues", "harmny")


@pytest.mark.parametrize("group", plugins.GROUPS)
def test_every_announced_plugin_can_be_loaded_and_carries_its_name(group):
    for name in plugins.names(group):
        assert plugins.find(group, name).name
