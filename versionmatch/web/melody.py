"""The melodies of both recordings as contours, along A's time and in a common key."""

from __future__ import annotations

import numpy as np

from ..match.agreement import Agreement, melody_agreement
from ..types import DoubleArray, Features, Match
from ..units import clock, note_name
from .corrected import digest
from .markup import Markup, details, element, join, table
from .plot import MISSING, Range, axis_lane, badge, feature, gap_marks, gaps, lane, polyline, stretched, strip
from .timemap import TimeMap

RATE = 10.0
VOICED = 0.5
MOST_COLUMNS = 6000


def melody_lane(match: Match, to_b: TimeMap) -> Markup:
    """Both contours over each other."""
    query, reference = (feature(t, "melody") for t in (match.query_track, match.reference_track))
    if query is None or reference is None:
        return element("p", f"Melody: {MISSING}", class_="none")
    span = (0.0, match.query.duration_s)
    times = _grid(span)
    answer = to_b.reference_times(times)
    mine, theirs = _pitch_at(query, times), _pitch_at(reference, answer)
    raised = theirs + to_b.transpositions(times, match.transposition)
    octaves = _octaves(mine, raised)
    common = raised + 12 * octaves
    moved = not np.array_equal(common, theirs, equal_nan=True)
    low, high = _range(np.concatenate([mine, common, theirs]))
    curves = [_curve(mine, low, high, "melody a")]
    if moved:
        curves += [_curve(common, low, high, "melody b in-common"), _curve(theirs, low, high, "melody b in-original")]
    else:
        curves.append(_curve(theirs, low, high, "melody b"))
    label = "Melody contours of A and B along A's time; the table below gives them in numbers"
    plot = strip(
        _staff(low, high),
        gap_marks(gaps(answer, times), span, y="16"),
        stretched(curves, width=float(times.size), height=200),
        height=210,
        label=label,
        side="a",
        axis="a",
        span=span,
    )
    name = join(badge("a"), badge("b"), _names(low, high))
    return join(
        lane(name, plot, class_="melody-lane"),
        axis_lane(span, side="a"),
        element(
            "p",
            f"{_reading(melody_agreement(query, reference, match.passages), octaves)} {_source(match)}",
            class_="reading",
        ),
    )


def _grid(span: Range) -> DoubleArray:
    n = max(1, min(MOST_COLUMNS, round((span[1] - span[0]) * RATE)))
    return (np.arange(n) + 0.5) * (span[1] - span[0]) / n


def _pitch_at(melody: Features, times: DoubleArray) -> DoubleArray:
    """MIDI pitch at the given times; nan where it is unvoiced or the time is nan."""
    pitch = np.full(times.size, np.nan)
    known = ~np.isnan(times)
    at = np.clip(np.floor(times[known] * melody.frame_rate + 0.5).astype(int), 0, melody.n_frames - 1)
    pitch[known] = np.where(melody.values[1, at] >= VOICED, melody.values[0, at], np.nan)
    return pitch


def _octaves(mine: DoubleArray, theirs: DoubleArray) -> int:
    both = ~np.isnan(mine) & ~np.isnan(theirs)
    if not both.any():
        return 0
    return int(np.floor(np.median(mine[both] - theirs[both]) / 12 + 0.5))


def _range(pitches: DoubleArray) -> Range:
    voiced = pitches[~np.isnan(pitches)]
    if voiced.size == 0:
        return 57.0, 81.0
    low, high = np.percentile(voiced, (2, 98))
    return float(np.floor(low)) - 2.5, float(np.ceil(high)) + 2.5


def _height(pitch: DoubleArray, low: float, high: float) -> DoubleArray:
    scaled: DoubleArray = 200 - 200 * (np.clip(pitch, low, high) - low) / (high - low)
    return scaled


def _curve(pitch: DoubleArray, low: float, high: float, class_: str) -> Markup:
    known = np.flatnonzero(~np.isnan(pitch))
    if known.size == 0:
        return element("path", d="M0 0", class_=class_)
    breaks = np.ones(known.size, dtype=bool)
    breaks[1:] = (np.diff(known) > 1) | (np.abs(np.diff(pitch[known])) > 1.2)
    heights = np.round(_height(pitch[known], low, high), 1)
    return element("path", d=polyline(known.astype(np.float64), heights, breaks), class_=class_)


def _lines(low: float, high: float) -> list[int]:
    classes = (0,) if high - low > 30 else (0, 7) if high - low > 14 else (0, 4, 7, 9)
    return [p for p in range(int(np.ceil(low)), int(high) + 1) if p % 12 in classes]


def _staff(low: float, high: float) -> list[Markup]:
    marks = []
    for pitch in _lines(low, high):
        y = f"{100 * (1 - (pitch - low) / (high - low)):.2f}%"
        marks.append(element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid"))
    return marks


def _names(low: float, high: float) -> Markup:
    marks = []
    for pitch in _lines(low, high):
        y = f"{100 * (1 - (pitch - low) / (high - low)):.2f}%"
        marks.append(element("text", note_name(pitch), x="100%", y=y, dy="0.35em", text_anchor="end", class_="pitch"))
    return element("svg", marks, width=28, height=210, class_="pitches", aria_hidden="true")


def _reading(agreement: Agreement, octaves: int) -> str:
    if agreement.seconds < 1.0:
        return "There is hardly a moment at which a melody was found in both recordings."
    words = f"{abs(octaves)} octave{'s' if abs(octaves) > 1 else ''} {'higher' if octaves > 0 else 'lower'}"
    moved = f" B is drawn {words}." if octaves else ""
    return (
        f"Where a melody was found in both ({agreement.seconds:.0f} s), the two have the same pitch, octaves aside, "
        f"{agreement.share:.0%} of the time.{moved}"
    )


def _source(match: Match) -> str:
    """Which contour is whose finding."""
    by_hand = [side.upper() for side in "ab" if digest(match, side, "melody")]
    if len(by_hand) == 2:
        return "Both contours were corrected by hand."
    other = "The contours were" if not by_hand else f"{by_hand[0]}’s contour was corrected by hand, the other"
    return f"{other} found by machine: listen before relying on {'them' if not by_hand else 'it'}."


def melody_table(match: Match, to_b: TimeMap, *, step_s: float = 5.0) -> Markup | None:
    """Median pitch of both in steps of five seconds."""
    query, reference = (feature(t, "melody") for t in (match.query_track, match.reference_track))
    if query is None or reference is None:
        return None
    times = _grid((0.0, match.query.duration_s))
    mine = _pitch_at(query, times)
    theirs = _pitch_at(reference, to_b.reference_times(times)) + to_b.transpositions(times, match.transposition)
    which = np.floor(times / step_s).astype(int)
    rows = [
        (clock(float(k * step_s)), _median_name(mine[which == k]), _median_name(theirs[which == k]))
        for k in range(int(which[-1]) + 1)
    ]
    return details(
        "Melodies as a table",
        table(("A from", "A", "B, in A's key"), rows, caption="Median pitch in each five seconds of A"),
    )


def _median_name(pitch: DoubleArray) -> str:
    voiced = pitch[~np.isnan(pitch)]
    return note_name(float(np.median(voiced))) if voiced.size else "–"
