"""Musical laws of a comparison: what is played again is found again, and what is not, is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import versionmatch as vm
from versionmatch.audio import synth
from versionmatch.errors import AudioDecodeError, InputError, LimitError, ParamsError
from versionmatch.match.fuse import weighed

SR = 16000
VERSE = [0, 4, 7, 5, 4, 2, 0, 7, 9, 7, 5, 4, 2, 4, 0, 0]
BRIDGE = [9, 9, 11, 12, 11, 9, 7, 5, 4, 5, 7, 9, 7, 5, 4, 2]
CHORUS = [12, 11, 9, 7, 9, 7, 5, 4, 7, 5, 4, 2, 4, 2, 0, 0]
STRANGER = [0, 1, 6, 10, 3, 8, 11, 2, 6, 1, 9, 3, 10, 5, 0, 8]


def played(*parts, key=0, beat_s=0.5):
    """The parts one after another as sound: ``(samples, sr)``."""
    steps = [step for part in parts for step in part]
    audio = synth.melody([(60 + key + step, beat_s * i, beat_s) for i, step in enumerate(steps)], sr=SR)
    return np.array(audio.samples), SR


SONG = (VERSE, BRIDGE, CHORUS, VERSE, CHORUS)


@pytest.fixture(scope="module")
def song():
    return played(*SONG)


def test_a_recording_is_the_same_recording_as_itself(song):
    match = vm.compare(song, song)
    assert match.relation == "same recording"
    assert (match.transposition, match.tempo_ratio) == (0, pytest.approx(1.0, abs=0.01))
    assert min(match.coverage_query, match.coverage_reference) > 0.95


@settings(max_examples=4, deadline=None)
@given(st.integers(-5, 6))
def test_a_song_in_another_key_is_found_at_its_interval(semitones):
    match = vm.compare(played(*SONG, key=semitones), played(*SONG))
    assert match.transposition == semitones
    assert match.coverage_query > 0.8


@settings(max_examples=4, deadline=None)
@given(st.floats(0.8, 1.25))
def test_a_song_played_slower_is_found_at_its_tempo(factor):
    match = vm.compare(played(*SONG, beat_s=0.5 * factor), played(*SONG))
    assert match.tempo_ratio == pytest.approx(1 / factor, rel=0.03)


def test_exchanging_the_two_recordings_exchanges_what_is_said(song):
    other = played(*SONG, key=3, beat_s=0.45)
    there, back = vm.compare(song, other), vm.compare(other, song)
    assert there.transposition == -back.transposition
    assert there.tempo_ratio == pytest.approx(1 / back.tempo_ratio, rel=0.03)
    assert there.coverage_query == pytest.approx(back.coverage_reference, abs=0.1)


def test_a_trimmed_copy_is_found_where_it_was_cut(song):
    samples, sr = song
    match = vm.compare(song, (samples[8 * sr : 32 * sr], sr))
    assert match.coverage_reference > 0.85
    longest = max(match.passages, key=lambda p: p.span.query_duration_s)
    assert longest.span.query_start_s - longest.span.reference_start_s == pytest.approx(8.0, abs=0.3)


def test_an_unrelated_piece_is_less_probable_than_a_version(song):
    version = vm.compare(song, played(*SONG, key=2, beat_s=0.55))
    stranger = vm.compare(song, played(*[STRANGER[k:] + STRANGER[:k] for k in (0, 5, 9, 3, 12)]))
    assert version.probability > stranger.probability
    assert stranger.relation in {"unrelated", "related passage"}


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(20 * SR, np.float32),
        np.full(20 * SR, 0.3, np.float32),
        (0.5 * np.sin(2 * np.pi * 440 * np.arange(20 * SR) / SR)).astype(np.float32),
        np.random.default_rng(440).normal(0, 0.1, SR // 3).astype(np.float32),
    ],
    ids=["silence", "constant", "tone", "a third of a second"],
)
def test_sound_that_says_little_gives_no_statement(song, sound):
    for pair in ((song, (sound, SR)), ((sound, SR), (sound, SR))):
        match = vm.compare(*pair)
        assert match.relation in {"undecided", "same recording"}
        assert match.probability is None
        assert "low_information" in match.reference.flags
        assert match.notes


def test_a_range_is_compared_alone_and_times_stay_those_of_the_whole(song):
    match = vm.compare(song, song, query_range=(16.0, 40.0))
    assert match.passages
    for passage in match.passages:
        assert passage.span.query_start_s >= 15.9
        assert passage.span.query_end_s <= 40.1
    best = max(match.passages, key=lambda p: p.span.query_duration_s)
    assert best.span.reference_start_s == pytest.approx(best.span.query_start_s, abs=0.5)


def test_a_range_outside_the_recording_is_refused(song):
    with pytest.raises(InputError, match="outside"):
        vm.compare(song, song, query_range=(600.0, 700.0))


def test_a_setting_that_does_not_exist_is_refused(song):
    with pytest.raises(ParamsError, match="query_range"):
        vm.compare(song, song, query_rang=(1, 2))


def test_a_recording_above_the_limit_is_refused_by_name(song):
    with pytest.raises(LimitError, match="max_duration_s"):
        vm.compare(song, song, max_duration_s=10)


def test_what_is_no_sound_is_refused_by_name(tmp_path, song):
    text = tmp_path / "song.mp3"
    text.write_text("this is no sound")
    with pytest.raises(AudioDecodeError, match=r"song\.mp3"):
        vm.compare(text, song)


def test_the_same_pair_gives_the_same_document(song):
    other = played(*SONG, key=1)
    first, again = (vm.compare(song, other).to_dict() for _ in range(2))
    assert first == again


def test_one_cue_can_be_asked_alone(song):
    match = vm.compare(song, song, cues=("harmony",))
    assert [e.cue for e in match.evidence] == ["harmony", "passages"]
    assert match["harmony"].raw > 0
    with pytest.raises(KeyError, match="there is: harmony, passages"):
        _ = match["melody"]


TUNE = "X:1\nT:{t}\nM:4/4\nL:1/4\nQ:1/4=110\nK:{k}\n{body}"
BODY = '"C"CEGE|"F"FAcA|"G"GBdB|"C"c2G2|"Am"AcEc|"Dm"DFAF|"G7"GFED|"C"C4|' * 2


def test_the_probability_of_scores_with_chords_is_made_of_their_elements():
    """What they share passage by passage has no null among scores, and must not lead to the odds of recordings."""
    query, reference = (TUNE.format(t=t, k=k, body=BODY).encode() for t, k in (("one", "C"), ("two", "C")))
    reference = reference.replace(b"c2G2", b"c3G").replace(b"C4|", b"CEGc|", 1)
    match = vm.compare(query, reference)
    fused = weighed(match)
    assert match.passages
    assert fused is not None
    assert {"prior", "melody", "harmony"} <= set(fused.parts)
    assert "passages" not in fused.parts
    assert fused.probability == match.probability
