"""Are recordings found again by a few seconds of them, and nothing else? Real, freely licensed music.

    python -m benchmarks.quality.fingerprint --tracks DIR [--cache DIR] [--peers PYTHON] [--queries N]

``DIR/package/file`` are tracks such as ``tools/debian_tracks.py`` fetches. Those of some packages are held out: none of
their windows is in the index, and what is found for one is false. Of the others 100 are indexed. Settings were chosen
on the indexed and held-out tracks of even number; all figures are of those of odd number. A query counts as found if
the right track is first and its score passes the threshold that is shipped. ``--peers`` is the Python of an
environment with audfprint2; chromaprint is essentia's, compared at every offset with every track.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from benchmarks.quality import fingerprint_peers as peers
from benchmarks.quality.fingerprint_cells import CELLS, SR, WIDE
from benchmarks.speed.machine import described
from versionmatch.audio.decode import load
from versionmatch.fingerprint.landmarks import ALGORITHM, ASKED, landmarks
from versionmatch.fingerprint.score import ACCEPTED
from versionmatch.index.found import Found
from versionmatch.index.postings import PostingsIndex
from versionmatch.types import Audio

RESULT = Path(__file__).resolve().parents[1] / "results" / "fingerprint.json"
HELD_OUT = ("supertux-data", "hedgewars-data", "colobot-common-sounds", "tuxmath-data", "frozen-bubble-data")
LENGTHS_S = (3, 5, 10)
N_INDEXED, SHORTEST_S, LONGEST_S, SPARE_S = 100, 45.0, 900.0, 13
EVERYTHING = -1e9  # nats: nothing is turned down
TWINS = ({"ardentryst-theme1.ogg", "ardentryst-theme1_raw.ogg"},)  # one recording in two files: either is right
SEED = 440


def corpus(folder: Path, cache: Path) -> tuple[list[Path], list[Path]]:
    """Tracks to index and tracks held out, as files of int16 samples at 16 kHz, in an order drawn once."""
    files = []
    for path in sorted(p for p in folder.glob("*/*") if p.exists()):
        try:
            info = sf.info(path)
        except sf.LibsndfileError:
            continue
        if SHORTEST_S <= info.frames / info.samplerate <= LONGEST_S:
            files.append(path)
    order = np.random.default_rng(SEED).permutation(len(files))
    sides: tuple[list[Path], list[Path]] = ([], [])
    for path in (files[k] for k in order):
        held = path.parent.name in HELD_OUT
        if not held and len(sides[0]) == N_INDEXED:
            continue
        kept = cache / f"{path.parent.name}-{path.name}.npy"
        if not kept.exists():
            recording, audio = load(path)
            if recording.low_information:
                continue
            np.save(kept, np.round(np.clip(audio.samples, -1, 1) * 32767).astype(np.int16))
        sides[held].append(kept)
    return sides


def sound(path: Path) -> np.ndarray:
    return np.load(path).astype(np.float32) / np.float32(32768)


def excerpt(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """13 s from anywhere that is not silent."""
    for _ in range(20):
        start = int(rng.integers(0, samples.size - SPARE_S * SR))
        part = samples[start : start + SPARE_S * SR]
        if np.sqrt(np.mean(part[: 3 * SR] ** 2)) > 1e-3:
            break
    return part


def asked(index: PostingsIndex, samples: np.ndarray, warps: str) -> Found | None:
    """The best answer, whatever its score."""
    peaks = landmarks(Audio(np.ascontiguousarray(samples, dtype=np.float32), SR), ASKED)
    return next(iter(index.query(peaks, warps, accepted=EVERYTHING)), None)


def same(track: str, other: str) -> bool:
    return track == other or {track, other} in TWINS


def share(found: int, n: int) -> dict[str, Any]:
    """A share with its 95 % interval after Wilson."""
    z, p = 1.96, found / max(n, 1)
    middle, width = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = ((middle - width) / (1 + z * z / n), (middle + width) / (1 + z * z / n))
    return {"found": found, "of": n, "percent": 100 * p, "interval": [round(100 * low, 4), round(100 * high, 4)]}


def false_positives(
    index: PostingsIndex, held: list[Path], warps: str, hop_s: float, *, backwards: bool
) -> dict[str, Any]:
    """Scores of windows of held-out tracks: how many pass the threshold, the highest, and how the tail falls."""
    result: dict[str, Any] = {}
    every: list[tuple[float, str, float, str]] = []
    for length in LENGTHS_S:
        for path in held:
            samples = sound(path)[:: -1 if backwards else 1]
            for start in np.arange(0, samples.size / SR - length, hop_s):
                best = asked(index, samples[int(start * SR) : int((start + length) * SR)], warps)
                every.append((best.score if best else -99.0, path.stem, float(start), best.track if best else ""))
    scores = np.sort(np.array([e[0] for e in every]))
    top = scores[-max(20, scores.size // 100) :]
    rate = 1.0 / max(float(np.mean(top - top[0])), 1e-6)
    share_of_top = top.size / scores.size
    result["n_windows"] = int(scores.size)
    result["passing"] = share(int((scores >= ACCEPTED).sum()), scores.size)
    result["rate_by_tail"] = float(share_of_top * np.exp(-rate * max(0.0, ACCEPTED - top[0])))
    result["quantiles"] = {str(q): float(np.quantile(scores, q)) for q in (0.5, 0.9, 0.99, 0.999)}
    result["highest"] = [list(e) for e in sorted(every, reverse=True)[:8]]
    return result


def cell(
    index: PostingsIndex | None, tracks: list[Path], name: str, n_queries: int, rivals: list[peers.Peer]
) -> dict[str, Any]:
    """Recall in one cell at each length, ours and the peers': the right track is first, and its score stands."""
    warps = "full" if name in WIDE else "speed"
    askers = (["ours"] if index is not None else []) + [p.name for p in rivals]
    counts = {who: {length: [0, 0, 0] for length in LENGTHS_S} for who in askers}
    for path in tracks:
        samples = sound(path)
        for k in range(n_queries):
            rng = np.random.default_rng([SEED, k, len(path.stem), samples.size])
            query = CELLS[name](excerpt(samples, rng), rng)
            for length in LENGTHS_S:
                part = query[: length * SR]
                finds = {p.name: p.finds(part, path.stem) for p in rivals}
                if index is not None:
                    best = asked(index, part, warps)
                    first = best is not None and same(best.track, path.stem)
                    finds["ours"] = first, bool(first and best is not None and best.score >= ACCEPTED)
                for who, (first, stands) in finds.items():
                    row = counts[who][length]
                    row[0], row[1], row[2] = row[0] + first, row[1] + stands, row[2] + 1
    return {"warps": warps} | {
        who: {f"{s} s": share(row[1], row[2]) | {"first": row[0]} for s, row in lengths.items()}
        for who, lengths in counts.items()
    }


