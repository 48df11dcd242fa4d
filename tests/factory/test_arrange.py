import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.factory.works import random_work, small_work
from versionmatch.errors import InputError
from versionmatch.factory.accompany import STYLES, bass, drums
from versionmatch.factory.arrange import KINDS, Difficulty, arrange
from versionmatch.factory.harmony import reharmonised
from versionmatch.factory.performance import Part
from versionmatch.factory.structure import placed, plan, positions, tempo_map
from versionmatch.factory.work import pitch_classes

LONG = random_work("test/long", 3, bars=128)


def lead_of(performance):
    return next(p for p in performance.parts if p.role in {"voice", "lead"})


def test_nothing_changed_is_the_melody_as_it_is_written():
    performance = arrange(small_work(times=40), np.random.default_rng(1), Difficulty.of(0.0))
    lead = lead_of(performance).notes
    assert lead[:, 2].tolist() == small_work(times=40).melody[:, 2].tolist()
    np.testing.assert_allclose(np.diff(lead[:, 0]), 0.6, atol=1e-4)  # 100 beats a minute
    assert performance.changes["key"] == 0
    assert performance.changes["tempo"] == 1.0


@pytest.mark.parametrize("seed", range(6))
def test_a_change_of_key_alone_moves_all_notes_by_it(seed):
    plain = arrange(LONG, np.random.default_rng(seed), Difficulty.of(0.0))
    moved = arrange(LONG, np.random.default_rng(seed), Difficulty.only("key"))
    key = moved.changes["key"]
    assert -6 <= key <= 5
    np.testing.assert_allclose(lead_of(moved).notes[:, 2], lead_of(plain).notes[:, 2] + key)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_version(kind):
    one, two = (arrange(LONG, np.random.default_rng([7, 1]), Difficulty.only(kind)) for _ in range(2))
    assert one.changes == two.changes
    for a, b in zip(one.parts, two.parts, strict=True):
        assert a.role == b.role
        assert a.gain_db == b.gain_db
        np.testing.assert_array_equal(a.notes, b.notes)


@given(st.integers(0, 10_000), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_any_version_can_be_played(seed, value):
    performance = arrange(LONG, np.random.default_rng(seed), Difficulty.of(value))
    assert performance.parts
    assert 5 < performance.duration_s < 500
    for part in performance.parts:
        assert (part.notes[:, 0] >= 0).all()
        assert (part.notes[:, 1] > 0).all()
        assert ((part.notes[:, 3] > 0) & (part.notes[:, 3] <= 1)).all()


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_positions_say_where_in_the_work_a_version_is(seed):
    rng = np.random.default_rng(seed)
    stretches = plan(LONG, rng, 1.0, 100.0)
    times = tempo_map(stretches[-1].at + stretches[-1].length, 100.0, rng, 1.0)
    at = positions(stretches, times, 5.0)
    melody = placed(LONG.melody, stretches)
    frames = np.minimum(np.round(times.at(melody[:, 0]) * 5).astype(int), len(at) - 1)
    source = {tuple(s) for s in np.round(LONG.melody[:, [0]], 3)}
    heard = at[frames]
    inside = np.isfinite(heard)
    assert inside.mean() > 0.95
    nearest = np.abs(heard[inside][:, None] - np.array(sorted(source))[:, 0]).min(axis=1)
    assert np.quantile(nearest, 0.95) < 0.75  # quarter notes; a frame is at most a third of one here


def test_a_stretch_cuts_what_sounds_over_its_end():
    work = small_work()
    stretches = plan(work, np.random.default_rng(0), 0.0, 100.0)
    ends = placed(np.array([[15.0, 9.0, 60]], np.float32), stretches)
    assert (ends[:, 0] + ends[:, 1] <= stretches[-1].at + stretches[-1].length).all()


def test_tempo_only_drifts_where_it_is_asked_to():
    steady = tempo_map(64, 120.0, np.random.default_rng(0), 0.0)
    np.testing.assert_allclose(np.diff(steady.seconds), 0.5)
    assert steady.at(np.array([70.0]))[0] == pytest.approx(steady.duration_s + (70 - len(steady.seconds) + 1) * 0.5)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_plays_the_chords_own_roots(style):
    role, make = STYLES[style]
    work = small_work()
    notes = make(work.chords, 4.0, np.random.default_rng(5))
    assert len(notes)
    first = notes[notes[:, 0] < 2.0]
    assert set(first[:, 2].astype(int) % 12) & set(pitch_classes(work.chords[0, 4]))
    Part(role, notes)


def test_a_bass_starts_each_chord_on_its_bass_note():
    work = small_work()
    for seed in range(5):
        notes = bass(work.chords, 4.0, np.random.default_rng(seed))
        for chord in work.chords:
            at = notes[np.abs(notes[:, 0] - chord[0]) < 1e-6]
            assert at[0, 2] % 12 == chord[3]


def test_drums_beat_the_first_of_the_bar():
    notes = drums(0, 64, 4.0, np.random.default_rng(0))
    kicks = notes[notes[:, 2] == 36, 0]
    assert set(np.arange(0, 64, 8.0)) <= set(kicks.tolist())


@given(st.integers(0, 500))
@settings(max_examples=40, deadline=None)
def test_other_chords_fill_the_same_time(seed):
    chords, kind = reharmonised(LONG.chords, np.random.default_rng(seed), 1.0)
    assert chords[:, 1].sum() == pytest.approx(LONG.chords[:, 1].sum())
    if kind == "triads":
        assert all(len(pitch_classes(m)) <= 4 for m in chords[:, 4])


def test_a_part_with_an_unknown_role_is_refused():
    with pytest.raises(InputError, match=r"the role 'kazoo'; there are: voice, lead"):
        Part("kazoo", np.zeros((1, 4), np.float32))
