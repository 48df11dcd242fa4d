"""``versionmatch audit``: a log of rights is shown, signed, proved and checked; partitions are checked by sound."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from ..errors import InputError, IntegrityError
from .rights_common import KEY, kind, opened, put


def add_to(commands: Any) -> None:
    """Add the command, its kinds and their flags."""
    parser: argparse.ArgumentParser = commands.add_parser("audit", help="show, sign, prove and check a log of rights")
    kinds = parser.add_subparsers(dest="audit_command", metavar="WHAT", required=True)
    log = kind(kinds, "log", run_log, "the entries of the log, as JSON lines")
    log.add_argument("--type", default="", help="only entries of this kind")
    log.add_argument("--of", default="", metavar="ID", help="only entries that name this id")
    check = kind(kinds, "checkpoint", run_checkpoint, "sign the log as it is now, and print the note")
    check.add_argument("--key", type=Path, metavar="FILE", help=f"the private key (default: ${KEY})")
    check.add_argument("--new-key", type=Path, metavar="FILE", help="make a private key there first")
    prove = kind(kinds, "prove", run_prove, "show that an entry is in the signed log, or that the log only grew")
    prove.add_argument("entry", type=int, nargs="?", metavar="ENTRY")
    prove.add_argument("--grew", type=int, nargs=2, metavar=("OLDER", "NEWER"), help="sizes of two checkpoints")
    verify = kind(
        kinds, "verify", run_verify, "whether every entry is what was signed; exit code 5 names one that is not"
    )
    verify.add_argument("--key", default="", metavar="TEXT", help="the public key that you know (default: log.vkey)")
    verify.add_argument("--older", type=Path, metavar="NOTE", help="a checkpoint that you kept")
    verify.add_argument("--against", type=Path, metavar="REPORT", help="a report in whose foot one is printed")
    pack = kind(kinds, "bundle", run_bundle, "a zip file with which a stranger can check the log")
    pack.add_argument("--out", type=Path, required=True, metavar="FILE.zip")
    pack.add_argument("--proofs", type=int, nargs="*", default=[], metavar="ENTRY", help="with proofs of these entries")
    apart = kind(
        kinds, "segregation", run_segregation, "whether the licensed partition holds what is not, by its sound"
    )
    apart.add_argument("--by", default="recording,version", help="recording, version or both (default: %(default)s)")
    apart.add_argument("-k", type=int, default=5, help="so many are compared to each by vectors (default: %(default)s)")


def run_log(options: argparse.Namespace) -> None:
    """Print the entries."""
    with opened(options) as corpus:
        for entry in corpus.book.log.entries():
            line = entry.line.decode()
            if options.type in {"", entry.type} and (
                not options.of or json.dumps(options.of, ensure_ascii=False) in line
            ):
                sys.stdout.write(f"{line}\n")


def run_checkpoint(options: argparse.Namespace) -> None:
    """Sign and print."""
    from ..audit.signing import SigningKey

    path = options.new_key or options.key or os.environ.get(KEY)
    if not path:
        raise InputError(f"no key to sign with; give --key FILE, --new-key FILE or the variable {KEY}")
    if options.new_key is not None:
        key = SigningKey.new()
        handle = os.open(options.new_key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(key.pem)
    with opened(options) as corpus:
        sys.stdout.write(corpus.sign(SigningKey.read(Path(path))))


def run_prove(options: argparse.Namespace) -> None:
    """Print the proof as JSON."""
    from ..rights.evidence import growth_of, proof_of

    if (options.entry is None) == (options.grew is None):
        raise InputError("give the number of an entry, or --grew OLDER NEWER")
    with opened(options) as corpus:
        put(growth_of(corpus.book, *options.grew) if options.grew else proof_of(corpus.book, options.entry))


def run_verify(options: argparse.Namespace) -> None:
    """Print what holds; IntegrityError names the entry where something does not."""
    import base64

    from ..audit import verify_log
    from ..errors import MissingExtra
    from ..jobs.governed import RIGHTS

    try:
        found = verify_log.check(options.corpus / RIGHTS, options.key, options.older, options.against)
    except verify_log.Tampered as error:
        raise IntegrityError(f"{options.corpus / RIGHTS}: {error}") from error
    except ImportError as error:
        raise MissingExtra("checking signatures", extra="rights") from error
    root = base64.b64encode(found.root).decode()
    put({"entries": found.entries, "signed": found.signed, "checkpoints": found.checkpoints, "root": root})


def run_bundle(options: argparse.Namespace) -> None:
    """Write the bundle and print its path."""
    from ..rights.evidence import bundle

    with opened(options) as corpus:
        corpus.book.log.disk.write(options.out, bundle(corpus.book, options.proofs))
    sys.stdout.write(f"{options.out}\n")


def run_segregation(options: argparse.Namespace) -> int:
    """Print what was found; 4 where anything was."""
    from ..jobs.segregation import segregation
    from ..params import ScanParams

    params = ScanParams(by=tuple(options.by.split(",")), k=options.k)
    with opened(options) as corpus:
        names = {b["pcm_sha256"]: a for a, b in corpus.book.state.assets.items() if b["pcm_sha256"]}
        with corpus.permitted_only() as licensed, corpus.permitted_only(otherwise=True) as ended:
            sides = {side: corpus.catalogue(side) for side in ("unlicensed", "quarantine")} | {
                "no longer permitted": ended
            }
            found = {side: segregation(licensed, other, params, tell=_tell) for side, other in sides.items()}
        document = {side: one.to_dict() for side, one in found.items()}
        for one in document.values():
            for row in one["mixed"]:
                row["asset"] = names.get(row["licensed"], "")
    put(document)
    return 4 if any(one.mixed for one in found.values()) else 0


def _tell(words: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"{words}\n")
