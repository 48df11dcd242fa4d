"""The cues that compare chords: what they say of versions, of strangers, and of what has no harmony."""

import numpy as np
import pytest

from versionmatch.features.view import Track
from versionmatch.harmonic import Progression
from versionmatch.jobs.opening import open_track
from versionmatch.match.cues.chords import ChordsCue
from versionmatch.match.cues.progressions import ProgressionsCue
from versionmatch.match.cues.tonal_space import TonalSpaceCue
from versionmatch.types import Annotation, Recording

CUES = [ChordsCue(), TonalSpaceCue(), ProgressionsCue()]
SONG = ["C", "Am", "F", "G:7", "C", "E:7", "Am", "D:7", "G:7", "C", "F", "C", "Dm", "A:7", "Dm", "G:7"] * 2
STRANGER = ["D:7", "Eb:maj7", "B:min", "F#:dim", "G:7", "Bb", "C#:min", "A", "E:min7", "Ab"] * 3


def song(labels, beat_s=0.5, start_s=0.0, key="C major"):
    n = len(labels)
    onset = start_s + 4 * beat_s * np.arange(n, dtype=float)
    beats = np.arange(start_s, start_s + 4 * beat_s * n + 1e-9, beat_s)
    end_s = float(beats[-1])
    given = {
        "chords": Annotation("chords", onset, np.full(n, 4 * beat_s), tuple(labels), np.ones(n)),
        "beats": Annotation("beats", beats, np.zeros(beats.size), ("",) * beats.size, np.ones(beats.size)),
        "key": Annotation("key", [0.0], [end_s], (key,), [1.0]),
    }
    return Track(Recording("id", "song", end_s), given)


def raised(labels, semitones):
    return list(Progression.of(labels).transposed(semitones).labels)


@pytest.mark.parametrize("cue", CUES, ids=lambda cue: cue.name)
def test_a_version_in_another_key_and_tempo_is_nearer_than_a_stranger(cue):
    version = song(raised(SONG, 3), beat_s=0.4, start_s=2.0)
    found, other = cue.compare(song(SONG), version), cue.compare(song(SONG), song(STRANGER))
    assert found.raw > other.raw
    assert found.element == "harmony"
    assert found.size > 0
    if cue.name != "progressions":
        assert found.transposition == 9  # nine up is three down, to the query's key


@pytest.mark.parametrize("cue", CUES, ids=lambda cue: cue.name)
def test_ranking_by_sketches_gives_what_comparing_gives(cue):
    a, b = song(SONG), song(raised(SONG[:20], 5) + STRANGER[:8])
    row = cue.by_key(cue.sketch(a), cue.sketch(b))
    assert row.shape == (13,)
    assert row[:12].max() == pytest.approx(cue.compare(a, b).raw)


@pytest.mark.parametrize("cue", CUES, ids=lambda cue: cue.name)
def test_a_vamp_of_two_chords_is_nothing_to_compare(cue):
    found = cue.compare(song(SONG), song(["C", "F"] * 12))
    assert found.raw == 0
    assert found.notes == ("B has 2 distinct chord changes; 4 are needed to compare",)
    assert cue.by_key(cue.sketch(song(SONG)), cue.sketch(song(["C", "F"] * 12))) is None


@pytest.mark.parametrize("cue", CUES, ids=lambda cue: cue.name)
def test_a_bare_line_is_told_to_have_no_harmony(cue):
    line = open_track(b"X:1\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\nCEGE|FAcA|GBdB|cGEC|")
    found = cue.compare(line, song(SONG))
    assert found.raw == 0
    assert found.notes == ("A is a single line over which no chords are written: it has no harmony to compare",)


def test_the_shared_passage_is_located_in_seconds():
    intro = ["F#:min", "B:7", "Bb:dim", "Eb:min"]
    found = ChordsCue().compare(song(SONG), song(intro + SONG, start_s=1.0))
    span = found.spans[0]
    assert (span.query_start_s, span.query_end_s) == (0, 64)
    assert (span.reference_start_s, span.reference_end_s) == (9, 73)
    assert found.details["chords"] == 32
    assert found.notes[0].startswith("the strongest shared passage pairs 32 chords (A 0:00–1:04, B 0:09–1:13)")


def test_a_note_says_how_common_the_rarest_turn_is():
    found = ProgressionsCue().compare(song(SONG), song(SONG))
    assert found.raw == pytest.approx(1)
    assert 0 <= found.details["works_with"] < found.details["works"] == 2253
