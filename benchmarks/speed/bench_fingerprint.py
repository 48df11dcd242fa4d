"""How fast are fingerprints: peaks from sound, an index from peaks, ten seconds found among five thousand tracks?

One thread, process CPU time, best of several runs, everything compiled before the clock starts. The sound is made by a
generator of notes; the collection is made of peaks of a few such pieces, each moved about so that it keeps its
structure and shares no place with another. The answers are checked.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402

from benchmarks.speed.machine import described  # noqa: E402
from versionmatch.fingerprint.landmarks import ASKED, landmarks  # noqa: E402
from versionmatch.fingerprint.pairwise import same_sound  # noqa: E402
from versionmatch.fingerprint.table import table_of  # noqa: E402
from versionmatch.index.postings import PostingsIndex  # noqa: E402
from versionmatch.store.peaks_file import packed  # noqa: E402
from versionmatch.types import Audio, Peaks  # noqa: E402

RESULT = Path(__file__).resolve().parents[1] / "results" / "speed-fingerprint.json"
SR, MINUTES, N_PIECES = 16000, 4, 6
TIMES_REAL_TIME, LOOKUP_MS, BYTES = 800.0, 10.0, 12_000.0


def piece(seed: int, seconds: float) -> np.ndarray:
    """Notes with partials over noise, louder and softer: about as many peaks as music has."""
    rng = np.random.default_rng(seed)
    samples = 0.003 * rng.standard_normal(int(seconds * SR)).astype(np.float32)
    for onset in np.cumsum(rng.uniform(0.02, 0.2, int(9 * seconds))):
        start, length = int(onset * SR), int(rng.uniform(0.1, 0.8) * SR)
        if start + length >= samples.size:
            break
        time_s = np.arange(length) / SR
        hz = 80 * 2 ** rng.uniform(0, 4)
        note = sum(rng.uniform(0.05, 1) / k * np.sin(2 * np.pi * hz * k * time_s) for k in range(1, 6))
        samples[start : start + length] += (0.1 * note * np.exp(-5 * time_s)).astype(np.float32)
    return samples


def distractor(peaks: Peaks, rng: np.random.Generator) -> Peaks:
    """The same piece at another tempo and pitch, each peak moved a little: nothing of it is found again."""
    frames = np.round(peaks.frames * rng.uniform(0.9, 1.1) + rng.integers(-2, 3, len(peaks))).clip(0)
    bins = np.round(16 * (peaks.bins * rng.uniform(0.8, 1.25) + rng.normal(0, 3, len(peaks)))) / 16
    order = np.lexsort((bins.clip(8, 511), frames))
    n_frames = int(frames.max()) + 1
    return Peaks(
        frames[order], bins.clip(8, 511)[order], peaks.levels[order], n_frames, peaks.frame_rate, peaks.bin_hz,
        peaks.algorithm,
    )  # fmt: skip


def timed(call: Callable[[], Any], repeats: int) -> tuple[Any, float]:
    best, result = float("inf"), None
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        best = min(best, time.process_time() - start)
    return result, best


def run(n_tracks: int = 5000) -> dict[str, Any]:
    """All figures."""
    sounds = [Audio(piece(seed, 60.0 * MINUTES), SR) for seed in range(N_PIECES)]
    own = [landmarks(sound) for sound in sounds]
    landmarks(sounds[0], ASKED)
    _, extraction_s = timed(lambda: landmarks(sounds[0]), 5)
    rng = np.random.default_rng(440)
    index = PostingsIndex()
    for i, peaks in enumerate(own):
        index.add(f"piece {i}", peaks)
    for i in range(n_tracks - N_PIECES):
        index.add(f"distractor {i}", distractor(own[i % N_PIECES], rng))
    items = list(index._waiting.values())[:500]
    table_of(items[:2])
    table, table_s = timed(lambda: table_of(items), 1)
    start = time.process_time()
    index.flush()
    build_s = time.process_time() - start
    cuts = [sounds[i % N_PIECES].samples[s * SR : (s + 10) * SR] for i, s in enumerate(range(20, 220, 20))]
    queries = [landmarks(Audio(np.ascontiguousarray(cut), SR), ASKED) for cut in cuts]
    lookups: dict[str, Any] = {}
    for warps in ("none", "speed", "full"):
        answers = [index.query(q, warps) for q in queries]
        assert all(a and a[0].track == f"piece {i % N_PIECES}" for i, a in enumerate(answers)), warps
        lookups[warps] = 1e3 * float(np.median([timed(lambda q=q, w=warps: index.query(q, w), 3)[1] for q in queries]))
    strangers = [landmarks(Audio(piece(900 + i, 10.0), SR), ASKED) for i in range(6)]
    assert not any(index.query(q, "none") for q in strangers)
    unknown = 1e3 * float(np.median([timed(lambda q=q: index.query(q, "none"), 3)[1] for q in strangers]))
    speeds = 1e3 * float(np.median([timed(lambda q=q: index.query(q, "speed"), 1)[1] for q in strangers]))
    segment = index._segments[0]
    n_postings = int(segment.table.places.size)
    stored = float(np.mean([packed(p.frames, p.bins, p.levels).size for p in own]))
    pair = {
        "same_ms": 1e3 * timed(lambda: same_sound(own[0], own[0]), 3)[1],
        "unrelated_ms": 1e3 * timed(lambda: same_sound(own[0], own[1]), 3)[1],
    }
    real_time = 60 * MINUTES / extraction_s
    return {
        "question": "extraction without decoding; 10 s looked up among many tracks; one thread, CPU time",
        "machine": described(),
        "n_tracks": n_tracks,
        "hours": segment.table.n_frames / own[0].frame_rate / 3600,
        "postings": n_postings,
        "extraction_times_real_time": real_time,
        "lookup_ms": lookups,
        "lookup_of_an_unknown_10_s_ms": {"none": unknown, "speed": speeds},
        "index_build_s": build_s,
        "postings_built_per_s": table.places.size / table_s,
        "bytes_per_track": {"peaks": stored, "index": (4 * n_postings + 6 * segment.table.frames.size) / n_tracks},
        "two_4_minute_tracks": pair,
        "floors": {
            "extraction, times real time": {
                "found": real_time, "at_least": TIMES_REAL_TIME, "holds": real_time >= TIMES_REAL_TIME,
            },
            "lookup of 10 s, ms": {
                "found": lookups["none"], "at_most": LOOKUP_MS, "holds": lookups["none"] <= LOOKUP_MS,
            },
            "unknown 10 s, ms": {"found": unknown, "at_most": LOOKUP_MS, "holds": unknown <= LOOKUP_MS},
            "peaks of 4 minutes, bytes": {"found": stored, "at_most": BYTES, "holds": stored <= BYTES},
        },
    }  # fmt: skip


if __name__ == "__main__":
    report = run()
    RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))
