"""``versionmatch doctor``: what is installed, under which licence, and what it is for."""

from __future__ import annotations

import argparse
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import VersionMatchError
from ..plugins import GROUPS, names
from .common import cache_folder

PARTS = (
    ("numpy", "BSD", "arrays"),
    ("numba", "BSD", "compiled alignment"),
    ("librosa", "ISC", "constant-Q transform"),
    ("soundfile", "BSD", "wav, flac, ogg, mp3, aiff, opus"),
    ("soxr", "LGPL-2.1+", "resampling"),
    ("tinytag", "MIT", "tags"),
    ("av", "BSD; its wheel bundles GPL codecs", "m4a, aac, video; extra [av]"),
    ("torch", "BSD", "embedding; transforms in batches on a GPU; extra [torch]"),
    ("nnAudio", "MIT", "constant-Q transform in torch; extra [torch]"),
    ("pyarrow", "Apache-2.0", "manifests in Parquet; extra [catalogue]"),
    ("onnx", "Apache-2.0", "export of the embedding network; extra [onnx]"),
    ("faiss-cpu", "MIT", "the index of vectors"),
    ("distributed", "BSD-3-Clause", "search on a cluster's workers; extra [cluster]"),
    ("lancedb", "Apache-2.0", "vectors in tables; extra [lancedb]"),
    ("onnxscript", "MIT", "export of the embedding network; extra [onnx]"),
    ("cryptography", "Apache-2.0 or BSD-3-Clause", "signatures of a log of rights; extra [rights]"),
    ("iscc-lib", "Apache-2.0", "content codes of files; extra [iscc]"),
    ("c2pa-python", "MIT or Apache-2.0", "credentials in files; extra [c2pa]"),
    ("essentia", "AGPL-3.0-only", "melody and HPCP of another house; extra [essentia]"),
)


def add_to(commands: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "doctor", help="what is installed, and under which licence; whether catalogues are well"
    )
    parser.add_argument("catalogues", nargs="*", type=Path, metavar="CATALOGUE", help="also look into these")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the findings; 5 where a catalogue is damaged."""
    write = sys.stdout.write
    write(f"versionmatch {__version__} on Python {platform.python_version()}, {platform.machine()}\n\n")
    for name, licence, use in PARTS:
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "not installed"
        write(f"  {name:11s} {found:18s} {licence:34s} {use}\n")
    write("\n")
    for group in GROUPS:
        write(f"  {group:10s} {', '.join(names(group))}\n")
    write(f"\n  features are kept in {cache_folder()}\n")
    damaged = list(map(_damaged, options.catalogues))
    return 5 if any(damaged) else 0


def _damaged(path: Path) -> bool:
    """Say how a catalogue is; whether anything in it is damaged."""
    from ..jobs.catalogue import Catalogue
    from ..jobs.index_stat import summary

    sys.stdout.write("\n")
    try:
        with Catalogue.open(path) as catalogue:
            for name, value in summary(catalogue).items():
                sys.stdout.write(f"  {name:16s} {value}\n")
            findings = catalogue.verify()
    except VersionMatchError as error:
        sys.stdout.write(f"  {error}\n")
        return True
    for finding in findings:
        sys.stdout.write(f"  {finding.what}: {finding.detail}\n")
    if not findings:
        sys.stdout.write("  all is what was written\n")
    return any(finding.serious for finding in findings)
