"""``versionmatch scan``, ``dedup`` and ``conflicts``: how the recordings of a catalogue are related, as tables."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .common import clear_progress, progress
from .scan_page import write_page

if TYPE_CHECKING:
    from ..jobs.scan import Scan


def add_to(commands: Any) -> None:
    """Add the three commands and their flags."""
    scan = _command(commands, "scan", run_scan, "how all recordings of a catalogue are related")
    scan.add_argument("--by", default="recording,version", metavar="LIST", help="what proposes pairs (%(default)s)")
    scan.add_argument("-k", type=int, default=20, help="so many are proposed to each by vectors (%(default)s)")
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
    parser.add_argument("--format", default="jsonl,csv", metavar="LIST", help="of the tables: jsonl, csv, parquet")
    parser.add_argument("--json", action="store_true", help="print run.json")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")
    parser.set_defaults(run=run)
    return parser


def run_scan(options: argparse.Namespace) -> None:
    """Scan by everything that was asked for."""
    given: dict[str, Any] = {"by": _list(options.by), "k": options.k, "least": options.least}
    if options.cues:
        given["cues"] = _list(options.cues)
    found = _scanned(options, given)
    tiers = {tier: n for tier, n in found.facts["tiers"].items() if tier != "unrelated"}
    told = ", ".join(f"{n} {tier}" for tier, n in tiers.items()) or "nothing related"
    _say(options, found, f"{found.facts['pairs']} pairs compared: {told}; tables and index.html in {found.path}")


def run_dedup(options: argparse.Namespace) -> None:
    """Same recordings alone, one line for each cluster; or what is in another set too."""
    if options.against is not None:
        _run_leaks(options)
        return
    found = _scanned(options, {"by": ("recording",)})
    if not options.json:
        for cluster, members in _clusters(found.path / "clusters.jsonl").items():
            sys.stdout.write(f"{cluster[:12]}  {len(members)} recordings  {'  '.join(m[:12] for m in members)}\n")
    _say(options, found, f"tables in {found.path}")


def _run_leaks(options: argparse.Namespace) -> None:
    from ..jobs.catalogue import Catalogue
    from ..jobs.leaks import against, leaks
    from ..params import ScanParams

    params = ScanParams(warps=options.warps, partition=options.partition)
    with Catalogue.open(options.catalogue) as catalogue, against(
        catalogue, options.against, jobs=options.jobs
    ) as other:  # fmt: skip
        found = leaks(catalogue, other, params, jobs=options.jobs, formats=_formats(options), tell=progress(options))
    clear_progress(options)
    n = found.facts["leaks"]
    told = f"{n['recording']} recordings and {n['work']} works of {found.facts['recordings']} are in the other set"
    _say(options, found, f"{told}; tables in {found.path}")


def _formats(options: argparse.Namespace) -> tuple[str, ...]:
    return tuple(dict.fromkeys([".jsonl", *(f".{name}" for name in _list(options.format))]))


def run_conflicts(options: argparse.Namespace) -> None:
    """One line for each contradiction, or JSON lines."""
    found = _scanned(options, {"by": ("recording",)})
    for line in (found.path / "conflicts.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        sys.stdout.write(line + "\n" if options.json else f"{row['kind']}: {row['about']} ({row['sources']})\n")


def _scanned(options: argparse.Namespace, given: dict[str, Any]) -> Scan:
    from ..jobs.catalogue import Catalogue
    from ..params import ScanParams

    params = ScanParams(**given, warps=options.warps, partition=options.partition)
    with Catalogue.open(options.catalogue) as catalogue:
        found = catalogue.scan(params, jobs=options.jobs, formats=_formats(options), tell=progress(options))
        write_page(catalogue, found)
    clear_progress(options)
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
