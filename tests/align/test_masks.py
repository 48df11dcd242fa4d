"""Silence and applause are no music: they lie in no shared passage, though both recordings have them at like places."""

import numpy as np
import pytest

from versionmatch.align.passage import shared_passages
from versionmatch.audio import synth
from versionmatch.factory import noise
from versionmatch.features.view import Track
from versionmatch.match.cues.passages import heard, passages_between
from versionmatch.types import Audio, Recording

SR, GAP_S = 16000, 12.0
EDGE_S = 0.6  # how exactly a passage ends where the music does
HEARD_EDGE_S = 1.6  # the same where a model hears some of the music beside a moment


def silence(n, rng):
    return np.zeros(n, np.float32)


def applause(n, rng):
    """Many people clapping: short bursts of noise at chance times."""
    sound = 0.02 * rng.standard_normal(n)
    for start in rng.integers(0, n - 400, n // 60):
        sound[start : start + 400] += rng.uniform(0.1, 1) * rng.standard_normal(400) * np.exp(-np.arange(400) / 80)
    return (0.2 * sound / np.abs(sound).max() * 3).clip(-1, 1).astype(np.float32)


def hiss(n, rng):
    return noise.pink(n, rng) * np.float32(0.2)


def concert(make, verses, key, beat_s, timbre, seed):
    """A gap, a song, a gap, another song, a gap; and where the gaps are."""
    gap = make(int(GAP_S * SR), np.random.default_rng(seed))
    songs = [
        synth.song(transposition=key, tempo_bpm=60 / beat_s, verses=verses, timbre=timbre, seed=s).audio.samples
        for s in (3, 4)
    ]
    parts = [gap, songs[0], gap, songs[1], gap]
    ends = np.cumsum([p.size for p in parts]) / SR
    samples = np.concatenate(parts)
    track = Track(Recording("0" * 64, "made", samples.size / SR), {"audio": Audio(samples, SR)})
    return track, [(ends[i] - GAP_S, ends[i]) for i in (0, 2, 4)]


@pytest.mark.parametrize(("make", "verses"), [(silence, 2), (applause, 1), (hiss, 1), (applause, 2), (hiss, 2)])
def test_what_is_no_music_lies_in_no_passage(make, verses):
    (a, a_gaps), (b, b_gaps) = concert(make, verses, 0, 0.5, "reed", 1), concert(make, verses, 3, 0.45, "flute", 2)
    passages = shared_passages(a["chroma"], b["chroma"], onsets=(a["onsets"], b["onsets"]))
    outside(passages, a_gaps, b_gaps, EDGE_S)


@pytest.mark.parametrize("make", [silence, applause, hiss])
@pytest.mark.parametrize("verses", [1, 2])
def test_a_model_hears_no_music_between_long_passages_either(make, verses):
    (a, a_gaps), (b, b_gaps) = concert(make, verses, 0, 0.5, "reed", 1), concert(make, verses, 3, 0.45, "flute", 2)
    outside(passages_between(a, b), a_gaps, b_gaps, HEARD_EDGE_S)


def outside(passages, a_gaps, b_gaps, edge_s):
    assert passages
    for p in passages:
        sides = (
            (p.span.query_start_s, p.span.query_end_s, a_gaps),
            (p.span.reference_start_s, p.span.reference_end_s, b_gaps),
        )
        for start, end, gaps in sides:
            assert max(min(end, stop) - max(start, begin) for begin, stop in gaps) < edge_s


def test_the_transform_that_is_read_for_moments_alone_is_let_go():
    recording = Recording("0" * 64, "made", 16.0)
    kept = {}

    class Kept:
        def load(self, recording_id, kind, settings):
            return kept.get(kind)

        def save(self, recording_id, kind, settings, feature):
            pass

    sound = synth.song(tempo_bpm=120, verses=1, timbre="reed", seed=3).audio
    first = Track(recording, {"audio": sound})
    kept.update({kind: first[kind] for kind in ("cqt", "chroma", "onsets")})
    later = Track(recording, {}, cache=Kept())
    found = heard(later)
    assert found.moments is not None
    assert "cqt" not in later
    assert heard(later).moments is found.moments
    assert "cqt" in first
