"""What people decided about matches: read from the file that the page of a run lets them download."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError
from ..tables import DECISIONS

CHOICES = ("accept", "reject", "unsure")
"""Reject means *not a duplicate*: the two are kept apart, and the question is not asked again."""
GUARDED = ("'=", "'+", "'-", "'@", "'\t", "'\r")
"""How a text begins that was kept from being run by a spreadsheet; the apostrophe is none of it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision about two recordings; the fields are the columns of ``tables.DECISIONS``."""

    query_id: str
    ref_id: str
    tier: str
    decision: str
    note: str | None = None
    decided_at: str | None = None

    def __post_init__(self) -> None:
        for name in ("query_id", "ref_id", "tier"):
            if not getattr(self, name):
                raise InputError(f"the {name} is missing; every decision must have one")
        if self.decision not in CHOICES:
            raise InputError(f"the decision {self.decision!r} is unknown; there are: {', '.join(CHOICES)}")
        if self.query_id == self.ref_id:
            raise InputError(f"both ids are {self.query_id!r}; a decision is about two recordings")

    @property
    def pair(self) -> tuple[str, str]:
        """The two ids, the smaller first."""
        return min(self.query_id, self.ref_id), max(self.query_id, self.ref_id)

    def row(self) -> dict[str, str | None]:
        """As a row of the table."""
        return {name: getattr(self, name) for name in DECISIONS.names}


def read_decisions(path: Path) -> list[Decision]:
    """One decision for each pair of a ``decisions.csv``, sorted by pair; of several, the last one in the file.

    The columns may stand in any order, separated by comma, semicolon or tab, as spreadsheets leave them; ``note`` and
    ``decided_at`` may be absent.

    Raises
    ------
    InputError
        For an unknown or absent column, an unknown decision, or a missing id; names the row, the header being row 1.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte {error.start}); save it as CSV in UTF-8") from error
    latest: dict[tuple[str, str], Decision] = {}
    for number, cells in _rows(text, path):
        try:
            decision = Decision(**cells)
        except InputError as error:
            raise InputError(f"{path}, row {number}: {error}") from None
        latest[decision.pair] = decision
    return [latest[pair] for pair in sorted(latest)]


def apart(decisions: Iterable[Decision]) -> list[tuple[str, str]]:
    """The pairs that were rejected, for ``clusters.clustered``."""
    return [decision.pair for decision in decisions if decision.decision == "reject"]


def _rows(text: str, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Row number and cells by column; a cell left empty stands only for what must not be empty."""
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    header = [name.strip() for name in next(lines, [])]
    _check_header(header, path)
    must = {column.name for column in DECISIONS.columns if not column.optional}
    for number, cells in enumerate(lines, start=2):
        if not any(cells):
            continue
        if len(cells) > len(header):
            raise InputError(f"{path}, row {number}: {len(cells)} cells, but {len(header)} columns; quote the text")
        row = dict.fromkeys(must, "") | dict(zip(header, map(_unguarded, cells), strict=False))
        yield number, {name: cell for name, cell in row.items() if cell or name in must}


def _check_header(header: list[str], path: Path) -> None:
    unknown = [name for name in header if name not in DECISIONS.names]
    absent = [column.name for column in DECISIONS.columns if not column.optional and column.name not in header]
    known = ", ".join(DECISIONS.names)
    if unknown:
        raise InputError(f"{path}, row 1: {DECISIONS.id} has no column {unknown[0]!r}; there are: {known}")
    if absent:
        raise InputError(f"{path}, row 1: the column {absent[0]!r} is absent; there must be: {known}")
    if len(set(header)) < len(header):
        raise InputError(f"{path}, row 1: a column stands there twice; there are: {known}")


def _unguarded(cell: str) -> str:
    return cell[1:] if cell.startswith(GUARDED) else cell
