"""Notes in a table of comma-separated values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from fractions import Fraction

from ..errors import InputError
from .score import Score
from .writing import Draft

NAMES = {"onset": "onset", "start": "onset", "offset": "offset", "end": "offset", "duration": "duration"}
HEADER = "onset,offset,pitch or onset,duration,pitch (seconds, seconds, MIDI), and part if there are several"


def columns(header: str) -> dict[str, int]:
    """What stands in which column, from the first line; empty unless onset, pitch and an end are there.

    >>> columns("onset_s, duration_s, pitch, confidence")
    {'onset': 0, 'duration': 1, 'pitch': 2, 'confidence': 3}
    """
    names = [name.strip().strip('"').lower().removesuffix("_s").removesuffix("_midi") for name in header.split(",")]
    found = {NAMES.get(name, name): at for at, name in enumerate(names)}
    return found if {"onset", "pitch"} <= found.keys() and {"offset", "duration"} & found.keys() else {}


def rows(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line behind the header that is not empty; raises InputError for what is no table."""
    reader = csv.reader(io.StringIO("\n".join(lines[1:])))
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num + 1, row
    except csv.Error as error:
        raise InputError(f"line {reader.line_num + 1}: {error}; save the table as comma-separated values") from error


def read_table(text: str) -> Score:
    r"""The score of a table of notes with a header; other columns, such as velocity, are passed over.

    A quarter is taken to last 0.5 s. Raises InputError that names the line.

    >>> read_table("onset,offset,pitch\n0,0.5,60\n0.5,1.5,62\n").duration_q.tolist()
    [1.0, 2.0]
    """
    lines = text.splitlines()
    where = columns(lines[0]) if lines else {}
    if not where:
        found = lines[0][:60] if lines else ""
        raise InputError(f"a table of notes begins with a line that names its columns: {HEADER}; got {found!r}")
    draft, parts = Draft("csv"), {}  # type: Draft, dict[str, int]
    for number, row in rows(lines):
        if len(row) <= max(where.values()):
            raise InputError(f"line {number} has {len(row)} columns, and the header names {max(where.values()) + 1}")
        name = row[where["part"]].strip() if "part" in where else ""
        if name not in parts:
            parts[name] = draft.new_part(name)
        onset, pitch = (_number(row[where[what]], number, what) for what in ("onset", "pitch"))
        if "duration" in where:
            duration = _number(row[where["duration"]], number, "duration")
        else:
            duration = _number(row[where["offset"]], number, "offset") - onset
        if duration <= 0 or onset < 0:
            raise InputError(
                f"line {number}: a note from {float(onset):g} s on that lasts {float(duration):g} s; mend it"
            )
        draft.add(2 * onset, 2 * duration, float(pitch), parts[name])
    return draft.finish()


def _number(cell: str, line: int, what: str) -> Fraction:
    """A decimal number as it is written, so that sums of decimals stay exact."""
    try:
        value = float(cell) if len(cell) <= 40 else math.inf
    except ValueError:
        value = math.inf
    if not abs(value) <= 1e6:
        raise InputError(f"line {line}: {what} is {cell[:40]!r}; a number is expected there")
    return Fraction(repr(value))
