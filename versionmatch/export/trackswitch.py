"""The alignment as a CSV for trackswitch.js, a web player that switches between aligned recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..align.chain import joint_path
from ..types import Match

GRID_S = 0.02


class TrackswitchExporter:
    """``time_A,time_B`` in seconds, every 20 ms of the query, from the first shared moment to the last.

    Over gaps between passages the times are interpolated, as that player does itself. Without any shared
    passage there is only the header.
    """

    name, suffix = "trackswitch", ".alignment.csv"

    def export(self, match: Match, path: Path) -> None:
        """Write the grid; six decimals."""
        points = joint_path(match.passages)
        rows = ["time_A,time_B"]
        if len(points):
            steps = np.arange(np.ceil(points[0, 0] / GRID_S - 1e-9), np.floor(points[-1, 0] / GRID_S + 1e-9) + 1)
            times = steps * GRID_S
            rows += [f"{a:.6f},{b:.6f}" for a, b in zip(times, np.interp(times, *points.T), strict=True)]
        path.write_text("\n".join(rows) + "\n", encoding="utf-8")
