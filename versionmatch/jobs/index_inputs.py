"""What is named to a catalogue: folders, files, books, manifests and cue sheets become single inputs, none left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..scores.reading import PEEK, book_numbers, format_of

_ENDINGS = """
    jpg jpeg png gif webp bmp tif tiff svg ico pdf txt md nfo log rtf doc docx html htm json tsv jsonl parquet
    toml yaml yml ini db sqlite cue m3u m3u8 pls xspf asx lrc sfv md5 sha1 sha256 ffp accurip torrent url lnk zip rar 7z
    gz tar exe dll py mscz ly safetensors npz npy
"""
NOT_SOUND = frozenset("." + ending for ending in _ENDINGS.split())
"""Endings of files in folders that are passed over; a file that is named itself is looked into whatever its name."""

MAYBE_SCORES = frozenset({".csv", ".xml"})
"""Endings of files in folders that are taken in where they hold a score, and passed over otherwise."""

BOOKS = frozenset({".abc"})
MANIFESTS = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"})
WHOLE = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Named:
    """One input as it was named: a file, or a part of one; ``verdict`` is (state, reason, detail) where it is clear."""

    key: str
    path: str
    span: tuple[float, float] = WHOLE
    partition: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    verdict: tuple[str, str, str] | None = None


def named_inputs(sources: Iterable[str | os.PathLike[str]], *, catalogue: Path | None = None) -> Iterator[Named]:
    """All inputs of some sources, in order of the sources; those of a folder sorted by path.

    A folder gives all its files, hidden ones and pictures marked as passed over. ``.csv``, ``.tsv``, ``.jsonl`` and
    ``.parquet`` are manifests (a ``.csv`` of notes is a score), ``.cue`` gives a part of its file for each track;
    anything else is a file of sound or a score. Of an ABC file with several tunes each is an input: ``book.abc#3``.
    """
    for source in sources:
        for named in _of_source(source, catalogue):
            yield from _tunes(named)


def _of_source(source: str | os.PathLike[str], catalogue: Path | None) -> Iterator[Named]:
    from .index_cue import cue_tracks
    from .index_manifest import manifest_rows

    path, suffix = os.path.abspath(source), Path(source).suffix.lower()
    if not _writable(path):
        yield _unsafe(path)
    elif os.path.isdir(path) and not os.path.islink(path):
        yield from _folder(path, catalogue)
    elif suffix in MANIFESTS and not (suffix in MAYBE_SCORES and _holds_score(path)):
        yield from manifest_rows(Path(path))
    elif suffix == ".cue":
        yield from cue_tracks(Path(path))
    else:
        yield Named(path, path)


def _folder(top: str, catalogue: Path | None) -> Iterator[Named]:
    own = os.path.abspath(catalogue) if catalogue is not None else None
    unread: list[OSError] = []
    for folder, names, files in os.walk(top, onerror=unread.append):
        names[:] = sorted(n for n in names if os.path.join(folder, n) != own and not n.startswith("."))
        for name in sorted(files):
            yield _file(os.path.join(folder, name), name)
        for error in unread:
            path = os.path.abspath(error.filename)
            yield Named(
                path, path, verdict=("quarantined", "unreadable_io", f"the folder cannot be read: {error.strerror}")
            )
        unread.clear()


def _file(path: str, name: str) -> Named:
    if not _writable(path):
        return _unsafe(path)
    if name.startswith("."):
        return Named(path, path, verdict=("skipped", "hidden", ""))
    ending = os.path.splitext(name)[1].lower()
    if ending in NOT_SOUND:
        return Named(path, path, verdict=("skipped", "not_sound_by_name", ""))
    if ending in MAYBE_SCORES and not _holds_score(path):
        return Named(path, path, verdict=("skipped", "no_score", ""))
    return Named(path, path)


def _holds_score(path: str) -> bool:
    """Whether a regular file begins as a score does; False also where it cannot be read."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return False
        with open(path, "rb") as file:
            return format_of(file.read(PEEK), path) is not None
    except OSError:
        return False


def _tunes(named: Named) -> Iterator[Named]:
    """Each tune of an ABC book for itself, with all that was said of the book but its title; else what was named."""
    numbers: tuple[int, ...] = ()
    if named.verdict is None and named.span == WHOLE and os.path.splitext(named.path)[1].lower() in BOOKS:
        with suppress(OSError):  # the look at it, or reading it, says what is wrong
            numbers = book_numbers(named.path) if stat.S_ISREG(os.lstat(named.path).st_mode) else ()
    if not numbers:
        yield named
        return
    facts = {name: text for name, text in named.facts.items() if name != "title"}
    for number in numbers:
        tune = f"{named.path}#{number}"
        yield replace(named, key=tune, path=tune, facts=facts)


def _writable(path: str) -> bool:
    """Whether a path can be written down as text."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in path


def _unsafe(path: str) -> Named:
    shown = ascii(path)
    return Named(shown, shown, verdict=("quarantined", "path_unsafe", "its name is not UTF-8 text; rename it"))
