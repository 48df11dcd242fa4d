"""Made pairs: the truth holds by construction, and exactly one element is changed."""

import itertools

import numpy as np
import pytest

from tests.factory.works import small_work
from versionmatch.errors import InputError
from versionmatch.factory.composer import BAR, SECTION, composed
from versionmatch.factory.edits import CHANGES, explain_trial
from versionmatch.factory.piece import Piece, Voice, midi_of, players
from versionmatch.factory.play import SR, sounded
from versionmatch.factory.trials import LONGEST_S, SHORTEST_S, excerpt, joined, localise_trial
from versionmatch.factory.work import Work, pitch_classes
from versionmatch.scores.midi import read_midi

SEEDS = range(8)


def works(seed: int) -> list[Work]:
    rng = np.random.default_rng([seed, 1])
    return [composed(f"made/{seed}-{k}", rng, sections=6) for k in range(3)]


def planted(seed: int):
    one, other, shared = works(seed)
    return localise_trial(f"t{seed}", np.random.default_rng(seed), (one, other), shared)


def inside(piece: Piece, start_s: float, end_s: float) -> np.ndarray:
    """The lead's notes that begin in a span, onset and length in seconds from its start."""
    notes = piece.voice("lead").notes.astype(np.float64)
    notes[:, :2] *= 60.0 / piece.bpm
    held = notes[(notes[:, 0] >= start_s - 1e-3) & (notes[:, 0] < end_s - 1e-3)]
    held[:, 0] -= start_s
    return held


@pytest.mark.parametrize("seed", SEEDS)
def test_the_planted_passage_is_the_same_music_at_its_interval_and_tempo(seed):
    trial, t = planted(seed), planted(seed).planted
    a, b = inside(trial.a, t.a_start_s, t.a_end_s), inside(trial.b, t.b_start_s, t.b_end_s)
    assert len(a) == len(b) > 10
    np.testing.assert_array_equal(a[:, 2], b[:, 2] + t.transposition)
    np.testing.assert_allclose(a[:, :2] * t.tempo_ratio, b[:, :2], atol=2e-3)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_passage_is_as_long_and_as_far_away_as_promised(seed):
    trial, t = planted(seed), planted(seed).planted
    lengths = t.a_end_s - t.a_start_s, t.b_end_s - t.b_start_s
    assert min(lengths) >= SHORTEST_S - 1e-6
    assert max(lengths) <= LONGEST_S + 1e-6
    assert lengths[1] / lengths[0] == pytest.approx(t.tempo_ratio)
    assert -6 <= t.transposition <= 6
    assert 0.8 - 1e-9 <= t.tempo_ratio <= 1.25 + 1e-9
    assert t.a_end_s <= trial.a.duration_s + 1e-6
    assert t.b_end_s <= trial.b.duration_s + 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_the_two_are_played_by_other_instruments(seed):
    trial = planted(seed)
    for role in ("lead", "chords", "bass"):
        assert trial.a.voice(role).program != trial.b.voice(role).program
    assert trial.a.voice("lead").program // 8 != trial.b.voice("lead").program // 8


def test_the_melody_around_the_passage_is_that_of_the_hosts():
    one, other, _ = works(3)
    trial, t = planted(3), planted(3).planted
    for piece, host, start in ((trial.a, one, t.a_start_s), (trial.b, other, t.b_start_s)):
        heard = inside(piece, 0.0, start)[:, 2]
        np.testing.assert_array_equal(heard, host.melody[: len(heard), 2])


def test_unrelated_pieces_have_no_truth_and_two_works():
    one, other, _ = works(1)
    trial = localise_trial("u", np.random.default_rng(1), (one, other), None)
    assert trial.planted is None
    assert trial.works == (one.id, other.id)


def test_a_work_that_is_too_short_to_plant_is_named():
    one, other, _ = works(1)
    with pytest.raises(InputError, match=r"test/one has 16 quarter notes; a passage of 10 s needs"):
        localise_trial("s", np.random.default_rng(1), (one, other), small_work(times=1))


