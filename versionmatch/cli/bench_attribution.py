"""``versionmatch bench attribution``: methods of attribution against what retraining shows."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from .common import clear_progress, progress


def add_to(kinds: Any) -> None:
    """Add the command and its flags."""
    parser: argparse.ArgumentParser = kinds.add_parser(
        "attribution",
        help="methods of attribution against what retraining shows",
        description="S: linear models, random weights, doubles. M: LDS of all methods, with ceiling and intervals, on "
        "shipped truth; a few minutes. L: what is left out is trained without; other seeds; verdicts; half an hour.",
    )
    parser.add_argument("--tier", choices=("S", "M", "L"), default="M", help="default: %(default)s")
    parser.add_argument("--model", choices=("ar", "diffusion"), action="append", help="default: both; may be repeated")
    parser.add_argument("--method", action="append", metavar="NAME", help="of tier M; default: all; may be repeated")
    parser.add_argument("--split", choices=("report", "dev"), default="report", help="dev: to choose settings on")
    parser.add_argument("--seeds", type=int, default=4, help="of tier L: models per removal (default: %(default)s)")
    parser.add_argument("--out", default="", metavar="FOLDER", help="keeps what was trained, to go on after a stop")
    parser.add_argument("--tunes", nargs="+", metavar="SCORES", help="files or folders: on melodies of your own")
    parser.add_argument("--subsets", type=int, default=32, help="with --tunes: halves of them (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure and print."""
    from ..jobs.bench_attribution import KINDS, AttributionBenchParams, bench_attribution

    if options.tunes:
        _run_tunes(options)
        return
    params = AttributionBenchParams(
        tier=options.tier,
        kinds=tuple(options.model or KINDS),
        split=options.split,
        methods=tuple(options.method or ()),
        folder=options.out,
        seeds=options.seeds,
    )
    result = bench_attribution(params, progress=progress(options))
    clear_progress(options)
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if options.json else tables(result))


def _run_tunes(options: argparse.Namespace) -> None:
    from ..jobs.bench_attribution_tunes import TunesBenchParams, bench_attribution_tunes

    params = TunesBenchParams(sources=tuple(options.tunes), subsets=options.subsets, folder=options.out)
    result = bench_attribution_tunes(params, progress=progress(options))
    clear_progress(options)
    sys.stdout.write(json.dumps(result, indent=2) + "\n" if options.json else _middle(result))


def tables(result: dict[str, Any]) -> str:
    """The figures as aligned text, model by model."""
    made = {"S": _small, "M": _middle, "L": _large}[result["tier"]]
    return "\n".join(f"{kind}\n{made(found)}" for kind, found in result["kinds"].items())


def _small(found: dict[str, Any]) -> str:
    lines = [f"  leaving out of ridge regression, Spearman: {_pairs(found['ridge_spearman'], '.5f')}"]
    lines.append(f"  random weights against trained: {_pairs(found['random_weights'], '.3f')}")
    for name, ranks in found["mean_rank_of_source"].items():
        lines.append(f"  mean rank of the source, {name}: {_pairs(ranks, '.1f')}")
    return "\n".join(lines) + "\n"


def _pairs(values: dict[str, float], form: str) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:{form}}" for name, value in values.items())


def _middle(found: dict[str, Any]) -> str:
    told = ("/ceiling", "outputs", "held out", "centred", "agnostic")
    lines = [
        f"  {found['subsets']} subsets × {found['seeds']} seeds, {found['queries']} queries, "
        f"ceiling {found['ceiling']:.3f}",
        f"  {'':22s} {'LDS':>23s} " + " ".join(f"{name:>8s}" for name in told) + f" {'CPU s':>7s}",
        *_rows(found["methods"]),
    ]
    for title, part in (("", found), ("noise: ", found.get("noise", {}))):
        for key, paired in part.items():
            if key.endswith("_more_than"):
                lines.append(f"  {title}more than, LDS of {key.removesuffix('_more_than')}:")
                lines.extend(f"    {n:20s} {p['more']:+.3f} {_interval(p['interval'])}" for n, p in paired.items())
    lines.extend(
        f"  gate {gated['gate']}: LDS {gated['lds']:.3f}, {100 * gated['of_full']:.0f} % of the full one"
        for gated in found.get("shortlist", ())
    )
    if "cost" in found:
        cost = found["cost"]
        each, bound = cost["cpu_seconds_per_query"], cost["forward_bound"]
        lines.append(
            f"  CPU {each:.3f} s per query, forward passes alone {bound:.3f} s: {cost['times_the_bound']:.2f} ×"
        )
    return "\n".join(lines) + "\n"


def _rows(methods: dict[str, Any]) -> list[str]:
    lines = []
    for name, m in methods.items():
        ratio = "" if m["of_ceiling"] is None else f"{m['of_ceiling']:.2f}"
        held = "" if m["held_out"] is None else f"{m['held_out']:.3f}"
        lines.append(
            f"  {name:22s} {m['lds']:6.3f} {_interval(m['interval'])} {ratio:>8s} {m['outputs']:8.3f} {held:>8s} "
            f"{m['centred']:8.3f} {m['query_agnostic']:8.3f} {m['cpu_seconds_per_query']:7.2f}"
        )
    return lines


def _interval(pair: list[float]) -> str:
    return f"[{pair[0]:+.3f}, {pair[1]:+.3f}]"


def _large(found: dict[str, Any]) -> str:
    lines = [f"  {'left out':22s} {'targets':>18s} {'controls':>18s}   rise of the loss beyond random removal"]
    for name, effect in found["left_out"].items():
        cells = [f"{effect[w]:+.4f} ± {effect[f'{w}_error']:.4f}" for w in ("targets", "controls")]
        lines.append(f"  {name:22s} {cells[0]:>18s} {cells[1]:>18s}")
    lines.append(f"  other seeds: {_pairs(found['stability'], '.3f')}")
    lines.extend(f"  verdicts on {name}: {_pairs(rates, '.3f')}" for name, rates in found["verdicts"].items())
    return "\n".join(lines) + "\n"
