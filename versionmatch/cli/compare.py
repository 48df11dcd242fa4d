"""``versionmatch compare A B``: what two recordings share, in words, as JSON and as a report."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, ParamsError
from ..params import CORRECTABLE, CompareParams, usual_cues
from ..units import parse_range
from .common import add_common, clear_progress, open_cache, progress

if TYPE_CHECKING:
    from ..jobs.findings import Cohort


def add_to(commands: Any) -> None:
    """Add the command and its flags."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "compare",
        help="compare two recordings",
        description="Compare two recordings: relation, evidence by element, shared passages, differences.",
    )
    parser.add_argument(
        "query",
        metavar="A",
        help="a recording (wav, flac, ogg, mp3, aiff, opus, m4a, video …) or a score (MIDI, MusicXML, ABC, kern, CSV)",
    )
    parser.add_argument("reference", metavar="B", help="the recording or score it is compared with")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the report here (.html)")
    parser.add_argument(
        "--formats",
        default="",
        metavar="LIST",
        help="also write these beside --out: json, sv, jams, audacity, csv, textgrid, trackswitch; and what was found "
        "in each recording, to be corrected: features, svl, midi, musicxml",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of the summary")
    parser.add_argument("--a-range", metavar="M:SS-M:SS", help="compare only this part of A")
    parser.add_argument("--b-range", metavar="M:SS-M:SS", help="compare only this part of B")
    for side in ("a", "b"):
        told = f"the part of the score {side.upper()} with the melody: its name or number, or skyline"
        parser.add_argument(f"--melody-part-{side}", default="", metavar="PART", help=told)
        for kind in ("melody", "chords", "beats"):
            told = f"{kind} of {side.upper()}, corrected by hand, in place of the machine's; see docs/scores.md"
            parser.add_argument(f"--{kind}-{side}", default="", metavar="CSV", help=told)
        parser.add_argument(f"--key-{side}", default="", metavar="KEY", help='the key, such as "G major"')
    usual = ",".join(usual_cues())
    parser.add_argument("--cues", default=usual, metavar="LIST", help="which cues (default: %(default)s)")
    parser.add_argument(
        "--extractor",
        action="append",
        default=[],
        metavar="KIND=NAME",
        help="another extractor for a feature, such as melody=melody-essentia",
    )
    parser.add_argument(
        "--transposition", type=int, metavar="N", help="semitones (0-11) that raise B to A; found if absent"
    )
    parser.add_argument(
        "--min-passage", type=float, default=6.0, metavar="S", help="shortest shared passage (default: %(default)s s)"
    )
    parser.add_argument(
        "--max-passages", type=int, default=12, metavar="N", help="most passages reported (default: %(default)s)"
    )
    parser.add_argument("--max-duration", type=float, default=6 * 3600.0, metavar="S", help="refuse longer recordings")
    parser.add_argument(
        "--null-from",
        type=Path,
        metavar="CATALOGUE",
        help="set both beside recordings of this catalogue: how unusual is the likeness for these two?",
    )
    parser.add_argument(
        "--null-n", type=int, default=100, metavar="N", help="so many of them, drawn at random (default: %(default)s)"
    )
    parser.add_argument("--no-controls", action="store_true", help="leave the control comparisons out")
    parser.add_argument("--no-audio", action="store_true", help="leave the sound out of the report")
    parser.add_argument("--question", default="", help="the question asked, for the report's head")
    parser.add_argument("--examiner", default="", help="who asks, for the report's head")
    parser.add_argument("--log", type=Path, metavar="CORPUS", help="whose log's checkpoint stands in the report's foot")
    parser.add_argument("--date", default=None, help="a date for the report's head (none is put there by itself)")
    add_common(parser)
    parser.set_defaults(run=run)


def params_of(options: argparse.Namespace) -> CompareParams:
    """The job's settings from the flags; raises ParamsError."""
    extractors: dict[str, str] = {}
    for pair in options.extractor:
        kind, equals, name = pair.partition("=")
        if not equals:
            raise ParamsError(f"--extractor {pair!r}; write KIND=NAME, such as melody=melody-essentia")
        extractors[kind] = name
    return CompareParams(
        cues=_listed(options.cues),
        query_range=parse_range(options.a_range) if options.a_range else None,
        reference_range=parse_range(options.b_range) if options.b_range else None,
        extractors=extractors,
        corrections_a=_corrections(options, "a"),
        corrections_b=_corrections(options, "b"),
        query_melody_part=options.melody_part_a,
        reference_melody_part=options.melody_part_b,
        transposition=options.transposition,
        min_passage_s=options.min_passage,
        max_passages=options.max_passages,
        max_duration_s=options.max_duration,
        controls=not options.no_controls,
    )


def _cohort(options: argparse.Namespace) -> Cohort | None:
    """The recordings of ``--null-from``; raises ParamsError where so many cannot be drawn."""
    if options.null_from is None:
        return None
    from ..jobs.catalogue import Catalogue

    if options.null_n < 1:
        raise ParamsError(f"--null-n {options.null_n}; it must be 1 or more")
    with Catalogue.open(options.null_from) as catalogue:
        return catalogue.cohort(options.null_n)


def _checkpoint(options: argparse.Namespace) -> str:
    """Of the log that is named, else of the one over ``--null-from``; InputError where a corpus has none."""
    from ..jobs.governed import checkpoint_of

    found = checkpoint_of(options.log or options.null_from) if options.log or options.null_from else ""
    if options.log is not None and not found:
        raise InputError(f"{options.log} holds no log of rights; make one with `versionmatch corpus init`")
    return found


def _corrections(options: argparse.Namespace, side: str) -> dict[str, str]:
    """What was corrected of that side, by kind."""
    given = {kind: getattr(options, f"{kind}_{side}") for kind in CORRECTABLE}
    return {kind: value for kind, value in given.items() if value}


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def run(options: argparse.Namespace) -> None:
    """Compare, print, write."""
    from ..plugins import find

    params = params_of(options)
    formats = _listed(options.formats)
    if formats and options.out is None:
        raise ParamsError("--formats writes beside --out; give --out FILE as well")
    exporters = {name: find("exporters", name) for name in formats}

    from ..jobs.compare import compare

    tell = progress(options)
    match = compare(
        options.query,
        options.reference,
        params,
        cache=open_cache(options),
        progress=tell,
        cohort=_cohort(options),
    )
    if options.out is not None:
        tell("writing the report")
        html = find("exporters", "html")
        report = html(
            audio=not options.no_audio,
            question=options.question,
            examiner=options.examiner,
            date=options.date,
            checkpoint=_checkpoint(options),
        )
        options.out.parent.mkdir(parents=True, exist_ok=True)
        report.export(match, options.out)
        for exporter in exporters.values():
            made = exporter()
            made.export(match, options.out.with_suffix(made.suffix))
    clear_progress(options)
    shown = find("exporters", "json" if options.json else "text")()
    sys.stdout.write(shown.text(match) if options.json else match.explain())
    if options.out is not None and not options.json:
        sys.stdout.write(f"\nReport: {options.out}\n")