def mixes(index: PostingsIndex, tracks: list[Path]) -> dict[str, Any]:
    """Two tracks at once, one 6 dB below the other, 10 s: is the lower one found?"""
    found = 0
    for path, other in zip(tracks, [*tracks[1:], tracks[0]], strict=True):
        rng = np.random.default_rng([SEED, 99, len(path.stem)])
        low, high = (excerpt(sound(p), rng)[: 10 * SR] for p in (path, other))
        gain = 10 ** (-6 / 20) * np.sqrt(np.mean(high**2) / max(float(np.mean(low**2)), 1e-12))
        peaks = landmarks(Audio((high + np.float32(gain) * low).astype(np.float32), SR), ASKED)
        found += any(answer.track == path.stem for answer in index.query(peaks, "none"))
    return share(found, len(tracks))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--peers", help="the Python of an environment with audfprint2")
    parser.add_argument("--only", choices=("ours", "peers"), help="the others' figures are kept as they are")
    parser.add_argument("--queries", type=int, default=1, help="of each track in each cell")
    parser.add_argument("--tracks-each", type=int, default=50, help="tracks asked for in each cell")
    parser.add_argument("--hop", type=float, default=4.0, help="seconds between windows of held-out tracks")
    parser.add_argument("--hop-full", type=float, default=60.0, help="the same, where all warps are tried")
    parser.add_argument("--indexed", type=int, default=N_INDEXED, help="fewer tracks: an easier question")
    parser.add_argument("--cells", nargs="+", default=list(CELLS), choices=list(CELLS))
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    indexed, held = corpus(options.tracks, options.cache)
    indexed = indexed[: options.indexed]
    index = PostingsIndex() if options.only != "peers" else None
    rivals = peers.present(options.peers) if options.only != "ours" else []
    stored = options.cache / f"index-{ALGORITHM}-{len(indexed)}"
    if index is not None and stored.exists():
        index = PostingsIndex.load(stored)
    for path in indexed:
        if index is not None and path.stem in index and not rivals:
            continue
        samples = sound(path)
        if index is not None:
            index.add(path.stem, landmarks(Audio(samples, SR)))
        for peer in rivals:
            peer.add(path.stem, samples)
    if index is not None and not stored.exists():
        index.save(stored)
    for length in LENGTHS_S:
        for peer in rivals:
            peer.learn(length, [excerpt(sound(p), np.random.default_rng(SEED))[: length * SR] for p in held[0:30:2]])
    report = (
        json.loads(options.out.read_text(encoding="utf-8")) if options.only and options.out.exists() else {"cells": {}}
    )
    report |= {
        "question": "recall of excerpts of indexed tracks, and false finds of windows of others",
        "protocol": " ".join((__doc__ or "").split("\n\n")[2].split()),
        "machine": described(),
        "indexed": len(indexed),
        "held_out": len(held),
        "held_out_packages": list(HELD_OUT),
        "threshold_nats": ACCEPTED,
    }
    report.setdefault("peers", {}).update({p.name: p.version for p in rivals})
    for name in options.cells:
        row = cell(index, indexed[1::2][: options.tracks_each], name, options.queries, rivals)
        report["cells"][name] = report["cells"].get(name, {}) | row
        told = {who: [round(v["percent"]) for v in row[who].values()] for who in row if who != "warps"}
        print(f"{name:32} {told}  {time.process_time():.0f} s", flush=True)
        written(report, options.out)
    if index is not None:
        report["second track of a mix at -6 dB, 10 s"] = mixes(index, indexed[1::2])
        written(report, options.out)
        asked_as = (
            ("speed", options.hop, False), ("speed, backwards", options.hop, True), ("full", options.hop_full, False)
        )  # fmt: skip
        for name, hop, backwards in asked_as:
            found = false_positives(index, held[1::2], name.split(",")[0], hop, backwards=backwards)
            report.setdefault("false positives", {})[name] = found
            written(report, options.out)


def written(report: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
