"""Training as its user meets it, with works of a few bars."""

import json

import numpy as np
import pytest
import torch

from tests.factory.works import random_work
from versionmatch.embed.directory import ModelDirectory
from versionmatch.errors import InputError, IntegrityError, ParamsError
from versionmatch.factory.pool import PoolSpec, build_pool, read_pool
from versionmatch.factory.work import write_works
from versionmatch.jobs.train import TrainFolders, held_out, train
from versionmatch.train.config import of_config, read_config
from versionmatch.train.loop import learning_rate

WORKS = [random_work(f"cre/{i}", i, bars=24) for i in range(40)]
CONFIG = {
    "id": "tiny-v1",
    "network": {"members": 1, "width": 8, "dim": 4, "learned": 2},
    "pools": [
        {"name": "easy", "collections": ["cre"], "versions": 2, "hardest": 0.5},
        {"name": "watched", "collections": ["cre"], "versions": 2, "held_out": True},
    ],
    "stages": [
        {"steps": 4, "pools": {"easy": 1.0}, "disturbance": 0.5},
        {"steps": 4, "pools": {"easy": 1.0}},
    ],
    "average": 0.9,
    "segment_weight": 0.5,
    "checkpoint_every": 2,
    "evaluate_every": 4,
    "crops": {"lengths_s": [10.0, 20.0], "shares": [0.5, 0.5], "frames": 1200},
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    write_works(WORKS, folder / "works" / "cre.npz")
    return folder


def run(cache, out, config=CONFIG, workers=1, **settings):
    folders = TrainFolders(material=cache, out=out, cache=cache, workers=workers)
    path = train([of_config({**config, **settings})], folders)
    return ModelDirectory.read(path).tensors()


def test_a_tenth_of_the_works_is_never_learned_from():
    names = [held_out(random_work(f"cre/{i}", 0)) for i in range(400)]
    assert 20 <= sum(names) <= 60


def test_the_same_settings_give_the_same_weights(cache, tmp_path):
    one, two = run(cache, tmp_path / "a"), run(cache, tmp_path / "b")
    assert one.keys() == two.keys()
    for name, values in one.items():
        np.testing.assert_array_equal(values, two[name])


def test_a_killed_run_comes_to_the_same_weights_bit_for_bit(cache, tmp_path, monkeypatch):
    whole = run(cache, tmp_path / "whole")
    from versionmatch.train import loop

    real, steps = loop._step, []

    def killed(*args):
        steps.append(args[3])
        if len(steps) == 6:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(loop, "_step", killed)
    with pytest.raises(KeyboardInterrupt):
        run(cache, tmp_path / "killed")
    monkeypatch.setattr(loop, "_step", real)
    again = run(cache, tmp_path / "killed")
    for name, values in whole.items():
        np.testing.assert_array_equal(values, again[name])
    log = (tmp_path / "killed" / "member-0" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in log] == [4, 8]


def test_batches_drawn_ahead_are_the_same(cache, tmp_path):
    one, two = run(cache, tmp_path / "a"), run(cache, tmp_path / "b", workers=2)
    for name, values in one.items():
        np.testing.assert_array_equal(values, two[name])


def test_curves_are_written_as_a_table_and_a_picture(cache, tmp_path):
    run(cache, tmp_path)
    table = (tmp_path / "member-0" / "curves.csv").read_text().splitlines()
    assert table[0] == "step,loss,watched_map,watched_map_z"
    assert len(table) == 3
    assert "<polyline" in (tmp_path / "member-0" / "curves.svg").read_text()


def test_members_start_from_different_seeds_and_lie_side_by_side(cache, tmp_path):
    tensors = run(cache, tmp_path, network={"members": 2, "width": 8, "dim": 4, "learned": 2})
    first, second = (tensors[f"members.{i}.head.weight"] for i in (0, 1))
    assert first.shape == second.shape
    assert not np.array_equal(first, second)


def test_a_checkpoint_of_other_settings_is_not_gone_on_from(cache, tmp_path):
    run(cache, tmp_path)
    with pytest.raises(IntegrityError, match=r"state\.safetensors is of other settings"):
        run(cache, tmp_path, seed=1)


def test_unlabelled_music_that_is_not_there_is_asked_for(cache, tmp_path):
    with pytest.raises(InputError, match="unlabelled recordings"):
        run(cache, tmp_path, stages=[{"steps": 1, "pools": {"easy": 1.0}, "real": 0.5}])


def test_a_stage_names_pools_that_exist():
    with pytest.raises(ParamsError, match=r"stage\.pools = \['watched'\]"):
        of_config({**CONFIG, "stages": [{"steps": 1, "pools": {"watched": 1.0}}]})


def test_a_setting_spelt_wrongly_is_named(tmp_path):
    path = tmp_path / "train.toml"
    path.write_text('id = "x"\nlearnig_rate = 1.0\nnetwork = {}\n', encoding="utf-8")
    with pytest.raises(ParamsError, match=r"no setting 'learnig_rate'.*Did you mean 'learning_rate'"):
        read_config(path)


def test_the_rate_rises_then_falls_to_a_fiftieth():
    params = of_config(CONFIG | {"stages": [{"steps": 1000, "pools": {"easy": 1.0}}], "warm_up": 50})
    rates = [learning_rate(params, step) for step in range(1000)]
    assert rates.index(max(rates)) in range(45, 55)
    assert rates[0] == pytest.approx(params.learning_rate / 50, rel=0.01)
    assert rates[-1] == pytest.approx(params.learning_rate * 0.02, rel=0.01)


def test_a_pool_is_the_same_however_it_was_interrupted(tmp_path):
    spec = PoolSpec(name="p", versions=1, hardest=1.0)
    whole = read_pool(build_pool(spec, WORKS, tmp_path / "a"))
    home = build_pool(spec, WORKS, tmp_path / "b")
    next(iter(home.glob("*.safetensors"))).unlink()
    for one, two in zip(whole, read_pool(build_pool(spec, WORKS, tmp_path / "b")), strict=True):
        assert one.work_id == two.work_id
        assert one.changes == two.changes
        np.testing.assert_array_equal(one.levels, two.levels)


def test_learning_makes_versions_alike(cache, tmp_path):
    torch.manual_seed(0)
    config = {
        **CONFIG,
        "stages": [{"steps": 60, "pools": {"easy": 1.0}, "disturbance": 0.2}],
        "network": {"members": 1, "width": 16, "dim": 8, "learned": 0},
        "average": 0.0,
        "segment_weight": 0.0,
        "evaluate_every": 20,
        "learning_rate": 5e-3,
        "warm_up": 5,
        "crops": {"lengths_s": [20.0], "shares": [1.0], "frames": 8000},
    }
    folders = TrainFolders(material=cache, out=tmp_path, cache=cache)
    train([of_config(config)], folders)
    rows = [json.loads(line) for line in (tmp_path / "member-0" / "log.jsonl").read_text().splitlines()]
    assert rows[-1]["loss"] < rows[0]["loss"] - 0.3


def test_networks_of_several_settings_are_put_side_by_side(cache, tmp_path):
    wide = CONFIG | {"network": CONFIG["network"] | {"width": 12}, "seed": 441}
    folders = TrainFolders(material=cache, out=tmp_path / "both", cache=cache)
    both = ModelDirectory.read(train([of_config(CONFIG), of_config(wide)], folders))
    assert dict(both.facts.network) == {"members": 2, "dim": 4, "learned": 2, "width": [8, 12]}
    assert both.facts.dim == 8
    assert both.facts.training["seed"] == [440, 441]
    assert not both.problems()
    alone = run(cache, tmp_path / "alone", wide)
    together = both.tensors()
    for name, values in alone.items():
        np.testing.assert_array_equal(values, together[name.replace("members.0", "members.1")])


def test_networks_of_different_models_are_not_put_together(cache, tmp_path):
    folders = TrainFolders(material=cache, out=tmp_path, cache=cache)
    with pytest.raises(InputError, match="must name one model; found other, tiny-v1"):
        train([of_config(CONFIG), of_config(CONFIG | {"id": "other"})], folders)