def test_joining_raises_melody_and_chords_and_cuts_what_sounds_over_an_end():
    work = small_work()
    melody, chords, length = joined([(work, 0.0, 6.0), (work, 4.0, 8.0)], [0, 2])
    assert length == 10.0
    assert (chords[:, 0] + chords[:, 1]).max() == 10.0
    assert chords[1].tolist()[:2] == [4.0, 2.0]
    assert pitch_classes(chords[2, 4]) == sorted((c + 2) % 12 for c in (5, 9, 0))
    np.testing.assert_array_equal(melody[6:, 2], work.melody[4:8, 2] + 2)


def test_a_held_chord_goes_on_in_an_excerpt():
    rows = np.array([[0, 8, 60], [8, 4, 62]], np.float32)
    assert excerpt(rows, 4, 10, going_on=True).tolist() == [[0, 4, 60], [4, 2, 62]]
    assert excerpt(rows, 4, 10).tolist() == [[4, 2, 62]]


def same(trial, role, columns):
    one, other = (p.voice(role).notes for p in (trial.a, trial.b))
    return one.shape == other.shape and np.array_equal(one[:, columns], other[:, columns])


def edited(change, seed):
    return explain_trial("e", np.random.default_rng([seed, 7]), works(seed)[0], change)


@pytest.mark.parametrize("seed", SEEDS)
def test_another_melody_keeps_its_rhythm_and_all_else(seed):
    trial = edited("melody", seed)
    assert same(trial, "lead", [0, 1])
    assert all(same(trial, role, [0, 1, 2]) for role in ("chords", "bass", "drums"))
    old, new = (p.voice("lead").notes[:, 2] for p in (trial.a, trial.b))
    assert ((new - old) % 12 == 0).mean() <= 0.4


