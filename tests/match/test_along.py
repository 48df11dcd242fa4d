"""What is kept along shared passages, on music of plain tones: another player keeps the tune, another tune does not."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from versionmatch.audio import synth
from versionmatch.features.view import Track
from versionmatch.jobs.opening import open_track
from versionmatch.match import changed_model
from versionmatch.match.along import LAYERS, NEEDED, Lines, between, kept_along
from versionmatch.types import Passage, Span

SR = 16000
BEAT_S = 0.5
CHORDS = [(0, 4, 7), (9, 0, 4), (5, 9, 0), (7, 11, 2), (0, 4, 7), (4, 7, 11), (2, 5, 9), (7, 11, 2)]
OTHERS = [(8, 0, 3), (1, 4, 8), (10, 2, 5), (3, 7, 10), (8, 0, 3), (0, 3, 7), (10, 1, 5), (3, 7, 10)]
STROKES, OFF_BEAT = (0, 1, 2, 3), (0, 0.75, 1.5, 2.5)
N_BARS = 16


def tune(seed):
    """Four notes a bar, of the scale, none of them held."""
    scale = [72, 74, 76, 77, 79, 81, 83, 84]
    return np.random.default_rng(seed).choice(scale, 4 * N_BARS)


@cache
def song(melody=1, chords=0, strokes=STROKES, players=("voice", "pluck"), raised=0, quicker=1.0) -> Track:
    """A tune over chords, both struck at those places of each bar, in the timbres of those players."""
    beat = BEAT_S / quicker
    places = [
        (4 * bar + at, end - at) for bar in range(N_BARS) for at, end in zip(strokes, (*strokes[1:], 4), strict=True)
    ]
    notes = [(int(p) + raised, at * beat, 0.9 * n * beat) for p, (at, n) in zip(tune(melody), places, strict=True)]
    lead = synth.melody(notes, sr=SR, timbre=players[0], duration_s=4 * N_BARS * beat + 1)
    struck = []
    for bar in range(N_BARS):
        triad = (CHORDS, OTHERS)[chords][(3 * bar + bar // 8 * 5) % 8]
        for at, end in zip(strokes, (*strokes[1:], 4), strict=True):
            when, length = (4 * bar + at) * beat, 0.9 * (end - at) * beat
            struck += [(48 + (c - 48) % 12 + raised, when, length) for c in triad]
            struck.append((36 + triad[0] + raised, when, length))
    under = synth.melody(struck, sr=SR, timbre=players[1], duration_s=4 * N_BARS * beat + 1)
    mix = lead.samples / np.abs(lead.samples).max() + 0.6 * under.samples / np.abs(under.samples).max()
    return open_track(((0.5 * mix).astype(np.float32), SR))


def kept(reference: Track, *, raised: int = 0, quicker: float = 1.0, passages: bool = True) -> dict[str, float]:
    """What is kept between the song and another, aligned as they were made."""
    for track in (song(), reference):
        _ = [track[kind] for kind in NEEDED]
    end = 4 * N_BARS * BEAT_S
    span, path = Span(0.0, end, 0.0, end / quicker), np.array([[0.0, 0.0], [end, end / quicker]])
    known = (Passage(span, path, ("harmony",), 1.0, -raised, 1 / quicker),) if passages else ()
    return kept_along(song(), reference, known)


def answer(found: dict[str, float]) -> str:
    told = changed_model.load().probabilities(found)
    return max(told, key=lambda name: told[name])


def test_a_song_keeps_all_of_itself():
    found = kept(song())
    assert found == pytest.approx(dict.fromkeys(found, 1.0))
    assert set(found) == set(LAYERS)
    assert answer(found) == "none"


def test_other_players_keep_the_tune_and_change_no_element():
    found = kept(song(players=("reed", "flute")))
    assert found["line"] > 0.9
    assert answer(found) == "none"


def test_another_tune_over_the_same_chords_is_another_melody():
    found = kept(song(melody=2))
    assert found["line"] < 0.5 < min(found["bass"], found["middle"])
    assert answer(found) == "melody"


def test_other_chords_under_the_same_tune_are_another_harmony():
    found = kept(song(chords=1))
    assert max(found["bass"], found["middle"]) < 0.5 < found["line"]
    assert answer(found) == "harmony"


def test_the_same_notes_at_other_places_of_the_bar_are_another_rhythm():
    found = kept(song(strokes=OFF_BEAT))
    assert found["onsets"] < 0.4 < min(found["bass"], found["middle"], found["line"])
    assert answer(found) == "rhythm"


def test_a_version_in_another_key_and_tempo_keeps_the_tune():
    found = kept(song(players=("flute", "reed"), raised=3, quicker=1.1), raised=3, quicker=1.1)
    assert min(found.values()) > 0.5
    assert answer(found) == "none"


def test_where_no_harmony_is_shared_the_tune_places_the_two():
    found = kept(song(chords=1), passages=False)
    assert found["line"] > 0.8
    assert answer(found) == "harmony"


def test_without_the_transform_or_with_little_shared_nothing_is_read():
    assert kept_along({"melody": song()["melody"]}, song(), ()) == {}
    short = Passage(Span(0.0, 9.0, 0.0, 9.0), np.array([[0.0, 0.0], [9.0, 9.0]]), ("harmony",), 1.0, 0, 1.0)
    assert kept_along(song(), song(), (short,)) == {}


def test_what_may_be_sung_is_folded_into_pitch_classes():
    likely = np.full((49, 2), -30.0)
    likely[0, 0] = likely[12, 0] = np.log(0.5)  # C2 and C3
    likely[7, 1] = 0.0  # G2
    classes = Lines(likely, np.array([0.8, 0.4]), 10.0).classes().values
    np.testing.assert_allclose(classes, np.eye(12)[:, [0, 7]], atol=1e-6)


@given(st.floats(-2, 2), st.floats(-1, 1), st.floats(-1, 1))
def test_between_chance_and_identity_nothing_is_beyond_one(value, chance, identity):
    found = between(value, chance, identity)
    assert -1 <= found <= 1
    if identity > chance + 1e-6:
        assert between(chance, chance, identity) == 0
        assert between(identity, chance, identity) == 1
