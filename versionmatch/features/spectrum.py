"""What several extractors need of a constant-Q spectrum: fewer frames, compressed loudness, folded octaves."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d

from ..errors import InputError
from ..types import DoubleArray, Features, FloatArray

BINS_PER_OCTAVE = 12
LOWEST_MIDI = 24  # C1, the CQT's first bin
PART = 4096  # groups of frames pooled at once


def checked_cqt(cqt: Features) -> Features:
    """The same CQT; raises InputError unless it has whole octaves of twelve bins and at least one frame."""
    rows, frames = cqt.values.shape
    if rows < 60 or rows % BINS_PER_OCTAVE or frames == 0:
        raise InputError(
            f"a CQT of 12 bins per octave from C1 on is needed, at least (60, 1); got {cqt.values.shape}; "
            "extract it with the 'cqt' extractor"
        )
    return cqt


def pooled(cqt: Features, frame_rate: float) -> tuple[DoubleArray, float]:
    """Means over whole blocks of frames, and the rate this gives: near the one asked for, never above the CQT's.

    Block ``k`` covers the time from ``k / rate`` to ``(k + 1) / rate``; the last one may be shorter.

    >>> cqt = Features("cqt", np.arange(10.0)[None], frame_rate=50.0)
    >>> values, rate = pooled(cqt, 10.0)
    >>> values.tolist(), rate
    ([[2.0, 7.0]], 10.0)
    """
    factor = max(1, round(cqt.frame_rate / frame_rate))
    return block_means(cqt.values, factor), cqt.frame_rate / factor


def block_means(values: FloatArray, factor: int) -> DoubleArray:
    """Means of ``factor`` frames each, in float64; the last, incomplete group is averaged over what there is.

    >>> block_means(np.array([[1, 3, 5, 7, 4]], np.float32), 2).tolist()
    [[2.0, 6.0, 4.0]]
    """
    n = values.shape[1]
    means = np.empty((values.shape[0], -(-n // factor)))
    step = PART * factor
    for first in range(0, n, step):  # so that hours of sound take no more room than minutes
        part = values[:, first : first + step].astype(np.float64)
        starts = np.arange(0, part.shape[1], factor)
        lengths = np.diff(np.append(starts, part.shape[1]))
        means[:, first // factor : first // factor + starts.size] = np.add.reduceat(part, starts, axis=1) / lengths
    return means


def compressed(magnitude: DoubleArray, gamma: float) -> DoubleArray:
    """``log(1 + gamma · magnitude)`` with the recording's loud parts at 1, so that its gain does not matter.

    Silence stays all zero.

    >>> compressed(np.array([[0.0, 2.0]]), gamma=np.e - 1).round(2).tolist()
    [[0.0, 1.0]]
    """
    loud = float(np.quantile(magnitude, 0.999)) or float(magnitude.max())
    if loud <= 0:
        return np.zeros_like(magnitude)
    out: DoubleArray = np.log1p(gamma * (magnitude / loud))
    return out


def folded(values: DoubleArray, lowest: int = 0, highest: int | None = None) -> DoubleArray:
    """Twelve rows, C first: the sum over octaves of the bins from ``lowest`` to before ``highest``."""
    kept = np.zeros_like(values)
    kept[lowest:highest] = values[lowest:highest]
    out: DoubleArray = kept.reshape(-1, BINS_PER_OCTAVE, values.shape[1]).sum(axis=0)
    return out


def peaks(magnitude: DoubleArray) -> DoubleArray:
    """The square root of each bin that is not below a neighbour, else 0: partials stay, drums and hiss mostly go.

    >>> peaks(np.array([[1.0], [4.0], [1.0]])).T.tolist()
    [[0.0, 2.0, 0.0]]
    """
    highest = maximum_filter1d(magnitude, 3, axis=0, mode="constant")
    out: DoubleArray = np.where(magnitude >= highest, np.sqrt(magnitude), 0.0)
    return out


def frame_normalised(chroma: DoubleArray, floor: float = 1e-3) -> DoubleArray:
    """Each frame divided by its sum, all but the quietest ones (below ``floor`` of the loudest), which stay small."""
    total = chroma.sum(axis=0)
    out: DoubleArray = chroma / np.maximum(total + floor * total.max(), 1e-12)
    return out
