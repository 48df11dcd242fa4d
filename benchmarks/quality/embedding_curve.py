"""How much a network learns with more steps, and from more works: the logs of several runs as one table and picture.

    python -m benchmarks.quality.embedding_curve LABEL:WORKS=RUN/log.jsonl … [--key dev_both_z]

WORKS is the number of works that the run learned from. Writes ``benchmarks/results/embedding-curve.json`` and
``docs/embedding-curve.svg``: MAP against steps, and at the last step that all runs share against the number of works.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from versionmatch.train.curve import Row, read_log

ROOT = Path(__file__).resolve().parents[2]
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666")
WIDTH, HEIGHT, MARGIN = 340, 300, 46  # of one panel


@dataclass(frozen=True, slots=True)
class Curve:
    """The figures of one run over its steps."""

    label: str
    works: int
    rows: list[Row]

    @classmethod
    def of_argument(cls, text: str) -> Curve:
        """From ``LABEL:WORKS=PATH``."""
        name, _, path = text.partition("=")
        label, _, works = name.rpartition(":")
        if not (label and works.isdigit() and path):
            raise SystemExit(f"{text!r} is not LABEL:WORKS=PATH, such as member-0:3000=run/member-0/log.jsonl")
        rows = read_log(Path(path))
        if not rows:
            raise SystemExit(f"{path} holds no log")
        return cls(label, int(works), rows)

    def points(self, key: str) -> list[tuple[float, float]]:
        """Steps and values, where the run was measured."""
        return [(row["step"], row[key]) for row in self.rows if key in row]


def by_works(curves: Sequence[Curve], key: str) -> tuple[int, list[tuple[int, float]]]:
    """The last step at which all runs were measured, and (works, value) there, averaged over runs of as many works."""
    shared = set.intersection(*({int(step) for step, _ in c.points(key)} for c in curves))
    if not shared:
        return 0, []
    step = max(shared)
    found: dict[int, list[float]] = {}
    for curve in curves:
        found.setdefault(curve.works, []).append(dict(curve.points(key))[step])
    return step, [(works, sum(values) / len(values)) for works, values in sorted(found.items())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--key", default="dev_both_z")
    parser.add_argument("--json", type=Path, default=ROOT / "benchmarks/results/embedding-curve.json")
    parser.add_argument("--svg", type=Path, default=ROOT / "docs/embedding-curve.svg")
    args = parser.parse_args()
    curves = [Curve.of_argument(text) for text in args.runs]
    step, works = by_works(curves, args.key)
    runs = [{"label": c.label, "works": c.works, "rows": c.rows} for c in curves]
    report = {"key": args.key, "runs": runs, "by_works": {"step": step, "points": works}}
    args.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    args.svg.write_text(svg(curves, args.key, step, works), encoding="utf-8")
    print(table(curves, args.key))


def table(curves: Sequence[Curve], key: str) -> str:
    """Markdown: a row for each run, its figures at each step."""
    steps = sorted({int(step) for c in curves for step, _ in c.points(key)})
    lines = [f"| run | works | {' | '.join(f'{s:,}' for s in steps)} |", "|---|---|" + "---|" * len(steps)]
    for curve in curves:
        at = dict(curve.points(key))
        cells = [f"{at[s]:.3f}".lstrip("0") if s in at else "–" for s in steps]
        lines.append(f"| {curve.label} | {curve.works:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def svg(curves: Sequence[Curve], key: str, step: int, works: Sequence[tuple[int, float]]) -> str:
    """Two panels: against steps, a line for each run; against works, on a logarithmic axis."""
    last = max(s for c in curves for s, _ in c.points(key))
    parts = [_frame(0, f"steps (to {last:,.0f})", key)]
    for i, curve in enumerate(curves):
        colour = COLOURS[i % len(COLOURS)]
        parts.append(_line([(s / last, v) for s, v in curve.points(key)], 0, colour))
        y = HEIGHT + 16 * (i + 1)
        parts.append(f'<text x="{MARGIN}" y="{y}" fill="{colour}">{curve.label}, {curve.works:,} works</text>')
    if len(works) > 1:
        parts.append(_frame(WIDTH, f"works, {works[0][0]:,} to {works[-1][0]:,} (logarithmic), step {step:,}", key))
        low, high = (math.log(works[k][0]) for k in (0, -1))
        parts.append(_line([((math.log(n) - low) / (high - low), v) for n, v in works], WIDTH, COLOURS[0]))
    height = HEIGHT + 16 * (len(curves) + 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>\n'
    )


def _at(x: float, y: float, left: int) -> tuple[float, float]:
    return left + MARGIN + x * (WIDTH - 1.5 * MARGIN), MARGIN + (1 - y) * (HEIGHT - 2 * MARGIN)


def _frame(left: int, below: str, title: str) -> str:
    parts = [f'<text x="{left + MARGIN}" y="{MARGIN - 16}">{title}</text>']
    for tenth in range(0, 11, 2):
        (x0, y), (x1, _) = _at(0, tenth / 10, left), _at(1, tenth / 10, left)
        parts.append(
            f'<line x1="{x0:.0f}" x2="{x1:.0f}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{x0 - 6:.0f}" y="{y + 4:.1f}" text-anchor="end">{tenth / 10:.1f}</text>'
        )
    x, y = _at(0.5, 0, left)
    return "".join([*parts, f'<text x="{x:.0f}" y="{y + 22:.0f}" text-anchor="middle">{below}</text>'])


def _line(points: Sequence[tuple[float, float]], left: int, colour: str) -> str:
    places = [_at(x, y, left) for x, y in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in places)
    return f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'


if __name__ == "__main__":
    main()
