"""Hours of sound: an extractor needs little room beside the transform it reads."""

import tracemalloc

import numpy as np
import pytest

from versionmatch.features.view import Track
from versionmatch.types import Features, Recording

MINUTES = 40


@pytest.fixture(scope="module")
def track():
    magnitude = np.abs(np.random.default_rng(440).normal(size=(84, 3000 * MINUTES)).astype(np.float32))
    recording = Recording(id="0" * 64, source="array", duration_s=60.0 * MINUTES)
    track = Track(recording, {"cqt": Features("cqt", magnitude, 50.0)})
    _ = track["onsets"]
    return track


@pytest.mark.parametrize(("kind", "times_the_transform"), [("onsets", 4.0), ("chroma", 3.5), ("beats", 1.5)])
def test_the_room_taken_is_bounded(track, kind, times_the_transform):
    track.release(kind)
    tracemalloc.start()
    try:
        _ = track[kind]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < times_the_transform * track["cqt"].values.nbytes
