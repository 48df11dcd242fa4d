"""``versionmatch features FILE``: what was found in one recording, as files to look at and to correct."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import Any

from .common import add_common, clear_progress, open_cache, progress

FLAGS = {".notes.csv": "melody", ".chords.csv": "chords", ".beats.csv": "beats"}


def add_to(commands: Any) -> None:
    """Add the command and its flags."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "features",
        help="notes, chords, beats and key of a recording, as files to correct",
        description="Write what was found in a recording as files; corrected, `compare --melody-a …` takes them back.",
    )
    parser.add_argument("source", metavar="FILE", help="a recording or a score")
    parser.add_argument(
        "--export", default="notes,chords,beats,key", metavar="LIST", help="what to write (default: %(default)s)"
    )
    parser.add_argument(
        "--formats", default="csv", metavar="LIST", help="csv, midi, musicxml, svl (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=Path(), metavar="FOLDER", help="where (default: here)")
    parser.add_argument("--name", default="", help="how the files' names begin (default: as the recording's)")
    parser.add_argument("--melody-part", default="", metavar="PART", help="of a score: the part with the melody")
    add_common(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Measure, write, and say how the files are taken back."""
    from ..export import feature_files
    from ..export.facts import key
    from ..jobs.features import features

    kinds, formats = (
        tuple(w.strip() for w in text.split(",") if w.strip()) for text in (options.export, options.formats)
    )
    feature_files.check(kinds, formats)
    tell = progress(options)
    tell("measuring")
    track = features(options.source, *kinds, cache=open_cache(options), melody_part=options.melody_part)
    written = feature_files.files(track.recording, track, kinds, formats)
    clear_progress(options)
    options.out.mkdir(parents=True, exist_ok=True)
    name = options.name or Path(options.source.partition("#")[0]).stem
    for end, content in written.items():
        (options.out / f"{name}{end}").write_bytes(content)
        sys.stdout.write(f"{options.out / f'{name}{end}'}\n")
    flags = [
        f"--{flag}-a {shlex.quote(str(options.out / f'{name}{end}'))}" for end, flag in FLAGS.items() if end in written
    ]
    found = key(track) if "key" in kinds else None
    flags += [f"--key-a {shlex.quote(found[0])}"] if found else []
    if flags and not options.quiet:
        sys.stderr.write(f"Corrected, they are taken back by: versionmatch compare A B {' '.join(flags)}\n")
