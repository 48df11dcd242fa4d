"""``versionmatch train CONFIG``: make versions, learn from them, write a model; an interrupted run goes on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .common import clear_progress, progress


def add_to(commands: Any) -> None:
    """Add the command and its flags."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "train",
        help="train an embedding from scores",
        description="Make versions of works, train the network on them and write a model directory. Whatever is "
        "there already is used: after an interruption, the same command goes on and comes to the same weights.",
    )
    parser.add_argument(
        "configs",
        type=Path,
        nargs="+",
        metavar="CONFIG",
        help="settings, such as models/versions-v2/train-*.toml; networks of several are put side by side",
    )
    parser.add_argument("--material", type=Path, required=True, help="folder of the score collections")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints, curves and the model")
    parser.add_argument("--recordings", type=Path, help="folder of unlabelled music, where the settings ask for it")
    parser.add_argument("--dev", type=Path, help=".npz of recordings to watch as it learns; never learned from")
    parser.add_argument("--cache", type=Path, help="where works and pools are kept (default: in the output folder)")
    parser.add_argument("--workers", type=int, default=1, help="processes that make versions (default: %(default)s)")
    parser.add_argument("--member", type=int, help="train only this network of the ensemble, counted from 0")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train, then print the model's folder."""
    from ..jobs.train import TrainFolders, train
    from ..train.config import read_config

    folders = TrainFolders(
        material=options.material,
        out=options.out,
        recordings=options.recordings,
        dev=options.dev,
        cache=options.cache,
        workers=options.workers,
    )
    path = train([read_config(p) for p in options.configs], folders, progress(options), member=options.member)
    clear_progress(options)
    sys.stdout.write(f"{path}\n")
