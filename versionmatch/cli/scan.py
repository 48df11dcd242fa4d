"""``versionmatch scan``, ``dedup`` and ``conflicts``: how the recordings of a catalogue are related, as tables."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .index import LEFT
from .scan_page import write_page
from .scan_progress import Progress

if TYPE_CHECKING:
    from ..jobs.scan import Scan


def add_to(commands: Any) -> None:
    """Add the three commands and their flags."""
    scan = _command(commands, "scan", run_scan, "how all recordings of a catalogue are related")
    scan.add_argument("--by", default="recording,version", metavar="LIST", help="what proposes pairs (%(default)s)")
    scan.add_argument("-k", type=int, default=20, help="so many are proposed to each by vectors (%(default)s)")
    scan.add_argument(
        "--prior",
        type=float,
        default=0.01,
        metavar="P",
        help="share of proposed pairs supposed to be versions (%(default)s)",
    )
    scan.add_argument("--least", type=float, default=0.5, metavar="P", help="least probability (%(default)s)")
    scan.add_argument("--cues", metavar="LIST", help="what proposed pairs are compared in (default: as compare)")
    dedup = _command(commands, "dedup", run_dedup, "which recordings of a catalogue are one; nothing is deleted")
    words = "a catalogue, folder or manifest: which recordings are in that set too, such as a model's training set"
    dedup.add_argument("--against", type=Path, metavar="SET", help=words)
    _command(commands, "conflicts", run_conflicts, "ISRC, ISWC, ISNI, IPI and UPC that contradict what is heard")


def _command(commands: Any, name: str, run: Any, words: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=words, description=words[0].upper() + words[1:] + "."
    )
    parser.add_argument("catalogue", type=Path, metavar="CATALOGUE", help="the catalogue's folder")
    parser.add_argument("--warps", default="single", help="none, speed, single or full: what a copy may have undergone")
    parser.add_argument("--partition", default="", metavar="NAME", help="only recordings of this part")
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="processes (default: as many as cores)")
    parser.add_argument("--max-memory", type=int, default=0, metavar="MIB", help="of all processes together")
    parser.add_argument("--deadline", type=float, default=0.0, metavar="S", help="begin no pair after so many seconds")
    parser.add_argument(
        "--pair-deadline", type=float, default=600.0, metavar="S", help="give up a pair (default: %(default)s)"
    )
    parser.add_argument("--retry", action="store_true", help="compare again the pairs that failed")
    parser.add_argument("--format", default="jsonl,csv", metavar="LIST", help="of the tables: jsonl, csv, parquet")
    parser.add_argument("--json", action="store_true", help="print run.json")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")
    parser.set_defaults(run=run)
    return parser


def run_scan(options: argparse.Namespace) -> int:
    """Scan by everything that was asked for; 3 where pairs failed or wait."""
    given: dict[str, Any] = {"by": _list(options.by), "k": options.k, "least": options.least,
                             "prior": options.prior}  # fmt: skip
    if options.cues:
        given["cues"] = _list(options.cues)
    found = _scanned(options, given)
    told = ", ".join(f"{n} {tier}" for tier, n in found.facts["tiers"].items()) or "nothing related"
    _say(options, found, f"{found.facts['pairs']} pairs compared: {told}; tables and index.html in {found.tables}")
    return _left(found)


def run_dedup(options: argparse.Namespace) -> int:
    """Same recordings alone, one line for each cluster; or what is in another set too."""
    if options.against is not None:
        return _run_leaks(options)
    found = _scanned(options, {"by": ("recording",)})
    if not options.json:
        for cluster, members in _clusters(found.tables / "clusters.jsonl").items():
            sys.stdout.write(f"{cluster[:12]}  {len(members)} recordings  {'  '.join(m[:12] for m in members)}\n")
    _say(options, found, f"tables in {found.tables}")
    return _left(found)


def _run_leaks(options: argparse.Namespace) -> int:
    from ..jobs.catalogue import Catalogue
    from ..jobs.leaks import against, leaks
    from ..params import ScanParams

    params, tell = ScanParams(warps=options.warps, partition=options.partition), Progress(quiet=options.quiet)
    with Catalogue.open(options.catalogue) as catalogue, against(
        catalogue, options.against, jobs=options.jobs
    ) as other:  # fmt: skip
        found = leaks(catalogue, other, params, formats=_formats(options), tell=tell, **_limits(options))
    tell.clear()
    n = found.facts["leaks"]
    told = f"{n['recording']} recordings and {n['work']} works of {found.facts['recordings']} are in the other set"
    _say(options, found, f"{told}; tables in {found.tables}")
    return _left(found)


def _limits(options: argparse.Namespace) -> dict[str, Any]:
    return {"jobs": options.jobs, "max_memory_mib": options.max_memory, "deadline_s": options.deadline,
            "pair_deadline_s": options.pair_deadline, "retry": options.retry}  # fmt: skip


def _left(found: Scan) -> int:
    """Say on standard error what failed or waits; the exit code."""
    coverage = found.facts.get("coverage", {"failed": 0, "pending": 0})  # runs of earlier versions have none
    if coverage["failed"]:
        reasons = ", ".join(f"{n} {code}" for code, n in coverage["reasons"].items())
        sys.stderr.write(f"{coverage['failed']} pairs could not be compared ({reasons}); errors.jsonl says which\n")
    if coverage["pending"]:
        sys.stderr.write(
            f"NOT COMPLETE: {coverage['pending']} of {coverage['shortlisted']} pairs wait; the same command goes on\n"
        )
    return LEFT if coverage["failed"] or coverage["pending"] else 0


def _formats(options: argparse.Namespace) -> tuple[str, ...]:
    return tuple(dict.fromkeys([".jsonl", *(f".{name}" for name in _list(options.format))]))


def run_conflicts(options: argparse.Namespace) -> int:
    """One line for each contradiction, or JSON lines."""
    found = _scanned(options, {"by": ("recording",)})
    for line in (found.tables / "conflicts.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        sys.stdout.write(line + "\n" if options.json else f"{row['kind']}: {row['about']} ({row['sources']})\n")
    return _left(found)


def _scanned(options: argparse.Namespace, given: dict[str, Any]) -> Scan:
    from ..jobs.catalogue import Catalogue
    from ..params import ScanParams

    params, tell = ScanParams(**given, warps=options.warps, partition=options.partition), Progress(quiet=options.quiet)
    with Catalogue.open(options.catalogue) as catalogue:
        found = catalogue.scan(params, formats=_formats(options), tell=tell, **_limits(options))
        write_page(catalogue, found)
    tell.clear()
    return found


def _clusters(path: Path) -> dict[str, list[str]]:
    clusters: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        clusters.setdefault(row["cluster_id"], []).append(row["recording_id"])
    return clusters


def _say(options: argparse.Namespace, found: Scan, text: str) -> None:
    sys.stdout.write((json.dumps(found.facts, sort_keys=True) if options.json else text) + "\n")


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
