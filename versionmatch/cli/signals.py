"""What files say of themselves, under ``versionmatch corpus``: credentials and content codes, as signals."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .rights_common import kind, opened, signed

if TYPE_CHECKING:
    from ..rights.c2pa import Credential


def add_to(kinds: Any) -> None:
    """Add both commands to those of ``corpus``."""
    words = "what files' credentials say of training (C2PA), and their content codes (ISCC)"
    told = kind(kinds, "signals", run_signals, words, changes=True)
    told.add_argument("files", nargs="+", type=Path, metavar="FILE")
    told.add_argument("--iscc", action="store_true", help="print each file's content code; by its sound as well")
    told.add_argument(
        "--enter", action="store_true", help="enter a reservation where a credential of an asset reserves"
    )
    seal = kind(kinds, "sign-file", run_sign, "a copy of an asset's file with a credential that says what is granted")
    seal.add_argument("asset", metavar="ASSET")
    seal.add_argument("file", type=Path, metavar="FILE")
    seal.add_argument("--out", type=Path, required=True, metavar="FILE", help="of the same kind as FILE")
    seal.add_argument("--chain", type=Path, required=True, metavar="PEM", help="certificates, the signer's first")
    seal.add_argument("--signer", type=Path, required=True, metavar="PEM", help="the signer's private key (ES256)")
    seal.add_argument("--model-version", default="", metavar="V")
    seal.add_argument("--territory", default="", metavar="CC")


def run_signals(options: argparse.Namespace) -> None:
    """A JSON line for each file; nothing that it says is a grant."""
    from ..rights.c2pa import TYPES, read, reservation_of

    facts = []
    with opened(options) as corpus:
        by_bytes = {body["sha256"]: name for name, body in sorted(corpus.book.state.assets.items(), reverse=True)}
        for path in options.files:
            asset = by_bytes.get(hashlib.sha256(path.read_bytes()).hexdigest(), "")
            credential = read(path) if path.suffix.lower() in TYPES else None
            row = {"path": str(path), "asset": asset, "credential": _told(credential)}
            if options.iscc:
                row["iscc"] = _code(path)
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
            fact = reservation_of(credential, "asset", asset) if credential is not None and asset else None
            facts += [fact] if fact is not None else []
        if options.enter and facts:
            with corpus.book.writing("signals"):
                corpus.book.add_all(facts, options.actor)
            signed(corpus, options)


def _told(credential: Credential | None) -> dict[str, Any] | None:
    if credential is None:
        return None
    names = ("signer", "trusted", "reserves")
    told = {name: getattr(credential, name) for name in names}
    return {**told, "uses": dict(credential.uses), "problems": list(credential.problems)}


def _code(path: Path) -> str:
    """With the sound, where a chromaprint can be had."""
    from ..errors import MissingExtra
    from ..fingerprint.chromaprint import fpcalc
    from ..rights.iscc import code_of

    try:
        heard = fpcalc(path)
    except MissingExtra:
        heard = None
    return code_of(path, heard)


def run_sign(options: argparse.Namespace) -> None:
    """Write the copy, and print its path."""
    from ..rights.c2pa import assertion_of, write

    with opened(options) as corpus:
        state, at = corpus.book.state, corpus.book.time
        if options.asset not in state.assets:
            raise InputError(f"there is no asset {options.asset!r} in the log")
        facts = {"model_version": options.model_version, "territory": options.territory}
        said = assertion_of(state, options.asset, at, **facts)
    write(options.file, options.out, said, chain=options.chain.read_text(), key=options.signer.read_text())
    sys.stdout.write(f"{options.out}\n")
