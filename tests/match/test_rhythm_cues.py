"""The cues of bar patterns, strokes and melody rhythm: told in plain words, located, and silent where nothing is."""

import numpy as np
import pytest

from versionmatch.features.view import Track
from versionmatch.match.cues.patterns import DrumsCue, PatternsCue, struck
from versionmatch.match.cues.tune_rhythm import TuneRhythmCue
from versionmatch.scores.reading import read_score
from versionmatch.scores.sounding import features_of, sound_of
from versionmatch.testing import difficult_tracks, example_rhythms
from versionmatch.types import Annotation, Features, Notes

CUES = (PatternsCue, DrumsCue, TuneRhythmCue)


@pytest.mark.parametrize("kind", CUES)
def test_the_same_rhythm_at_another_tempo_is_located_and_told(kind):
    song, version, _ = example_rhythms()
    found = kind().compare(song, version)
    assert found.element == "rhythm"
    assert found.size > 20
    (span,) = found.spans
    assert span.query_duration_s > 20
    assert len(found.notes) >= 2
    assert "tempo" in found.notes[1] or "tempo" in found.notes[0]


@pytest.mark.parametrize("kind", [PatternsCue, DrumsCue])
def test_the_tempo_ratio_is_that_of_the_query_over_the_reference(kind):
    song, version, _ = example_rhythms()
    assert kind().compare(song, version).details["tempo_ratio"] == pytest.approx(0.88, abs=0.01)


@pytest.mark.parametrize("kind", CUES)
def test_sketches_give_what_a_comparison_gives(kind):
    song, version, stranger = example_rhythms()
    cue = kind()
    for other in (version, stranger):
        row = cue.by_key(cue.sketch(song), cue.sketch(other))
        assert row[0] == pytest.approx(cue.compare(song, other).raw)
        assert row[12] == 0


@pytest.mark.parametrize("kind", CUES)
def test_where_there_is_nothing_to_compare_it_is_said(kind):
    song, _, _ = example_rhythms()
    silence = difficult_tracks()["silence"]
    for pair in ((song, silence), (silence, song)):
        found = kind().compare(*pair)
        assert found.raw == 0
        assert len(found.notes) == 1
        assert "one of the two" in found.notes[0]
    assert kind().by_key(kind().sketch(song), kind().sketch(silence)) is None


def test_tones_that_swell_are_no_percussion_and_strokes_are():
    song, _, _ = example_rhythms()
    assert struck(song["onset-bands"])
    swelling = np.zeros((84, 1000))
    swelling[[30, 42, 49, 54]] = 0.5 + 0.5 * np.sin(np.arange(1000) / 40)
    track = Track(song.recording, {"cqt": Features("cqt", swelling, 50.0), "beats": song["beats"]})
    assert not struck(track["onset-bands"])
    found = DrumsCue().compare(track, song)
    assert (found.raw, found.notes) == (0.0, ("no percussion to speak of in one of the two",))


def test_a_score_has_no_drums_to_compare():
    song, _, _ = example_rhythms()
    score = read_score(b"X:1\nT:Scale\nM:4/4\nL:1/4\nQ:1/4=120\nK:G\nGABc|defg|GABc|defg|")
    recording, audio = sound_of(score)
    found = DrumsCue().compare(Track(recording, features_of(score, audio)), song)
    assert (found.raw, found.notes) == (0.0, ("one of the two is a score, of which no percussion is read",))


def test_pitches_do_not_matter_to_the_rhythm_of_a_tune():
    onsets = np.array([0, 1.5, 2, 3.5, 4, 4.75, 5, 7, 8, 9.5, 10, 11, 11.25, 12])
    beats = Annotation("beats", np.arange(14.0), np.zeros(14), ("",) * 14, np.ones(14))
    rows = [Notes(onsets, np.full(14, 0.2), pitch, np.ones(14)) for pitch in (np.full(14, 60.0), np.arange(14.0) + 50)]
    sides = [{"notes": notes, "beats": beats} for notes in rows]
    same, other = TuneRhythmCue().compare(sides[0], sides[0]), TuneRhythmCue().compare(*sides)
    assert same.raw == other.raw > 10
    assert other.details["bar_works"] > 3000
    assert "of 3219 tunes" in " ".join(other.notes)
