"""One recording is told from another performance of the same music, and from its own altered forms."""

import numpy as np
import pytest

import versionmatch as vm
from tests.fingerprint.examples import SR, audio, resampled, sound
from versionmatch.fingerprint.landmarks import landmarks
from versionmatch.match.cues.recording import RecordingCue
from versionmatch.match.same import relation_of

SONG = sound(11, 45.0)
OTHER = sound(12, 45.0)


def performance(seed, beat_s=0.4):
    """The same tune, its notes a little early or late and of other loudness and overtones each time."""
    rng = np.random.default_rng(seed)
    samples = np.zeros(int(42 * SR), np.float32)
    for i, step in enumerate([0, 4, 7, 5, 4, 2, 0, 7, 9, 7, 5, 4, 2, 4, 0, 0] * 6):
        start = int((0.3 + beat_s * i + rng.normal(0, 0.02)) * SR)
        time = np.arange(int(beat_s * rng.uniform(0.7, 1.1) * SR)) / SR
        hz = 220 * 2 ** (step / 12) * 2 ** (rng.normal(0, 8) / 1200)
        note = sum(rng.uniform(0.2, 1) / k * np.sin(2 * np.pi * hz * k * time) for k in range(1, 7))
        samples[start : start + time.size] += (rng.uniform(0.5, 1) * note * np.exp(-4 * time)).astype(np.float32)
    return 0.2 * samples / np.abs(samples).max()


def compared(query, reference):
    return RecordingCue().compare(*({"peaks": landmarks(audio(samples))} for samples in (query, reference)))


def relation(query, reference):
    found = relation_of([compared(query, reference)])
    return found and found[0]


NOISE = np.random.default_rng(1).normal(0, 0.002, SONG.size).astype(np.float32)


@pytest.mark.parametrize(
    "same",
    [SONG, 0.3 * SONG, SONG + NOISE, np.round(SONG * 127) / 127, np.concatenate([np.zeros(SR, np.float32), SONG])],
    ids=["itself", "softer", "noisier", "eight bits", "a second later"],
)
def test_the_same_recording(same):
    assert relation(same, SONG) == "same recording"
    assert relation(SONG, same) == "same recording"


@pytest.mark.parametrize(
    "altered",
    [
        resampled(SONG, 1.02),
        resampled(SONG, 0.97),
        SONG[10 * SR : 25 * SR],
        np.concatenate([SONG[: 15 * SR], SONG[24 * SR :]]),
        SONG[20 * SR : 32 * SR] + 0.7 * OTHER[: 12 * SR],
    ],
    ids=["faster", "slower", "an excerpt", "a cut", "in a mix"],
)
def test_an_altered_recording(altered):
    assert relation(altered, SONG) == "altered recording"
    assert relation(SONG, altered) == "altered recording"


def test_a_short_stretch_of_another_recording_is_a_passage():
    sample = np.concatenate([OTHER[: 20 * SR], SONG[10 * SR : 18 * SR], OTHER[20 * SR :]])
    assert relation(sample, SONG) == "related passage"


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_another_performance_is_never_the_same_recording(seed):
    assert compared(performance(seed), performance(1)).raw == 0
    assert compared(performance(seed, 0.42), performance(1)).raw == 0


def test_offset_speed_and_pitch_are_told():
    part = resampled(SONG[12 * SR : 36 * SR], 1.03)
    found = compared(part, SONG)
    assert found.details["offset_s"] == pytest.approx(12.0, abs=0.05)
    assert found.details["tempo"] == pytest.approx(1.03, rel=1e-3)
    assert found.details["pitch"] == pytest.approx(1.03, rel=2e-3)
    assert "at 1.030 times its tempo" in found.notes[0]
    assert found.details["share_of_query"] > 0.95


def test_nothing_found_has_the_value_0_and_says_so():
    found = compared(OTHER, SONG)
    assert (found.raw, found.spans) == (0.0, ())
    assert found.notes == ("no stretch of A is the sound of B",)


def test_compare_tells_recordings_and_their_altered_forms():
    for query, expected in ((SONG + NOISE, "same recording"), (resampled(SONG, 1.02), "altered recording")):
        match = vm.compare((query, SR), (SONG, SR))
        assert match.relation == expected
        assert match.probability == pytest.approx(1.0)
        assert match["recording"].details["tempo"] == pytest.approx(1.0 if expected[0] == "s" else 1.02, rel=1e-3)


def test_only_a_part_can_be_asked_for():
    match = vm.compare((SONG, SR), (SONG, SR), query_range=(10.0, 30.0), cues=("harmony", "recording"))
    (span, *_) = match["recording"].spans
    assert span.query_start_s == pytest.approx(span.reference_start_s, abs=0.1)
    assert span.query_start_s >= 9.9
