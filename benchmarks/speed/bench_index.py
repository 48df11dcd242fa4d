"""What does finding the nearest of a million vectors cost, how often is it found, and what stays in memory?

One thread, process CPU time, best of five runs. The truth is the exact search among the same vectors as float16. With a
tenth of them stand beside our three ways of searching FAISS's flat index, its lists with 8-bit numbers, with RaBitQ and
with product codes, each without a second look and with as many lists, also of vectors that are cut to 128 numbers
first, scikit-learn's brute force, and hnswlib where it is installed. Then the same with keys: vectors ``(dim, 12)``,
each query in another key than what it is to find.

    python -m benchmarks.speed.run index
    python -m benchmarks.speed.bench_index [--n 200000] [--only keyed memory] [--folder KEPT] [--short]
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
from versionmatch.index.stages import OPENED, ListStage, list_factory, n_lists  # noqa: E402
from versionmatch.index.vectors import FaissIndex  # noqa: E402
from versionmatch.types.neighbours import IndexSpec  # noqa: E402

RESULT = Path(__file__).resolve().parents[1] / "results" / "speed-index.json"
WIDTH, DIM, QUERIES, SINGLE, K, REPEATS = 512, 64, 500, 200, 10, 5
TRACKS, SEGMENTS, MODEL_DIM = 100_000, 45, 192
PARTS = ("plain", "peers", "keyed", "memory")
Search = Callable[[np.ndarray], np.ndarray]


def spec_of(data: Clustered, mode: str) -> IndexSpec:
    """Of the synthetic vectors."""
    return IndexSpec(dim=data.dim or data.width, keyed=bool(data.dim), model_id="synthetic", mode=mode)


def timed(
    search: Search, queries: np.ndarray, truth: np.ndarray, n_single: int, repeats: int = REPEATS
) -> dict[str, float]:
    """Recall of the nearest and of the ten nearest, and CPU milliseconds a query, together and one by one; the best."""
    search(queries[:2])
    batch = single = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        found = search(queries)
        batch = min(batch, time.process_time() - start)
        start = time.process_time()
        for query in queries[:n_single]:
            search(query[None])
        single = min(single, time.process_time() - start)
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
        index, built = index_of(data, folder, mode)
        if mode == "exact":
            truth = truth_of(index, folder, queries)
        few = n_single if mode != "exact" else min(3, n_single)
        some = {"exact": queries[:100], "fast": queries, "no-miss": queries[:100]}[mode]
        rows[f"ours, {mode}"] = (
            {"factory": index.facts["factory"]}
            | timed(lambda q, index=index: index.search(q, K).ids, some, truth, few, 1 if mode == "exact" else REPEATS)
            | built
            | {"bytes_on_disk": sum(p.stat().st_size for p in (folder / mode).iterdir()) / data.n}
            | resident(folder / mode, data, queries[:50])
        )
        index.close()
        print(mode, rows[f"ours, {mode}"], flush=True)
    return rows, truth


def truth_of(index: FaissIndex, folder: Path, queries: np.ndarray) -> np.ndarray:
    """What is nearest to each query, now or by the run that built the index there."""
    kept = folder / "truth.npy"
    if not kept.exists():
        np.save(kept, index.search(queries, K).ids)
    return np.load(kept)


def index_of(data: Clustered, folder: Path, mode: str) -> tuple[FaissIndex, dict[str, float]]:
    """The index, and what building it cost, now or in the run that built it there."""
    kept = folder / f"{mode}.json"
    if kept.exists():
        return FaissIndex.open(folder / mode), json.loads(kept.read_text())
    start, cpu = time.perf_counter(), time.process_time()
    index = FaissIndex.build(folder / mode, spec_of(data, mode), data.blocks())
    built = {"build_cpu_s": time.process_time() - cpu, "build_wall_s": time.perf_counter() - start}
    kept.write_text(json.dumps(built))
    return index, built


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


def peers(
    data: Clustered, queries: np.ndarray, truth: np.ndarray, n_single: int, centres: np.ndarray
) -> dict[str, Any]:
    """FAISS as it comes, with our lists, scikit-learn and, where it is there, hnswlib."""
    import faiss

    faiss.omp_set_num_threads(1)
    rows: dict[str, Any] = {}
    lists, cut = f"IVF{len(centres)}", f"PCAR128,IVF{len(centres)},SQ8"
    for factory in ("Flat", cut, *(f"{lists},{code}" for code in ("SQ8", "RaBitQ", f"PQ{data.width // 8}x4fs"))):
        start = time.process_time()
        index = faiss.index_factory(data.width, factory, faiss.METRIC_INNER_PRODUCT)
        if factory == cut:
            index.train(data.queries(64 * len(centres)))
            faiss.extract_index_ivf(index).nprobe = OPENED
        elif factory != "Flat":
            index.quantizer.add(centres)
            index.train(next(data.blocks())[0])
            index.nprobe = OPENED
        for vectors, _ in data.blocks():
            index.add(vectors)
        built = time.process_time() - start
        few = n_single if factory != "Flat" else min(10, n_single)
        rows[f"FAISS {factory}"] = timed(lambda q, index=index: index.search(q, K)[1], queries, truth, few)
        rows[f"FAISS {factory}"] |= {"build_cpu_s_without_lists": built}
        print(factory, rows[f"FAISS {factory}"], flush=True)
        del index
    return rows


def trained(data: Clustered) -> np.ndarray:
    """The centres of lists, by FAISS's k-means."""
    import faiss

    faiss.omp_set_num_threads(1)
    lists = n_lists(data.n)
    means = faiss.Kmeans(data.width, lists, niter=10, seed=440, spherical=True, max_points_per_centroid=64)
    means.train(data.queries(64 * lists))
    return np.asarray(means.centroids)


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


