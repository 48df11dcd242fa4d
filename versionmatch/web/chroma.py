"""Chroma of both recordings, along A's time and in a common key."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import DoubleArray, Features, FloatArray, Match
from ..units import PITCH_CLASSES
from .markup import Markup, details, element, join, table
from .plot import MISSING, Range, axis_lane, badge, feature, gap_marks, gaps, lane, picture, strip
from .png import data_uri, ramp
from .timemap import TimeMap

COLUMNS = 1200
RAMPS = {
    "a": ramp((23, 88, 150, 0), (23, 88, 150, 255), gamma=1.25),
    "b": ramp((186, 84, 10, 0), (186, 84, 10, 255), gamma=1.25),
}


def chroma_lanes(match: Match, to_b: TimeMap) -> Markup:
    """Chroma of A; of B where it answers A; of B whole, in its own time."""
    query, reference = (feature(t, "chroma") for t in (match.query_track, match.reference_track))
    if query is None or reference is None:
        return element("p", f"Chroma: {MISSING}", class_="none")
    span = (0.0, match.query.duration_s)
    whole = (0.0, match.reference.duration_s)
    times = _columns(span, query)
    answer = to_b.reference_times(times)
    lanes = [
        _chroma_lane(join(badge("a"), _pitch_names()), [(_sampled(query, times), "")], "a", "a", span, ()),
        _chroma_lane(
            join(badge("b"), _pitch_names()),
            _both_keys(_sampled(reference, answer), to_b.transpositions(times, match.transposition)),
            "b",
            "a",
            span,
            gaps(answer, times),
        ),
    ]
    own_times = _columns(whole, reference)
    own = _chroma_lane(
        join(badge("b"), element("span", "in B's time", class_="quiet")),
        _both_keys(_sampled(reference, own_times), np.full(own_times.size, match.transposition)),
        "b",
        "b",
        whole,
        (),
    )
    return join(lanes, axis_lane(span, side="a"), own, axis_lane(whole, side="b"))


def _both_keys(image: FloatArray, raised: npt.NDArray[np.integer]) -> list[tuple[FloatArray, str]]:
    """The image with each column raised to the common key, and as it sounds; once where that is the same."""
    if not (raised % 12).any():
        return [(image, "")]
    rows = (np.arange(12)[:, None] + raised[None, :]) % 12  # the highest pitch class is on top
    return [(np.take_along_axis(image, rows, axis=0), "in-common"), (image, "in-original")]


def _columns(span: Range, chroma: Features) -> DoubleArray:
    n = max(1, min(COLUMNS, chroma.n_frames))
    return (np.arange(n) + 0.5) * (span[1] - span[0]) / n


def _sampled(chroma: Features, times: DoubleArray) -> FloatArray:
    """Chroma at the given times, the highest pitch class on top; zero where a time is nan."""
    scale = max(float(np.percentile(chroma.values, 98.5)), 1e-9)
    known = ~np.isnan(times)
    at = np.clip(np.floor(times[known] * chroma.frame_rate + 0.5).astype(int), 0, chroma.n_frames - 1)
    values = np.zeros((12, times.size), np.float32)
    values[:, known] = chroma.values[:, at] / scale
    return values[::-1]


def _chroma_lane(
    name: Markup,
    images: list[tuple[FloatArray, str]],
    side: str,
    axis: str,
    span: Range,
    empty: list[Range] | tuple[()],
) -> Markup:
    pictures = [picture(data_uri(values, RAMPS[side]), class_=class_ or "always") for values, class_ in images]
    where = "" if side == axis else ", along A's time"
    label = f"Chroma of {side.upper()}{where}: twelve pitch classes from C at the bottom to B at the top"
    return lane(
        name,
        strip(pictures, gap_marks(empty, span), height=108, label=label, side=side, axis=axis, span=span),
        class_="chroma",
    )


def _pitch_names() -> Markup:
    names = [
        element("text", PITCH_CLASSES[row], x="100%", y=f"{108 - 9 * row - 1.5:g}", text_anchor="end", class_="pitch")
        for row in (0, 3, 6, 9)
    ]
    return element("svg", names, width=24, height=108, class_="pitches", aria_hidden="true")


def chroma_table(match: Match) -> Markup | None:
    """How much of each recording's harmony lies on each pitch class, in the common key."""
    query, reference = (feature(t, "chroma") for t in (match.query_track, match.reference_track))
    if query is None or reference is None:
        return None
    shares = []
    for chroma in (query, reference.transposed(match.transposition)):
        total = np.maximum(chroma.values, 0).sum(axis=1)
        shares.append(100 * total / max(float(total.sum()), 1e-9))
    rows = [(PITCH_CLASSES[i], f"{shares[0][i]:.1f} %", f"{shares[1][i]:.1f} %") for i in range(12)]
    return details(
        "Chroma as a table",
        table(
            ("pitch class", "A", "B, in A's key"), rows, caption="Share of each pitch class over the whole recording"
        ),
    )
