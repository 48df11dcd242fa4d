"""Peaks on disk: the same bits in few bytes, and old files stay readable."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fingerprint.examples import audio, sound
from versionmatch.fingerprint.landmarks import landmarks
from versionmatch.store.artefacts import ArtefactStore
from versionmatch.store.peaks_file import packed, unpacked
from versionmatch.types import Peaks

GOLDEN = Path(__file__).parents[1] / "golden"  # made by ``python -m tests.golden.landmark_v1``
PLACES = st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 512 * 16 - 1), st.integers(0, 255)), max_size=60).map(
    sorted
)


def columns(places):
    frames, steps, levels = np.array(places, np.int64).reshape(-1, 3).T
    return frames.astype(np.int32), (steps / 16).astype(np.float32), levels.astype(np.float32)


@settings(max_examples=100, deadline=None)
@given(PLACES)
def test_any_peaks_come_back_bit_for_bit(places):
    before = columns(places)
    after = unpacked(packed(*before), len(places))
    assert [c.tobytes() for c in before] == [c.tobytes() for c in after]


def test_four_minutes_take_less_than_twelve_kilobytes(tmp_path):
    peaks = landmarks(audio(sound(5, 240.0)))
    store = ArtefactStore(tmp_path)
    store.save("ab12", "peaks", "", peaks)
    assert store.path_of("ab12", "peaks", "").stat().st_size <= 12_000
    back = store.load("ab12", "peaks", "")
    assert isinstance(back, Peaks)
    for name in ("frames", "bins", "levels"):
        assert getattr(back, name).tobytes() == getattr(peaks, name).tobytes()
    assert (back.n_frames, back.frame_rate, back.algorithm) == (peaks.n_frames, peaks.frame_rate, "landmark-v1")


@pytest.mark.parametrize("n", [-1, 3, 5, 2**40])
def test_a_wrong_number_of_peaks_is_refused(n):
    content = packed(*columns([(1, 2, 3), (4, 5, 6), (700, 8, 9), (701, 9, 9)]))
    with pytest.raises(ValueError, match=r"peaks|long differences"):
        unpacked(content, n)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 20))
def test_bytes_that_are_no_peaks_are_refused_or_valid(content, n):
    try:
        frames, _, _ = unpacked(np.frombuffer(content, np.uint8), n)
    except ValueError:
        return
    assert frames.size == n


def test_bins_beyond_what_is_written_are_refused():
    with pytest.raises(ValueError, match="below 512"):
        packed(np.zeros(1, np.int32), np.array([512.0], np.float32), np.zeros(1, np.float32))


def test_peaks_of_the_first_version_stay_readable_and_comparable():
    golden = ArtefactStore(GOLDEN).load("landmark-v1", "peaks", "golden")
    assert isinstance(golden, Peaks)
    assert (golden.algorithm, len(golden), golden.n_frames) == ("landmark-v1", 225, 517)
    now = landmarks(audio(sound(3, 12.0)))
    old, new = (set(zip(p.frames.tolist(), np.round(p.bins).tolist(), strict=True)) for p in (golden, now))
    assert len(old & new) >= 0.98 * len(old)
