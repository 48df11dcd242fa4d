"""What does finding the nearest of a million vectors cost, how often is it found, and what stays in memory?

One thread, process CPU time. The truth is the exact search among the same vectors as float16. Beside our three ways of
searching stand FAISS's flat index, its lists with 8-bit numbers and with RaBitQ, each with the same number of lists
and of lists opened, without a second look, scikit-learn's brute force, and hnswlib where it is installed. Then the
same with keys: vectors ``(dim, 12)``, each query in another key than what it is to find.

    python -m benchmarks.speed.run index
    python -m benchmarks.speed.bench_index [--n 200000] [--short]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402

from benchmarks.speed.index_data import Clustered  # noqa: E402
from benchmarks.speed.machine import described  # noqa: E402
from benchmarks.speed.peers import give_back_free_memory, memory_mb  # noqa: E402
from versionmatch.index.stages import OPENED, ListStage, n_lists  # noqa: E402
from versionmatch.index.vectors import FaissIndex  # noqa: E402
from versionmatch.types.neighbours import IndexSpec  # noqa: E402

RESULT = Path(__file__).resolve().parents[1] / "results" / "speed-index.json"
WIDTH, DIM, QUERIES, SINGLE, K = 512, 64, 500, 200, 10
TRACKS, SEGMENTS, MODEL_DIM = 100_000, 45, 192
Search = Callable[[np.ndarray], np.ndarray]


def spec_of(data: Clustered, mode: str) -> IndexSpec:
    """Of the synthetic vectors."""
    return IndexSpec(dim=data.dim or data.width, keyed=bool(data.dim), model_id="synthetic", mode=mode)


def timed(search: Search, queries: np.ndarray, truth: np.ndarray, n_single: int) -> dict[str, float]:
    """Recall of the nearest and of the ten nearest, and CPU milliseconds a query, together and one by one."""
    search(queries[:2])
    start = time.process_time()
    found = search(queries)
    batch = time.process_time() - start
    start = time.process_time()
    for query in queries[:n_single]:
        search(query[None])
    single = time.process_time() - start
    return {
        "recall_at_1": float((found[:, 0] == truth[: len(found), 0]).mean()),
        "recall_at_10": float(np.mean([np.isin(t, f).mean() for t, f in zip(truth, found, strict=False)])),
        "ms_a_query": 1e3 * batch / len(queries),
        "ms_one_by_one": 1e3 * single / n_single,
    }


def ours(data: Clustered, folder: Path, queries: np.ndarray, n_single: int) -> tuple[dict[str, Any], np.ndarray]:
    """Our three ways; the exact one is the truth, and is asked fewer queries one by one."""
    rows: dict[str, Any] = {}
    truth = np.zeros((0, K), np.int64)
    for mode in ("exact", "fast", "no-miss"):
        start, cpu = time.perf_counter(), time.process_time()
        index = FaissIndex.build(folder / mode, spec_of(data, mode), data.blocks())
        built = {"build_cpu_s": time.process_time() - cpu, "build_wall_s": time.perf_counter() - start}
        if mode == "exact":
            truth = index.search(queries, K).ids
        few = n_single if mode != "exact" else min(3, n_single)
        some = queries if mode == "fast" else queries[: min(len(queries), 100)]
        rows[f"ours, {mode}"] = (
            {"factory": index.facts["factory"]}
            | timed(lambda q, index=index: index.search(q, K).ids, some, truth, few)
            | built
            | {"bytes_on_disk": sum(p.stat().st_size for p in (folder / mode).iterdir()) / data.n}
            | resident(folder / mode, data, queries[:50])
        )
        index.close()
        print(mode, rows[f"ours, {mode}"], flush=True)
    return rows, truth


def resident(folder: Path, data: Clustered, queries: np.ndarray) -> dict[str, float]:
    """Bytes a vector that a process of its own holds after some searches; pages of files can be let go, so apart."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        private, mapped = pool.apply(_held, (str(folder), queries))
    return {"resident_bytes": private * 2**20 / data.n, "with_touched_pages_of_files": mapped * 2**20 / data.n}


def _held(folder: str, queries: np.ndarray) -> tuple[float, float]:
    import faiss  # noqa: F401 (what the library itself takes is not counted)

    with tempfile.TemporaryDirectory() as small:
        FaissIndex.build(
            small, IndexSpec(dim=8, model_id="warm", mode="fast"), [(np.eye(8)[np.arange(999) % 8], range(999))]
        )
    give_back_free_memory()
    before, mapped = memory_mb("RssAnon"), memory_mb("VmRSS")
    index = FaissIndex.open(folder)
    index.search(queries, K)
    give_back_free_memory()
    return memory_mb("RssAnon") - before, memory_mb("VmRSS") - mapped


def peers(data: Clustered, queries: np.ndarray, truth: np.ndarray, n_single: int) -> dict[str, Any]:
    """FAISS as it comes, scikit-learn and, where it is there, hnswlib."""
    import faiss

    faiss.omp_set_num_threads(1)
    lists, rows = n_lists(data.n), {}
    for factory in ("Flat", f"IVF{lists},SQ8", f"IVF{lists},RaBitQ", f"IVF{lists},PQ{data.width // 8}x4fs"):
        start = time.process_time()
        index = faiss.index_factory(data.width, factory, faiss.METRIC_INNER_PRODUCT)
        if factory != "Flat":
            index.train(np.concatenate([v for v, _ in _few(data, 64 * lists)]))
            index.nprobe = OPENED
        for vectors, _ in data.blocks():
            index.add(vectors)
        built = time.process_time() - start
        few = n_single if factory != "Flat" else min(10, n_single)
        rows[f"FAISS {factory}"] = timed(lambda q, index=index: index.search(q, K)[1], queries, truth, few)
        rows[f"FAISS {factory}"] |= {"build_cpu_s": built}
        print(factory, rows[f"FAISS {factory}"], flush=True)
        del index
    return rows | others(data, queries, truth)


