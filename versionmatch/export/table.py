"""The shared passages as a table: one row each, comma-separated."""

from __future__ import annotations

import csv
from pathlib import Path

from ..types import Match

COLUMNS = (
    "passage",
    "query_start_s",
    "query_end_s",
    "reference_start_s",
    "reference_end_s",
    "elements",
    "similarity",
    "transposition",
    "tempo_ratio",
    "sentence",
)
"""In this order; columns may be added at the end."""


class CsvExporter:
    """A CSV file with a header and one row a passage; ``elements`` are joined by ``+``."""

    name, suffix = "csv", ".csv"

    def export(self, match: Match, path: Path) -> None:
        """Write the table, UTF-8, lines ended by a newline."""
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(COLUMNS)
            for number, passage in enumerate(match.passages, start=1):
                span = passage.span
                times = (span.query_start_s, span.query_end_s, span.reference_start_s, span.reference_end_s)
                rows.writerow(
                    [
                        f"P{number}",
                        *(f"{time:.3f}" for time in times),
                        "+".join(passage.elements),
                        f"{passage.similarity:.4f}",
                        passage.transposition,
                        f"{passage.tempo_ratio:.4f}",
                        passage.sentence,
                    ]
                )
