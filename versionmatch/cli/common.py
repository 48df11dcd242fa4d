"""What several commands share: where features are kept, and how progress is told."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..store.artefacts import ArtefactStore


def add_common(parser: argparse.ArgumentParser) -> None:
    """The flags that every command with recordings has."""
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where features are kept between runs")
    parser.add_argument("--no-cache", action="store_true", help="keep nothing between runs")
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing on the way")


def cache_folder() -> Path:
    """VERSIONMATCH_CACHE, else the platform's folder for caches."""
    named = os.environ.get("VERSIONMATCH_CACHE")
    if named:
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "versionmatch"
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "versionmatch" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))) / "versionmatch"


def open_cache(options: argparse.Namespace) -> ArtefactStore | None:
    """The store of features that the flags name; None where nothing is to be kept."""
    if options.no_cache:
        return None
    from ..store.artefacts import ArtefactStore

    return ArtefactStore(options.cache or cache_folder())


def progress(options: argparse.Namespace) -> Callable[[str], None]:
    """A function that tells one step on standard error, in place on a terminal, not at all when quiet."""
    if options.quiet or not sys.stderr.isatty():
        return lambda _: None
    started = time.monotonic()

    def tell(step: str) -> None:
        sys.stderr.write(f"\r\x1b[2K{time.monotonic() - started:5.1f} s  {step}")
        sys.stderr.flush()

    return tell


def clear_progress(options: argparse.Namespace) -> None:
    """Take the progress line away again."""
    if not options.quiet and sys.stderr.isatty():
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()
