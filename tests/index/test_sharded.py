"""A search in many shards is one search: the same bytes for any number, order and executor, also if a worker dies."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.index.vectors_here import SPECS, clustered
from versionmatch.errors import IntegrityError, ParamsError
from versionmatch.index import sharded
from versionmatch.index.sharded import Shard, build_shards, digest_of, local_pool, search_shards, shard_of
from versionmatch.index.vectors import FaissIndex

N = 900


def blocks(spec, order=None):
    vectors, ids = np.repeat(clustered(N // 2, spec.width), 2, axis=0), np.arange(N) * 7  # every vector twice: ties
    order = np.arange(N) if order is None else order
    return [(vectors[order[i : i + 200]], ids[order[i : i + 200]]) for i in range(0, N, 200)]


def queries(spec, n=300):
    return clustered(n, spec.width, seed=5)


@pytest.mark.parametrize("name", SPECS)
def test_hits_do_not_depend_on_shards_their_order_or_the_executor(tmp_path, name):
    spec = SPECS[name]
    whole = FaissIndex.build(tmp_path / "whole", spec, blocks(spec)).search(queries(spec), 7)
    with ThreadPoolExecutor(3) as pool:
        for n_shards in (1, 3, 8):
            mixed = np.random.default_rng(n_shards).permutation(N)
            shards = build_shards(tmp_path / str(n_shards), spec, blocks(spec, mixed), n_shards)
            assert len(shards) == n_shards
            for order, executor in ((shards, None), (shards[::-1], pool)):
                assert digest_of(search_shards(order, queries(spec), 7, executor)) == digest_of(whole)


def test_processes_of_this_machine_find_the_same(tmp_path):
    spec = SPECS["keyed"]
    shards = build_shards(tmp_path, spec, blocks(spec), 2)
    with local_pool(2) as pool:
        assert digest_of(search_shards(shards, queries(spec), 5, pool)) == digest_of(
            search_shards(shards, queries(spec), 5)
        )


def test_building_again_makes_the_same_shards_and_leaves_nothing_else(tmp_path):
    spec = SPECS["plain"]
    first = build_shards(tmp_path, spec, blocks(spec), 4)
    again = build_shards(tmp_path, spec, blocks(spec, np.arange(N)[::-1]), 4)
    assert first == again
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(Path(s.folder).name for s in first)


def test_ids_that_follow_each_other_are_spread_evenly():
    counts = np.bincount(shard_of(np.arange(100_000), 16), minlength=16)
    assert counts.min() > 0.95 * counts.mean()
    assert counts.max() < 1.05 * counts.mean()


def test_a_shard_that_is_not_what_it_was_is_told(tmp_path):
    spec = SPECS["plain"]
    shard, _ = build_shards(tmp_path, spec, blocks(spec), 2)
    with pytest.raises(IntegrityError, match=r"has the digest .* not 000000000000…; build the shards again"):
        search_shards([Shard(shard.folder, "0" * 64)], queries(spec), 1)
    with pytest.raises(ParamsError, match="0 shards, k = 1"):
        search_shards([], queries(spec), 1)
    with pytest.raises(ParamsError, match="n_shards = 0"):
        build_shards(tmp_path, spec, [], 0)


def slowly(shard, some, k, marks):
    """A task that says by which worker it is done, and takes long enough for the worker to be killed in it."""
    (Path(marks) / f"{os.getpid()}-{time.monotonic_ns()}").touch()
    time.sleep(0.15)
    return sharded._searched(shard, some, k)


class Slow:
    """An executor whose tasks are slow."""

    def __init__(self, executor, marks):
        self.executor, self.marks = executor, marks

    def submit(self, call, *args):
        assert call is sharded._searched
        return self.executor.submit(slowly, *args, str(self.marks))


def test_a_cluster_of_which_a_worker_is_killed_finds_the_same(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="dask[distributed] is not installed: extra [cluster]")
    monkeypatch.setattr(sharded, "QUERIES", 30)  # more tasks
    spec = replace(SPECS["plain"], mode="exact")
    shards = build_shards(tmp_path / "shards", spec, blocks(spec), 3)
    expected = digest_of(search_shards(shards, queries(spec), 6))
    marks = tmp_path / "marks"
    marks.mkdir()
    local = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with (
        distributed.LocalCluster(host="127.0.0.1", **local) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert digest_of(search_shards(shards, queries(spec), 6, client.get_executor())) == expected
        killed = []

        def kill():
            while len(done := sorted(p.name for p in marks.iterdir())) < 4:
                time.sleep(0.02)
            killed.append(int(done[-1].split("-")[0]))
            os.kill(killed[0], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        hits = search_shards(shards, queries(spec), 6, Slow(client.get_executor(pure=False), marks))
        killer.join()
    pids = {int(p.name.split("-")[0]) for p in marks.iterdir()}
    assert digest_of(hits) == expected
    assert killed[0] in pids
    assert len(pids) > 1
