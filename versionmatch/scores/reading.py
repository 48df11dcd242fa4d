"""Any score as a ``Score``: what it is depends on its content, and on its name only where that does not tell."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..audio.limits import Limits
from ..audio.source import label_of, opened
from ..errors import InputError
from .abc_tune import read_abc, read_abc_book
from .kern import read_kern
from .midi import read_midi
from .musicxml import read_musicxml
from .score import Score
from .table import columns, read_table
from .xml_tree import MAX_BYTES, check_size

READERS: dict[str, Callable[[bytes, int | None], Score]] = {
    "midi": lambda data, _: read_midi(data),
    "musicxml": lambda data, _: read_musicxml(data),
    "abc": lambda data, number: read_abc(as_text(data), number),
    "kern": lambda data, _: read_kern(as_text(data)),
    "csv": lambda data, _: read_table(as_text(data)),
}
SUFFIXES = {".mid": "midi", ".midi": "midi", ".musicxml": "musicxml", ".mxl": "musicxml", ".abc": "abc", ".krn": "kern"}
SOUND = re.compile(rb"RIFF|RF64|fLaC|OggS|ID3|FORM|caff|\xff[\xe0-\xff]|.{4}ftyp|\x1aE\xdf\xa3|\.snd", re.DOTALL)
PEEK = 1 << 16


def format_of(head: bytes, name: str = "") -> str | None:
    """Which kind of score begins so: midi, musicxml, abc, kern or csv; None where it is none.

    >>> format_of(b"MThd"), format_of(b"**kern"), format_of(b"OggS", "tune.mid"), format_of(b"?", "tune.mid")
    ('midi', 'kern', None, 'midi')
    """
    if head[:4] == b"MThd" or (head[:4] == b"RIFF" and head[8:12] == b"RMID"):
        return "midi"
    if SOUND.match(head):
        return None
    if head[:2] == b"PK":
        return "musicxml" if b"META-INF/" in head or name.lower().endswith(".mxl") else None
    return _format_of_text(head) or SUFFIXES.get(Path(name).suffix.lower())


def _format_of_text(head: bytes) -> str | None:
    text = as_text(head)
    if re.search(r"<score-(partwise|timewise)\b", text):
        return "musicxml"
    if re.search(r"^\*\*kern", text, re.MULTILINE) or re.search(r"^\*\*.*\t\*\*kern", text, re.MULTILINE):
        return "kern"
    if re.search(r"^X:\s*\d", text, re.MULTILINE) and re.search(r"^K:", text, re.MULTILINE):
        return "abc"
    return "csv" if columns(text.split("\n", 1)[0]) else None


def as_text(data: bytes) -> str:
    """UTF-8, with or without its mark, else UTF-16 where a mark says so, else Latin-1."""
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def read_score(source: Any, *, limits: Limits | None = None) -> Score | None:
    r"""The score that a path, bytes or a seekable open file holds; None where it holds none, but perhaps sound.

    Behind the path of an ABC file, ``#3`` names its tune ``X:3``. An open file stands where it stood before.
    Raises InputError or LimitError, each naming the source, for a score that cannot be read.

    >>> read_score(b"X:1\nT:Scale\nL:1/4\nK:C\nCDEF|GABc|").title
    'Scale'
    """
    place, number = split_tune(source)
    if not _can_be_looked_at(place):
        return None
    with opened(place, limits or Limits()) as file:
        found = format_of(file.peek(PEEK), file.label)
        if found is None:
            return None
        try:
            check_size(file.size)
            score = READERS[found](file.file.read(), number)
            file.file.seek(0)
        except InputError as error:
            raise _named(error, label_of(source)) from error
    return score


def read_scores(source: Any, *, limits: Limits | None = None) -> list[tuple[int | None, Score | InputError]]:
    """All scores that a file holds: each tune of an ABC book by its number, else one without a number.

    An empty list where it holds no score. A tune of a book that cannot be read is there as its error; raises InputError
    or LimitError, as ``read_score``, for a file that cannot be read at all.
    """
    place, number = split_tune(source)
    if number is None and _can_be_looked_at(place):
        with opened(place, limits or Limits()) as file:
            if format_of(file.peek(PEEK), file.label) == "abc":
                check_size(file.size)
                tunes = list(read_abc_book(as_text(file.file.read())))
                file.file.seek(0)
                if len(tunes) > 1:
                    return [(n, tune) for n, tune in tunes]
    score = read_score(source, limits=limits)
    return [] if score is None else [(None, score)]


def _named(error: InputError, label: str) -> InputError:
    """The same error, of the same kind where that matters, with the source's name before it."""
    error.args = (f"{label}: {error}",)
    return error


def split_tune(source: Any) -> tuple[Any, int | None]:
    """The file and the number of a tune behind it, for ``tunes.abc#3``; a file of that very name comes first."""
    if isinstance(source, (str, os.PathLike)):
        path, mark, number = str(source).rpartition("#")
        if mark and number.isdigit() and len(number) < 10 and not Path(source).exists() and Path(path).is_file():
            return path, int(number)
    return source, None


def book_numbers(path: str | os.PathLike[str]) -> tuple[int, ...]:
    """The numbers of the tunes in an ABC file, in its order; none where it has fewer than two, or is no ABC file.

    Only its lines are looked through; OSError where it cannot be read.
    """
    with open(path, "rb") as file:
        head = file.read(PEEK)
        if format_of(head, os.fspath(path)) != "abc":
            return ()
        text = as_text(head + file.read(MAX_BYTES - len(head)))
    numbers = dict.fromkeys(int(number) for number in re.findall(r"^X:\s*(\d{1,9})", text, re.MULTILINE))
    return tuple(numbers) if len(numbers) > 1 else ()


def _can_be_looked_at(source: Any) -> bool:
    if isinstance(source, (str, os.PathLike)):
        try:
            return Path(source).is_file()
        except (OSError, ValueError):
            return False
    if isinstance(source, (bytes, bytearray, memoryview)):
        return len(source) > 0
    try:
        return bool(source.seekable() and source.tell() == 0 and isinstance(source.read(0), bytes))
    except (AttributeError, OSError, ValueError):
        return False
