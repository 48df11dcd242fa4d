"""``versionmatch review apply``: decisions that were made on the page of a scan go into the catalogue."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any


def add_to(commands: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = commands.add_parser("review", help="keep what people decided about matches")
    kinds = parser.add_subparsers(dest="review", metavar="WHAT", required=True)
    words = "Take a decisions.csv into the catalogue: what was rejected is kept apart and never asked again."
    apply = kinds.add_parser("apply", help="take a decisions.csv in", description=words)
    apply.add_argument("catalogue", type=Path, metavar="CATALOGUE", help="the catalogue's folder")
    apply.add_argument("decisions", type=Path, metavar="DECISIONS.csv", help="as the page of a scan hands it out")
    apply.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Keep them, and print how many there were of each kind."""
    from ..jobs.catalogue import Catalogue
    from ..jobs.review import apply_decisions

    with Catalogue.open(options.catalogue) as catalogue:
        counts = apply_decisions(catalogue, options.decisions)
    sys.stdout.write(json.dumps(counts) + "\n")
