"""How fast is local alignment, from chroma to the path, beside essentia, which gives no path?

One thread, process CPU time, best of several runs, everything compiled before the clock starts. The results are
compared first: the same cross recurrence, score and distance. essentia drops the last moment of a recording (it
makes ``n - embedding`` of ``n`` frames), so it is given one frame more than we are.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402

from benchmarks.speed.machine import described  # noqa: E402
from versionmatch.align import local, recurrence  # noqa: E402
from versionmatch.types import Features  # noqa: E402

RESULT = Path(__file__).resolve().parents[1] / "results" / "speed-local.json"
SIZES = (480, 2000, 6000, 12000)
TIMES_ESSENTIA, PAIRS_PER_S = 50.0, 100.0  # times essentia; pairs a second of 480 x 480 moments


def chroma(n_frames: int, seed: int) -> Features:
    """Chroma that changes slowly, as music's does; unit length, 2 frames a second."""
    rng = np.random.default_rng(seed)
    walk = np.abs(np.cumsum(rng.standard_normal((12, n_frames)) * 0.3, axis=1) % 3 + rng.random((12, n_frames)))
    return Features("chroma", walk / np.linalg.norm(walk, axis=0), frame_rate=2.0)


def pair(n_frames: int) -> tuple[Features, Features]:
    """Two recordings that share a third of their length, heard with noise."""
    query, reference = chroma(n_frames, 1), chroma(n_frames, 2)
    values, third = np.array(reference.values), n_frames // 3
    noise = np.random.default_rng(3).random((12, third)) * 0.1
    values[:, third : 2 * third] = query.values[:, :third] + noise
    return query, Features("chroma", values / np.linalg.norm(values, axis=0), frame_rate=2.0)


def timed(call: Callable[[], Any], repeats: int) -> tuple[Any, float]:
    """The last result of ``call``, and its best CPU time."""
    best, result = float("inf"), None
    for _ in range(repeats):
        result = None  # two results at once might not fit
        start = time.process_time()
        result = call()
        best = min(best, time.process_time() - start)
    return result, best


def ours(query: Features, reference: Features, repeats: int) -> dict[str, float]:
    forms: dict[str, Callable[[], Any]] = {
        "cross_recurrence_s": lambda: recurrence.cross_recurrence(query, reference),
        "qmax_with_path_s": lambda: local.qmax(query, reference),
        "qmax_score_s": lambda: local.qmax_score(query, reference),
        "dmax_with_path_s": lambda: local.dmax(query, reference),
    }
    for call in forms.values():
        call()
    return {name: timed(call, repeats)[1] for name, call in forms.items()}


def essentia(query: Features, reference: Features, repeats: int) -> dict[str, Any]:
    """essentia's times, and how far its results are from ours."""
    import essentia
    import essentia.standard as es

    essentia.log.infoActive = essentia.log.warningActive = False
    q, r = (np.ascontiguousarray(np.concatenate([f.values, f.values[:, -1:]], axis=1).T) for f in (query, reference))
    similarity = es.ChromaCrossSimilarity(oti=False, frameStackSize=9, binarizePercentile=0.095)
    theirs, similarity_s = timed(lambda: similarity(q, r), repeats)
    mine = recurrence.cross_recurrence(query, reference)
    result: dict[str, Any] = {"cells": mine.size, "cells_that_differ": int((theirs.astype(np.uint8) != mine).sum())}
    result["cross_similarity_s"] = similarity_s
    for name, align, value in (("serra09", local.qmax, local.qmax_value), ("chen17", local.dmax, local.dmax_value)):
        scorer = es.CoverSongSimilarity(alignmentType=name, distanceType="asymmetric")
        (matrix, distance), score_s = timed(functools.partial(scorer, theirs), repeats)
        score, found = float(np.max(matrix)), align(query, reference)
        result[name] = {
            "with_cross_similarity_s": similarity_s + score_s,
            "score": score,
            "our_score": found.score,
            "our_score_of_their_matrix": value(theirs),
            "relative_error_of_distance": abs(distance / found.distance - 1),
        }
        del matrix
    return result


def run(sizes: tuple[int, ...] = SIZES, *, peers: bool = True) -> dict[str, Any]:
    """All figures; ``peers=False`` leaves essentia out."""
    peers = peers and importlib.util.find_spec("essentia") is not None
    cases = []
    for n in sizes:
        query, reference = pair(n)
        case: dict[str, Any] = {"n_frames": n, "ours": ours(query, reference, 20 if n < 1000 else 3)}
        path_s = case["ours"]["qmax_with_path_s"]
        case["ns_per_cell"] = path_s / (n - 8) ** 2 * 1e9
        case["pairs_per_s"] = 1 / path_s
        if peers:
            case["essentia"] = essentia(query, reference, 3 if n <= 2000 else 1)
            case["times_essentia"] = case["essentia"]["serra09"]["with_cross_similarity_s"] / path_s
        cases.append(case)
    many = [chroma(480, seed) for seed in range(10, 60)]
    local.qmax_scores(many[0], many[:2])
    many_s = timed(lambda: local.qmax_scores(many[0], many), 3)[1]
    return {
        "question": "Qmax with path, chroma to path, one thread, CPU seconds",
        "machine": described(),
        "essentia": version("essentia") if peers else "left out: not installed, or not asked for",
        "floors": floors(cases),
        "cases": cases,
        "one_against_many_480_pairs_per_s": len(many) / many_s,
    }


def floors(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """What must hold, and whether it does."""
    found = {
        f"Qmax with path, times essentia, n={c['n_frames']}": c["times_essentia"] for c in cases if "essentia" in c
    }
    verdicts = {name: _verdict(value, TIMES_ESSENTIA) for name, value in found.items()}
    for c in cases:
        if c["n_frames"] == 480:
            verdicts["pairs a second, n=480, with path"] = _verdict(c["pairs_per_s"], PAIRS_PER_S)
        if "essentia" in c:
            same = float(all(c["essentia"][k]["score"] == c["essentia"][k]["our_score"] for k in ("serra09", "chen17")))
            verdicts[f"same scores, n={c['n_frames']}"] = _verdict(same, 1.0)
    return verdicts


def _verdict(found: float, at_least: float) -> dict[str, Any]:
    return {"found": found, "at_least": at_least, "holds": bool(found >= at_least)}


if __name__ == "__main__":
    chosen = tuple(int(a) for a in sys.argv[1:] if a.isdigit()) or SIZES
    report = run(chosen, peers="--alone" not in sys.argv)
    if chosen == SIZES and "--alone" not in sys.argv:
        RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))
