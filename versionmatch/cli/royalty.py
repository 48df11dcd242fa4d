"""``versionmatch royalty``: what is paid to whom for a model's outputs; made, made again, and set beside another."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, IntegrityError
from .rights_common import kind, opened, put, signed

if TYPE_CHECKING:
    from ..jobs.corpus import Corpus


def add_to(commands: Any) -> None:
    """Add the command, its kinds and their flags."""
    parser: argparse.ArgumentParser = commands.add_parser("royalty", help="what is paid to whom, to the cent")
    kinds = parser.add_subparsers(dest="royalty_command", metavar="WHAT", required=True)
    make = kind(kinds, "statement", run_statement, "make a statement and enter its digest", changes=True)
    make.add_argument("inputs", type=Path, metavar="INPUTS.json", help="period, model, method, pools, items, influence")
    make.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help=".json, .csv or .html; may be given more",
        action="append",
    )
    again = kind(kinds, "recompute", run_recompute, "make a statement again; exit code 5 where it is another")
    again.add_argument("inputs", type=Path, metavar="INPUTS.json")
    again.add_argument("statement", type=Path, metavar="STATEMENT.json")
    who = kind(kinds, "analytics", run_analytics, "who influences what, over time, with intervals")
    who.add_argument("statements", type=Path, nargs="+", metavar="STATEMENT.json", help="one of each period")
    who.add_argument(
        "--inputs",
        type=Path,
        action="append",
        default=[],
        metavar="INPUTS.json",
        help="of such a statement: its outputs",
    )
    who.add_argument("--out", type=Path, required=True, metavar="FILE", help=".html or .json")
    diff = kinds.add_parser("diff", help="what two statements pay differently")
    diff.add_argument("first", type=Path, metavar="STATEMENT.json")
    diff.add_argument("second", type=Path, metavar="STATEMENT.json")
    diff.set_defaults(run=run_diff)


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is no JSON document: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} is no JSON object")
    return found


def _made(corpus: Corpus, inputs: Mapping[str, Any], entries: int | None = None) -> dict[str, Any]:
    """A statement by the log as it is, or as it was after so many entries."""
    from ..audit.merkle import root_of
    from ..audit.note import Checkpoint
    from ..rights.statement import statement

    log = corpus.book.log
    size = len(log) if entries is None else entries
    state = corpus.book.state if entries is None else corpus.book.before(size)
    if inputs.get("model") not in state.models:
        raise InputError(
            f"there is no model {inputs.get('model')!r} in the log; `versionmatch corpus register-model` enters one"
        )
    manifest = corpus.book.manifest(state.models[inputs["model"]]["manifest"])
    checkpoint = Checkpoint(log.origin, size, root_of(log.leaves[:size])).short
    return statement(state, manifest, inputs, lambda seq: log.leaves[seq].hex(), checkpoint)


def run_statement(options: argparse.Namespace) -> None:
    """Write it in each form that is asked for, and print the paths."""
    from ..rights.statement import digest_of_statement
    from ..web.statement import statement_csv, statement_html

    inputs = _document(options.inputs)
    forms = {
        ".json": lambda made: json.dumps(made, indent=1, ensure_ascii=False) + "\n",
        ".csv": statement_csv,
        ".html": statement_html,
    }
    unknown = [path for path in options.out if path.suffix not in forms]
    if unknown:
        raise InputError(f"{unknown[0]}: a statement is written as {', '.join(forms)}")
    with opened(options) as corpus:
        made = _made(corpus, inputs)
        with corpus.book.writing("statement"):
            run = (inputs.get("influence") or {}).get("run", "")
            facts = {"period": made["period"], "method": made["method"], "run": run}
            corpus.book.add("statement", options.actor, id=made["id"], sha256=digest_of_statement(made), **facts)
        for path in options.out:
            corpus.book.log.disk.write(path, forms[path.suffix](made).encode())
            sys.stdout.write(f"{path}\n")
        signed(corpus, options)


def run_recompute(options: argparse.Namespace) -> None:
    """Print that it is identical; IntegrityError says what is not."""
    from ..rights.statement import digest_of_statement

    inputs, there = _document(options.inputs), _document(options.statement)
    with opened(options) as corpus:
        again = _made(corpus, inputs, int(there.get("log_entries", 0)))
        entered = corpus.book.state.statements.get(str(there.get("id")), {})
    digest = digest_of_statement(again)
    differing = sorted(name for name in {*again, *there} if again.get(name) != there.get(name))
    if differing:
        raise IntegrityError(
            f"{options.statement} is not what its inputs and the log give; it differs in {', '.join(differing)}"
        )
    if entered.get("sha256") != digest:
        raise IntegrityError(f"{options.statement} is not the statement that the log tells of")
    put({"identical": True, "sha256": digest})


def run_analytics(options: argparse.Namespace) -> None:
    """Write the page, or its data; IntegrityError for a statement that the log does not tell of."""
    from ..rights.analytics import analytics
    from ..rights.statement import digest_of_inputs, digest_of_statement
    from ..web.analytics import analytics_html

    if options.out.suffix not in {".html", ".json"}:
        raise InputError(f"{options.out}: analytics are written as .html or .json")
    made = [_document(path) for path in options.statements]
    with opened(options) as corpus:
        for path, one in zip(options.statements, made, strict=True):
            if corpus.book.state.statements.get(str(one.get("id")), {}).get("sha256") != digest_of_statement(one):
                raise IntegrityError(f"{path} is not a statement that the log tells of")
        by_inputs = {one["inputs_sha256"]: one for one in made}
        given = []
        for path in options.inputs:
            document = _document(path)
            statement = by_inputs.get(digest_of_inputs(document))
            if statement is None:
                raise InputError(f"{path} holds the inputs of none of these statements")
            state = corpus.book.before(int(statement["log_entries"]))
            given.append((state, corpus.book.manifest(statement["manifest"]), document))
        found = analytics(made, given)
        text = analytics_html(found) if options.out.suffix == ".html" else json.dumps(found, indent=1) + "\n"
        corpus.book.log.disk.write(options.out, text.encode())
    sys.stdout.write(f"{options.out}\n")


def run_diff(options: argparse.Namespace) -> int:
    """Print the differences; 1 where there are none."""
    from ..rights.statement import differences

    rows = differences(_document(options.first), _document(options.second))
    put(rows)
    return 0 if rows else 1
