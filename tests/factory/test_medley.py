"""Two works in one performance, and chords that are found anew."""

import numpy as np
import pytest

from tests.factory.works import random_work, small_work
from versionmatch.errors import ParamsError
from versionmatch.factory.arrange import Difficulty, arrange
from versionmatch.factory.direct import DirectRoute
from versionmatch.factory.harmony import harmonised_anew
from versionmatch.factory.medley import medley
from versionmatch.factory.pool import PoolSpec, coarser, make
from versionmatch.factory.work import pitch_classes


def two(seed):
    rng = np.random.default_rng(seed)
    own, other = (arrange(small_work(f"test/{i}", times=12), rng, Difficulty.of(0.0)) for i in range(2))
    return own, other, medley(own, other, rng)


@pytest.mark.parametrize("seed", range(6))
def test_a_medley_holds_the_whole_of_its_own_work_and_a_stretch_of_the_other(seed):
    own, other, both = two(seed)
    added = both.duration_s - own.duration_s
    assert 15 - 1e-6 <= added <= 0.8 * own.duration_s
    assert both.work_id == own.work_id
    assert both.changes["medley"] == other.work_id
    known = both.positions[np.isfinite(both.positions)]
    np.testing.assert_array_equal(known, own.positions[np.isfinite(own.positions)])
    unknown = np.isnan(both.positions).sum() - np.isnan(own.positions).sum()
    assert unknown == pytest.approx(10 * added, abs=1)


@pytest.mark.parametrize("seed", range(6))
def test_where_the_other_work_is_heard_nothing_of_its_own_sounds(seed):
    own, _, both = two(seed)
    added = both.duration_s - own.duration_s
    unknown = np.isnan(both.positions)
    start = next(s for s in np.flatnonzero(unknown) if unknown[s : s + 140].all()) / 10
    onsets = np.concatenate([p.notes[:, 0] for p in both.parts if p.role in {"voice", "lead"}])
    before = np.concatenate([p.notes[:, 0] for p in own.parts if p.role in {"voice", "lead"}])
    own_onsets = np.where(before < start - 0.05, before, before + added)
    near = np.abs(onsets[:, None] - own_onsets[None]).min(axis=1) < 1e-3
    others = onsets[~near]
    assert near.sum() >= len(before)
    assert len(others) > 5
    assert start - 0.06 <= others.min() <= others.max() <= start + added + 1.0  # a version may end in a pause


def test_a_pool_of_medleys_names_the_other_work_and_is_the_same_again():
    works = [random_work(f"test/{i}", i, bars=40) for i in range(4)]
    spec = PoolSpec(name="m", medleys=1.0)
    made = [make(spec, works[0], n, DirectRoute(), works) for n in range(6)]
    again = [make(spec, works[0], n, DirectRoute(), works) for n in range(6)]
    assert {v.changes.get("medley") for v in made} <= {"test/1", "test/2", "test/3", None}
    assert sum("medley" in v.changes for v in made) >= 3
    for one, two in zip(made, again, strict=True):
        np.testing.assert_array_equal(one.levels, two.levels)
        assert len(one.positions) == one.levels.shape[1]


def test_chords_found_anew_fit_the_tune_and_differ_from_version_to_version():
    work = small_work(times=6)
    found = [harmonised_anew(work, np.random.default_rng(s)) for s in range(8)]
    assert len({w.chords.tobytes() for w in found}) >= 4
    for w in found:
        assert not w.parts
        np.testing.assert_array_equal(w.melody, work.melody)
        held = 0.0
        for onset, duration, pitch in w.melody:
            chord = w.chords[np.searchsorted(w.chords[:, 0], onset, side="right") - 1]
            held += duration * (int(pitch) % 12 in pitch_classes(chord[4]))
        assert held / w.melody[:, 1].sum() > 0.4  # a third by chance


def test_without_medleys_and_new_chords_a_version_is_as_it_was():
    work = small_work(times=6)
    plain = make(PoolSpec(name="p"), work, 0, DirectRoute())
    named = make(PoolSpec(name="p", medleys=0.0, anew=0.0, every=3, held_out=True), work, 0, DirectRoute(), [work])
    np.testing.assert_array_equal(plain.levels, named.levels)


@pytest.mark.parametrize("steps", [2, 16, 32, 254])
def test_coarser_levels_are_evenly_spaced_and_nearest(steps):
    levels = np.arange(256, dtype=np.uint8)[None]
    kept = coarser(levels, steps)
    assert len(np.unique(kept)) == steps + 1
    assert np.abs(kept.astype(int) - levels).max() <= 255 / steps / 2 + 1
    np.testing.assert_array_equal(coarser(kept, steps), kept)


@pytest.mark.parametrize(("name", "value"), [("medleys", 1.5), ("anew", -0.1), ("steps", 1), ("versions", 0)])
def test_settings_out_of_range_are_named(name, value):
    with pytest.raises(ParamsError, match=rf"{name} = "):
        PoolSpec(name="p", **{name: value})
