"""What is found is what is most alike, whatever the way of searching, the batch, the order and the threads."""

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.index.vectors_here import KEYED, PLAIN, SPECS, SQUARE, clustered, nearest
from versionmatch.embed.keys import by_key
from versionmatch.errors import InputError, ParamsError
from versionmatch.index.exact import likeness, rounded, turned
from versionmatch.index.stages import mode_for, n_lists
from versionmatch.index.vectors import FaissIndex
from versionmatch.types.neighbours import IndexSpec

MODES = [
    (name, mode)
    for name in SPECS
    for mode in ("exact", "fast", "no-miss")
    if (name, mode) != ("mean square", "no-miss")
]


def same(a, b):
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in ("ids", "scores", "keys"))


@pytest.mark.parametrize("name", SPECS)
def test_the_exact_way_is_its_slow_twin(tmp_path, name):
    spec = replace(SPECS[name], mode="exact")
    vectors, ids = clustered(700, spec.width), np.random.default_rng(1).permutation(700) * 3
    index = FaissIndex.build(tmp_path, spec, [(vectors[:500], ids[:500])])
    index.add(vectors[500:], ids[500:])
    queries = clustered(9, spec.width, seed=3)
    hits, (twin_ids, scores, keys) = index.search(queries, 12), nearest(vectors, ids, queries, 12, spec)
    assert np.array_equal(hits.ids, twin_ids)
    assert np.array_equal(hits.scores, scores)
    assert np.array_equal(hits.keys, keys)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(SPECS)))
def test_a_likeness_is_exact_to_the_last_bit(seed, name):
    spec = SPECS[name]
    a, b = (rounded(clustered(1, spec.width, seed=s), spec) for s in (seed, seed + 1))
    score, _ = likeness(turned(a, spec)[0, :1], b, spec)
    x, y = ([Fraction(float(v)) for v in row[0]] for row in (a, b))
    if name == "mean square":
        square = sum((p - q) ** 2 for p, q in zip(x, y, strict=True))
        assert score[0] == -float(square) * (32.0**2 / spec.width)
    else:
        assert Fraction(score[0]) == sum(p * q for p, q in zip(x, y, strict=True))


def test_keys_and_likeness_are_those_of_the_embedding():
    vectors = rounded(clustered(30, KEYED.width), KEYED).astype(np.float32).reshape(30, 6, 12)
    table = by_key(vectors[:5], vectors)
    for turns, row in zip(turned(vectors[:5].reshape(5, -1).astype(np.float16), KEYED), table, strict=True):
        scores, keys = likeness(turns, vectors.reshape(30, -1), KEYED)
        assert scores == pytest.approx(row.max(axis=1), abs=1e-6)
        assert np.array_equal(keys, row.argmax(axis=1))


@pytest.mark.parametrize("mode", ["exact", "fast", "no-miss"])
@pytest.mark.parametrize("key", [0, 5, 11])
def test_a_recording_in_another_key_is_found_at_its_interval(tmp_path, mode, key):
    spec = replace(KEYED, mode=mode)
    vectors = clustered(800, spec.width).reshape(-1, 6, 12)
    index = FaissIndex.build(tmp_path, spec, [(vectors, np.arange(800))])
    hits = index.search(np.roll(vectors[:20], key, axis=2), 1)
    assert hits.ids[:, 0].tolist() == list(range(20))
    assert set(hits.keys[:, 0].tolist()) == {key}


@pytest.mark.parametrize(("name", "mode"), MODES)
def test_the_nearest_is_found_and_a_batch_changes_nothing(tmp_path, name, mode):
    spec = replace(SPECS[name], mode=mode)
    vectors, queries = clustered(6000, spec.width), clustered(6060, spec.width)[-60:]
    index = FaissIndex.build(tmp_path, spec, [(vectors, np.arange(6000))])
    hits = index.search(queries, 10)
    truth = nearest(vectors, np.arange(6000), queries, 1, spec)[0]
    assert (hits.ids[:, :1] == truth).mean() >= 0.98
    for at in range(0, 60, 7):
        part = index.search(queries[at : at + 3], 10)
        assert np.array_equal(part.ids, hits.ids[at : at + 3])
        assert np.array_equal(part.scores, hits.scores[at : at + 3])
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda q: index.search(q[None], 10).ids[0], queries))
    assert np.array_equal(alone, hits.ids)


