"""``versionmatch consent``: grants are entered, shown and withdrawn; what a withdrawal reaches is told before."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import Any

from ..errors import InputError
from .rights_common import kind, opened, put, signed


def add_to(commands: Any) -> None:
    """Add the command, its kinds and their flags."""
    parser: argparse.ArgumentParser = commands.add_parser("consent", help="who permits what; withdrawn, with effect")
    kinds = parser.add_subparsers(dest="consent_command", metavar="WHAT", required=True)
    _grant(kind(kinds, "grant", run_grant, "enter a grant, or with --deny a prohibition", changes=True))
    revoke = kind(
        kinds, "revoke", run_revoke, "withdraw a grant, or all of a party, a work or a recording", changes=True
    )
    revoke.add_argument("id", metavar="ID")
    revoke.add_argument("--effective", default="", metavar="TIME", help="such as 2026-12-31T00:00:00Z (default: now)")
    revoke.add_argument("--reason", default="", help="kept in the log; no personal data")
    revoke.add_argument("--dry-run", action="store_true", help="only tell what would happen")
    revoke.add_argument("--purge", action="store_true", help="take the bytes from the disk as well")
    revoke.add_argument("--cache", type=Path, action="append", default=[], metavar="DIR", help="a cache to purge, too")
    show = kind(kinds, "show", run_show, "whether an asset may be used for what, and why (not)")
    show.add_argument("asset", metavar="ASSET")
    show.add_argument("--at", default="", metavar="TIME")
    show.add_argument("--entries", type=int, metavar="N", help="by what the first N entries of the log say")
    show.add_argument("--model-version", default="", metavar="V")
    show.add_argument("--territory", default="", metavar="CC")
    reached = kind(kinds, "affected", run_affected, "everything that an id reaches: assets, models, statements, …")
    reached.add_argument("id", metavar="ID")
    ending = kind(kinds, "expiring", run_expiring, "grants that end soon, by date")
    ending.add_argument("--until", required=True, metavar="TIME")
    purge = kind(
        kinds, "purge", run_purge, "end what is not permitted now, and take its bytes from the disk", changes=True
    )
    purge.add_argument("--cache", type=Path, action="append", default=[], metavar="DIR", help="a cache to purge, too")
    erase = kind(
        kinds, "erase-name", run_erase, "take a party's name away for good; the log's digest then says nothing"
    )
    erase.add_argument("party", metavar="PARTY")


def _grant(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("id", metavar="ID")
    add("--by", required=True, metavar="PARTY", dest="grantor")
    add("--to", default="operator", metavar="LICENSEE", dest="licensee")
    add("--right", required=True, help="master or publishing")
    add("--on", required=True, metavar="KIND:ID", help="asset:, recording:, work: or catalogue: and an id")
    add("--scopes", required=True, metavar="LIST", help="of store,index,compare,train,attribute,generate,display")
    add("--models", default="", metavar="LIST", help="model versions; * for any; needed to train and to generate")
    add("--territories", default="world", metavar="LIST", help="two-letter codes, or world")
    add("--from", dest="start", required=True, metavar="TIME")
    add("--until", dest="end", default=None, metavar="TIME")
    add("--terms", type=Path, metavar="FILE", help="the terms; their sha256 is kept")
    add("--deny", action="store_true", help="forbid; this outweighs every grant")


def run_grant(options: argparse.Namespace) -> None:
    """Enter it, and print the entry's number."""
    subject, colon, name = options.on.partition(":")
    if not colon:
        raise InputError(f"--on {options.on!r}; write KIND:ID, such as work:w1")
    body = {n: getattr(options, n) for n in ("id", "grantor", "licensee", "right", "start", "end")}
    body |= {n: [v for v in getattr(options, n).split(",") if v] for n in ("scopes", "models", "territories")}
    body |= {"effect": "deny" if options.deny else "allow", "subject": {"kind": subject, "id": name}}
    if options.terms is not None:
        body["terms_sha256"] = hashlib.sha256(options.terms.read_bytes()).hexdigest()
    with opened(options) as corpus:
        with corpus.book.writing("grant"):
            entry = corpus.book.add_all([("grant", body)], options.actor)[0]
        signed(corpus, options)
    sys.stdout.write(f"{entry.seq}\n")


def run_revoke(options: argparse.Namespace) -> None:
    """Withdraw, and print what that did, or would do."""
    from ..jobs.withdraw import purge, withdraw

    with opened(options) as corpus:
        facts = {"effective": options.effective, "reason": options.reason}
        done = withdraw(corpus, options.id, dry_run=options.dry_run, **facts).to_dict()
        done["dry run"] = options.dry_run
        if not options.dry_run:
            done["bytes taken from the disk"] = list(purge(corpus, options.cache)) if options.purge else []
            signed(corpus, options)
    put(done)


def run_show(options: argparse.Namespace) -> int:
    """Print each scope with its answer; 4 where nothing is permitted."""
    from ..rights.allowed import allowed
    from ..rights.facts import SCOPES

    with opened(options) as corpus:
        state = corpus.book.state if options.entries is None else corpus.book.before(options.entries)
        at = options.at or (state.time if options.entries is not None else corpus.book.time)
        asked = {"model_version": options.model_version, "territory": options.territory}
        found = {scope: allowed(state, options.asset, scope, at, **asked) for scope in SCOPES}
    rows = {
        scope: {"allowed": bool(f), "why": list(f.reasons), "grants": list(f.grants), "entries": list(f.seqs)}
        for scope, f in found.items()
    }
    put({"asset": options.asset, "at": at, "by entries": state.size, **asked, "scopes": rows})
    return 0 if any(found.values()) else 4


def run_affected(options: argparse.Namespace) -> None:
    """Print the lists."""
    from ..rights.effects import STANDING, affected

    with opened(options) as corpus:
        put({**affected(corpus.book.state, options.id, corpus.book.manifests).to_dict(), "note": STANDING})


def run_expiring(options: argparse.Namespace) -> None:
    """A line for each: when, and which."""
    from ..audit.entry import checked_time
    from ..rights.effects import expiring

    with opened(options) as corpus:
        for end, grant in expiring(corpus.book.state, corpus.book.time, checked_time(options.until)):
            sys.stdout.write(f"{end}  {grant}\n")


def run_purge(options: argparse.Namespace) -> None:
    """Print the recordings whose bytes are gone."""
    from ..jobs.withdraw import enforce, purge

    with opened(options) as corpus:
        enforce(corpus)
        gone = purge(corpus, options.cache)
        sys.stdout.write("".join(f"{each}\n" for each in gone))
        if gone:
            signed(corpus, options)


def run_erase(options: argparse.Namespace) -> None:
    """Erase it."""
    with opened(options) as corpus:
        corpus.book.names.erase(options.party)
