"""``versionmatch align REF OTHER``: corresponding times of two recordings."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .common import add_common, clear_progress, open_cache, progress


def add_to(commands: Any) -> None:
    """Add the command and its flags."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "align",
        help="corresponding times of two recordings",
        description="Corresponding times of two recordings, ten rows a second of the reference.",
    )
    parser.add_argument("reference", metavar="REF", help="the recording whose time is the ruler")
    parser.add_argument("other", metavar="OTHER", help="the recording that is laid along it")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="rows of reference_s,other_s with a header (default)")
    form.add_argument("--json", action="store_true", help="one JSON document")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write here instead of to standard output")
    add_common(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Align and print."""
    import json

    from ..jobs.align import align

    tell = progress(options)
    tell("aligning")
    times = align(options.reference, options.other, cache=open_cache(options))
    clear_progress(options)
    if options.json:
        rows = [[round(float(a), 4), round(float(b), 4)] for a, b in times]
        text = (
            json.dumps({"schema": "versionmatch.align/1", "columns": ["reference_s", "other_s"], "rows": rows}) + "\n"
        )
    else:
        text = "reference_s,other_s\n" + "".join(f"{a:.4f},{b:.4f}\n" for a, b in times)
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
