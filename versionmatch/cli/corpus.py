"""``versionmatch corpus``: recordings with rights, in separate partitions; frozen for a model, which is registered."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from ..errors import InputError
from . import signals
from .rights_common import kind, opened, put, signed


def add_to(commands: Any) -> None:
    """Add the command, its kinds and their flags."""
    parser: argparse.ArgumentParser = commands.add_parser("corpus", help="recordings with rights; frozen for a model")
    kinds = parser.add_subparsers(dest="corpus_command", metavar="WHAT", required=True)
    init = kind(kinds, "init", run_init, "make an empty corpus: a log of rights and three catalogues")
    init.add_argument("--origin", required=True, metavar="NAME", help="the log's name, such as example.org/rights")
    init.add_argument("--kinds", metavar="LIST", help="features to keep, as for `index build`")
    enter = kind(
        kinds, "enter", run_enter, "enter facts from JSON lines: parties, works, recordings, assets", changes=True
    )
    enter.add_argument("facts", type=Path, metavar="FACTS.jsonl", help='lines such as {"type": "work", "id": "w1", …}')
    ingest = kind(kinds, "ingest", run_ingest, "take files in, each into the partition its rights allow", changes=True)
    ingest.add_argument("files", nargs="+", type=Path, metavar="FILE")
    ingest.add_argument("--reference", type=Path, metavar="CATALOGUE", help="tell what files are by their sound first")
    ingest.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: %(default)s)")
    show = kind(kinds, "show", run_show, "what the corpus holds, and how much of it may be used for what")
    show.add_argument("--model-version", default="", metavar="V")
    show.add_argument("--territory", default="", metavar="CC")
    frozen = kind(kinds, "freeze", run_freeze, "fix what may be used so now, under one root", changes=True)
    frozen.add_argument("--scope", default="train", help="(default: %(default)s)")
    frozen.add_argument("--model-version", default="", metavar="V", help="needed to train: one licence, one model")
    frozen.add_argument("--territory", default="", metavar="CC")
    register = kind(
        kinds, "register-model", run_register, "enter a model with the corpus it was trained on", changes=True
    )
    register.add_argument("model", metavar="ID")
    register.add_argument("--model-version", required=True, metavar="V")
    register.add_argument("--manifest", required=True, metavar="ROOT", help="of the frozen corpus, or its beginning")
    register.add_argument("--weights", type=Path, required=True, metavar="FILE")
    kind(
        kinds, "models", run_models, "the registered models: current, or to be trained anew without what was withdrawn"
    )
    taken = kind(kinds, "import", run_import, "enter what a standard's document says", changes=True)
    taken.add_argument("document", type=Path, metavar="FILE.json")
    taken.add_argument("--as", dest="form", required=True, help="odrl (policies of our profile) or tdm (tdmrep.json)")
    export = kind(kinds, "export", run_export, "write the corpus' facts in a standard's form")
    export.add_argument("--as", dest="form", required=True, help="croissant, prov, odrl, tdm or eu-summary")
    export.add_argument("--manifest", default="", metavar="ROOT", help="of the frozen corpus that is meant")
    signals.add_to(kinds)


def run_init(options: argparse.Namespace) -> None:
    """Make the corpus and print its folder."""
    from ..jobs.corpus import Corpus

    settings: dict[str, Any] = {"kinds": tuple(options.kinds.split(","))} if options.kinds else {}
    Corpus.create(options.corpus, options.origin, **settings).close()
    sys.stdout.write(f"{options.corpus}\n")


def run_enter(options: argparse.Namespace) -> None:
    """Enter each line; names of parties go to the file that can be erased."""
    lines = [line for line in options.facts.read_text(encoding="utf-8").splitlines() if line.strip()]
    with opened(options) as corpus:
        with corpus.book.writing("enter"):
            said = []
            for number, line in enumerate(lines, 1):
                try:
                    body = json.loads(line)
                    what = body.pop("type")
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise InputError(f"{options.facts}, line {number}: no fact with a type ({error})") from error
                if what == "party":
                    facts = {k: str(body.pop(k)) for k in sorted(set(body) - {"id", "digest"})}
                    body["digest"] = corpus.book.names.keep(str(body["id"]), facts) if facts else ""
                said.append((what, body))
            made = corpus.book.add_all(said, options.actor)
        sys.stdout.write(
            f"{len(made)} facts entered, {made[0].seq} to {made[-1].seq}\n" if made else "nothing to enter\n"
        )
        signed(corpus, options)


def run_ingest(options: argparse.Namespace) -> int:
    """A JSON line for each file: where it went and why; 3 where one could not be read."""
    told: dict[str, list[dict[str, Any]]] = {}
    with opened(options) as corpus:
        if options.reference is not None:
            from ..jobs.catalogue import Catalogue
            from ..jobs.identify import found_facts, identify

            with Catalogue.open(options.reference) as reference:
                for each in identify(reference, [str(path) for path in options.files]):
                    told[str(Path(each.source).absolute())] = [found_facts(f) for f in each.answers]
        placed = corpus.ingest(options.files, jobs=options.jobs)
        for one in placed:
            row = {name: getattr(one, name) for name in ("path", "asset", "recording_id", "partition", "reason")}
            if options.reference is not None:
                row["heard_in_reference"] = told.get(one.path, [])
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        signed(corpus, options)
    return 3 if any(not one.recording_id for one in placed) else 0


def run_show(options: argparse.Namespace) -> None:
    """Print counts, and for each scope how many assets it is permitted for, by right."""
    from ..rights.coverage import coverage

    with opened(options) as corpus:
        state = corpus.book.state
        where = list(state.placed.values())
        put(
            {
                "origin": corpus.book.log.origin,
                "entries": len(corpus.book.log),
                "checkpoint": corpus.book.log.checkpoint.short,
                "assets": len(state.assets),
                "partitions": {name: where.count(name) for name in sorted(set(where))},
                "coverage": coverage(state, corpus.book.time, options.model_version, options.territory),
            }
        )


def run_freeze(options: argparse.Namespace) -> None:
    """Freeze, and print the root; what was left out is told on standard error."""
    with opened(options) as corpus:
        manifest, without = corpus.freeze(
            scope=options.scope, model_version=options.model_version, territory=options.territory
        )
        for asset, reasons in without.items():
            sys.stderr.write(f"left out: {asset}: {reasons[0]}\n")
        signed(corpus, options)
    sys.stdout.write(f"{manifest.root}\n")


def run_register(options: argparse.Namespace) -> None:
    """Enter the model, and print its entry's number."""
    import hashlib

    with options.weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with opened(options) as corpus:
        with corpus.book.writing("register"):
            root = corpus.book.manifest(options.manifest).root
            facts = {"version": options.model_version, "manifest": root, "weights_sha256": digest}
            entry = corpus.book.add("model", options.actor, id=options.model, **facts)
        signed(corpus, options)
    sys.stdout.write(f"{entry.seq}\n")