@pytest.mark.parametrize("seed", SEEDS)
def test_other_chords_keep_the_melody_and_are_struck_when_the_old_ones_were(seed):
    trial = edited("harmony", seed)
    assert same(trial, "lead", [0, 1, 2])
    assert same(trial, "drums", [0, 1, 2])
    assert same(trial, "chords", [0, 1])
    assert same(trial, "bass", [0, 1])
    for onset in np.unique(trial.a.voice("chords").notes[:, 0]):
        old, new = ({int(n[2]) % 12 for n in p.voice("chords").notes if n[0] == onset} for p in (trial.a, trial.b))
        assert len(old & new) <= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_another_rhythm_keeps_every_pitch_in_its_order_and_its_bar(seed):
    trial = edited("rhythm", seed)
    for role in ("lead", "bass"):
        old, new = (p.voice(role).notes for p in (trial.a, trial.b))
        np.testing.assert_array_equal(old[:, 2], new[:, 2])
        np.testing.assert_array_equal(old[:, 0] // BAR, new[:, 0] // BAR)
    chords = [sorted(p.voice("chords").notes[:, 2].tolist()) for p in (trial.a, trial.b)]
    assert chords[0] == chords[1]
    old, new = (p.voice("lead").notes[:, 0] for p in (trial.a, trial.b))
    assert (old != new).mean() > 0.4
    beats = [p.voice("drums").notes[:, [0, 2]].tolist() for p in (trial.a, trial.b)]
    assert beats[0] != beats[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_another_sound_changes_no_note(seed):
    trial = edited("timbre", seed)
    assert all(same(trial, role, [0, 1, 2, 3]) for role in ("lead", "chords", "bass", "drums"))
    assert trial.a.voice("lead").program != trial.b.voice("lead").program


@pytest.mark.parametrize("change", ["melody", "harmony", "rhythm"])
def test_the_players_stay_where_the_music_changes(change):
    trial = edited(change, 0)
    assert [v.program for v in trial.a.voices] == [v.program for v in trial.b.voices]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_disguise_changes_players_key_and_tempo_and_nothing_else(seed):
    rng = np.random.default_rng([seed, 7])
    trial = explain_trial("e", rng, works(seed)[0], "timbre", disguised=True)
    assert trial.a.voice("lead").program != trial.b.voice("lead").program
    assert 0.8 <= trial.b.bpm / trial.a.bpm <= 1.25
    assert all(same(trial, role, [0, 1]) for role in ("lead", "chords", "bass"))
    assert same(trial, "drums", [0, 1, 2])
    [raised] = set((trial.b.voice("lead").notes[:, 2] - trial.a.voice("lead").notes[:, 2]).tolist())
    assert -6 <= raised <= 6
    for role in ("chords", "bass"):
        for onset in np.unique(trial.a.voice(role).notes[:, 0]):
            old, new = ({int(n[2]) % 12 for n in p.voice(role).notes if n[0] == onset} for p in (trial.a, trial.b))
            assert {(c + int(raised)) % 12 for c in old} == new


def test_an_unknown_change_and_a_work_without_chords_are_refused():
    work = works(0)[0]
    with pytest.raises(InputError, match="'key' is no change; there are: melody, harmony, rhythm, timbre"):
        explain_trial("x", np.random.default_rng(0), work, "key")
    bare = Work("bare", "test", 100.0, 64.0, 4.0, work.melody, np.zeros((0, 5), np.float32))
    with pytest.raises(InputError, match="bare has no chords"):
        explain_trial("x", np.random.default_rng(0), bare, "melody")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_composed_work_fills_its_sections_and_never_repeats_a_chord(seed):
    work = works(seed)[0]
    assert work.length == 6 * SECTION * BAR
    ends = work.chords[:, 0] + work.chords[:, 1]
    np.testing.assert_allclose(work.chords[1:, 0], ends[:-1])
    assert ends[-1] == work.length
    within = [r for r in range(1, len(work.chords)) if work.chords[r, 0] % (SECTION * BAR)]
    assert all(work.chords[r, 4] != work.chords[r - 1, 4] for r in within)
    on_beat = work.melody[work.melody[:, 0] % 1 == 0]
    for onset, _, pitch in on_beat:
        chord = work.chords[(work.chords[:, 0] <= onset) & (ends > onset)][0]
        assert int(pitch) % 12 in pitch_classes(chord[4])


def test_the_same_seed_gives_the_same_files_and_another_seed_others():
    one, two = (midi_of(planted(5).a) for _ in range(2))
    assert one == two
    assert one != midi_of(planted(6).a)
    assert len({midi_of(edited(c, 2).b) for c in CHANGES}) == 4


def test_a_piece_as_midi_is_read_back_note_for_note():
    piece = planted(2).a
    score = read_midi(midi_of(piece))
    assert score.parts == ("melody", "chords", "bass")
    lead = score.part == 0
    np.testing.assert_array_equal(score.pitch[lead], piece.voice("lead").notes[:, 2])
    np.testing.assert_allclose(score.onset_s[lead], piece.voice("lead").notes[:, 0] * 60 / piece.bpm, atol=2e-3)


def test_plain_tones_sound_where_the_notes_are():
    notes = np.array([[1.0, 1.0, 69, 0.8]], np.float32)
    piece = Piece("one note", 60.0, 3.0, (Voice("lead", notes, 1), Voice("drums", np.zeros((0, 4)))))
    sound = sounded(piece)
    assert sound.duration_s == 4.0
    level = np.abs(sound.samples).reshape(-1, SR // 2).max(axis=1) > 0.1
    assert np.flatnonzero(level).tolist() == [2, 3]


def test_players_of_another_piece_come_of_other_families():
    for seed in range(20):
        one = players(np.random.default_rng(seed), ("lead", "chords"))
        other = players(np.random.default_rng(seed), ("lead", "chords"), avoid=one)
        assert not {p // 8 for p in one.values()} & {p // 8 for p in other.values()}


def test_a_part_with_an_unknown_role_is_refused():
    with pytest.raises(InputError, match="the role 'kazoo'"):
        Voice("kazoo", np.zeros((1, 4)))


def test_a_part_that_is_not_there_is_named():
    with pytest.raises(KeyError, match="has no part 'pad'"):
        planted(0).a.voice("pad")


def test_all_transpositions_and_both_directions_of_tempo_occur():
    found = [planted(seed).planted for seed in range(60)]
    assert {t.transposition for t in found} >= set(range(-5, 6))
    assert {t.tempo_ratio > 1 for t in found} == {True, False}
    assert len({tuple(pair) for pair in itertools.pairwise(t.transposition for t in found)}) > 20
