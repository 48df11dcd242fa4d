"""How far an index run is: its inputs, how fast they are read and how long it will take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .progress_line import ProgressLine, span_words

if TYPE_CHECKING:
    from ..jobs.index_commit import Standing


class Progress:
    """Called after each commit; says how things stand, and how they stood at the end."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._line = ProgressLine(quiet=quiet)

    def __call__(self, standing: Standing) -> None:
        if self._line.wanted(at_once=not standing.coverage.pending):
            figures = figures_of(standing)
            self._line.say(figures, line_of(figures))

    def clear(self) -> None:
        """Leave the terminal's line."""
        self._line.clear()


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
    eta = f", {span_words(figures['eta_s'])} to go" if figures["pending"] and "eta_s" in figures else ""
    return (
        f"{settled:,.0f} of {figures['seen']:,.0f} inputs, {figures['quarantined']:,.0f} in quarantine, "
        f"{figures['x_real_time']:,.0f} × real time, {figures['mb_per_s']:.1f} MB/s{eta}"
    )