def run_models(options: argparse.Namespace) -> None:
    """Print each model with its status."""
    from ..rights.effects import STANDING, model_status

    with opened(options) as corpus:
        book = corpus.book
        rows = []
        for name, body in sorted(book.state.models.items()):
            status, gone = model_status(book.state, name, book.manifests, book.time)
            rows.append({**body, "status": status, "no longer permitted": list(gone)})
    put({"models": rows, "note": STANDING})


def run_import(options: argparse.Namespace) -> None:
    """Enter the grants or reservations, and print how many."""
    from ..rights.odrl import grants_of, reserved_of

    readers = {"odrl": grants_of, "tdm": reserved_of}
    if options.form not in readers:
        raise InputError(f"there is no form {options.form!r} to read; there are: {', '.join(readers)}")
    try:
        document = json.loads(options.document.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{options.document} is no JSON document: {error}") from error
    if not isinstance(document, list) or not all(isinstance(row, dict) for row in document):
        raise InputError(f"{options.document} is no list of objects")
    with opened(options) as corpus:
        with corpus.book.writing("import"):
            made = corpus.book.add_all(readers[options.form](document), options.actor)
        sys.stdout.write(f"{len(made)} facts entered\n")
        signed(corpus, options)


def run_export(options: argparse.Namespace) -> None:
    """Print the document."""
    from ..rights.interchange import exported

    with opened(options) as corpus:
        manifest = corpus.book.manifest(options.manifest) if options.manifest else None
        put(exported(corpus.book.state, options.form, manifest, corpus.book.log.checkpoint, at=corpus.book.time))
