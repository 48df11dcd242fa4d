"""Features in another order of time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.errors import InputError
from versionmatch.features.rearranged import backwards, in_blocks, notes_shuffled
from versionmatch.features.view import Track
from versionmatch.testing import example_tracks
from versionmatch.types import Annotation, Features, Notes, Recording


def track(duration_s=10.0):
    n = int(duration_s * 10)
    frames = Features("chroma", np.arange(n, dtype=np.float32)[None], 10.0)
    notes = Notes([0.0, 1.0, 2.5], [1.0, 1.5, 0.5], [60, 64, 67], [1, 0.9, 0.8])
    beats = Annotation("beats", [0.0, 2.0, 4.0], [0, 0, 0], ("1", "2", "3"), [1, 1, 1])
    return Track(Recording("r", "r", duration_s=duration_s), {"chroma": frames, "notes": notes, "beats": beats})


def test_backwards_the_last_is_the_first():
    back = backwards(track())
    assert back["chroma"].values[0, :3].tolist() == [99, 98, 97]
    assert back["notes"].pitch.tolist() == [67, 64, 60]
    assert back["notes"].onset_s.tolist() == [7.0, 7.5, 9.0]
    assert back["beats"].onset_s.tolist() == [6.0, 8.0, 10.0]
    assert back["beats"].labels == ("3", "2", "1")


def test_backwards_twice_is_as_it_was():
    twice = backwards(backwards(track()))
    assert twice["notes"].onset_s == pytest.approx([0.0, 1.0, 2.5])
    assert np.array_equal(twice["chroma"].values, track()["chroma"].values)


@given(st.integers(0, 1000), st.floats(0.5, 4.0), st.floats(3.0, 12.0))
def test_blocks_hold_every_frame_and_note_once(seed, block_s, duration_s):
    whole = track(max(3.0, round(duration_s, 1)))
    mixed = in_blocks(whole, block_s=block_s, seed=seed)
    assert sorted(mixed["chroma"].values[0].tolist()) == whole["chroma"].values[0].tolist()
    assert sorted(mixed["notes"].pitch.tolist()) == [60, 64, 67]
    assert (mixed["notes"].onset_s < whole.recording.duration_s + 1e-9).all()
    assert len(mixed["beats"]) == 3


def test_frames_and_notes_of_a_block_stay_together():
    """A note is where the frames are that it sounded in."""
    mixed = in_blocks(track(), seed=2)
    sounded_in = {60: 0, 64: 10, 67: 25}
    for onset, pitch in zip(mixed["notes"].onset_s, mixed["notes"].pitch, strict=True):
        assert mixed["chroma"].values[0, round(onset * 10)] == sounded_in[int(pitch)]


def test_a_block_ends_its_notes():
    mixed = in_blocks(track(), seed=1)
    held = dict(zip(mixed["notes"].pitch.tolist(), mixed["notes"].duration_s.tolist(), strict=True))
    assert held == pytest.approx({60: 1.0, 64: 1.0, 67: 0.5})  # 64 is cut at 2 s


def test_shuffled_notes_keep_their_rhythm_and_their_stock():
    song = example_tracks()[0]
    mixed = notes_shuffled(song)["notes"]
    assert mixed.onset_s.tolist() == song["notes"].onset_s.tolist()
    assert sorted(mixed.pitch) == sorted(song["notes"].pitch)
    assert mixed.pitch.tolist() != song["notes"].pitch.tolist()
    assert notes_shuffled(song)["chroma"] is song["chroma"]


def test_what_has_no_order_of_time_cannot_be_had():
    with pytest.raises(InputError, match=r"audio of .* cannot be rearranged"):
        backwards(example_tracks()[0])["audio"]
