"""Passages and chords of both recordings as tiers of a Praat TextGrid."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

from ..types import Match
from .facts import annotation, sides

Interval = tuple[float, float, str]


class TextGridExporter:
    """One TextGrid with the tiers ``A passages``, ``A chords``, ``B passages``, ``B chords``; A is the query.

    All tiers are as long as the longer recording, since a TextGrid has one length. Where passages overlap,
    the overlap is an interval of its own that names them all.
    """

    name, suffix = "textgrid", ".TextGrid"

    def export(self, match: Match, path: Path) -> None:
        """Write the grid in Praat's long text format, UTF-8."""
        path.write_text(self.document(match), encoding="utf-8")

    def document(self, match: Match) -> str:
        """The grid's text."""
        end_s = max(match.query.duration_s, match.reference.duration_s)
        tiers = []
        for letter, side, _, track in sides(match):
            spans = [
                (getattr(p.span, f"{side}_start_s"), getattr(p.span, f"{side}_end_s"), f"P{number}")
                for number, p in enumerate(match.passages, start=1)
            ]
            tiers.append((f"{letter} passages", spans))
            chords = annotation(track, "chords")
            if chords is not None:
                ends = chords.onset_s + chords.duration_s
                labelled = zip(chords.onset_s.tolist(), ends.tolist(), chords.labels, strict=True)
                tiers.append((f"{letter} chords", [row for row in labelled if row[2] != "N"]))
        return _grid([(name, _tiling(rows, end_s)) for name, rows in tiers], end_s)


def _tiling(rows: Iterable[Interval], end_s: float) -> list[Interval]:
    """Intervals that fill 0…end without overlap; each has the labels of all rows that cover it."""
    rows = [(max(0.0, start), min(end, end_s), label) for start, end, label in rows if min(end, end_s) > start]
    edges = sorted({0.0, end_s, *(time for start, end, _ in rows for time in (start, end))})
    tiles: list[Interval] = []
    for start, end in itertools.pairwise(edges):
        label = " ".join(text for low, high, text in rows if low <= start and end <= high)
        if tiles and not label and not tiles[-1][2]:
            tiles[-1] = (tiles[-1][0], end, "")
        else:
            tiles.append((start, end, label))
    return tiles


def _grid(tiers: list[tuple[str, list[Interval]]], end_s: float) -> str:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end_s!r}"]
    lines += ["tiers? <exists>", f"size = {len(tiers)}", "item []:"]
    for number, (name, tiles) in enumerate(tiers, start=1):
        lines += [f"    item [{number}]:", '        class = "IntervalTier"', f'        name = "{_quoted(name)}"']
        lines += ["        xmin = 0", f"        xmax = {end_s!r}", f"        intervals: size = {len(tiles)}"]
        for index, (start, end, label) in enumerate(tiles, start=1):
            lines += [f"        intervals [{index}]:", f"            xmin = {start!r}", f"            xmax = {end!r}"]
            lines.append(f'            text = "{_quoted(label)}"')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return text.replace('"', '""')
