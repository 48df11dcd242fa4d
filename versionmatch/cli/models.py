"""``versionmatch models``: which embedding models there are, whether they are whole; converted, exported."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import IntegrityError

if TYPE_CHECKING:
    from ..embed.directory import ModelDirectory

COLUMNS = ("id", "architecture", "dim", "segment_s", "hop_s", "licence")


def add_to(commands: Any) -> None:
    """Add the command, its four kinds and their flags."""
    parser: argparse.ArgumentParser = commands.add_parser("models", help="list, check and convert embedding models")
    kinds = parser.add_subparsers(dest="models", metavar="WHAT", required=True)

    listing = kinds.add_parser("list", help="the models that are found by name")
    listing.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    listing.set_defaults(run=run_list)

    show = kinds.add_parser("show", help="everything that is known about one model, and its card")
    show.add_argument("model", metavar="ID", help="name or directory of a model")
    show.add_argument("--json", action="store_true", help="print one JSON document")
    show.set_defaults(run=run_show)

    verify = kinds.add_parser("verify", help="whether models are what was written; exit code 5 if one is damaged")
    verify.add_argument("models", metavar="ID", nargs="*", help="names or directories (default: all)")
    verify.set_defaults(run=run_verify)

    convert = kinds.add_parser(
        "convert",
        help="make a model directory of a published checkpoint",
        description="Make a model directory of a published checkpoint that you have. Nothing in the file is run. The "
        "directory can be named wherever a model can, and by its id if DIR is in VERSIONMATCH_MODELS.",
    )
    convert.add_argument("file", metavar="FILE", type=Path, help=".pt, .pth, .ckpt, .tar or .safetensors")
    convert.add_argument("--architecture", metavar="NAME", help="default: recognised from the names of its entries")
    convert.add_argument("--id", metavar="ID", help="default: the architecture and the file's name")
    convert.add_argument("--out", metavar="DIR", type=Path, required=True, help="where the model's directory is made")
    convert.add_argument("--force", action="store_true", help="replace another model of that id")
    convert.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")
    convert.set_defaults(run=run_convert)

    export = kinds.add_parser("export", help="write a model's network for other runtimes")
    export.add_argument("model", metavar="ID", help="name or directory of a model of chroma-equivariant-2")
    export.add_argument("--onnx", metavar="FILE", type=Path, required=True, help="the ONNX file to write")
    export.set_defaults(run=run_export)


def run_list(options: argparse.Namespace) -> None:
    """Print the models; what is damaged is told on standard error, and in the exit code once all are printed."""
    from ..embed.directory import VARIABLE, ModelDirectory, model_paths

    found: list[ModelDirectory] = []
    damaged: list[str] = []
    for path in model_paths().values():
        try:
            found.append(ModelDirectory.read(path))
        except IntegrityError as error:
            damaged.append(str(error))
    if options.json:
        document = [{**model.facts.table(), "path": str(model.path)} for model in found]
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(table(found))
        if not found and not damaged:
            sys.stderr.write(f"no models; directories that hold some can be named in {VARIABLE}\n")
    if damaged:
        raise IntegrityError("; ".join(damaged))


def table(models: list[ModelDirectory]) -> str:
    """The models as aligned text; nothing where there are none."""
    if not models:
        return ""
    rows = [COLUMNS, *(tuple(str(getattr(model.facts, name)) for name in COLUMNS) for model in models)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join("  ".join(map(str.ljust, row, widths)).rstrip() + "\n" for row in rows)


def run_show(options: argparse.Namespace) -> None:
    """Print one model's facts and its card."""
    from ..embed.directory import find_model

    model = find_model(options.model)
    if options.json:
        document = {**model.facts.table(), "path": str(model.path), "card": model.card}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    sys.stdout.write(model.facts.to_toml())
    if model.card:
        sys.stdout.write(f"\n{model.card.rstrip()}\n")


def run_verify(options: argparse.Namespace) -> None:
    """Print a line for each model; IntegrityError once all are printed, if one is damaged."""
    from ..embed.directory import find_model, model_paths

    damaged = []
    for name in options.models or model_paths():
        try:
            problems = find_model(name).problems()
        except IntegrityError as error:
            problems = [str(error)]
        sys.stdout.write(f"{name}: {'; '.join(problems) or 'whole'}\n")
        damaged += [name] if problems else []
    if damaged:
        raise IntegrityError(f"damaged: {', '.join(damaged)}; get them again")


def run_convert(options: argparse.Namespace) -> None:
    """Convert, and print the directory that was made; what was changed is told on standard error."""
    from ..embed.convert import convert

    model, said = convert(
        options.file, options.out, architecture=options.architecture, model_id=options.id, overwrite=options.force
    )
    if not options.quiet:
        for sentence in (f"recognised {model.facts.architecture}", *said):
            sys.stderr.write(f"{options.file.name}: {sentence}\n")
    sys.stdout.write(f"{model.path}\n")


def run_export(options: argparse.Namespace) -> None:
    """Write the ONNX file and print its path."""
    from ..embed.onnx import export_onnx

    sys.stdout.write(f"{export_onnx(options.model, options.onnx)}\n")
