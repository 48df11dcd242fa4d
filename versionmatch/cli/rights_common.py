"""What the commands on rights share: the corpus that is named, who speaks, and the checkpoint after each change."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..jobs.corpus import Corpus

KEY = "VERSIONMATCH_RIGHTS_KEY"


def kind(
    kinds: Any, name: str, run: Callable[..., Any], words: str, *, changes: bool = False
) -> argparse.ArgumentParser:
    """A command on a corpus; one that changes its log signs a checkpoint where a key is at hand."""
    parser: argparse.ArgumentParser = kinds.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
    parser.add_argument("corpus", type=Path, metavar="CORPUS", help="the corpus' folder")
    if changes:
        parser.add_argument(
            "--actor", default="operator", help="who enters it (no personal data; default: %(default)s)"
        )
        parser.add_argument("--key", type=Path, metavar="FILE", help=f"sign a checkpoint with it (default: ${KEY})")
    parser.set_defaults(run=run)
    return parser


def opened(options: argparse.Namespace) -> Corpus:
    """The corpus that is named."""
    from ..jobs.corpus import Corpus

    return Corpus(options.corpus)


def signed(corpus: Corpus, options: argparse.Namespace) -> None:
    """Sign a checkpoint where a key is given; else say that what was entered is not signed."""
    path = options.key or os.environ.get(KEY)
    if path:
        from ..audit.signing import SigningKey

        corpus.sign(SigningKey.read(Path(path)))
    else:
        sys.stderr.write("versionmatch: not signed yet; `versionmatch audit checkpoint` signs it\n")


def put(document: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
