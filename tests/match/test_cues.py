import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.naive_match import mutual_qmax
from versionmatch.features.view import Track
from versionmatch.match.cues import search
from versionmatch.match.cues.harmony import HarmonyCue
from versionmatch.match.cues.melody import MelodyCue, pitch_classes
from versionmatch.match.cues.rhythm import RhythmCue, profile_likeness, rhythm_profile
from versionmatch.match.ranking import raw_values, reversed_rows
from versionmatch.types import Features, Recording

CHORDS = [(0, 4, 7), (9, 0, 4), (5, 9, 0), (7, 11, 2), (2, 5, 9), (4, 7, 11), (11, 2, 5), (10, 2, 5)]


def track(**features):
    if "chroma" in features and "cqt" not in features:  # the same pitch classes in the octaves from C2 on
        chroma = features["chroma"].values
        cqt = np.concatenate([np.zeros_like(chroma), chroma, chroma, chroma, np.zeros((36, chroma.shape[1]))])
        features["cqt"] = Features("cqt", cqt, features["chroma"].frame_rate)
    return Track(Recording("id", "song", 60.0), features)


def progression(seed: int, seconds: int = 90, chord_s: float = 2.0, key: int = 0, noise: float = 0.15) -> Features:
    """Chroma at 10 fps of a random chord progression."""
    rng = np.random.default_rng(seed)
    n = int(seconds * 10)
    plan = rng.integers(0, len(CHORDS), int(seconds / chord_s) + 1)
    values = noise * rng.random((12, n))
    for i in range(n):
        for pitch in CHORDS[plan[int(i / (10 * chord_s))]]:
            values[(pitch + key) % 12, i] += 1.0
    return Features("chroma", values, 10.0)


def tune(seed: int, n_notes: int = 150, note_s: float = 0.5, key: int = 0, octave: int = 0) -> Features:
    rng = np.random.default_rng(seed)
    steps = np.array([0, 2, 4, 5, 7, 9, 11, 12])[rng.integers(0, 8, n_notes)] + 60 + key + 12 * octave
    pitch = np.repeat(steps.astype(float), int(10 * note_s))
    return Features("melody", np.stack([pitch, np.full(pitch.size, 0.9)]), 10.0)


def pulses(period_s: float, seconds: float = 60.0, accent: int = 3) -> Features:
    values = np.zeros(int(seconds * 10))
    for k, at in enumerate(np.arange(0, seconds - period_s, period_s)):
        values[round(at * 10)] += 1.0 if k % accent == 0 else 0.4
    return Features("onsets", values[None], 10.0)


@pytest.mark.parametrize("seed", range(12))
def test_qmax_by_key_equals_that_of_the_slow_twin(seed):
    rng = np.random.default_rng(seed)
    # sixteenths of whole numbers, so that no rounding decides who is near
    similarity = rng.integers(0, 17, (16 + seed, 21)).astype(np.float32) / 16
    embedding = 8
    q = search.kernels.embed_similarity(similarity, embedding)
    expected = mutual_qmax(similarity.tolist(), embedding, search.KAPPAS[1])
    rows = search._thresholds(q)[1]
    columns = search._thresholds(np.ascontiguousarray(q.T))[1]
    assert search.kernels.mutual_qmax(q, rows, columns, 1) == expected


@given(st.integers(0, 11))
@settings(max_examples=6, deadline=None)
def test_a_song_in_another_key_is_found_at_its_interval(key):
    song, other = progression(1), progression(1, key=key)
    evidence = HarmonyCue().compare(track(chroma=other), track(chroma=song))
    assert evidence.transposition == key
    assert evidence.raw > 2 * HarmonyCue().compare(track(chroma=other), track(chroma=progression(2))).raw


@pytest.mark.parametrize("tempo", [0.75, 0.9, 1.1, 1.3])
def test_a_song_at_another_tempo_still_stands_out(tempo):
    song = progression(3, chord_s=2.0, noise=0.05)
    faster = Features("chroma", search.stretched(song.values, 1 / tempo), 10.0)
    versions = HarmonyCue().compare(track(chroma=faster), track(chroma=song)).raw
    unrelated = [HarmonyCue().compare(track(chroma=faster), track(chroma=progression(s))).raw for s in (4, 5, 6)]
    assert versions > 1.3 * max(unrelated)


