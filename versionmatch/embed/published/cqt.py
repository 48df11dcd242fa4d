"""Filters of the constant-Q transform that CLEWS and the unified model carry in their checkpoints.

Needed only where a file lacks them; they are those of nnAudio's ``CQT1992v2`` with ``filter_scale=1``.
"""

from __future__ import annotations

import math

import numpy as np

from ...types import FloatArray

SR = 16000
HOP = 320
FMIN_HZ = 32.70
BINS_PER_OCTAVE = 12
N_BINS = 84
"""Bins that the published networks read; the checkpoint of the unified model has an octave more."""


def constant_q_filters(bins: int, kernel: int) -> dict[str, FloatArray]:
    """Windowed complex exponentials, each of L1 norm 1 and centred in the kernel.

    Parameters
    ----------
    bins : int
        Number of bins, from 32.70 Hz upwards in semitones, at 16 kHz.
    kernel : int
        Samples of a filter, the longest rounded up to a power of two (16384 at the published settings).

    Returns
    -------
    dict
        ``lenghts (bins,)`` in samples (the published spelling), ``cqt_kernels_real`` and ``cqt_kernels_imag``,
        both ``(bins, 1, kernel)``.

    References
    ----------
    Brown, "Calculation of a constant Q spectral transform", JASA 89, 1991.
    """
    quality = 1.0 / (2.0 ** (1.0 / BINS_PER_OCTAVE) - 1.0)
    filters = np.zeros((bins, 1, kernel), dtype=np.complex64)
    lengths = np.zeros(bins, dtype=np.float32)
    for i in range(bins):
        frequency_hz = FMIN_HZ * 2.0 ** (i / BINS_PER_OCTAVE)
        length = math.ceil(quality * SR / frequency_hz)
        time = np.arange(length) + (-length // 2)
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
        wave = window * np.exp(2j * np.pi * frequency_hz / SR * time)
        start = (kernel - length) // 2 if length % 2 else kernel // 2 - length // 2
        filters[i, 0, start : start + length] = wave / np.abs(wave).sum()
        lengths[i] = length
    return {
        "lenghts": lengths,
        "cqt_kernels_real": np.ascontiguousarray(filters.real),
        "cqt_kernels_imag": np.ascontiguousarray(filters.imag),
    }
