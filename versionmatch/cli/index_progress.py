"""How far an index run is: one line that is written over on a terminal, JSON lines anywhere else."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..jobs.index_commit import Standing

SHOWN_S = 1.0


class Progress:
    """Called after each commit; says how things stand on standard error, at most once a second."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet, self._shown, self._terminal = quiet, 0.0, sys.stderr.isatty()

    def __call__(self, standing: Standing) -> None:
        now = time.monotonic()
        if self._quiet or (now - self._shown < SHOWN_S and standing.coverage.pending):
            return
        self._shown = now
        figures = figures_of(standing)
        if self._terminal:
            sys.stderr.write("\r\x1b[2K" + line_of(figures))
        else:
            sys.stderr.write(json.dumps({"event": "progress", **figures}) + "\n")
        sys.stderr.flush()

    def clear(self) -> None:
        """Leave the terminal's line."""
        if self._terminal and not self._quiet and self._shown:
            sys.stderr.write("\n")


def figures_of(standing: Standing) -> dict[str, float]:
    """The figures of a run so far; ``eta_s`` is missing before anything is settled."""
    c, elapsed_s = standing.coverage, max(standing.elapsed_s, 1e-9)
    figures: dict[str, float] = {
        "seen": c.seen,
        "done": c.done,
        "quarantined": c.quarantined,
        "skipped": c.skipped,
        "pending": c.pending,
        "elapsed_s": round(standing.elapsed_s, 1),
        "x_real_time": round(standing.audio_s / elapsed_s, 1),
        "mb_per_s": round(standing.n_bytes / 1e6 / elapsed_s, 2),
    }
    if standing.n_files:
        figures["eta_s"] = round(c.pending * standing.elapsed_s / standing.n_files, 1)
    return figures


def line_of(figures: dict[str, float]) -> str:
    """The figures as one line for people."""
    settled = figures["seen"] - figures["pending"]
    eta = f", {_span(figures['eta_s'])} to go" if figures["pending"] and "eta_s" in figures else ""
    return (
        f"{settled:,.0f} of {figures['seen']:,.0f} inputs, {figures['quarantined']:,.0f} in quarantine, "
        f"{figures['x_real_time']:,.0f} × real time, {figures['mb_per_s']:.1f} MB/s{eta}"
    )


def _span(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours} h {rest // 60:02d} min" if hours else f"{rest // 60} min {rest % 60:02d} s"
