"""How fast is dynamic time warping, with and without its path, beside librosa, dtaidistance and tslearn?

12-row chroma, one thread, everything compiled before the clock starts, each library in a process of its own, all
in one run and on the same frames. CPU seconds decide. Every result is compared with ours before a ratio is given.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed import machine

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEERS_PYTHON = ROOT / ".venv-peers" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
SIZES = (500, 2000, 6000, 12000)
PAIR_METHODS = (
    "ours_cost", "ours_path", "ours_band", "dtaidistance_cost", "librosa_cost", "librosa_cost_given", "librosa_path",
    "librosa_path_given", "tslearn_cost", "tslearn_path",
)  # fmt: skip
N_REFERENCES, QUERY_FRAMES = 500, 400
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"), "1")
FLOPS_PER_CELL = 24  # twelve multiply-adds; the three of the recurrence go to other units
FLOORS = {  # at 12000 x 12000 unless named otherwise
    "cost_mcells_per_s": 2000,
    "cost_times_dtaidistance": 12,
    "cost_times_librosa": 40,
    "path_mcells_per_s": 1500,
    "path_times_librosa": 15,
    "path_times_tslearn": 8,
    "many_times_librosa": 50,
}
PATH_MEMORY_MB = 10


def chroma(n_frames: int, seed: int) -> np.ndarray:
    """Unit chroma that changes slowly, as music's does, ``(12, n_frames) float32``."""
    rng = np.random.default_rng(seed)
    walk = np.abs(np.cumsum(rng.standard_normal((12, n_frames)) * 0.3, axis=1) % 3 + rng.random((12, n_frames)))
    return (walk / np.linalg.norm(walk, axis=0)).astype(np.float32)


def catalogue() -> np.ndarray:
    """References of 1500 to 2500 frames side by side; row 12 holds each frame's reference, ``(13, n)``."""
    lengths = np.random.default_rng(440).integers(1500, 2500, N_REFERENCES)
    parts = [np.vstack([chroma(n, 1000 + t), np.full((1, n), t, np.float32)]) for t, n in enumerate(lengths)]
    return np.hstack(parts)


def measured(method: str, x: Path, y: Path, seconds: float) -> dict[str, Any]:
    """What ``peers.py`` says about a method, run where that library lives."""
    python = Path(sys.executable) if method.startswith("ours") else PEERS_PYTHON
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT) if method.startswith("ours") else ""}
    done = subprocess.run(
        [str(python), str(HERE / "peers.py"), method, str(x), str(y), str(seconds)],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{method} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"  {method:20} {found['cpu_s']:9.4f} s CPU  {found['extra_mb']:8.1f} MB", file=sys.stderr, flush=True)
    return found


def pair(n: int, folder: Path, seconds: float) -> dict[str, Any]:
    """All methods on two recordings of ``n`` frames."""
    print(f"{n} x {n} frames", file=sys.stderr)
    files = [folder / f"{side}-{n}.npy" for side in ("query", "reference")]
    for seed, file in enumerate(files, start=1):
        np.save(file, chroma(n, seed))
    rows = {method: measured(method, files[0], files[1], seconds) for method in PAIR_METHODS}
    exact = rows["ours_path"]["total"]  # summed in float64 along the path
    for method, row in rows.items():
        row["mcells_per_s"] = n * n / row["cpu_s"] / 1e6
        row["relative_difference"] = abs(row["total"] / exact - 1)
        allowed = 5e-3 if method == "ours_band" else 1e-5 if "_given" in method else 1e-6
        if row["relative_difference"] > allowed:
            raise RuntimeError(f"{method} finds {row['total']} at {n} frames, not {exact}")
    return {"n_frames": n, "methods": rows}


