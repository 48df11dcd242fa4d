"""Every moment of A against every moment of B: how alike their harmony is, and the paths of the shared passages."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..types import Features, FloatArray, Match
from ..units import clock
from .markup import Markup, details, element, join, number, table
from .plot import MISSING, feature, place, step_s, time_axis
from .png import data_uri, ramp
from .timemap import thinned

CELLS = 560
SMOOTHED_S = 4.0
INK = ramp((24, 26, 32, 0), (24, 26, 32, 255), gamma=1.6)

READING = (
    "A's time runs to the right, B's upwards. The darker a point, the more alike the harmony of A and B at these two "
    "moments.",
    "A dark stripe that climbs is music both have in the same order; its steepness is their relative tempo. Parallel "
    "stripes are repetitions; chequered areas are chords held or repeated. Each point is the mean of four seconds.",
    "The lines are the paths of the shared passages.",
)


def cross_similarity(match: Match) -> Markup:
    """The figure: matrix image, paths, a cross-hair to place by hand; click or Enter plays both recordings there."""
    query, reference = (feature(t, "chroma") for t in (match.query_track, match.reference_track))
    if query is None or reference is None:
        return element("p", f"Cross-similarity: {MISSING}", class_="none")
    a_s, b_s = match.query.duration_s, match.reference.duration_s
    height = 1000 * float(np.clip(b_s / a_s, 0.5, 1.25))
    picture = element(
        "image",
        href=data_uri(_contrast(_smoothed(_likeness(query, reference.transposed(match.transposition)), match)), INK),
        width=1000,
        height=height,
        preserveAspectRatio="none",
        class_="ink",
    )
    plot = element(
        "svg",
        picture,
        _paths(match, height),
        element("line", class_="cross a", x1="0", x2="0", y1="0", y2=height),
        element("line", class_="cross b", x1="0", x2="1000", y1=height, y2=height),
        viewBox=f"0 0 1000 {number(height)}",
        class_="matrix",
        id="matrix",
        tabindex="0",
        role="application",
        aria_roledescription="place in A and in B",
        aria_label="Cross-similarity of A and B. Arrow keys move the place in A and in B, Enter plays both there.",
    )
    frame = element(
        "div",
        _upright_axis(b_s),
        plot,
        element("span", "B ↑", class_="corner"),
        time_axis((0.0, a_s), side="a"),
        class_="matrix-frame",
    )
    return element("figure", frame, _reading(match), _table(match), id="fig-matrix")


def _likeness(query: Features, reference: Features) -> FloatArray:
    """Cosine of pooled chroma, ``(reference, query)``."""
    q, r = (_pooled(f.values, CELLS) for f in (query, reference))
    likeness: FloatArray = (r.T @ q).astype(np.float32)
    return likeness


def _smoothed(likeness: FloatArray, match: Match) -> FloatArray:
    """The mean over ``SMOOTHED_S`` along the overall tempo: what goes on alike stands out from chance."""
    n_b, n_a = likeness.shape
    cell_a, cell_b = match.query.duration_s / n_a, match.reference.duration_s / n_b
    reach = int(SMOOTHED_S / 2 / cell_a)
    total = np.zeros_like(likeness)
    count = np.zeros_like(likeness)
    for right in range(-reach, reach + 1):
        up = round(right * cell_a * match.tempo_ratio / cell_b)
        if abs(up) < n_b and abs(right) < n_a:
            (to_b, from_b), (to_a, from_a) = _overlap(up, n_b), _overlap(right, n_a)
            total[to_b, to_a] += likeness[from_b, from_a]
            count[to_b, to_a] += 1
    smooth: FloatArray = total / count
    return smooth


def _overlap(move: int, n: int) -> tuple[slice, slice]:
    """Where cells lie whose neighbours ``move`` further on exist, and where those neighbours lie."""
    return slice(max(0, -move), min(n, n - move)), slice(max(0, move), min(n, n + move))


def _pooled(values: FloatArray, n: int) -> npt.NDArray[np.float32]:
    count = values.shape[1]
    edges = np.linspace(0, count, min(n, count) + 1).astype(int)
    means = np.add.reduceat(values, edges[:-1], axis=1) / np.diff(edges)
    norms = np.linalg.norm(means, axis=0, keepdims=True)
    pooled: npt.NDArray[np.float32] = (means / np.maximum(norms, 1e-9)).astype(np.float32)
    return pooled


def _contrast(likeness: FloatArray) -> FloatArray:
    """From the median (0) to the 99.5th percentile (1), the reference's first moment at the bottom."""
    low, high = np.percentile(likeness, (50, 99.5))
    spread: FloatArray = (likeness - low) / max(float(high - low), 1e-6)
    return spread[::-1]


def _paths(match: Match, height: float) -> Markup:
    marks = []
    for i, passage in enumerate(match.passages):
        xs = 1000 * passage.path_s[:, 0] / match.query.duration_s
        ys = height - height * passage.path_s[:, 1] / match.reference.duration_s
        points = thinned(np.column_stack([xs, height - ys]), tolerance_s=0.4)
        text = " ".join(f"{number(float(x))},{number(float(height - y))}" for x, y in points)
        marks.append(element("polyline", points=text, class_="path-casing"))
        marks.append(element("polyline", points=text, class_="path", data_passage=str(i)))
        x, y = float(xs[len(xs) // 2]), float(ys[len(ys) // 2])
        left = x > 900
        marks.append(
            element(
                "text",
                f"P{i + 1}",
                x=x - 14 if left else x + 14,
                y=min(y + 30, height - 8),
                class_="path-name",
                text_anchor="end" if left else "start",
            )
        )
    return join(marks)


def _upright_axis(b_s: float) -> Markup:
    marks = []
    for t in np.arange(0.0, b_s, step_s(b_s)):
        y = place(b_s - float(t), (0.0, b_s))
        marks.append(element("line", x1="44", x2="49", y1=y, y2=y, class_="tick"))
        marks.append(
            element(
                "text",
                clock(float(t)),
                x="40",
                y=y,
                dy="-0.15em" if t == 0 else "0.35em",
                text_anchor="end",
                class_="tick",
            )
        )
    return element(
        "svg", marks, class_="axis upright", width=50, role="img", aria_label="Time in B, minutes and seconds"
    )


def _reading(match: Match) -> Markup:
    key = "B is transposed to A's key for this." if match.transposition else "Both are in one key."
    return element(
        "figcaption",
        [element("p", text) for text in (f"{READING[0]} {key}", *READING[1:])],
        element(
            "p",
            "Click, or move the cross-hair with the arrow keys and press Enter, to hear A and B together from there.",
            class_="scripted",
        ),
    )


def _table(match: Match) -> Markup:
    rows = []
    for i, passage in enumerate(match.passages):
        for share in (0, 0.25, 0.5, 0.75, 1):
            a, b = passage.path_s[round(share * (len(passage.path_s) - 1))]
            rows.append((f"P{i + 1}", clock(float(a)), clock(float(b))))
    return details("The paths as a table", table(("passage", "A", "B"), rows, caption="Five places on each path"))
