"""What does a pair of a scan cost where passages are heard, by how a process comes by the moments?

CPU seconds of a pair whose two recordings a process has not met before, and of one of two that it holds; what the
process then holds in memory. Ways: no moments at all; moments of all the network's features made anew from the kept
transform (as before they were reduced); the reduced ones made anew (a catalogue without them); the kept ones. Each
way in a process of its own, over the same catalogue and pairs, by the function that a scan's workers run. Then what
taking a recording in costs, with moments and without, and what is kept of it.

    python -m benchmarks.speed.bench_scan [SOUND …] [--catalogue KEPT] [--short]

Without files, songs made by ``audio.synth``.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402
import soundfile  # noqa: E402

from benchmarks.speed.machine import described  # noqa: E402
from benchmarks.speed.peers import memory_mb  # noqa: E402
from versionmatch.audio import synth  # noqa: E402
from versionmatch.embed.loaded import VersionModel  # noqa: E402
from versionmatch.features.view import Track  # noqa: E402
from versionmatch.jobs.catalogue import Catalogue  # noqa: E402
from versionmatch.jobs.opening import open_track  # noqa: E402
from versionmatch.jobs.scan_pairs import Work, compared  # noqa: E402
from versionmatch.match.cues import passages  # noqa: E402
from versionmatch.params import ScanParams  # noqa: E402
from versionmatch.store.kept import KeptFeatures  # noqa: E402

RESULT = Path(__file__).resolve().parents[1] / "results" / "speed-scan.json"
WAYS = ("no moments", "all features, made anew", "made anew", "kept")
FOUR_MINUTES = 240.0
FLOORS = {"first meeting, kept over no moments": 1.6, "known, kept over no moments": 1.4}


def prepared(way: str) -> None:
    """This process comes by moments in one of the ways."""
    load = KeptFeatures.load
    if way != "kept":
        KeptFeatures.load = lambda self, i, kind, s: None if kind == "moments" else load(self, i, kind, s)  # type: ignore[method-assign]
    if way == "no moments":
        passages._can_be_heard = lambda track: False
    if way == "all features, made anew":
        VersionModel.axes = None  # type: ignore[assignment]


def pairs_of(root: str, way: str, ids: Sequence[str]) -> dict[str, float]:
    """Pairs of neighbours, whose recordings are met for the first time, then of those two apart; the first warms up."""
    prepared(way)
    cost: dict[str, list[float]] = {"first meeting": [], "known": []}
    first = [(ids[k], ids[k + 1]) for k in range(0, len(ids) - 1, 2)]
    known = [(ids[k], ids[k + 2]) for k in range(len(ids) - 2)]
    for name, pairs in (("first meeting", first), ("known", known[: len(first)])):
        for pair in pairs:
            start = time.process_time()
            compared(Work(root, ((min(pair), max(pair)),), ScanParams()))
            cost[name].append(time.process_time() - start)
    found = {f"{name}, cpu_s": float(np.mean(values[1:])) for name, values in cost.items()}
    found |= {f"{name}, median cpu_s": float(np.median(values[1:])) for name, values in cost.items()}
    return found | {"memory_mb": memory_mb("VmRSS")}


def taken_in(files: Sequence[Path]) -> dict[str, float]:
    """CPU seconds for four minutes of sound: segments alone, moments beside them, and moments alone."""
    total: dict[str, float] = dict.fromkeys(("segments", "moments beside segments", "moments alone"), 0.0)
    seconds = 0.0
    for number, file in enumerate(files):
        track = open_track(file)
        cqt = track["cqt"]
        for name, kind in (
            ("segments", "segments"),
            ("moments beside segments", "moments"),
            ("moments alone", "moments"),
        ):
            if name == "moments alone":
                track = Track(track.recording, {"cqt": cqt})
            start = time.process_time()
            _ = track[kind]
            total[name] += (time.process_time() - start) if number else 0.0  # the first warms up
        seconds += track.recording.duration_s if number else 0.0
    return {f"{name}, cpu_s": value * FOUR_MINUTES / seconds for name, value in total.items()}


def kept_bytes(root: Path, seconds: float) -> dict[str, float]:
    """Bytes on disk for four minutes of sound, by kind."""
    sizes: dict[str, float] = {}
    for path in (root / "features").glob("*/*/*.safetensors"):
        kind = path.parts[-3].rsplit("-", 1)[0]
        sizes[kind] = sizes.get(kind, 0.0) + path.stat().st_size * FOUR_MINUTES / seconds
    return {kind: round(size) for kind, size in sorted(sizes.items())}


def songs(folder: Path, n: int) -> list[Path]:
    """Songs to measure with, of about a minute."""
    folder.mkdir(parents=True, exist_ok=True)
    for k in range(n):
        path = folder / f"{k:03d}.wav"
        if not path.exists():
            audio = synth.song(tempo_bpm=90 + k, verses=3, seed=k).audio
            soundfile.write(path, audio.samples, audio.sr)
    return sorted(folder.glob("*.wav"))


def run(files: Sequence[Path] = (), folder: Path | None = None, *, short: bool = False) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as made:
        home = folder or Path(made)
        sounds = [Path(f) for f in files] or songs(home / "songs", 6 if short else 40)
        root = home / "bench.catalogue"
        with Catalogue.open(root) if root.exists() else Catalogue.create(root) as catalogue:
            catalogue.add(sounds, jobs=1)
            recordings = list(catalogue.recordings())
        ids, seconds = [r.id for r in recordings], sum(r.duration_s for r in recordings)
        ways: dict[str, dict[str, float]] = {}
        for way in WAYS:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                ways[way] = pool.apply(pairs_of, (str(root), way, ids))
            print(way, ways[way], flush=True)
        return {
            "question": "what a pair of a scan costs by how moments are come by, one thread, CPU time",
            "machine": described(),
            "recordings": len(ids),
            "mean_duration_s": seconds / len(ids),
            "ways": ways,
            "taking_in_four_minutes": taken_in(sounds[: 4 if short else 12]),
            "bytes_of_four_minutes": kept_bytes(root, seconds),
            "floors": floors(ways),
        }


def floors(ways: dict[str, dict[str, float]]) -> dict[str, Any]:
    """How much dearer a pair is with kept moments than without any."""
    found = {}
    for name, most in FLOORS.items():
        what = f"{name.split(',')[0]}, cpu_s"
        ratio = ways["kept"][what] / ways["no moments"][what]
        found[name] = {"found": ratio, "at_most": most, "holds": ratio <= most}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--catalogue", type=Path, help="a folder in which what is made stays")
    parser.add_argument("--short", action="store_true")
    args = parser.parse_args()
    report = run(args.files, args.catalogue, short=args.short)
    print(json.dumps(report, indent=1))
    if not args.short:
        RESULT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
