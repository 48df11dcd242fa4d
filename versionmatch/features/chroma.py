"""Chroma folded from the CQT after whitening, and its smoothed, quantised form CENS."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.ndimage import convolve1d, uniform_filter1d

from ..errors import FeatureMismatch, ParamsError
from ..plugins import Track
from ..types import Features, FloatArray
from .spectrum import block_means

_FRAMES_A_SECOND = 10.0
_PART = 16_384  # frames whitened at once


def pooled(values: FloatArray, factor: int) -> FloatArray:
    """Means of ``factor`` frames each; the last, incomplete group is averaged over what there is.

    >>> pooled(np.array([[1, 3, 5, 7, 4]], np.float32), 2).tolist()
    [[2.0, 6.0, 4.0]]
    """
    if factor < 1:
        raise ParamsError(f"frames are pooled by 1 or more; got {factor}")
    if factor == 1 or values.shape[1] == 0:
        return values
    return block_means(values, factor).astype(np.float32)


def whitened(magnitude: FloatArray, *, compression: float = 0.5, floor: float = 0.02) -> FloatArray:
    """What stands out of its surroundings in pitch: peaks of the spectrum, all made about equally tall.

    The compressed magnitude less its mean over an octave around each bin (never below 0), divided by its
    root mean square over two octaves plus ``floor``. So neither the timbre's slope nor a broad noise, such
    as drums, decides which pitch classes a chord has.

    Parameters
    ----------
    magnitude : (n_bins, n_frames)
        CQT magnitude of 12 bins per octave, its largest value about 1.

    Returns
    -------
    (n_bins, n_frames) float32
        0 and above; silence stays 0.
    """
    compressed = magnitude.astype(np.float64) ** compression
    peaks = np.maximum(compressed - uniform_filter1d(compressed, 13, axis=0, mode="nearest"), 0.0)
    power = np.maximum(uniform_filter1d(peaks**2, 25, axis=0, mode="nearest"), 0.0)
    white: FloatArray = (peaks / (np.sqrt(power) + floor)).astype(np.float32)
    return white


def folded(values: FloatArray, *, centre: float = 42.0, width: float = 24.0) -> FloatArray:
    """Twelve pitch classes, ``(12, n_frames)``: octaves summed under a bell around bin ``centre`` (42: F♯4).

    The first bin is a C; ``width`` bins from the centre the weight is 1/e.
    """
    if values.shape[0] % 12:
        raise FeatureMismatch(f"only whole octaves of 12 bins can be folded; got {values.shape[0]} bins")
    bell = np.exp(-(((np.arange(values.shape[0]) - centre) / width) ** 2))[:, None]
    chroma: FloatArray = (values * bell).reshape(-1, 12, values.shape[1]).sum(axis=0).astype(np.float32)
    return chroma


def unit_frames(values: FloatArray) -> FloatArray:
    """Frames scaled to length 1; silent frames stay 0."""
    norms = np.sqrt((values.astype(np.float64) ** 2).sum(axis=0))
    unit: FloatArray = (values / np.where(norms > 1e-9, norms, 1.0) * (norms > 1e-9)).astype(np.float32)
    return unit


def relative_magnitude(cqt: Features) -> FloatArray:
    """The CQT at 10 frames per second or its own lower rate, its largest value 1."""
    magnitude = pooled(cqt.values, factor_to(cqt.frame_rate))
    peak = float(magnitude.max(initial=0.0))
    relative: FloatArray = magnitude / np.float32(peak) if peak > 0 else magnitude
    return relative


def factor_to(frame_rate: float, wanted: float = _FRAMES_A_SECOND) -> int:
    """How many frames to pool to come near a wanted rate, at least 1.

    >>> factor_to(50.0), factor_to(10.0), factor_to(4.0)
    (5, 1, 1)
    """
    return max(1, round(frame_rate / wanted))


def _whitened_chroma(cqt: Features, **bell: float) -> FloatArray:
    """Chroma part by part, as no frame depends on another: hours of sound take no more room than minutes."""
    magnitude = relative_magnitude(cqt)
    parts = range(0, max(1, magnitude.shape[1]), _PART)
    return np.concatenate(
        [unit_frames(folded(whitened(magnitude[:, first : first + _PART]), **bell)) for first in parts], axis=1
    )


class Chroma:
    """Whitened chroma, ``(12, n)``, row 0 = C, about 10 frames per second, frames of length 1 (0 in silence)."""

    name = "chroma"
    kind = "chroma"
    needs = ("cqt",)

    @property
    def settings(self) -> Mapping[str, object]:
        return {"version": 1, "compression": 0.5, "floor": 0.02, "centre": 42.0, "width": 24.0, "rate": 10.0}

    def extract(self, track: Track) -> Features:
        cqt: Features = track["cqt"]
        values = _whitened_chroma(cqt)
        return Features("chroma", values, cqt.frame_rate / factor_to(cqt.frame_rate))


def bass_chroma(cqt: Features) -> Features:
    """Whitened chroma of the bass alone, ``(12, n)``: a narrow bell around B♭2, else as ``Chroma``."""
    values = _whitened_chroma(cqt, centre=22.0, width=9.0)
    return Features("bass", values, cqt.frame_rate / factor_to(cqt.frame_rate))


class Cens:
    """Chroma energy normalised statistics, ``(12, n)``, about 2 frames per second.

    Chroma shares quantised in steps (.05, .1, .2, .4), smoothed over 4 s, every fifth frame kept, frames of
    length 1: what the harmony does, whatever the articulation.

    References
    ----------
    .. [1] Müller, Kurth, Clausen, "Audio matching via chroma-based statistical features", ISMIR 2005.
    """

    name = "cens"
    kind = "cens"
    needs = ("chroma",)

    @property
    def settings(self) -> Mapping[str, object]:
        return {"version": 1, "steps": [0.05, 0.1, 0.2, 0.4], "smoothing_s": 4.0, "rate": 2.0}

    def extract(self, track: Track) -> Features:
        chroma: Features = track["chroma"]
        total = chroma.values.sum(axis=0, keepdims=True)
        shares = chroma.values / np.where(total > 0, total, 1.0)
        quantised = sum((shares > step).astype(np.float64) for step in (0.05, 0.1, 0.2, 0.4))
        window = np.hanning(2 * round(2.0 * chroma.frame_rate) + 3)[1:-1]
        smooth = convolve1d(np.asarray(quantised), window / window.sum(), axis=1, mode="constant")
        step = factor_to(chroma.frame_rate, 2.0)
        values = unit_frames(smooth[:, ::step].astype(np.float32))
        return Features("cens", values, chroma.frame_rate / step)