def one_against_many(folder: Path, seconds: float) -> dict[str, Any]:
    """The best place of one query in each of many references; the rankings must be identical."""
    print(f"one query of {QUERY_FRAMES} frames against {N_REFERENCES} references", file=sys.stderr)
    files = [folder / "query.npy", folder / "references.npy"]
    np.save(files[0], chroma(QUERY_FRAMES, 99))
    np.save(files[1], catalogue())
    rows = {name: measured(name, files[0], files[1], seconds) for name in ("ours_many", "librosa_many")}
    ours, theirs = (np.array(row.pop("totals")) for row in rows.values())
    same = bool((ours.argsort(kind="stable") == theirs.argsort(kind="stable")).all())
    if not same:
        raise RuntimeError("the two rankings of the references differ")
    for row in rows.values():
        row["references_per_s"] = N_REFERENCES / row["cpu_s"]
    return {
        "n_references": N_REFERENCES,
        "query_frames": QUERY_FRAMES,
        "methods": rows,
        "identical_ranking": same,
        "largest_relative_difference": float(np.abs(ours / theirs - 1).max()),
    }


def start_up() -> dict[str, float]:
    """Wall seconds from nothing to the first alignment: with an empty cache, and in the process after that."""
    script = (
        "import time; t = time.perf_counter(); import numba; numba.njit(lambda: 0)(); n = time.perf_counter()\n"
        "import numpy as np; from versionmatch.align.dtw import dtw_path\n"
        "dtw_path(np.eye(12), np.eye(12)); print(n - t, time.perf_counter() - n)"
    )
    seconds = []
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT), "NUMBA_CACHE_DIR": cache}
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
            )
            seconds.append([float(word) for word in done.stdout.split()])
    (_, cold), (itself, warm) = seconds
    return {"compile_s": cold, "cached_s": warm, "numba_itself_s": itself}


def verdicts(largest: dict[str, Any], many: dict[str, Any]) -> dict[str, Any]:
    """Each floor, what was measured, and whether it holds. The fastest way to call a peer counts."""
    cpu = {name: row["cpu_s"] for name, row in largest["methods"].items()}
    given = largest["methods"]
    found = {
        "cost_mcells_per_s": given["ours_cost"]["mcells_per_s"],
        "cost_times_dtaidistance": cpu["dtaidistance_cost"] / cpu["ours_cost"],
        "cost_times_librosa": min(cpu["librosa_cost"], cpu["librosa_cost_given"]) / cpu["ours_cost"],
        "path_mcells_per_s": given["ours_path"]["mcells_per_s"],
        "path_times_librosa": min(cpu["librosa_path"], cpu["librosa_path_given"]) / cpu["ours_path"],
        "path_times_tslearn": cpu["tslearn_path"] / cpu["ours_path"],
        "many_times_librosa": many["methods"]["librosa_many"]["cpu_s"] / many["methods"]["ours_many"]["cpu_s"],
    }
    table = {
        name: {"at_least": FLOORS[name], "found": value, "holds": value >= FLOORS[name]}
        for name, value in found.items()
    }
    memory = given["ours_path"]["extra_mb"]
    table["path_extra_mb"] = {"at_most": PATH_MEMORY_MB, "found": memory, "holds": memory <= PATH_MEMORY_MB}
    return table


def run(sizes: tuple[int, ...] = SIZES, seconds: float = 3.0) -> dict[str, Any]:
    """All figures of dynamic time warping; takes some minutes."""
    start, peak = time.time(), machine.peak_gflops()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        pairs = [pair(n, folder, seconds) for n in sizes]
        many = one_against_many(folder, seconds)
    cells = pairs[-1]["methods"]["ours_cost"]["mcells_per_s"] / 1000
    return {
        "question": "dynamic time warping of 12-row chroma, one thread, CPU seconds",
        "machine": machine.described(),
        "measured": time.strftime("%Y-%m-%d", time.gmtime(start)),
        "floors": verdicts(pairs[-1], many),
        "roofline": {
            "peak_gflops": peak,
            "flops_per_cell": FLOPS_PER_CELL,
            "bound_gcells_per_s": peak / FLOPS_PER_CELL,
            "cost_share_of_bound": cells * FLOPS_PER_CELL / peak,
        },
        "start_up": start_up(),
        "pairs": pairs,
        "one_against_many": many,
    }
