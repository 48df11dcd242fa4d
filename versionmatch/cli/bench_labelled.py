"""``versionmatch bench localise | explain | calibration MANIFEST`` on labelled pairs; ``bench make`` makes some."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import add_common, cache_folder, clear_progress, progress

if TYPE_CHECKING:
    from ..jobs.bench_rows import PairsParams

_EPILOG = "MANIFEST: a JSON list of rows, or a CSV; paths are relative to it. See docs/benchmarks.md."


def add_to(kinds: Any) -> None:
    """Add the commands and their flags."""
    localise = _parser(kinds, "localise", "how exactly shared passages are found", run_localise)
    localise.description = (
        "Boundary error, IoU, transposition and tempo of shared passages. Rows: a, b, a_start_s, a_end_s, b_start_s, "
        "b_end_s[, transposition, tempo_ratio, works]; without times: an unrelated pair."
    )
    explain = _parser(kinds, "explain", "how often the changed element is named", run_explain)
    explain.description = "Rows: a, b, changed (melody, harmony, rhythm or none)[, works]."
    calibration = _parser(kinds, "calibration", "whether stated probabilities hold", run_calibration)
    calibration.description = "ECE, Brier score, AUC, p-values. Rows: a, b, label (0 or 1)[, work_a, work_b]."
    calibration.add_argument("--svg", type=Path, metavar="FILE", help="write the reliability diagram")
    make: argparse.ArgumentParser = kinds.add_parser(
        "make",
        help="make pairs to measure with",
        description="Pairs that share one passage (localise), or in which one element was changed (explain), as scores "
        "and sound, with sound.json and scores.json to measure with.",
    )
    make.add_argument("kind", choices=("localise", "explain"))
    make.add_argument("out", metavar="OUT", help="folder to write to")
    make.add_argument("--n", type=int, default=100, help="pairs; of explain, for each change (default: %(default)s)")
    make.add_argument("--unrelated", type=int, default=0, help="further pairs that share nothing")
    make.add_argument("--seed", type=int, default=440, help="default: %(default)s")
    make.add_argument("--works", default="", metavar="FILE", help=".npz of works; by default music is composed")
    make.add_argument("--tones", action="store_true", help="plain tones, also where soundfonts are installed")
    make.add_argument("--scores-only", action="store_true", help="write no sound")
    make.add_argument(
        "--disguised",
        action="store_true",
        help="of explain: other instruments, key and tempo in each pair as well",
    )
    make.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")
    make.set_defaults(run=run_make)


def _parser(kinds: Any, name: str, told: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = kinds.add_parser(name, help=told, epilog=_EPILOG)
    parser.add_argument("manifest", metavar="MANIFEST")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    parser.add_argument("--seed", type=int, default=440, help="of the bootstrap (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=0, help="processes (default: all cores)")
    add_common(parser)
    parser.set_defaults(run=run)
    return parser


def _params(options: argparse.Namespace) -> PairsParams:
    from ..jobs.bench_rows import PairsParams

    folder = None if options.no_cache else str(options.cache or cache_folder())
    return PairsParams(manifest=options.manifest, seed=options.seed, workers=options.workers, cache_dir=folder)


def run_localise(options: argparse.Namespace) -> None:
    """Measure and print."""
    from ..jobs.bench_localise import bench_localise

    _print(options, bench_localise(_params(options), progress(options)), localise_table)


def run_explain(options: argparse.Namespace) -> None:
    """Measure and print."""
    from ..jobs.bench_explain import bench_explain

    _print(options, bench_explain(_params(options), progress(options)), explain_table)


def run_calibration(options: argparse.Namespace) -> None:
    """Measure, print, and draw where that was asked for."""
    from ..jobs.bench_calibration import bench_calibration
    from ..match.reliability import Bin, diagram

    result = bench_calibration(_params(options), progress(options))
    if options.svg is not None:
        bins = [Bin(**entry) for entry in result["at_prior"]["bins"]]
        options.svg.write_text(diagram(bins), encoding="utf-8")
    _print(options, result, calibration_table)


def run_make(options: argparse.Namespace) -> None:
    """Make the set and print its manifests."""
    from ..jobs.bench_make import MakeParams, make_set

    params = MakeParams(
        kind=options.kind,
        out=options.out,
        n=options.n,
        unrelated=options.unrelated,
        seed=options.seed,
        works=options.works,
        soundfonts=() if options.tones else None,
        sound=not options.scores_only,
        disguised=options.disguised,
    )
    made = make_set(params, progress(options))
    clear_progress(options)
    sys.stdout.write("\n".join(made["manifests"]) + "\n")


def _print(options: argparse.Namespace, result: dict[str, Any], table: Any) -> None:
    clear_progress(options)
    sys.stdout.write(json.dumps(result, indent=2, allow_nan=False) + "\n" if options.json else table(result))


def localise_table(result: dict[str, Any]) -> str:
    """The figures as aligned text."""
    lines = [f"{result['n_related']} pairs that share a passage, {result['n_unrelated']} that do not"]
    if result["n_related"]:
        errors = result["boundary_s"]
        lines += [
            _line(f"boundary error, {name}", errors[key], "s") for name, key in (("median", "median"), ("90 %", "q90"))
        ]
        for name, key in (
            ("IoU, mean", "iou"),
            ("IoU at least .7", "iou_at_least_0_7"),
            ("passage met", "found"),
            ("transposition right", "transposition_right"),
            ("tempo within 2 %", "tempo_within_2_percent"),
            ("with a further passage", "with_a_further_passage"),
        ):
            lines.append(_line(name, result[key]))
    lines.append(_line("unrelated with a passage", result["unrelated_with_a_passage"]))
    return _ended(lines, result)


def explain_table(result: dict[str, Any]) -> str:
    """Accuracies and the confusion table as aligned text."""
    lines = [
        f"{result['n_pairs']} pairs",
        _line("right", result["accuracy"]),
        _line("element right", result["elements"]),
    ]
    lines += [_line(f"  {name}", entry) for name, entry in result["by_label"].items()]
    answers = list(next(iter(result["confusion"].values())))
    lines.append(f"{'changed, answered:':26s}" + "".join(f"{name:>9s}" for name in answers))
    lines += [f"  {t:24s}" + "".join(f"{row[a]:9d}" for a in answers) for t, row in result["confusion"].items()]
    return _ended(lines, result)


def calibration_table(result: dict[str, Any]) -> str:
    """Figures, reliability table and p-values as aligned text."""
    lines = [f"{result['n_pairs']} pairs, {result['n_versions']} of versions"]
    for told, key in ((f"versions weighed to {result['prior']:g}", "at_prior"), ("as given", "as_given")):
        lines.append(f"{told}:")
        lines += [
            _line(f"  {name}", result[key][m]) for name, m in (("ECE", "ece"), ("Brier", "brier"), ("AUC", "auc"))
        ]
    lines.append("  stated  were versions  pairs")
    lines += [
        f"  {b['mean_probability']:6.3f} {b['share_of_versions']:14.3f} {b['n_pairs']:6d}"
        for b in result["at_prior"]["bins"]
    ]
    lines.append("p-values of other pairs:      KS   its p  <= .05")
    lines += [
        f"  {cue:22s} {u['ks']:9.3f} {u['ks_p']:7.3f} {u['below_05']:7.3f}" for cue, u in result["p_values"].items()
    ]
    if result["undecided"]:
        lines.append(f"undecided: {', '.join(result['undecided'])}")
    return _ended(lines, result)


def _line(name: str, entry: dict[str, Any], unit: str = "") -> str:
    if entry["value"] is None:
        return f"{name:26s} {'none':>8s}" if "n" in entry else f"{name:26s} {'unbounded':>8s}"
    low, high = ("unbounded" if v is None else f"{v:.3f}" for v in entry["ci"])
    n = f"  of {entry['n']}" if "n" in entry else ""
    return f"{name:26s} {entry['value']:8.3f}{unit and ' ' + unit} [{low}, {high}]{n}"


def _ended(lines: list[str], result: dict[str, Any]) -> str:
    return "\n".join([*lines, *(f"left out: {e['row']}: {e['error']}" for e in result["errors"])]) + "\n"
