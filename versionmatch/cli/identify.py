"""``versionmatch identify``, ``locate`` and ``search``: files against a catalogue."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..jobs.catalogue import Catalogue

FOUND, NOTHING, UNREAD = 0, 1, 3


def add_to(commands: Any) -> None:
    """Add the three commands and their flags."""
    identify = _command(commands, "identify", run_identify, "which recordings of a catalogue files are")
    identify.add_argument("files", nargs="+", metavar="FILE", help="any format that compare reads, of any length")
    identify.add_argument("--warps", default="single", help="none, speed, single or full (default: %(default)s)")
    locate = _command(commands, "locate", run_locate, "what of a catalogue is heard in a mix or a broadcast, and when")
    locate.add_argument("file", metavar="MIX")
    locate.add_argument("--warps", default="speed", help="none, speed, single or full (default: %(default)s)")
    locate.add_argument("--min-length", type=float, default=3.0, metavar="S", help="shorter finds are left out")
    search = _command(commands, "search", run_search, "the recordings of a catalogue that are most like files")
    search.add_argument("files", nargs="+", metavar="FILE")
    search.add_argument("-k", type=int, default=10, help="so many (default: %(default)s)")
    search.add_argument("--by", default="version", help="recording, version, harmony or melody (default: %(default)s)")


def _command(commands: Any, name: str, run: Any, words: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=words, description=f"{words[0].upper()}{words[1:]}. Exit code 1 where nothing is found."
    )
    parser.add_argument("catalogue", type=Path, metavar="CATALOGUE", help="the catalogue's folder")
    parser.add_argument("--partition", default="", metavar="NAME", help="only recordings of this part")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")
    parser.set_defaults(run=run)
    return parser


def run_identify(options: argparse.Namespace) -> int:
    """0 where every file was found, 1 where one was not, 3 where one could not be read."""
    from ..jobs.catalogue import Catalogue
    from ..jobs.identify import identify

    code = FOUND
    with Catalogue.open(options.catalogue) as catalogue:
        labels = _labels(catalogue)
        for found in identify(catalogue, options.files, warps=options.warps, partition=options.partition):
            if found.error:
                sys.stderr.write(f"versionmatch: {found.error}\n")
            code = max(code, UNREAD if found.error else FOUND if found.answers else NOTHING)
            if options.json:
                _print(found.to_dict(labels))
            elif not found.error:
                told = [f"{labels[f.track]} ({_stretch(f)})" for f in found.answers] or ["nothing found"]
                sys.stdout.write("".join(f"{found.source}: {each}\n" for each in told))
    return code


def run_locate(options: argparse.Namespace) -> int:
    """One line for each stretch, in order of time; 1 where there is none."""
    from ..jobs.catalogue import Catalogue
    from ..jobs.identify import found_facts, locate

    with Catalogue.open(options.catalogue) as catalogue:
        labels = _labels(catalogue)
        found = locate(
            catalogue, options.file, warps=options.warps, min_length_s=options.min_length, partition=options.partition
        )
        for each in found:
            if options.json:
                _print({"label": labels[each.track], **found_facts(each)})
            else:
                sys.stdout.write(f"{_stretch(each)}  {labels[each.track]}\n")
    return FOUND if found else NOTHING


def run_search(options: argparse.Namespace) -> int:
    """The most alike of each file, best first."""
    from ..jobs.catalogue import Catalogue
    from ..jobs.search import search

    code = FOUND
    with Catalogue.open(options.catalogue) as catalogue:
        labels = _labels(catalogue)
        for file in options.files:
            hits = search(catalogue, file, by=options.by, k=options.k, partition=options.partition)
            code = max(code, FOUND if hits else NOTHING)
            for rank, hit in enumerate(hits, start=1):
                if options.json:
                    _print({"source": file, "rank": rank, "label": labels[hit.recording_id], **hit.to_dict()})
                else:
                    sys.stdout.write(f"{file}: {rank}. {labels[hit.recording_id]}  {hit.score:.4g} {hit.unit}\n")
    return code


def _labels(catalogue: Catalogue) -> dict[str, str]:
    return {recording.id: recording.label for recording in catalogue.recordings()}


def _stretch(found: Any) -> str:
    from ..units import clock

    span = found.span
    where = f"{clock(span.query_start_s)}–{clock(span.query_end_s)} is {clock(span.reference_start_s)}–"
    changed = "" if abs(found.tempo - 1) < 0.002 and abs(found.pitch - 1) < 0.002 else (
        f", tempo × {found.tempo:.3f}, pitch × {found.pitch:.3f}"
    )  # fmt: skip
    return f"{where}{clock(span.reference_end_s)}{changed}"


def _print(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, sort_keys=True) + "\n")
