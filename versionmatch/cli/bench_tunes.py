"""``versionmatch bench melody FILE.json`` and ``bench pairs FILE.json``: tunes as notes, labelled by their owner."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from .common import clear_progress, progress


def add_to(kinds: Any) -> None:
    """Add both commands and their flags."""
    melody: argparse.ArgumentParser = kinds.add_parser(
        "melody",
        help="rank every tune of a labelled list against all others",
        description="Rank every tune of a labelled list against all others by its notes, with intervals over groups.",
        epilog='FILE: [{"id": …, "group": …, "notes": [[onset, duration, pitch], …]}, …], times in quarter notes; '
        '"intervals" or "pitch_classes" may stand for "notes".',
    )
    melody.add_argument("--workers", type=int, default=0, help="threads (default: all cores)")
    melody.set_defaults(run=run_melody)
    pairs: argparse.ArgumentParser = kinds.add_parser(
        "pairs",
        help="how well the melody score agrees with labels of pairs",
        description="AUC with its interval, accuracy with each pair left out in turn, and the pairs that go wrong.",
        epilog='FILE: [{"id": …, "a": {"notes": …}, "b": {"notes": …}, "label": 0 or 1}, …], tunes as in bench melody.',
    )
    pairs.set_defaults(run=run_pairs)
    for parser in (melody, pairs):
        parser.add_argument("file", metavar="FILE", help="JSON")
        parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
        parser.add_argument("--seed", type=int, default=440, help="of the bootstrap (default: %(default)s)")
        parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")


def run_melody(options: argparse.Namespace) -> None:
    """Measure and print."""
    from ..jobs.bench_melody import MelodyBenchParams, bench_melody

    params = MelodyBenchParams(file=options.file, seed=options.seed, workers=options.workers)
    result = bench_melody(params, progress=progress(options))
    clear_progress(options)
    sys.stdout.write(_json(result) if options.json else melody_table(result))


def run_pairs(options: argparse.Namespace) -> None:
    """Measure and print."""
    from ..jobs.bench_pairs import PairBenchParams, bench_pairs

    result = bench_pairs(PairBenchParams(file=options.file, seed=options.seed))
    sys.stdout.write(_json(result) if options.json else pairs_table(result))


def melody_table(result: dict[str, Any]) -> str:
    """The figures as aligned text, score-normalised beside raw, then each measure alone."""
    lines = [
        f"{result['n_queries']} queries among {result['n_items']} tunes of {result['n_groups']} groups",
        f"{'':14s} {'score-normalised':>24s} {'raw':>24s}",
    ]
    for name in ("map", "mr1", "mrr", "hit_at_1", "hit_at_10", "nar"):
        cells = [f"{d[name]:.3f} [{d[name + '_ci'][0]:.3f}, {d[name + '_ci'][1]:.3f}]" for d in (result, result["raw"])]
        lines.append(f"{name:14s} {cells[0]:>24s} {cells[1]:>24s}")
    lines.append("each measure alone, raw: MAP and hit@1")
    lines.extend(f"  {name:13s} {m['map']:.3f} {m['hit_at_1']:.3f}" for name, m in result["measures"].items())
    return "\n".join([*lines, *_names("too short to compare", result["empty"])]) + "\n"


def pairs_table(result: dict[str, Any]) -> str:
    """The figures, each measure alone, and every pair from the most alike down."""
    low, high = result["auc_ci"]
    n = result["n_pairs"]
    lines = [
        f"{n} pairs, {result['n_related']} labelled 1",
        f"AUC {result['auc']:.3f} [{low:.3f}, {high:.3f}]",
        f"accuracy, each left out: {result['leave_one_out_accuracy']:.3f} ({n - len(result['failures'])} of {n})",
        "each measure alone, AUC: "
        + ", ".join(f"{name} {m['auc']:.3f}" for name, m in sorted(result["measures"].items())),
        f"{'':20s} label  score  p      share of a in b, of b in a",
    ]
    ordered = sorted(result["pairs"], key=lambda p: -_or_least(p["score"]))
    for pair in ordered:
        score = "  none" if pair["score"] is None else f"{pair['score']:6.2f}"
        wrong = "  goes wrong" if pair["id"] in result["failures"] else ""
        a, b = pair["shares"]
        lines.append(f"{pair['id'][:20]:20s} {pair['label']:5d} {score}  {pair['p_value']:.4f} {a:.2f} {b:.2f}{wrong}")
    return "\n".join([*lines, *_names("too short to compare", result["empty"])]) + "\n"


def _or_least(score: float | None) -> float:
    """A missing score is below all."""
    return float("-inf") if score is None else score


def _names(what: str, ids: Sequence[str]) -> list[str]:
    return [f"{what}: {', '.join(ids)}"] if ids else []


def _json(result: dict[str, Any]) -> str:
    return json.dumps(result, indent=2, allow_nan=False) + "\n"
