"""What was computed is found again, after a kill as well, and never taken for something else."""

import numpy as np
import pytest

from versionmatch.attribution.attribute import attribute
from versionmatch.attribution.cache import Cache, digest_of
from versionmatch.attribution.context import Context
from versionmatch.attribution.losses import base_losses
from versionmatch.store.disk import Disk


class Killed(BaseException):
    """The process is gone."""


class Failing(Disk):
    """A disk before whose n-th step the process is killed."""

    def __init__(self, at):
        self.left = at

    def step(self, what, path):
        self.left -= 1
        if self.left < 0:
            raise Killed


def count_steps(make, tmp_path):
    class Counting(Disk):
        steps = 0

        def step(self, what, path):
            Counting.steps += 1

    make(Cache(tmp_path / "counted", Counting()))
    return Counting.steps


def test_base_losses_go_on_after_a_kill_at_any_step_of_the_disk(transformer, tmp_path):
    def run(cache):
        context = Context(transformer, transformer.trained.corpus, cache, shard_size=10)
        return base_losses(context, context.draws(1, "score"))

    whole, steps = run(Cache()), count_steps(run, tmp_path)
    assert steps > 12
    for at in range(steps):
        folder = tmp_path / f"killed-{at}"
        with pytest.raises(Killed):
            run(Cache(folder, Failing(at)))
        again = Cache(folder)
        found = run(again)
        assert found.keys() == whole.keys()
        assert all((found[item] == whole[item]).all() for item in whole)
        assert again.found + again.made == 4
    assert again.found >= 3  # of the last: all but one shard were there


def test_a_run_that_was_killed_does_not_score_what_it_had_scored(transformer, outsiders, tmp_path):
    outputs = dict(list(outsiders.items())[:3])

    def run(cache):
        context = Context(transformer, transformer.trained.corpus, cache)
        return [r.to_dict() for r in attribute(context, outputs, "ngram", full=True)]

    whole, steps = run(Cache()), count_steps(run, tmp_path)
    with pytest.raises(Killed):
        run(Cache(tmp_path / "killed", Failing(steps - 2)))
    again = Cache(tmp_path / "killed")
    assert run(again) == whole
    assert (again.found, again.made) == (2, 1)


def test_a_damaged_file_is_made_again(tmp_path):
    cache = Cache(tmp_path)
    cache.get("numbers", {"of": 1}, lambda: {"values": np.arange(100)})
    file = next(tmp_path.rglob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-40])
    assert cache.get("numbers", {"of": 1}, lambda: {"values": np.arange(100)})["values"].sum() == 4950
    assert cache.made == 2


def test_a_file_under_another_name_is_not_taken_for_it(tmp_path):
    cache = Cache(tmp_path)
    cache.get("numbers", {"of": 1}, lambda: {"values": np.zeros(3)})
    file = next(tmp_path.rglob("*.safetensors"))
    file.rename(file.parent / f"numbers-{digest_of({'kind': 'numbers', 'of': 2})}.safetensors")
    assert cache.get("numbers", {"of": 2}, lambda: {"values": np.ones(3)})["values"].sum() == 3


@pytest.mark.parametrize("change", [{"seed": 441}, {"shard_size": 7}])
def test_other_settings_are_other_entries(transformer, change):
    cache = Cache()
    for more in ({}, change):
        context = Context(transformer, transformer.trained.corpus, cache, **more)
        base_losses(context, context.draws(1, "score"))
    assert cache.found == 0


def test_base_losses_take_four_bytes_per_item_and_draw(denoiser, tmp_path):
    context = Context(denoiser, denoiser.trained.corpus, Cache(tmp_path))
    base_losses(context, context.draws(16, "score"))
    size = sum(p.stat().st_size for p in tmp_path.rglob("*.safetensors"))
    assert 0 <= size - 40 * 16 * 4 < 1500  # the header says what it is of


def test_what_is_no_json_cannot_be_part_of_a_key():
    with pytest.raises(TypeError, match="cannot be part of a key"):
        digest_of({"model": object()})
