"""Retrieval on real covers: each cue, all fused, and the plain published recipe beside them.

    python benchmarks/quality/covers.py --covers FILE.npz --cache DIR [--out FILE] [--excerpts]

The plain recipe is chroma folded from the CQT as it is, two moments a second, the two likeliest keys by average
chroma, Qmax with nine moments embedded and kappa .095, divided by the root of the candidate's length (Serrà 2009).
Differences come with a paired bootstrap over works.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.quality.fit_calibration import with_excerpts
from versionmatch.align.local import qmax_score
from versionmatch.align.oti import transposition_order
from versionmatch.features.chroma import folded, pooled, unit_frames
from versionmatch.jobs.retrieval import RetrievalParams, figures, ranking_tables, similarities
from versionmatch.jobs.retrieval_items import read_manifest
from versionmatch.jobs.retrieval_work import open_item
from versionmatch.match.metrics import paired_difference, rank
from versionmatch.match.normalise import normalised
from versionmatch.types import Features

SEED = 440
CUES = ("harmony", "melody", "rhythm", "passages", "embedding", "fused")

PAIRS = (
    ("fused", "harmony"),
    ("fused", "without embedding"),
    ("fused", "plain recipe"),
    ("harmony+melody+rhythm", "harmony"),
    ("harmony", "plain recipe"),
)


def plain_recipe(manifest: Path) -> np.ndarray:
    """Similarities by the published recipe, rows = queries."""
    chroma = []
    for item in read_manifest(manifest):
        cqt = open_item(item, None, {})["cqt"]
        frames = unit_frames(folded(np.sqrt(cqt.values / cqt.values.max())))
        chroma.append(Features("plain", unit_frames(pooled(frames, 5)), 2.0))
    n = len(chroma)
    table = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1, n):
            keys = transposition_order(chroma[i], chroma[j])[:2].tolist()
            best = max(qmax_score(chroma[i], chroma[j], transposition=key) for key in keys)
            table[i, j], table[j, i] = best / chroma[j].n_frames ** 0.5, best / chroma[i].n_frames ** 0.5
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--covers", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "versionmatch-covers")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--excerpts", action="store_true", help="also excerpts of 20 to 90 s from the middle of each")
    parser.add_argument("--no-plain", action="store_true", help="leave out the published recipe")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    manifest = with_excerpts(args.covers, args.cache) if args.excerpts else args.covers
    params = RetrievalParams(manifest=str(manifest), cache_dir=str(args.cache), workers=args.workers, seed=SEED)
    found = similarities(params, lambda text: print(text, file=sys.stderr))
    tables = {cue: ranking_tables(found, cue) for cue in CUES}
    elements = replace(found, rows={cue: found.rows[cue] for cue in CUES[:3]})
    tables["harmony+melody+rhythm"] = ranking_tables(elements, "fused")
    unlearned = replace(found, rows={cue: rows for cue, rows in found.rows.items() if cue != "embedding"})
    tables["without embedding"] = ranking_tables(unlearned, "fused")
    if not args.no_plain and not args.excerpts:
        plain = plain_recipe(args.covers)
        tables["plain recipe"] = (plain, normalised(plain))
    results: dict[str, object] = {"n_items": len(found.items), "seed": SEED}
    for name, (raw, adjusted) in tables.items():
        results[name] = {**figures(adjusted, found, params), "raw": figures(raw, found, params)}
        for kind, entry in (("normalised", results[name]), ("raw", results[name]["raw"])):
            print(f"{name:21s} {kind:10s} MAP {entry['map']:.3f} {np.round(entry['map_ci'], 3)} MR1 {entry['mr1']:.2f}")
    ranked = {name: [rank(t, found.works, found.recordings) for t in pair] for name, pair in tables.items()}
    for ours, theirs in PAIRS:
        if theirs in ranked:
            for at, kind in enumerate(("raw", "normalised")):
                for key in ("map", "mr1", "nar"):
                    gain = paired_difference(ranked[ours][at], ranked[theirs][at], key, seed=SEED)
                    results[f"{ours} - {theirs}, {kind}, {key}"] = gain
                    print(f"{ours} - {theirs}, {kind}, {key}:", {k: round(v, 4) for k, v in gain.items()})
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