def test_equal_vectors_come_in_the_order_of_their_ids(tmp_path):
    vectors = np.repeat(clustered(40, 64), 50, axis=0)
    ids = np.random.default_rng(5).permutation(2000)
    for mode in ("exact", "fast", "no-miss"):
        index = FaissIndex.build(tmp_path / mode, replace(PLAIN, mode=mode), [(vectors, ids)])
        hits = index.search(vectors[:1], 2000, depth=2000)
        assert hits.ids[0, :50].tolist() == sorted(ids[:50].tolist())


HASHES = """
import hashlib, sys, pathlib, numpy as np
from dataclasses import replace
from tests.index.vectors_here import *
from versionmatch.index.vectors import FaissIndex
folder = pathlib.Path(sys.argv[1])
for name, spec in SPECS.items():
    vectors = clustered(3000, spec.width)
    index = FaissIndex.build(folder / name, replace(spec, mode="fast"), [(vectors, np.arange(3000))])
    hits = index.search(vectors[:100], 10)
    print(sorted(p.name for p in (folder / name).iterdir()))
    print(hashlib.sha256(hits.ids.tobytes() + hits.scores.tobytes()).hexdigest())
    print((folder / name / "index.json").read_text())
"""


def test_files_and_hits_are_the_same_bytes_for_any_number_of_threads(tmp_path):
    told = set()
    for n in ("1", "2", "5"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = {**os.environ, **dict.fromkeys(names, n)}
        command = [sys.executable, "-c", HASHES, str(tmp_path / n)]
        told.add(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)
    assert len(told) == 1
    assert "IVF" in told.pop()


def test_files_do_not_depend_on_the_order_in_which_vectors_come(tmp_path):
    vectors, mixed = clustered(2000, 64), np.random.default_rng(7).permutation(2000)
    spec = replace(PLAIN, mode="fast")
    for name, order in (("a", np.arange(2000)), ("b", mixed)):
        blocks = [(vectors[order[i : i + 300]], order[i : i + 300]) for i in range(0, 2000, 300)]
        FaissIndex.build(tmp_path / name, spec, blocks)
    first, second = (
        {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (tmp_path / name).iterdir()} for name in "ab"
    )
    assert first == second


def test_kneighbors_is_scikit_learns(tmp_path):
    from sklearn.neighbors import NearestNeighbors

    for spec, metric in ((PLAIN, "cosine"), (SQUARE, "sqeuclidean")):
        vectors, queries = clustered(300, spec.width), clustered(7, spec.width, seed=2)
        index = FaissIndex(tmp_path / metric, spec)
        index.add(vectors, np.arange(300))
        distances, ids = index.kneighbors(queries, n_neighbors=4)
        theirs, rows = (
            NearestNeighbors(n_neighbors=4, metric=metric, algorithm="brute").fit(vectors).kneighbors(queries)
        )
        scale = spec.width if spec is SQUARE else 1
        assert np.array_equal(ids, rows)
        assert distances * scale == pytest.approx(theirs, rel=2e-2, abs=2e-3)
        assert np.array_equal(index.kneighbors(queries, 4, return_distance=False), ids)
    with pytest.raises(InputError, match=r"n_neighbors = 301, but there are 300"):
        index.kneighbors(queries, 301)


def test_how_it_searches_is_chosen_by_size_and_told(tmp_path):
    assert [mode_for(n, PLAIN) for n in (0, 32_768, 32_769)] == ["exact", "exact", "fast"]
    assert mode_for(100_000, IndexSpec(dim=63, model_id="m")) == "no-miss"  # not in eights
    assert mode_for(100_000, IndexSpec(dim=63, model_id="m", measure="mean-square")) == "exact"
    assert [n_lists(n) for n in (0, 1, 100, 1000, 200_000, 1_000_000, 10_000_000)] == [1, 1, 2, 16, 1024, 2048, 8192]
    index = FaissIndex.build(tmp_path, replace(PLAIN, mode="fast"), [(clustered(1000, 64), np.arange(1000))])
    assert index.facts["factory"] == "IVF16,PQ32x4fs"


def test_an_index_without_vectors_finds_nothing(tmp_path):
    index = FaissIndex(tmp_path, PLAIN)
    for _ in range(2):
        hits = index.search(clustered(2, 64), 3)
        assert hits.ids.tolist() == [[-1] * 3] * 2
        assert np.isneginf(hits.scores).all()
        index.save()
        index = FaissIndex.open(tmp_path)
    index.compact()
    assert len(FaissIndex.build(tmp_path, PLAIN, [(np.zeros((0, 64)), [])])) == 0
    assert len(index.search(np.zeros((0, 64)))) == 0


def test_an_index_that_was_only_added_to_can_be_saved(tmp_path):
    index = FaissIndex(tmp_path, PLAIN)
    index.add(clustered(50, 64), np.arange(50))
    index.save()
    again = FaissIndex.open(tmp_path)
    assert again.search(clustered(50, 64)[:9], 1).ids.ravel().tolist() == list(range(9))


def test_silence_is_like_nothing(tmp_path):
    index = FaissIndex(tmp_path, KEYED)
    index.add(np.concatenate([np.zeros((1, KEYED.width)), clustered(3, KEYED.width)]), np.arange(4))
    assert index.search(np.zeros((1, KEYED.width)), 4).scores.tolist() == [[0.0] * 4]


@pytest.mark.parametrize(
    ("vectors", "ids", "told"),
    [
        (np.zeros((2, 63)), [1, 2], r"shape \(n, 64\); got \(2, 63\)"),
        (np.full((2, 64), np.nan), [1, 2], r"vector 0 of 2 is not finite"),
        (np.ones((2, 64)), [1, 1], r"id 1 is given twice"),
        (np.ones((2, 64)), [1, 5], r"id 5 is there already; remove it first"),
        (np.ones((2, 64)), [1], r"2 vectors need as many ids"),
        (np.ones((2, 64)), [-1, 1], r"id -1 is negative"),
        (np.ones((2, 64)), [0.5, 1.0], r"ids are whole numbers; got float64"),
        (np.ones((1, 64)), np.array([2**63], np.uint64), r"above 2⁶³ - 1"),
    ],
)
def test_what_cannot_be_added_is_named_and_nothing_is_added(tmp_path, vectors, ids, told):
    index = FaissIndex(tmp_path, PLAIN)
    index.add(np.ones((1, 64)), [5])
    with pytest.raises(InputError, match=told):
        index.add(vectors, ids)
    assert len(index) == 1


def test_vectors_longer_than_said_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"above 1 times longest = 30; build the index anew"):
        FaissIndex(tmp_path, SQUARE).add(np.full((1, 24), 10.0), [1])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"dim": 0}, "dim = 0"),
        ({"model_id": ""}, "model_id is empty"),
        ({"measure": "dot"}, "measure = 'dot'"),
        ({"keyed": True, "measure": "mean-square"}, "it must be cosine"),
        ({"mode": "quick"}, "mode = 'quick'"),
        ({"mode": "no-miss", "measure": "mean-square"}, "signs tell directions only"),
        ({"longest": 0.0}, "longest = 0.0"),
    ],
)
def test_a_description_that_cannot_be_is_refused(values, told):
    with pytest.raises(ParamsError, match=told):
        IndexSpec(**({"dim": 8, "model_id": "m"} | values))


@pytest.mark.parametrize(("k", "depth"), [(0, None), (5, 4)])
def test_a_search_for_too_few_is_refused(tmp_path, k, depth):
    with pytest.raises(ParamsError, match="k must be 1 or more"):
        FaissIndex(tmp_path, PLAIN).search(np.ones((1, 64)), k, depth=depth)
