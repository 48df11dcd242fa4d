"""``docs/attribution-lds.svg``: each method's LDS with its interval, and the ceiling, from the kept results.

python -m benchmarks.quality.attribution.plot
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
RESULTS, SVG = ROOT / "benchmarks/results/attribution.json", ROOT / "docs/attribution-lds.svg"
WIDTH, LEFT, ROW, TOP = 420, 130, 20, 44
TITLES = {"ar": "autoregressive model", "diffusion": "diffusion model"}


def main() -> None:
    kinds = json.loads(RESULTS.read_text(encoding="utf-8"))["kinds"]
    rows = max(len(found["methods"]) for found in kinds.values())
    height = TOP + ROW * rows + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH * len(kinds)} {height}" font-family="sans-serif" '
        'font-size="12">',
        f'<rect width="{WIDTH * len(kinds)}" height="{height}" fill="white"/>',
    ]
    for number, (kind, found) in enumerate(kinds.items()):
        parts += _panel(WIDTH * number, TITLES[kind], found, rows)
    SVG.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")


def _panel(x0: int, title: str, found: dict[str, Any], rows: int) -> list[str]:
    def at(value: float) -> float:
        return x0 + LEFT + (value + 0.1) / 1.1 * (WIDTH - LEFT - 20)

    bottom = TOP + ROW * rows
    parts = [
        f'<text x="{x0 + LEFT}" y="16" font-weight="bold">{title}</text>',
        f'<text x="{x0 + LEFT}" y="32" fill="#555">LDS, 95 % over subsets and queries; dashes: noise ceiling</text>',
        f'<line x1="{at(0):.1f}" x2="{at(0):.1f}" y1="{TOP - 6}" y2="{bottom}" stroke="#999"/>',
        f'<line x1="{at(found["ceiling"]):.1f}" x2="{at(found["ceiling"]):.1f}" y1="{TOP - 6}" y2="{bottom}" '
        'stroke="#999" stroke-dasharray="4 3"/>',
    ]
    parts += [
        f'<text x="{at(tick):.1f}" y="{bottom + 16}" text-anchor="middle" fill="#555">{tick:.1f}</text>'
        for tick in (0.0, 0.2, 0.4, 0.6, 0.8)
    ]
    for row, (name, told) in enumerate(sorted(found["methods"].items(), key=lambda pair: -pair[1]["lds"])):
        y, (low, high) = TOP + ROW * row + 8, told["interval"]
        colour = "#b03a2e" if name == "unlearn-ekfac" else "#2e5f8a"
        parts += [
            f'<text x="{x0 + LEFT - 8}" y="{y + 4}" text-anchor="end">{name}</text>',
            f'<line x1="{at(low):.1f}" x2="{at(high):.1f}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>',
            f'<circle cx="{at(told["lds"]):.1f}" cy="{y}" r="4" fill="{colour}"/>',
        ]
    return parts


if __name__ == "__main__":
    main()
