"""``versionmatch attribute``: which known items of a disclosed corpus mattered for a model's outputs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import IntegrityError, ParamsError
from .progress_line import ProgressLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..jobs.attribution import AttributionParams
    from ..jobs.attribution_corpus import Disclosed
    from ..jobs.attribution_run import Done

ABOUT = """\
Rank the known items of a disclosed corpus by how much a model's loss of an output depends on them, and say what each
ranking is worth. It is a measurement on the weights, with an error: no detector, no proof that music was taken over.

  versionmatch attribute --model reference-transformer:model=DIR --corpus corpus.json --outputs MADE --panel P --out run
  versionmatch attribute --replay run         compute it again, and say whether it is identical
  versionmatch attribute validate --model …   may rankings of this model be used at all?
"""
CORPUS = (
    "manifest (JSON or CSV: id, holder, path, sha256, title), or with --registered a folder of `versionmatch corpus`"
)
REPORT = "report.html"
REGISTERED = "the model's id in the log of rights: candidates outside the corpus that was frozen for it are refused"
COMPARE = (
    "so many of the most influential and of the most alike items are compared with each output (default: %(default)s)"
)


def add_to(commands: Any) -> None:
    """Add the command and its flags."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "attribute",
        help="which known items of a training corpus mattered for an output",
        description=ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what", nargs="?", choices=("run", "validate", "demo"), default="run", help="(default: %(default)s)"
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="ADAPTER:ARGS",
        help="the model, such as reference-transformer:model=DIR; again for more models of the same corpus (seeds)",
    )
    parser.add_argument("--corpus", type=Path, metavar="CORPUS", help=CORPUS)
    parser.add_argument("--registered", metavar="MODEL", help=REGISTERED)
    parser.add_argument("--rights", type=Path, metavar="DIR", help="the log's corpus, where --corpus is a manifest")
    _files(parser, "--outputs", "what the model made")
    _files(
        parser,
        "--panel",
        "24 or more pieces like the outputs that owe the corpus nothing; else no ranking is better than weak",
    )
    _files(parser, "--held-out", "pieces of neither, whose losses should hardly change when an output is unlearned")
    _files(parser, "--strangers", "validate: further pieces that owe the corpus nothing, not of the panel")
    parser.add_argument(
        "--known", type=Path, metavar="CSV", help="validate: pieces made of an item (columns path, item)"
    )
    parser.add_argument("--count", type=int, default=20, metavar="N", help="validate: items in each test (%(default)s)")
    parser.add_argument("--method", default="unlearn-ekfac", metavar="NAME[:ARGS]", help="(default: %(default)s)")
    parser.add_argument("--gate", type=float, default=0.0, metavar="SHARE", help="score only that share of the corpus")
    parser.add_argument("--gate-by", default="", metavar="LIST", help="what chooses it (default: hidden,gradcos)")
    parser.add_argument("--seed", type=int, default=440, help="(default: %(default)s)")
    parser.add_argument("--draws", type=int, default=0, metavar="N", help="of noise (default: the method's own)")
    parser.add_argument(
        "--likeness", default="", metavar="NAME", help="melody, ngram, embedding, none (default: as there is)"
    )
    parser.add_argument("--compare", type=int, default=3, metavar="N", help=COMPARE)
    parser.add_argument(
        "--groups", default="", metavar="LIST", help="parts of the network that are moved (default: all)"
    )
    parser.add_argument("--top", type=int, default=20, metavar="N", help="items of each ranking (default: %(default)s)")
    parser.add_argument("--full", action="store_true", help="keep all scores")
    parser.add_argument(
        "--validation", type=Path, metavar="FILE", help="cite this validate.json (default: that in --out)"
    )
    parser.add_argument("--format", default="csv", metavar="LIST", help="of the table: csv, jsonl, parquet")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the run's folder; the same again goes on where it was")
    parser.add_argument(
        "--replay", type=Path, metavar="DIR", help="compute a run again; exit code 5 where it is another"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")
    parser.set_defaults(run=run)


def _files(parser: argparse.ArgumentParser, flag: str, words: str) -> None:
    parser.add_argument(flag, nargs="+", default=[], metavar="DIR|FILE", help=words)


def run(options: argparse.Namespace) -> int:
    """Do what is asked."""
    if options.replay is not None:
        return run_replay(options)
    ways = {"run": run_run, "validate": run_validate, "demo": run_demo}
    return ways[options.what](options)


def _told(options: argparse.Namespace) -> tuple[Callable[[str], None], ProgressLine]:
    line = ProgressLine(quiet=options.quiet)

    def tell(step: str) -> None:
        if line.wanted():
            line.say({"job": "attribute", "step": step}, step)

    return tell, line


def _needed(options: argparse.Namespace, *flags: str) -> None:
    for flag in flags:
        if not getattr(options, flag):
            raise ParamsError(f"`versionmatch attribute {options.what}` needs --{flag}; see --help")


def disclosed_of(options: argparse.Namespace) -> Disclosed:
    """The corpus that the flags name."""
    from ..jobs.attribution_corpus import frozen_corpus, read_corpus, within_frozen

    if options.registered and options.rights is None:
        return frozen_corpus(options.corpus, options.registered)
    if options.rights is not None and not options.registered:
        raise ParamsError("--rights needs --registered MODEL, the id under which the model was registered in the log")
    disclosed = read_corpus(options.corpus)
    return within_frozen(disclosed, options.rights, options.registered) if options.registered else disclosed


def params_of(options: argparse.Namespace) -> AttributionParams:
    """The settings that the flags say."""
    from ..jobs.attribution import AttributionParams

    names = ("method", "draws", "seed", "gate", "likeness", "top", "full", "compare")
    given: dict[str, Any] = {name: getattr(options, name) for name in names}
    return AttributionParams(**given, gate_by=_list(options.gate_by), groups=_list(options.groups))


def run_run(options: argparse.Namespace) -> int:
    """Attribute and write; print a line for each output, or ``run.json`` with the results."""
    _needed(options, "model", "corpus", "outputs", "out")
    from ..jobs.attribution import Inputs
    from ..jobs.attribution_run import run as attribution

    disclosed, params = disclosed_of(options), params_of(options)
    panel, held_out = tuple(options.panel), tuple(options.held_out)
    inputs = Inputs.open(tuple(options.model), disclosed, tuple(options.outputs), panel, held_out)
    tell, line = _told(options)
    done = attribution(
        inputs, params, options.out, formats=_list(options.format), validation=options.validation, tell=tell
    )
    write_page(done, options.out / REPORT)
    line.clear()
    _print(options, done, options.out / REPORT)
    return 0


def write_page(done: Done, path: Path, **more: Any) -> Path:
    """The page of a run; ``more`` is what ``attribution_html`` takes beside."""
    from ..files import write_atomically
    from ..jobs.attribution_run import CORPUS as LISTED
    from ..jobs.attribution_run import VALIDATION, read_json
    from ..web.attribution import attribution_html

    validation = done.folder / VALIDATION
    if done.facts["validation"] is not None and "validation" not in more and validation.is_file():
        more["validation"] = read_json(validation)
    page = attribution_html(done.facts, done.rows, read_json(done.folder / LISTED)["items"], **more)
    with write_atomically(path) as file:
        file.write(page.encode())
    return path


def _print(options: argparse.Namespace, done: Done, page: Path) -> None:
    if options.json:
        sys.stdout.write(json.dumps({**done.facts, "results": list(done.rows)}, ensure_ascii=False) + "\n")
        return
    for row in done.rows:
        first = row["items"][0]
        told = f"{first['item']} ({first['holder']})" if row["verdict"] == "ranked" else row["reasons"][0]
        sys.stdout.write(f"{row['query']}: {row['verdict']}; {told}\n")
    sys.stdout.write(f"{done.rows[0]['coverage']}; open {page}\n")


def run_validate(options: argparse.Namespace) -> int:
    """Print every self-test and whether rankings may be used; 1 where they may not."""
    _needed(options, "model", "corpus", "out")
    from ..jobs.attribution import Inputs
    from ..jobs.attribution_validate import Controls, validate

    disclosed, params = disclosed_of(options), params_of(options)
    inputs = Inputs.open(tuple(options.model), disclosed, (), tuple(options.panel), tuple(options.held_out))
    controls = Controls.open(inputs, tuple(options.strangers), options.known)
    tell, line = _told(options)
    found = validate(inputs, params, options.out, controls, count=options.count, tell=tell)
    line.clear()
    if options.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        for each in found["checks"]:
            sys.stdout.write(f"{each['state']:<9} {each['name']}: {each['found']} (demanded: {each['demand']})\n")
        sys.stdout.write(f"usable: {'yes' if found['usable'] else 'no'}{_because(found['reasons'])}\n")
    return 0 if found["usable"] else 1


def run_demo(options: argparse.Namespace) -> int:
    """The whole example; print where the report lies."""
    _needed(options, "out")
    from ..jobs.attribution_demo import ABOUT as MADE
    from ..jobs.attribution_demo import demo

    tell, line = _told(options)
    found = demo(options.out / "attribution", compare=options.compare, tell=tell)
    heading = "An example: which tunes mattered for what a small model made"
    more = {"heading": heading, "about": MADE, "base": "attribution/", "retrained": found.retrained}
    path = write_page(found.done, options.out / "attribution.html", **more)
    line.clear()
    _print(options, found.done, path)
    return 0


def _because(reasons: list[str]) -> str:
    return f"; {'; '.join(reasons)}" if reasons else ""


def run_replay(options: argparse.Namespace) -> int:
    """Print whether it is identical; IntegrityError says what is not."""
    from ..jobs.attribution_run import replay

    tell, line = _told(options)
    found = replay(options.replay, models=tuple(options.model), tell=tell)
    line.clear()
    document = {"identical": found.identical, "differing": list(found.differing), "largest_difference": found.largest}
    if options.json:
        sys.stdout.write(json.dumps(document) + "\n")
    if not found.identical:
        raise IntegrityError(
            f"{options.replay} did not come out again: {', '.join(found.differing[:5])}; the largest difference of a "
            f"score is {found.largest:.3g}. Another machine or version of torch can do this: see run.json, versions"
        )
    if not options.json:
        sys.stdout.write(f"identical: every number of {options.replay} came out again\n")
    return 0


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
