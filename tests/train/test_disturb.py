"""What is done to crops before a network hears them: named changes, each with what it must come to."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from versionmatch.train.disturb import Disturbance, disturbed, drawn

RNG = np.random.default_rng(440)


def untouched(n: int) -> Disturbance:
    one, none = np.ones(n, np.float32), np.zeros(n, np.float32)
    return Disturbance(
        ratio=one, shift=none, colour=np.zeros((n, 8), np.float32), gamma=one, floor=none, smear=none, cut=none,
        masks=np.zeros((n, 3, 2), np.float32), blows=np.tile(np.float32([0, 0, 0, 1]), (n, 1)), behind=none,
    )  # fmt: skip


def crops(n: int, frames: int, seed: int = 0) -> torch.Tensor:
    levels = np.random.default_rng(seed).integers(0, 256, (n, frames, 84), dtype=np.uint8)
    levels[:, 0, 40] = 255
    return torch.from_numpy(levels)


def heard(levels: torch.Tensor, n_frames: int, how: Disturbance, seed: int = 1) -> torch.Tensor:
    lengths = torch.full((len(levels),), levels.shape[1])
    return disturbed(levels, lengths, n_frames, how, seed)


def test_nothing_done_leaves_the_levels_as_they_are():
    levels = crops(2, 50)
    torch.testing.assert_close(heard(levels, 40, untouched(2)), levels[:, :40].transpose(1, 2) / 255.0)


def test_twice_the_speed_takes_every_other_frame():
    levels, how = crops(1, 50), replace(untouched(1), ratio=np.array([2.0], np.float32))
    torch.testing.assert_close(heard(levels, 20, how)[0], levels[0, :40:2].T / 255.0)


def test_between_two_frames_lies_their_mean():
    levels, how = crops(1, 50), replace(untouched(1), ratio=np.array([0.5], np.float32))
    x = levels[0].T / 255.0
    torch.testing.assert_close(heard(levels, 9, how)[0, :, 1], (x[:, 0] + x[:, 1]) / 2)


def test_a_short_crop_is_repeated_from_its_beginning():
    levels = crops(1, 11)
    found = heard(levels, 25, untouched(1))[0]
    torch.testing.assert_close(found[:, 10:20], found[:, :10])


def test_what_lies_behind_a_crop_is_never_heard():
    levels = crops(1, 30)
    levels[0, 20:] = 255
    found = disturbed(levels, torch.tensor([20]), 40, untouched(1), 0)
    torch.testing.assert_close(found[0, :, :19], levels[0, :19].T / 255.0)
    torch.testing.assert_close(found[0, :, 19:38], found[0, :, :19])


@pytest.mark.parametrize("semitones", [-6, -1, 1, 6])
def test_a_shift_moves_every_bin_and_leaves_the_edge_empty(semitones):
    levels, how = crops(1, 12), replace(untouched(1), shift=np.array([semitones], np.float32))
    levels[:] = levels // 2
    levels[:, 0, 40] = 255  # the loudest stays inside
    found, x = heard(levels, 10, how)[0], levels[0, :10].T / 255.0
    kept = slice(semitones, None) if semitones > 0 else slice(None, semitones)
    torch.testing.assert_close(found[kept], x.roll(semitones, 0)[kept])
    edge = slice(0, semitones) if semitones > 0 else slice(semitones, None)
    assert (found[edge] == 0).all()


def test_masked_frames_are_a_tenth_and_others_whole():
    how = untouched(1)
    how.masks[0, 1] = (5, 3)
    levels = crops(1, 20)
    ratio = heard(levels, 18, how)[0].sum(0) / heard(levels, 18, untouched(1))[0].sum(0)
    assert ratio.tolist() == pytest.approx([1.0] * 5 + [0.1] * 3 + [1.0] * 10, abs=1e-5)


@pytest.mark.parametrize(("cut", "silenced"), [(10, range(10)), (-10, range(74, 84))])
def test_a_cut_takes_the_lowest_or_the_highest_bins(cut, silenced):
    levels, how = crops(1, 20), replace(untouched(1), cut=np.array([cut], np.float32))
    share = heard(levels, 18, how)[0].sum(1) / heard(levels, 18, untouched(1))[0].sum(1)
    assert [i for i in range(84) if share[i] < 0.5] == list(silenced)


def test_behind_a_crop_the_one_before_it_is_heard():
    levels, how = crops(3, 20), replace(untouched(3), behind=np.array([0.0, 0.3, 0.0], np.float32))
    found, plain = heard(levels, 18, how), heard(levels, 18, untouched(3))
    torch.testing.assert_close(found[1], torch.maximum(plain[1], 0.3 * plain[0]))
    torch.testing.assert_close(found[[0, 2]], plain[[0, 2]])


def test_no_strength_moves_the_key_alone():
    how = drawn(np.random.default_rng(3), 50, 100, 0.0)
    assert np.unique(how.shift).tolist() == list(range(-6, 7))
    still = untouched(50)
    for name in ("ratio", "colour", "gamma", "floor", "smear", "cut", "behind"):
        np.testing.assert_array_equal(getattr(how, name), getattr(still, name))
    assert (how.masks[..., 1] == 0).all()
    assert (how.blows[:, 1] == 0).all()


def test_full_strength_does_each_thing_as_often_as_it_says():
    how = drawn(np.random.default_rng(4), 4000, 500, 1.0)
    shares = {name: float((getattr(how, name) != 0).mean()) for name in ("floor", "smear", "cut")}
    assert shares == pytest.approx({"floor": 0.5, "smear": 0.25, "cut": 0.2}, abs=0.03)
    assert 0.75 < how.ratio.min() < how.ratio.max() < 1.3
    assert how.masks[..., 1].max() <= 500 / 12


def test_the_same_numbers_and_seed_give_the_same_crops_and_another_seed_other_noise():
    levels, how = crops(4, 60), drawn(np.random.default_rng(6), 4, 40, 1.0)
    how = replace(how, floor=np.full(4, 0.1, np.float32))
    one, two, other = heard(levels, 40, how, 1), heard(levels, 40, how, 1), heard(levels, 40, how, 2)
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    assert one.amax(dim=(1, 2)).tolist() == [1.0] * 4
