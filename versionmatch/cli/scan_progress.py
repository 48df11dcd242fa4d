"""How far a scan is: its stage, its pairs, how fast they are compared and how long it will take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .progress_line import ProgressLine, span_words

if TYPE_CHECKING:
    from ..jobs.scan_flow import Standing

STAGE_WORDS = {"shortlist": "proposing pairs", "comparing": "comparing", "tables": "writing tables"}


class Progress:
    """Called with each step of a scan; a new stage is said at once."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._line, self._stage = ProgressLine(quiet=quiet), ""

    def __call__(self, standing: Standing) -> None:
        last = standing.stage == "comparing" and not standing.coverage.pending
        if self._line.wanted(at_once=last or standing.stage != self._stage):
            self._stage = standing.stage
            figures = figures_of(standing)
            self._line.say(figures, line_of(figures))

    def clear(self) -> None:
        """Leave the terminal's line."""
        self._line.clear()


def figures_of(standing: Standing) -> dict[str, Any]:
    """The figures of a scan so far; no pairs before they are known, no ``eta_s`` before one was compared."""
    figures: dict[str, Any] = {"stage": standing.stage}
    if standing.stage == "shortlist":
        if standing.asked:
            rate = standing.asked / max(standing.elapsed_s, 1e-9)
            figures |= {"asked": standing.asked, "to_ask": standing.to_ask}
            figures["eta_s"] = round((standing.to_ask - standing.asked) / rate, 1)
        return figures
    c = standing.coverage
    figures |= {"shortlisted": c.shortlisted, "done": c.done, "failed": c.failed, "pending": c.pending}
    if standing.stage == "comparing":
        figures["elapsed_s"] = round(standing.elapsed_s, 1)
    if standing.n_pairs:
        rate = standing.n_pairs / max(standing.elapsed_s, 1e-9)
        figures |= {"pairs_per_s": round(rate, 2), "eta_s": round(c.pending / rate, 1)}
    return figures


def line_of(figures: dict[str, Any]) -> str:
    """The figures as one line for people."""
    words = STAGE_WORDS[figures["stage"]]
    if "shortlisted" in figures:
        settled = figures["done"] + figures["failed"]
        words += f": {settled:,} of {figures['shortlisted']:,} pairs"
        words += f", {figures['failed']:,} failed" if figures["failed"] else ""
    if "asked" in figures:
        words += f": {figures['asked']:,} of {figures['to_ask']:,} look-ups, {span_words(figures['eta_s'])} to go"
    if "pairs_per_s" in figures:
        words += f", {figures['pairs_per_s']:,.1f} a second"
        words += f", {span_words(figures['eta_s'])} to go" if figures["pending"] else ""
    return words