def others(data: Clustered, queries: np.ndarray, truth: np.ndarray) -> dict[str, Any]:
    """scikit-learn's brute force; hnswlib is asked only where it is installed and the vectors are few."""
    from sklearn.neighbors import NearestNeighbors

    everything = np.empty((data.n, data.width), np.float32)
    for vectors, ids in data.blocks():
        everything[ids] = vectors
    brute = NearestNeighbors(n_neighbors=K, algorithm="brute", metric="cosine").fit(everything)
    rows = {"scikit-learn brute": timed(lambda q: brute.kneighbors(q, return_distance=False), queries[:10], truth, 1)}
    if find_spec("hnswlib") is not None and data.n <= 200_000:
        import hnswlib

        graph = hnswlib.Index(space="ip", dim=data.width)
        graph.init_index(data.n, ef_construction=80, M=16)
        graph.set_num_threads(1)
        graph.add_items(everything)
        graph.set_ef(128)
        rows["hnswlib M16 ef128"] = timed(lambda q: graph.knn_query(q, K)[0].astype(np.int64), queries, truth, SINGLE)
    return rows


def _few(data: Clustered, wanted: int) -> list[tuple[np.ndarray, np.ndarray]]:
    found, count = [], 0
    for block in data.blocks():
        found.append(block)
        count += len(block[0])
        if count >= wanted:
            break
    return found


def catalogue_memory(n_tracks: int, folder: Path) -> dict[str, Any]:
    """What the codes of so many tracks of four minutes hold in memory, at the size of the shipped model's vectors.

    A tenth of the vectors is drawn, coded, and its lists are merged ten times: codes take the same memory whatever
    they say. The vectors themselves stay on the disk and are not made.
    """
    n, parts = n_tracks * SEGMENTS, 10
    data = Clustered(max(n // parts, 400), 12 * MODEL_DIM, MODEL_DIM)
    index = FaissIndex.build(folder / "tracks", spec_of(data, "fast"), data.blocks())
    stage = index._now.stage
    assert isinstance(stage, ListStage)
    content = stage.to_bytes()
    index.close()
    (folder / "codes").write_bytes(content)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        held, rows = pool.apply(_merged, (str(folder / "codes"), parts))
    return {"tracks": n_tracks, "vectors": rows, "width": data.width, "factory": stage.factory, "resident_mib": held}


def _merged(path: str, parts: int) -> tuple[float, int]:
    import faiss

    before = memory_mb("RssAnon")
    whole = faiss.read_index(path)
    for _ in range(parts - 1):
        part = faiss.read_index(path)
        whole.merge_from(part, whole.ntotal)
        del part
    stage = ListStage(whole, IndexSpec(dim=MODEL_DIM, keyed=True, model_id="synthetic"))
    removed = np.ones(whole.ntotal, np.bool_)
    give_back_free_memory()
    held = memory_mb("RssAnon") - before
    assert stage.index.ntotal == len(removed)
    return held, len(removed)


def run(n: int = 1_000_000, *, short: bool = False) -> dict[str, Any]:
    """All figures; ``short`` only shows that it runs."""
    n, n_keyed, n_queries, n_single, tracks = (
        (8000, 6000, 20, 5, 100) if short else (n, n // 5, QUERIES, SINGLE, TRACKS)
    )
    plain, keyed = Clustered(n, WIDTH), Clustered(n_keyed, 12 * DIM, DIM)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_TMP")) as name:
        folder = Path(name)
        queries = plain.queries(n_queries)
        rows, truth = ours(plain, folder / "plain", queries, n_single)
        in_keys, _ = ours(keyed, folder / "keyed", keyed.queries(max(20, n_queries // 5)), max(5, n_single // 4))
        memory = catalogue_memory(tracks, folder)
    beside = peers(plain, queries, truth, n_single)
    return {
        "question": f"the nearest of {n:,} × {WIDTH} synthetic vectors, one thread, CPU time",
        "machine": described() | {"faiss-cpu": version("faiss-cpu"), "scikit-learn": version("scikit-learn")},
        "floors": floors(rows["ours, fast"], rows["ours, no-miss"], memory),
        "plain": {"n": n, "width": WIDTH, "rows": rows | beside},
        "keyed": {"n": n_keyed, "dim": DIM, "rows": in_keys},
        "memory": memory,
    }


def floors(fast: dict[str, Any], sure: dict[str, Any], memory: dict[str, Any]) -> dict[str, Any]:
    """What must hold, and whether it does."""
    least = {"fast: recall at 1": (fast["recall_at_1"], 0.99), "no-miss: recall at 1": (sure["recall_at_1"], 0.999)}
    most = {
        "fast: ms a query": (fast["ms_a_query"], 0.5),
        "fast: ms one by one": (fast["ms_one_by_one"], 0.5),
        "fast: resident bytes": (fast["resident_bytes"], 64.0),
        "100 k tracks: MiB": (memory["resident_mib"], 2048.0),
    }
    found = {name: {"found": v, "at_least": limit, "holds": bool(v >= limit)} for name, (v, limit) in least.items()}
    return found | {
        name: {"found": v, "at_most": limit, "holds": bool(v <= limit)} for name, (v, limit) in most.items()
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--short", action="store_true")
    args = parser.parse_args()
    report = run(args.n, short=args.short)
    if not args.short:
        RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))
