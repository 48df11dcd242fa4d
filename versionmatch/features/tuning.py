"""How far a recording's tuning lies from A4 = 440 Hz."""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage, signal

from ..types import Audio, DoubleArray

N_WINDOWS = 800
WINDOW, TRANSFORM = 4096, 8192  # samples; zero-padded, so that a parabola finds the peak to half a cent
LOWEST_HZ, HIGHEST_HZ = 110.0, 2000.0
PEAK_SHARE = 0.1  # of the window's strongest partial
QUIET_SHARE = 1e-3  # of the recording's strongest partial: -60 dB
SPREAD_CENTS = 6.0
LEAST_CONCENTRATION = 0.05


def tuning_cents(audio: Audio) -> float:
    """Whole cents above the tempered scale on A4 = 440 Hz, from -50 to 49; 0 where no tuning can be heard.

    The partials of up to 800 windows, evenly spread over the recording, are gathered by how far they lie
    from the nearest semitone; the densest place (a Gaussian of 6 cents) is the tuning.

    Parameters
    ----------
    audio : Audio
        At any sample rate of at least 4000 Hz. A long one is read in places only.

    Examples
    --------
    >>> from versionmatch.audio import synth
    >>> high = synth.melody([(60.2, 0, 1), (64.2, 1, 1), (67.2, 2, 1)], timbre="sine")
    >>> tuning_cents(high)
    20.0
    """
    hz, weights = _partials(audio)
    if not hz.size:
        return 0.0
    cents = np.mod(1200.0 * np.log2(hz / 440.0) + 50.0, 100.0) - 50.0
    concentration = np.abs(np.sum(weights * np.exp(2j * np.pi * cents / 100.0))) / weights.sum()
    if concentration < LEAST_CONCENTRATION:
        return 0.0
    histogram = np.histogram(cents, bins=100, range=(-50.5, 49.5), weights=weights)[0]
    histogram[0] += weights[cents >= 49.5].sum()  # 49.5…50 is -50.5…-50
    return float(np.argmax(ndimage.gaussian_filter1d(histogram, SPREAD_CENTS, mode="wrap")) - 50)


def _partials(audio: Audio) -> tuple[DoubleArray, DoubleArray]:
    """Frequencies in Hz and magnitudes of the spectral peaks of some windows."""
    spectra = _spectra(audio)
    width = audio.sr / TRANSFORM
    low, high = int(np.ceil(LOWEST_HZ / width)), min(spectra.shape[1] - 1, int(HIGHEST_HZ / width))
    middle = spectra[:, low:high]
    peak = (middle > spectra[:, low - 1 : high - 1]) & (middle >= spectra[:, low + 1 : high + 1])
    strongest = middle.max(axis=1, initial=0.0)
    peak &= middle >= PEAK_SHARE * strongest[:, None]
    peak &= (strongest > QUIET_SHARE * strongest.max(initial=0.0))[:, None] & (middle > 0)
    rows, columns = np.nonzero(peak)
    columns += low
    before, here, after = (np.log(np.maximum(spectra[rows, columns + step], 1e-30)) for step in (-1, 0, 1))
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / np.where(bend < 0, bend, -1.0)
    return (columns + shift) * width, spectra[rows, columns]


def _spectra(audio: Audio) -> DoubleArray:
    """Magnitude spectra ``(n_windows, n_bins)`` of windows spread evenly over the recording."""
    n = audio.samples.size
    count = max(1, min(N_WINDOWS, (n - WINDOW) // (WINDOW // 2) + 1))
    starts = np.linspace(0, max(0, n - WINDOW), count).astype(np.int64)
    windows = np.zeros((count, WINDOW), dtype=np.float32)
    for row, start in zip(windows, starts, strict=True):
        piece = audio.piece(start, start + WINDOW)
        row[: piece.size] = piece
    shape = signal.get_window("hann", WINDOW).astype(np.float32)
    spectra: DoubleArray = np.abs(fft.rfft(windows * shape, n=TRANSFORM, axis=1)).astype(np.float64)
    return spectra
