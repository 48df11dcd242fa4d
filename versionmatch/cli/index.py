"""``versionmatch index``: a catalogue of recordings is built, added to, reduced, compacted, checked and described."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ParamsError
from ..store.settings import HEARD
from .index_progress import Progress

if TYPE_CHECKING:
    from ..jobs.catalogue import Catalogue
    from ..store.runs import Coverage

LEFT = 3
"""The exit code where something is in quarantine or still waits."""


def add_to(commands: Any) -> None:
    """Add the command, its kinds and their flags."""
    parser: argparse.ArgumentParser = commands.add_parser("index", help="keep a catalogue of recordings")
    kinds = parser.add_subparsers(dest="index", metavar="WHAT", required=True)
    build = _kind(kinds, "build", run_add, "make a catalogue if there is none, and take inputs in")
    build.add_argument("--kinds", metavar="LIST", help="features to keep (default: all that compare reads)")
    build.add_argument(
        "--extractor", action="append", default=[], metavar="KIND=NAME", help="another plugin for a kind"
    )
    build.add_argument("--model", metavar="ID", help="the embedding model whose vectors are indexed")
    add = _kind(kinds, "add", run_add, "take inputs in; without any, go on with all that were ever named")
    _add_inputs(build)
    _add_inputs(add)
    remove = _kind(kinds, "remove", run_remove, "take recordings out at once; their files stay until compact")
    remove.add_argument("ids", nargs="+", metavar="ID", help="ids, or beginnings of them")
    remove.add_argument("--reason", default="", help="kept in the ledger")
    _kind(kinds, "compact", run_compact, "delete what was removed, and what nothing uses")
    verify = _kind(kinds, "verify", run_verify, "whether all is what was written; exit code 5 if not")
    verify.add_argument("--repair", action="store_true", help="put right what can be")
    stat = _kind(kinds, "stat", run_stat, "what a catalogue holds")
    stat.add_argument("--recordings", action="store_true", help="list the recordings as JSON lines")
    stat.add_argument("--quarantine", action="store_true", help="list what could not be taken in, as JSON lines")
    stat.add_argument("--runs", action="store_true", help="list the runs and their coverage, as JSON lines")


def _kind(kinds: Any, name: str, run: Callable[..., Any], words: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = kinds.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    parser.add_argument("catalogue", type=Path, metavar="CATALOGUE", help="the catalogue's folder")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.set_defaults(run=run)
    return parser


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "inputs",
        nargs="*",
        metavar="INPUT",
        help="folders, files, manifests (.csv .tsv .jsonl .parquet), .cue; - is a list",
    )
    add("-0", "--null", action="store_true", help="the list on standard input is separated by NUL, not by lines")
    add("--jobs", type=int, default=0, metavar="N", help="processes (default: as many as there are cores)")
    add("--max-memory", type=int, default=0, metavar="MIB", help="of all processes together")
    add("--deadline", type=float, default=0.0, metavar="S", help="begin nothing new after so many seconds")
    add("--decode-deadline", type=float, default=120.0, metavar="S", help="give up a file (default: %(default)s)")
    add(
        "--analysis-deadline",
        type=float,
        default=3600.0,
        metavar="S",
        help="give up its features (default: %(default)s)",
    )
    add("--max-duration", type=float, default=6 * 3600.0, metavar="S", help="quarantine longer recordings")
    add("--partition", default="", metavar="NAME", help="the part of the catalogue that they belong to")
    add("--partial", action="store_true", help="take files whose end is missing as far as they go")
    add("--follow-symlinks", action="store_true", help="symbolic links stand for their targets")
    add("--rehash", action="store_true", help="read all files again, even if size and time are as before")
    add("--retry", action="store_true", help="decode again what is in quarantine")
    add("--restore", action="store_true", help="recordings that were removed may return")
    add("-q", "--quiet", action="store_true", help="say nothing on the way")


def run_add(options: argparse.Namespace) -> int:
    """Build or add; 3 where something is in quarantine or waits."""
    from ..jobs.catalogue import Catalogue
    from ..params import IndexParams
    from ..store.catalogue import CatalogueStore

    making = options.index == "build" and not CatalogueStore.exists(options.catalogue)
    catalogue = (
        Catalogue.create(options.catalogue, **_settings(options)) if making else Catalogue.open(options.catalogue)
    )
    if options.index == "build" and not making:
        _refuse_changed(catalogue, _settings(options))
    given = {name: getattr(options, name) for name in ("jobs", "partition", "partial", "follow_symlinks")}
    given |= {name: getattr(options, name) for name in ("rehash", "retry", "restore")}
    limits = {"deadline_s": options.deadline, "decode_deadline_s": options.decode_deadline}
    limits |= {"analysis_deadline_s": options.analysis_deadline}
    limits |= {"max_duration_s": options.max_duration, "max_memory_mib": options.max_memory}
    progress = Progress(quiet=options.quiet)
    with catalogue:
        found = catalogue.add(_inputs(options), IndexParams(**given, **limits), tell=progress)
        progress.clear()
        _tell_coverage(found, options)
    return LEFT if found.quarantined or found.pending else 0


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if options.kinds:
        given["kinds"] = tuple(kind.strip() for kind in options.kinds.split(",") if kind.strip())
    if options.model:
        given["extractors"] = {kind: f"{kind}:{options.model}" for kind in HEARD}
    for pair in options.extractor:
        kind, equals, name = pair.partition("=")
        if not equals:
            raise ParamsError(f"--extractor {pair!r}; write KIND=NAME, such as melody=melody-essentia")
        given.setdefault("extractors", {})[kind] = name
    return given


def _refuse_changed(catalogue: Catalogue, given: dict[str, Any]) -> None:
    for name, value in given.items():
        there = getattr(catalogue.settings, name)
        if name == "extractors" and "moments" not in catalogue.settings.kinds:
            there = {"moments": value.get("moments"), **there}  # --model names it beside segments
        if {**there, **value} != there if isinstance(value, dict) else value != there:
            raise ParamsError(
                f"{catalogue.path} has {name} = {there!r}, not {value!r}; change its line "
                f"in {catalogue.path / 'catalogue.toml'}"
            )


def _inputs(options: argparse.Namespace) -> list[str] | None:
    """What is named; a list on standard input where it says ``-``; None where nothing is."""
    named: list[str] = []
    for each in options.inputs:
        if each == "-":
            text = os.fsdecode(sys.stdin.buffer.read())
            named += [part for part in (text.split("\0") if options.null else text.splitlines()) if part]
        else:
            named.append(each)
    return named if options.inputs else None


def _tell_coverage(found: Coverage, options: argparse.Namespace) -> None:
    if options.json:
        sys.stdout.write(json.dumps(found.to_dict()) + "\n")
        return
    sys.stdout.write(
        f"{found.seen} seen = {found.done} done + {found.quarantined} quarantined + {found.skipped} skipped "
        f"+ {found.pending} pending\n"
    )
    for reason, count in sorted(found.reasons.items()):
        sys.stdout.write(f"  {count:6d}  {reason}\n")
    if found.quarantined:
        sys.stdout.write(f"Why each: versionmatch index stat {options.catalogue} --quarantine\n")


def run_remove(options: argparse.Namespace) -> None:
    """Take recordings out."""
    with _open(options) as catalogue:
        catalogue.remove(dict.fromkeys(options.ids, options.reason))
    _say(options, {"removed": len(options.ids)}, f"{len(options.ids)} removed; compact deletes their files")


def run_compact(options: argparse.Namespace) -> None:
    """Delete what was removed."""
    with _open(options) as catalogue:
        recordings, files = catalogue.compact()
    _say(options, {"recordings": recordings, "files": files}, f"{recordings} recordings and {files} files deleted")


def run_verify(options: argparse.Namespace) -> int:
    """Check everything; 5 where something is damaged and was not put right."""
    from ..store.verify import verify

    findings = verify(options.catalogue, repair=options.repair)
    for finding in findings:
        state = "repaired" if finding.repaired else "found"
        fields = {"event": state, "what": finding.what, "path": finding.path, "detail": finding.detail}
        sys.stdout.write(json.dumps(fields) + "\n" if options.json else f"{state}: {finding.what}: {finding.detail}\n")
    if not findings:
        _say(options, {"damaged": 0}, "all is what was written")
    return 5 if any(f.serious and not f.repaired for f in findings) else 0


def run_stat(options: argparse.Namespace) -> None:
    """Say what is there."""
    from ..jobs.index_stat import quarantine_lines, recording_lines, run_lines, summary

    with _open(options) as catalogue:
        chosen = (
            (options.recordings, recording_lines),
            (options.quarantine, quarantine_lines),
            (options.runs, run_lines),
        )
        for wished, lines in chosen:
            if wished:
                sys.stdout.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines(catalogue))
        if not any(wished for wished, _ in chosen):
            found = summary(catalogue)
            _say(options, found, "\n".join(f"{name:18s} {value}" for name, value in found.items()))


def _open(options: argparse.Namespace) -> Catalogue:
    from ..jobs.catalogue import Catalogue

    return Catalogue.open(options.catalogue)


def _say(options: argparse.Namespace, document: dict[str, Any], words: str) -> None:
    sys.stdout.write((json.dumps(document, ensure_ascii=False) if options.json else words) + "\n")
