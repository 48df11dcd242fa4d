"""One alignment by one library, timed in a process of its own.

``python peers.py METHOD QUERY.npy REFERENCE.npy SECONDS`` prints one JSON object: the best CPU and wall time of as
many runs as fit into SECONDS (at least two), the memory that one run takes beyond what was there, and the result. The
same file runs in the package's environment and in the peers', so it imports nothing but numpy until it is told what.

Frames are unit columns ``(12, n) float32``. Libraries that sum squared distances give ``sqrt(2 * total)`` of ours,
since ``|x - y| ** 2 == 2 * (1 - x @ y)`` for unit vectors; ``total`` is always in our terms.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Result = dict[str, Any]
Method = Callable[[np.ndarray, np.ndarray], Result]


def ours_cost() -> Method:
    from versionmatch.align.dtw import dtw_total

    return lambda x, y: {"total": dtw_total(x, y)}


def ours_path() -> Method:
    from versionmatch.align.dtw import dtw_path

    return lambda x, y: _of_path(*dtw_path(x, y))


def ours_band() -> Method:
    from versionmatch.align.dtw import dtw_path

    return lambda x, y: _of_path(*dtw_path(x, y, band=0.1))


def librosa_cost() -> Method:
    """From features, the library's own way."""
    import librosa

    return lambda x, y: {"total": float(librosa.sequence.dtw(x, y, metric="cosine", backtrack=False)[-1, -1])}


def librosa_cost_given() -> Method:
    """The same fed with a float32 cost matrix by matrix product, which it likes better."""
    import librosa

    return lambda x, y: {"total": float(librosa.sequence.dtw(C=1 - x.T @ y, backtrack=False)[-1, -1])}


def librosa_path() -> Method:
    import librosa

    def run(x: np.ndarray, y: np.ndarray) -> Result:
        totals, path = librosa.sequence.dtw(x, y, metric="cosine")
        return _of_path(path[::-1], float(totals[-1, -1]))

    return run


def librosa_path_given() -> Method:
    import librosa

    def run(x: np.ndarray, y: np.ndarray) -> Result:
        totals, path = librosa.sequence.dtw(C=1 - x.T @ y)
        return _of_path(path[::-1], float(totals[-1, -1]))

    return run


def dtaidistance_cost() -> Method:
    """Its C code."""
    from dtaidistance import dtw_ndim

    def run(x: np.ndarray, y: np.ndarray) -> Result:
        frames = (np.ascontiguousarray(side.T, dtype=np.float64) for side in (x, y))
        return {"total": dtw_ndim.distance_fast(*frames) ** 2 / 2}

    return run


def tslearn_cost() -> Method:
    from tslearn.metrics import dtw

    return lambda x, y: {"total": float(dtw(x.T, y.T)) ** 2 / 2}


def tslearn_path() -> Method:
    from tslearn.metrics import dtw_path

    def run(x: np.ndarray, y: np.ndarray) -> Result:
        path, distance = dtw_path(x.T, y.T)
        return _of_path(np.array(path), float(distance) ** 2 / 2)

    return run


def ours_many() -> Method:
    """``y`` holds all references side by side; a last row tells them apart. They are taken apart once."""
    from versionmatch.align.dtw import subsequence_costs
    from versionmatch.types import Features

    ready: dict[int, list[Features]] = {}

    def run(x: np.ndarray, y: np.ndarray) -> Result:
        if y.shape[1] not in ready:
            ready[y.shape[1]] = [Features("chroma", part, frame_rate=10.0) for part in _parts(y)]
        query = Features("chroma", x, frame_rate=10.0)
        return {"totals": subsequence_costs(query, ready[y.shape[1]]).tolist()}

    return run


def librosa_many() -> Method:
    import librosa

    def one(x: np.ndarray, y: np.ndarray) -> float:
        return float(librosa.sequence.dtw(C=1 - x.T @ y, subseq=True, backtrack=False)[-1].min())

    return lambda x, y: {"totals": [one(x, part) for part in _parts(y)]}


METHODS: dict[str, Callable[[], Method]] = {
    "ours_cost": ours_cost,
    "ours_path": ours_path,
    "ours_band": ours_band,
    "ours_many": ours_many,
    "librosa_cost": librosa_cost,
    "librosa_cost_given": librosa_cost_given,
    "librosa_path": librosa_path,
    "librosa_path_given": librosa_path_given,
    "librosa_many": librosa_many,
    "dtaidistance_cost": dtaidistance_cost,
    "tslearn_cost": tslearn_cost,
    "tslearn_path": tslearn_path,
}


def _of_path(path: np.ndarray, total: float) -> Result:
    return {"total": total, "n_steps": len(path), "path_sum": int(np.asarray(path, np.int64).sum())}


def _parts(y: np.ndarray) -> list[np.ndarray]:
    bounds = np.flatnonzero(np.diff(y[12], prepend=-1))
    return np.split(y[:12], bounds[1:], axis=1)


def memory_mb(field: str) -> float:
    """A field of the process's memory status, MiB; the highest so far where the system keeps no such status."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(float(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith(field))


def give_back_free_memory() -> None:
    """Hand memory that compiling left free back to the system, so that using it again counts."""
    with contextlib.suppress(OSError, AttributeError):  # glibc only
        ctypes.CDLL(None).malloc_trim(0)


def extra_memory_mb(call: Callable[[], Result]) -> float:
    """What one call takes at its peak beyond what the process held before, MiB."""
    forget = Path("/proc/self/clear_refs")
    if forget.exists():
        give_back_free_memory()
        forget.write_text("5")  # the peak is measured from here
    before = memory_mb("VmRSS")
    call()
    return memory_mb("VmHWM") - before


def measure(name: str, x: np.ndarray, y: np.ndarray, seconds: float) -> Result:
    """Best times, memory and result of a method."""
    method = METHODS[name]()
    small = y[:, : 3 * x.shape[1]] if name.endswith("many") else y[:, :64]
    method(x[:, :64], small)  # compile, load, warm up
    peak = extra_memory_mb(lambda: method(x, y))
    cpu, wall, n_runs, began = [], [], 0, time.perf_counter()
    while n_runs < 2 or (time.perf_counter() - began < seconds and n_runs < 50):
        start = time.perf_counter(), time.process_time()
        result = method(x, y)
        wall.append(time.perf_counter() - start[0])
        cpu.append(time.process_time() - start[1])
        n_runs += 1
    return {"method": name, "cpu_s": min(cpu), "wall_s": min(wall), "runs": n_runs, "extra_mb": peak} | result


if __name__ == "__main__":
    wanted, query_file, reference_file, limit = sys.argv[1:5]
    print(json.dumps(measure(wanted, np.load(query_file), np.load(reference_file), float(limit))))
