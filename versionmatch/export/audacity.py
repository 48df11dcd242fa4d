"""The shared passages as label tracks of Audacity: one file for each recording."""

from __future__ import annotations

from pathlib import Path

from ..types import Match, Passage
from ..units import clock
from .facts import side_path, sides


class AudacityExporter:
    """Two label files (File › Import › Labels): the query's at the path, the reference's at ``….reference.txt``.

    Two, because a label track belongs to one recording's time. The same passage has the same name in
    both, and each label says where its counterpart is.
    """

    name, suffix = "audacity", ".txt"

    def export(self, match: Match, path: Path) -> None:
        """Write both files: start, end and text of a label, separated by tabs."""
        for _, side, _, _ in sides(match):
            rows = sorted(_row(number, p, side) for number, p in enumerate(match.passages, start=1))
            text = "".join(f"{start:.6f}\t{end:.6f}\t{label}\n" for start, end, label in rows)
            Path(side_path(str(path), side)).write_text(text, encoding="utf-8")


def _row(number: int, passage: Passage, side: str) -> tuple[float, float, str]:
    span = passage.span
    query, reference = (span.query_start_s, span.query_end_s), (span.reference_start_s, span.reference_end_s)
    here, there, letter = (query, reference, "B") if side == "query" else (reference, query, "A")
    elements = ", ".join(passage.elements)
    return (*here, f"P{number} = {letter} {clock(there[0])}–{clock(there[1])} ({elements}, {passage.similarity:.2f})")
