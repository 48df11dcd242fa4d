import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from versionmatch.errors import InputError
from versionmatch.features.notes import MelodyNotes
from versionmatch.types import Features


def notes_of(pitch, voicing=None, rate=50.0):
    voicing = np.full(len(pitch), 0.9) if voicing is None else voicing
    return MelodyNotes().extract({"melody": Features("melody", np.array([pitch, voicing]), rate)})


def test_a_scale_becomes_its_notes():
    notes = notes_of(np.repeat([60.0, 62, 64, 65, 67], 25))
    assert notes.pitch.tolist() == [60, 62, 64, 65, 67]
    assert notes.onset_s == pytest.approx([0, 0.5, 1, 1.5, 2], abs=0.021)


def test_vibrato_of_half_a_semitone_stays_one_note():
    time = np.arange(100) / 50
    notes = notes_of(69 + 0.5 * np.sin(2 * np.pi * 6 * time))
    assert len(notes) == 1
    assert notes.pitch[0] == pytest.approx(69, abs=0.1)


def test_the_same_pitch_after_a_rest_is_a_second_note():
    voicing = np.repeat([0.9, 0.1, 0.9], 20)
    assert len(notes_of(np.full(60, 60.0), voicing)) == 2


def test_a_dip_in_confidence_does_not_cut_a_note():
    voicing = np.repeat([0.9, 0.4, 0.9], 20)
    assert len(notes_of(np.full(60, 60.0), voicing)) == 1


def test_a_slip_of_one_frame_joins_its_neighbour():
    pitch = np.full(50, 60.0)
    pitch[20:22] = 72.0
    assert len(notes_of(pitch)) == 1


def test_without_voice_there_are_no_notes():
    assert len(notes_of(np.full(50, 60.0), np.zeros(50))) == 0


@pytest.mark.parametrize("rate", [10.0, 50.0])
def test_notes_keep_their_seconds_at_either_frame_rate(rate):
    notes = notes_of(np.repeat([60.0, 65.0], round(rate)), rate=rate)
    assert notes.duration_s == pytest.approx([1.0, 1.0], abs=0.11)


@given(arrays(np.float64, st.tuples(st.just(2), st.integers(1, 80)), elements=st.floats(0, 1, width=32)))
def test_notes_never_overlap_and_lie_inside_the_recording(values):
    notes = notes_of(48 + 24 * values[0], values[1])
    assert notes.monophonic
    assert (notes.duration_s >= 0.06).all()
    assert (notes.onset_s + notes.duration_s <= values.shape[1] / 50 + 1e-9).all()


def test_a_melody_of_one_row_is_refused():
    with pytest.raises(InputError, match=r"two rows, pitch and voicing; got \(1, 5\)"):
        MelodyNotes().extract({"melody": Features("melody", np.ones((1, 5)), 50.0)})