def catalogue_memory(n_tracks: int) -> dict[str, Any]:
    """What the codes of so many tracks of four minutes hold in memory, at the size of the shipped model's vectors.

    Some vectors are coded, and merged with themselves until there are enough: codes take the same memory whatever they
    say, so the lists' centres are some vectors, too. The vectors themselves stay on the disk and are not made.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        held, factory, n = pool.apply(_codes_of, (n_tracks * SEGMENTS,))
    return {"tracks": n_tracks, "vectors": n, "width": 12 * MODEL_DIM, "factory": factory, "resident_mib": held}


def _codes_of(n: int) -> tuple[float, str, int]:
    import faiss

    data = Clustered(20_000, 12 * MODEL_DIM, MODEL_DIM)
    spec, vectors = spec_of(data, "fast"), next(data.blocks())[0]
    give_back_free_memory()
    before = memory_mb("RssAnon")
    faiss.omp_set_num_threads(1)
    whole, part = (
        faiss.index_factory(data.width, list_factory(n_lists(n), spec), faiss.METRIC_INNER_PRODUCT) for _ in range(2)
    )
    part.quantizer.add(vectors[: part.nlist])
    part.train(vectors)
    part.add(vectors)
    content = faiss.serialize_index(part)
    whole = faiss.deserialize_index(content)
    while whole.ntotal < n:
        whole.merge_from(faiss.deserialize_index(content), whole.ntotal)
    removed, stage = np.ones(whole.ntotal, np.bool_), ListStage(whole, spec)
    del content, part
    give_back_free_memory()
    return memory_mb("RssAnon") - before, stage.factory, len(removed)


def run(n: int = 1_000_000, *, short: bool = False, only: tuple[str, ...] = PARTS, folder: str = "") -> dict[str, Any]:
    """All figures, or some of them beside those there are; ``short`` only shows that it runs.

    In a ``folder`` that is given indexes are kept, and those that are there are not built again.
    """
    n, n_keyed, n_queries, n_single, tracks = (
        (8000, 6000, 20, 5, 100) if short else (n, min(n, 100_000), QUERIES, SINGLE, TRACKS)
    )
    plain, keyed = Clustered(n, WIDTH), Clustered(n_keyed, 12 * DIM, DIM)
    report: dict[str, Any] = json.loads(RESULT.read_text()) if RESULT.exists() and not short and only != PARTS else {}
    report |= {
        "question": f"the nearest of {n:,} × {WIDTH} synthetic vectors, one thread, CPU time",
        "machine": described() | {"faiss-cpu": version("faiss-cpu"), "scikit-learn": version("scikit-learn")},
    }
    with tempfile.TemporaryDirectory() as temporary:
        name = folder or temporary
        queries = plain.queries(n_queries)
        if "plain" in only:
            rows, _ = ours(plain, Path(name) / "plain", queries, n_single)
            report["plain"] = {"n": n, "width": WIDTH, "rows": rows}
        if "peers" in only:
            some = Clustered(n // 10, WIDTH)
            asked = some.queries(n_queries)
            rows, truth = ours(some, Path(name) / "some", asked, n_single)
            rows |= peers(some, asked, truth, n_single, trained(some)) | others(some, asked, truth)
            report["peers"] = {"n": some.n, "width": WIDTH, "rows": rows}
        if "keyed" in only:
            rows, _ = ours(keyed, Path(name) / "keyed", keyed.queries(max(20, n_queries // 5)), max(5, n_single // 4))
            report["keyed"] = {"n": n_keyed, "dim": DIM, "rows": rows}
    if "memory" in only:
        report["memory"] = catalogue_memory(tracks)
    if {"plain", "memory"} <= set(report):
        rows = report["plain"]["rows"]
        report["floors"] = floors(rows["ours, fast"], rows["ours, no-miss"], report["memory"])
    return report


def floors(fast: dict[str, Any], sure: dict[str, Any], memory: dict[str, Any]) -> dict[str, Any]:
    """What must hold, and whether it does."""
    least = {"fast: recall at 1": (fast["recall_at_1"], 0.99), "no-miss: recall at 1": (sure["recall_at_1"], 0.999)}
    most = {
        "fast: ms a query": (fast["ms_a_query"], 0.5),
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
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--folder", default="")
    args = parser.parse_args()
    report = run(args.n, short=args.short, only=tuple(args.only), folder=args.folder)
    if not args.short:
        RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))
