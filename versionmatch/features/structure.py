"""Where a recording changes, and which of its sections return."""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from ..plugins import Track
from ..types import Annotation, DoubleArray, Features
from .spectrum import checked_cqt, compressed, folded, frame_normalised, peaks, pooled

RATE_HZ = 2.0
KERNEL_S = 12.0
LONGEST_FRAMES = 2400  # 20 min at 2 Hz; longer recordings get fewer frames a second, so that the cost stays bounded


class Novelty:
    """How much the music changes at each moment: ``(1, n)`` in [0, 1] at about 2 Hz, 1 at the strongest boundary.

    A checkerboard kernel with Gaussian taper, 12 s either side, slides along the self-similarity of
    harmony and timbre [1]_.

    References
    ----------
    .. [1] Foote, "Automatic audio segmentation using a measure of audio novelty", 2000.
    """

    name, kind, needs = "novelty", "novelty", ("cqt",)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that shapes the result."""
        return {"version": 1, "rate_hz": RATE_HZ, "kernel_s": KERNEL_S, "longest_frames": LONGEST_FRAMES}

    def extract(self, track: Track) -> Features:
        harmony, timbre, rate = _descriptions(checked_cqt(track["cqt"]))
        similarity = 0.5 * (_self_similarity(harmony) + _self_similarity(timbre))
        curve = _checkerboard(similarity, round(KERNEL_S * rate)).astype(np.float32)
        return Features("novelty", curve[None], rate)


class Sections:
    """Sections as stretches labelled A, B, A… by what returns; ``confidence`` is the novelty at the section's start.

    Boundaries are peaks of the ``novelty``, at least 6 s apart. Two sections get the same letter where the
    harmony of one can be found in the other along a diagonal of the self-similarity (also in part, so that
    a shortened chorus keeps its letter). Letters go by first appearance; past Z they are doubled (AA).
    """

    name, kind, needs = "sections", "sections", ("cqt", "novelty")

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that shapes the result."""
        return {"version": 1, "shortest_s": 6.0, "peak": 0.25, "same": 0.45}

    def extract(self, track: Track) -> Annotation:
        cqt, novelty = checked_cqt(track["cqt"]), track["novelty"]
        harmony, _, rate = _descriptions(cqt)
        settings = self.settings
        curve = _matched(novelty.values[0].astype(np.float64), harmony.shape[1])
        bounds = _boundaries(curve, round(settings["shortest_s"] * rate), settings["peak"])
        likeness = _section_likeness(_self_similarity(harmony), bounds, reach=round(2 * rate))
        letters = _letters(likeness, settings["same"])
        onset = bounds[:-1] / rate
        end = np.append(onset[1:], cqt.n_frames / cqt.frame_rate)
        confidence = np.clip(curve[np.minimum(bounds[:-1], curve.size - 1)], 0, 1)
        confidence[0] = 1.0
        return Annotation("sections", onset, end - onset, letters, confidence)


def _descriptions(cqt: Features) -> tuple[DoubleArray, DoubleArray, float]:
    """Unit columns of harmony (12, n) and of timbre (14, n) at about 2 Hz, and the rate."""
    duration_s = cqt.n_frames / cqt.frame_rate
    values, rate = pooled(cqt, min(RATE_HZ, LONGEST_FRAMES / duration_s))
    harmony = np.sqrt(frame_normalised(folded(peaks(values), 12, 72)))
    loudness = compressed(values, 100.0)
    bands = loudness.reshape(-1, 6, loudness.shape[1]).mean(axis=1)
    smooth = max(1, round(rate))
    return (
        _unit(uniform_filter1d(harmony, smooth, mode="nearest")),
        _unit(uniform_filter1d(bands, smooth, mode="nearest")),
        rate,
    )


def _unit(columns: DoubleArray) -> DoubleArray:
    """Columns without the recording's mean, of length 1; a column that is the mean stays zero."""
    centred = columns - columns.mean(axis=1, keepdims=True)
    out: DoubleArray = centred / np.maximum(np.linalg.norm(centred, axis=0), 1e-9)
    return out


def _self_similarity(columns: DoubleArray) -> DoubleArray:
    out: DoubleArray = columns.T @ columns
    return out


def _checkerboard(similarity: DoubleArray, reach: int) -> DoubleArray:
    """Foote's novelty along the diagonal, scaled to a largest value of 1; zeros where nothing changes."""
    n = similarity.shape[0]
    reach = max(1, min(reach, n // 2))
    steps = np.arange(-reach, reach) + 0.5
    taper = np.exp(-0.5 * (steps / (0.5 * reach)) ** 2) * np.sign(steps)
    kernel = np.outer(taper, taper)
    padded = np.pad(similarity, reach, mode="edge")
    curve = np.array([(kernel * padded[t : t + 2 * reach, t : t + 2 * reach]).sum() for t in range(n)])
    curve[0] = 0.0
    curve = np.maximum(curve, 0.0)
    top = curve.max(initial=0.0)
    return curve / top if top > 1e-9 else np.zeros(n)


def _matched(curve: DoubleArray, n: int) -> DoubleArray:
    """The curve with exactly ``n`` frames, for a novelty that another extractor made at another rate."""
    if curve.size == n:
        return curve
    return np.interp(np.linspace(0, 1, n), np.linspace(0, 1, max(curve.size, 2)), np.resize(curve, max(curve.size, 2)))


def _boundaries(curve: DoubleArray, shortest: int, threshold: float) -> Any:
    """Frames where sections begin, and the end: peaks above the threshold, no two nearer than ``shortest``."""
    shortest = max(1, shortest)
    local = maximum_filter1d(curve, 2 * (shortest // 2) + 1, mode="nearest")
    candidates = np.flatnonzero((curve >= local) & (curve > threshold))
    kept: list[int] = []
    for frame in sorted(candidates, key=lambda f: (-curve[f], f)):
        near_edge = frame < shortest or curve.size - frame < shortest
        if not near_edge and all(abs(frame - other) >= shortest for other in kept):
            kept.append(int(frame))
    return np.array([0, *sorted(kept), curve.size])


def _section_likeness(similarity: DoubleArray, bounds: Any, reach: int) -> DoubleArray:
    """How well the shorter of each two sections is found in the longer: the best mean along a diagonal, in [-1, 1]."""
    n = len(bounds) - 1
    out = np.eye(n)
    for i in range(n):
        for j in range(i):
            block = similarity[bounds[i] : bounds[i + 1], bounds[j] : bounds[j + 1]]
            out[i, j] = out[j, i] = _best_diagonal(block if block.shape[0] <= block.shape[1] else block.T, reach)
    return out


def _best_diagonal(block: DoubleArray, reach: int) -> float:
    """The largest mean of a diagonal that covers the block's rows but for ``reach`` frames at either end."""
    rows, columns = block.shape
    least = max(1, rows - reach)
    means = [
        float(diagonal.mean())
        for offset in range(-reach, columns)
        if (diagonal := block.diagonal(offset)).size >= least
    ]
    return max(means, default=-1.0)


def _letters(likeness: DoubleArray, same: float) -> tuple[str, ...]:
    """Letters by first appearance; a section joins the group it is most like on average, if that is enough."""
    groups: list[list[int]] = []
    labels = []
    for i in range(likeness.shape[0]):
        fits = [float(likeness[i, members].mean()) for members in groups]
        if fits and max(fits) >= same:
            index = int(np.argmax(fits))
            groups[index].append(i)
        else:
            index = len(groups)
            groups.append([i])
        labels.append(ascii_uppercase[index % 26] * (1 + index // 26))
    return tuple(labels)