def test_the_shared_passage_is_placed_in_both_recordings():
    inner = progression(7, seconds=40)
    wide = np.concatenate([progression(8, seconds=20).values, inner.values, progression(9, seconds=30).values], axis=1)
    evidence = HarmonyCue().compare(track(chroma=inner), track(chroma=Features("chroma", wide, 10.0)))
    (span,) = evidence.spans
    assert span.reference_start_s == pytest.approx(span.query_start_s + 20.0, abs=1.0)
    assert span.reference_end_s == pytest.approx(span.query_end_s + 20.0, abs=1.0)
    assert span.query_duration_s > 30.0


def test_fast_and_full_comparison_give_the_same_value():
    a, b = track(chroma=progression(1), melody=tune(1)), track(chroma=progression(2), melody=tune(2))
    a_onsets, b_onsets = track(onsets=pulses(0.5)), track(onsets=pulses(0.7))
    for cue, q, r in ((HarmonyCue(), a, b), (MelodyCue(), a, b), (RhythmCue(), a_onsets, b_onsets)):
        row = cue.by_key(cue.sketch(q), cue.sketch(r))
        assert raw_values(cue.name, row) == pytest.approx(cue.compare(q, r).raw, rel=1e-12)


def test_exchanging_query_and_reference_reverses_the_key():
    a, b = (search.moments(progression(1, key=k)).values for k in (4, 0))
    forth, back = (search.as_row(search.profile(*pair, tempi=())) for pair in ((a, b), (b, a)))
    assert forth[:12].argmax() == 4
    assert back == pytest.approx(reversed_rows(forth))


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((12, 600)),
        np.repeat(np.eye(12)[:, :1], 600, axis=1),
        np.eye(12)[:, np.arange(20) % 12],
    ],
    ids=["silence", "one held tone", "two seconds"],
)
def test_too_little_harmony_gives_zero_and_says_so(values):
    poor = track(chroma=Features("chroma", values, 10.0))
    for other in (poor, track(chroma=progression(1))):
        evidence = HarmonyCue().compare(poor, other)
        assert (evidence.raw, evidence.spans) == (0.0, ())
        assert "too little harmony" in evidence.notes[0]


def test_a_melody_is_recognised_an_octave_and_a_fourth_higher():
    song, higher = track(melody=tune(1)), track(melody=tune(1, key=5, octave=1))
    evidence = MelodyCue().compare(higher, song)
    assert evidence.transposition == 5
    assert evidence.raw > 1.5 * MelodyCue().compare(higher, track(melody=tune(2))).raw


def test_an_unvoiced_recording_has_no_melody():
    silent = Features("melody", np.stack([np.full(600, 60.0), np.zeros(600)]), 10.0)
    evidence = MelodyCue().compare(track(melody=silent), track(melody=tune(1)))
    assert evidence.raw == 0.0
    assert "too little melody" in evidence.notes[0]


def test_a_pitch_between_two_semitones_counts_for_both():
    classes = pitch_classes(Features("melody", [[60.25], [1.0]], 10.0)).values[:, 0]
    assert classes[:3].tolist() == [0.75, 0.25, 0.0]


def test_a_rhythm_is_recognised_at_another_tempo():
    waltz, faster, march = pulses(0.6), pulses(0.5), pulses(0.6, accent=4)
    cue = RhythmCue()
    alike = cue.compare(track(onsets=faster), track(onsets=waltz))
    assert alike.raw > cue.compare(track(onsets=faster), track(onsets=march)).raw
    assert alike.details["tempo_ratio"] == pytest.approx(1.2, abs=0.05)


def test_a_rhythm_equals_itself():
    profile = rhythm_profile(pulses(0.7))
    assert profile_likeness(profile, profile) == (pytest.approx(1.0), 1.0)


def test_without_onsets_there_is_no_rhythm():
    still = Features("onsets", np.zeros((1, 600)), 10.0)
    evidence = RhythmCue().compare(track(onsets=still), track(onsets=pulses(0.5)))
    assert evidence.raw == 0.0
    assert "too few onsets" in evidence.notes[0]
