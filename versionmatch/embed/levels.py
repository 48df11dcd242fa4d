"""From a constant-Q transform at any rate to what the network reads: 84 levels, ten times a second."""

from __future__ import annotations

import numpy as np

from ..errors import FeatureMismatch, InputError
from ..features.spectrum import block_means
from ..types import DoubleArray, Features, FloatArray

FRAME_RATE = 10.0
MOMENT = 16
"""Frames that one moment of the network stands for."""
MOMENT_S = MOMENT / FRAME_RATE
N_BINS = 84
SILENT = 1e-7
"""A recording whose largest magnitude is no more than this is silence."""


def levels_of(cqt: Features) -> FloatArray:
    """The root of the magnitude relative to the recording's largest, ``(84, n)``, in [0, 1].

    The *magnitudes* are averaged over each tenth of a second, and the root is taken of the mean; the largest level of
    a recording is then 1, whatever its gain. Silence is 0 throughout.

    Parameters
    ----------
    cqt : Features
        Magnitudes of 84 bins from C1 on, at 10 frames a second or more. Where the rate is no multiple of 10, a frame
        that lies across two tenths counts in each by its share.

    Raises
    ------
    InputError
        Of other bins, or of no frames at all.
    FeatureMismatch
        Below 10 frames a second.

    Examples
    --------
    >>> cqt = Features("cqt", np.tile([[1.0, 7.0, 9.0, 9.0]], (84, 1)), frame_rate=20.0)
    >>> (levels_of(cqt)[0] ** 2 * 9).round(3).tolist()
    [4.0, 9.0]
    """
    rows, n = cqt.values.shape
    if rows != N_BINS or n == 0:
        raise InputError(
            f"levels are made of a CQT of shape ({N_BINS}, n ≥ 1); got {cqt.values.shape}; extract it with 'cqt'"
        )
    ratio = cqt.frame_rate / FRAME_RATE
    if ratio < 1 - 1e-9:
        raise FeatureMismatch(f"levels need a CQT at {FRAME_RATE:g} frames a second or more; got {cqt.frame_rate:g}")
    whole = round(ratio)
    means = block_means(cqt.values, whole) if abs(ratio - whole) < 1e-6 * ratio else _means(cqt.values, ratio)
    peak = float(means.max())
    if peak <= SILENT:
        return np.zeros(means.shape, dtype=np.float32)
    levels: FloatArray = np.sqrt(np.maximum(means, 0.0) / peak).astype(np.float32)
    return levels


def _means(values: FloatArray, ratio: float) -> DoubleArray:
    """Means over ``ratio`` frames each, which need not be whole; the last group over what there is.

    Row by row, so that hours of sound take little room.
    """
    n = values.shape[1]
    edges = np.append(np.arange(0.0, n - 1e-6, ratio), float(n))
    means = np.empty((values.shape[0], edges.size - 1))
    for row, target in zip(values, means, strict=True):
        total = np.concatenate([[0.0], np.cumsum(row, dtype=np.float64)])
        target[:] = np.diff(np.interp(edges, np.arange(n + 1), total)) / np.diff(edges)
    return means
