"""``versionmatch bench retrieval MANIFEST.csv``: how well versions are found in a labelled collection."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from ..params import FUSED
from . import bench_attribution, bench_labelled, bench_tunes
from .common import add_common, cache_folder, clear_progress, progress


def add_to(commands: Any) -> None:
    """Add the command and its flags."""
    parser: argparse.ArgumentParser = commands.add_parser("bench", help="measure on your own data")
    kinds = parser.add_subparsers(dest="bench", metavar="WHAT", required=True)
    retrieval: argparse.ArgumentParser = kinds.add_parser(
        "retrieval",
        help="rank every recording of a manifest against all others",
        description="Rank every recording of a manifest against all others: MAP, MR1, MRR, hit@1, hit@10, NAR, "
        "each with a bootstrap interval over works.",
    )
    retrieval.add_argument(
        "manifest",
        metavar="MANIFEST",
        help="CSV with path,work_id[,recording_id], or a .npz of CQT features",
    )
    cues = (*FUSED, "fused")
    retrieval.add_argument("--cue", choices=cues, default="fused", help="default: %(default)s")
    retrieval.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    retrieval.add_argument("--seed", type=int, default=440, help="of the bootstrap (default: %(default)s)")
    retrieval.add_argument("--workers", type=int, default=0, help="processes (default: all cores)")
    add_common(retrieval)
    retrieval.set_defaults(run=run)
    bench_tunes.add_to(kinds)
    bench_labelled.add_to(kinds)
    bench_attribution.add_to(kinds)


def run(options: argparse.Namespace) -> None:
    """Measure and print."""
    from ..jobs.retrieval import RetrievalParams, bench_retrieval

    folder = None if options.no_cache else str(options.cache or cache_folder())
    params = RetrievalParams(
        manifest=options.manifest, cue=options.cue, seed=options.seed, workers=options.workers, cache_dir=folder
    )
    result = bench_retrieval(params, progress=progress(options))
    clear_progress(options)
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if options.json else table(result))


def table(result: dict[str, Any]) -> str:
    """The figures as aligned text, score-normalised beside raw."""
    names = ("map", "mr1", "mrr", "hit_at_1", "hit_at_10", "nar")
    lines = [
        f"{result['n_queries']} queries among {result['n_candidates']} recordings, cue: {result['cue']}",
        f"{'':10s} {'score-normalised':>28s} {'raw':>28s}",
    ]
    for name in names:
        cells = [f"{d[name]:.3f} [{d[name + '_ci'][0]:.3f}, {d[name + '_ci'][1]:.3f}]" for d in (result, result["raw"])]
        lines.append(f"{name:10s} {cells[0]:>28s} {cells[1]:>28s}")
    lines.extend(f"left out: {error}" for error in result.get("errors", []))
    return "\n".join(lines) + "\n"
