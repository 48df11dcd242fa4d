"""A run's log as a table and as a picture."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from ..files import write_atomically

_WIDTH, _HEIGHT, _MARGIN = 720, 360, 48
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666")

Row = dict[str, float]


def read_log(path: Path) -> list[Row]:
    """The rows of a run's ``log.jsonl``."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def write_curves(rows: Sequence[Row], folder: Path) -> None:
    """``curves.csv`` and ``curves.svg`` beside the log."""
    if not rows:
        return
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    table = csv.DictWriter(text, names)
    table.writeheader()
    table.writerows(rows)
    for name, content in (("curves.csv", text.getvalue()), ("curves.svg", svg(rows))):
        with write_atomically(folder / name) as file:
            file.write(content.encode())


def svg(rows: Sequence[Row]) -> str:
    """What lies between 0 and 1 (MAP), against steps, as one SVG with a legend."""
    names = [n for n in dict.fromkeys(k for r in rows for k in r) if n not in {"step", "loss"}]
    last = max(row["step"] for row in rows)
    width, height = _WIDTH - 4 * _MARGIN, _HEIGHT - 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="white"/>'
    ]
    for tenth in range(0, 11, 2):
        y = _MARGIN + height * (1 - tenth / 10)
        parts.append(
            f'<line x1="{_MARGIN}" x2="{_MARGIN + width}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{_MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">{tenth / 10:.1f}</text>'
        )
    for i, name in enumerate(names):
        points = [
            f"{_MARGIN + width * row['step'] / last:.1f},{_MARGIN + height * (1 - row[name]):.1f}"
            for row in rows
            if name in row
        ]
        colour = _COLOURS[i % len(_COLOURS)]
        dash = "" if i < len(_COLOURS) else ' stroke-dasharray="4 3"'
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2"{dash} points="{" ".join(points)}"/>')
        y = _MARGIN + 16 * i
        parts.append(f'<text x="{_MARGIN + width + 12}" y="{y}" fill="{colour}">{name}</text>')
    parts.append(
        f'<text x="{_MARGIN + width / 2}" y="{_HEIGHT - 12}" text-anchor="middle">steps (to {last:.0f})</text>'
    )
    return "".join([*parts, "</svg>"]) + "\n"
